using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Aivm.Proofs;

/// <summary>The operations of BLAKE3's rounds on one word, or on a vector with one word of each of several states.</summary>
internal interface IBlake3Words<TWord>
{
    static abstract TWord Add(TWord a, TWord b);
    static abstract TWord Xor(TWord a, TWord b);
    static abstract TWord RotateRight16(TWord a);
    static abstract TWord RotateRight12(TWord a);
    static abstract TWord RotateRight8(TWord a);
    static abstract TWord RotateRight7(TWord a);
}

/// <summary>One state: the reference.</summary>
internal readonly struct ScalarWords : IBlake3Words<uint>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Add(uint a, uint b) => unchecked(a + b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Xor(uint a, uint b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint RotateRight16(uint a) => BitOperations.RotateRight(a, 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint RotateRight12(uint a) => BitOperations.RotateRight(a, 12);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint RotateRight8(uint a) => BitOperations.RotateRight(a, 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint RotateRight7(uint a) => BitOperations.RotateRight(a, 7);
}

/// <summary>The seven rounds of BLAKE3's compression function (section 2.2 of its paper), for any number of states side by side.</summary>
internal static unsafe class Blake3Rounds
{
    private const int Rounds = 7;

    /// <summary>For each round, the order in which it takes the message's words.</summary>
    private static ReadOnlySpan<byte> Schedule =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8,
        3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1,
        10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6,
        12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4,
        9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7,
        11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13,
    ];

    /// <param name="state">16 words, replaced; the caller folds its halves together.</param>
    /// <param name="message">16 words.</param>
    [SkipLocalsInit]
    public static void Run<TWord, TWords>(TWord* state, TWord* message)
        where TWord : unmanaged
        where TWords : IBlake3Words<TWord>
    {
        var (v0, v1, v2, v3) = (state[0], state[1], state[2], state[3]);
        var (v4, v5, v6, v7) = (state[4], state[5], state[6], state[7]);
        var (v8, v9, v10, v11) = (state[8], state[9], state[10], state[11]);
        var (v12, v13, v14, v15) = (state[12], state[13], state[14], state[15]);
        ref var order = ref MemoryMarshal.GetReference(Schedule);
        for (var round = 0; round < Rounds; round++)
        {
            Mix<TWord, TWords>(ref v0, ref v4, ref v8, ref v12, message[order], message[Unsafe.Add(ref order, 1)]);
            Mix<TWord, TWords>(ref v1, ref v5, ref v9, ref v13, message[Unsafe.Add(ref order, 2)], message[Unsafe.Add(ref order, 3)]);
            Mix<TWord, TWords>(ref v2, ref v6, ref v10, ref v14, message[Unsafe.Add(ref order, 4)], message[Unsafe.Add(ref order, 5)]);
            Mix<TWord, TWords>(ref v3, ref v7, ref v11, ref v15, message[Unsafe.Add(ref order, 6)], message[Unsafe.Add(ref order, 7)]);
            Mix<TWord, TWords>(ref v0, ref v5, ref v10, ref v15, message[Unsafe.Add(ref order, 8)], message[Unsafe.Add(ref order, 9)]);
            Mix<TWord, TWords>(ref v1, ref v6, ref v11, ref v12, message[Unsafe.Add(ref order, 10)], message[Unsafe.Add(ref order, 11)]);
            Mix<TWord, TWords>(ref v2, ref v7, ref v8, ref v13, message[Unsafe.Add(ref order, 12)], message[Unsafe.Add(ref order, 13)]);
            Mix<TWord, TWords>(ref v3, ref v4, ref v9, ref v14, message[Unsafe.Add(ref order, 14)], message[Unsafe.Add(ref order, 15)]);
            order = ref Unsafe.Add(ref order, Blake3.BlockWords);
        }
        (state[0], state[1], state[2], state[3]) = (v0, v1, v2, v3);
        (state[4], state[5], state[6], state[7]) = (v4, v5, v6, v7);
        (state[8], state[9], state[10], state[11]) = (v8, v9, v10, v11);
        (state[12], state[13], state[14], state[15]) = (v12, v13, v14, v15);
    }

    /// <summary>The quarter round G.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix<TWord, TWords>(ref TWord a, ref TWord b, ref TWord c, ref TWord d, TWord x, TWord y)
        where TWords : IBlake3Words<TWord>
    {
        a = TWords.Add(TWords.Add(a, b), x);
        d = TWords.RotateRight16(TWords.Xor(d, a));
        c = TWords.Add(c, d);
        b = TWords.RotateRight12(TWords.Xor(b, c));
        a = TWords.Add(TWords.Add(a, b), y);
        d = TWords.RotateRight8(TWords.Xor(d, a));
        c = TWords.Add(c, d);
        b = TWords.RotateRight7(TWords.Xor(b, c));
    }
}
