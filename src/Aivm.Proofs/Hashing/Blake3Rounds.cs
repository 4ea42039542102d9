using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Aivm.Proofs;

/// <summary>BLAKE3's compression function (section 2.2 of its paper), written once for any number of states side by side.</summary>
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

    /// <param name="chaining">8 words.</param>
    /// <param name="message">16 words.</param>
    /// <param name="output">16 words, of which the first 8 are the new chaining value. Apart from both inputs.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compress<TWord, TWords>(
        TWord* chaining, TWord* message, TWord counterLow, TWord counterHigh, int blockLength, uint flags, TWord* output)
        where TWord : unmanaged
        where TWords : IBlake3Words<TWord>
    {
        var (v0, v1, v2, v3) = (chaining[0], chaining[1], chaining[2], chaining[3]);
        var (v4, v5, v6, v7) = (chaining[4], chaining[5], chaining[6], chaining[7]);
        var (v8, v9) = (TWords.Broadcast(Blake3.InitialValues[0]), TWords.Broadcast(Blake3.InitialValues[1]));
        var (v10, v11) = (TWords.Broadcast(Blake3.InitialValues[2]), TWords.Broadcast(Blake3.InitialValues[3]));
        var (v12, v13, v14, v15) = (counterLow, counterHigh, TWords.Broadcast((uint)blockLength), TWords.Broadcast(flags));
        ref var order = ref MemoryMarshal.GetReference(Schedule);
        for (var round = 0; round < Rounds; round++)
        {
            Mix<TWord, TWords>(
                ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7,
                ref v8, ref v9, ref v10, ref v11, ref v12, ref v13, ref v14, ref v15,
                message, ref order);
            Mix<TWord, TWords>(
                ref v0, ref v1, ref v2, ref v3, ref v5, ref v6, ref v7, ref v4,
                ref v10, ref v11, ref v8, ref v9, ref v15, ref v12, ref v13, ref v14,
                message, ref Unsafe.Add(ref order, Blake3.BlockWords / 2));
            order = ref Unsafe.Add(ref order, Blake3.BlockWords);
        }
        Fold<TWord, TWords>(chaining, output, 0, v0, v8);
        Fold<TWord, TWords>(chaining, output, 1, v1, v9);
        Fold<TWord, TWords>(chaining, output, 2, v2, v10);
        Fold<TWord, TWords>(chaining, output, 3, v3, v11);
        Fold<TWord, TWords>(chaining, output, 4, v4, v12);
        Fold<TWord, TWords>(chaining, output, 5, v5, v13);
        Fold<TWord, TWords>(chaining, output, 6, v6, v14);
        Fold<TWord, TWords>(chaining, output, 7, v7, v15);
    }

    /// <summary>
    /// Four quarter rounds G, of the columns or of the diagonals, a step of all four at a time: their chains of operations are independent.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix<TWord, TWords>(
        ref TWord a0, ref TWord a1, ref TWord a2, ref TWord a3, ref TWord b0, ref TWord b1, ref TWord b2, ref TWord b3,
        ref TWord c0, ref TWord c1, ref TWord c2, ref TWord c3, ref TWord d0, ref TWord d1, ref TWord d2, ref TWord d3,
        TWord* message, ref byte order)
        where TWord : unmanaged
        where TWords : IBlake3Words<TWord>
    {
        unchecked
        {
            a0 = TWords.Add(TWords.Add(a0, b0), message[order]);
            a1 = TWords.Add(TWords.Add(a1, b1), message[Unsafe.Add(ref order, 2)]);
            a2 = TWords.Add(TWords.Add(a2, b2), message[Unsafe.Add(ref order, 4)]);
            a3 = TWords.Add(TWords.Add(a3, b3), message[Unsafe.Add(ref order, 6)]);
            d0 = TWords.RotateRight16(TWords.Xor(d0, a0));
            d1 = TWords.RotateRight16(TWords.Xor(d1, a1));
            d2 = TWords.RotateRight16(TWords.Xor(d2, a2));
            d3 = TWords.RotateRight16(TWords.Xor(d3, a3));
            c0 = TWords.Add(c0, d0);
            c1 = TWords.Add(c1, d1);
            c2 = TWords.Add(c2, d2);
            c3 = TWords.Add(c3, d3);
            b0 = TWords.RotateRight12(TWords.Xor(b0, c0));
            b1 = TWords.RotateRight12(TWords.Xor(b1, c1));
            b2 = TWords.RotateRight12(TWords.Xor(b2, c2));
            b3 = TWords.RotateRight12(TWords.Xor(b3, c3));
            a0 = TWords.Add(TWords.Add(a0, b0), message[Unsafe.Add(ref order, 1)]);
            a1 = TWords.Add(TWords.Add(a1, b1), message[Unsafe.Add(ref order, 3)]);
            a2 = TWords.Add(TWords.Add(a2, b2), message[Unsafe.Add(ref order, 5)]);
            a3 = TWords.Add(TWords.Add(a3, b3), message[Unsafe.Add(ref order, 7)]);
            d0 = TWords.RotateRight8(TWords.Xor(d0, a0));
            d1 = TWords.RotateRight8(TWords.Xor(d1, a1));
            d2 = TWords.RotateRight8(TWords.Xor(d2, a2));
            d3 = TWords.RotateRight8(TWords.Xor(d3, a3));
            c0 = TWords.Add(c0, d0);
            c1 = TWords.Add(c1, d1);
            c2 = TWords.Add(c2, d2);
            c3 = TWords.Add(c3, d3);
            b0 = TWords.RotateRight7(TWords.Xor(b0, c0));
            b1 = TWords.RotateRight7(TWords.Xor(b1, c1));
            b2 = TWords.RotateRight7(TWords.Xor(b2, c2));
            b3 = TWords.RotateRight7(TWords.Xor(b3, c3));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fold<TWord, TWords>(TWord* chaining, TWord* output, int index, TWord low, TWord high)
        where TWord : unmanaged
        where TWords : IBlake3Words<TWord>
    {
        output[index + Blake3.HashWords] = TWords.Xor(high, chaining[index]);
        output[index] = TWords.Xor(low, high);
    }
}
