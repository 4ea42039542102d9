using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Aivm.Proofs;

/// <summary>The operations of BLAKE3 on one word of one state, or on a vector with that word of several states: its lanes.</summary>
internal interface IBlake3Words<TWord>
    where TWord : unmanaged
{
    /// <summary>How many states side by side.</summary>
    static abstract int Count { get; }
    static abstract TWord Broadcast(uint word);
    static abstract TWord Add(TWord a, TWord b);
    static abstract TWord Xor(TWord a, TWord b);
    static abstract TWord RotateRight16(TWord a);
    static abstract TWord RotateRight12(TWord a);
    static abstract TWord RotateRight8(TWord a);
    static abstract TWord RotateRight7(TWord a);

    /// <summary>Of the lanes of both, a's first: those with even numbers.</summary>
    static abstract TWord Even(TWord a, TWord b);

    /// <summary>Of the lanes of both, a's first: those with odd numbers.</summary>
    static abstract TWord Odd(TWord a, TWord b);
}

/// <summary>One state: the reference.</summary>
internal readonly struct ScalarWords : IBlake3Words<uint>
{
    public static int Count => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Broadcast(uint word) => word;

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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Even(uint a, uint b) => a;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Odd(uint a, uint b) => b;
}

/// <summary>Eight states.</summary>
internal readonly struct Avx2Words : IBlake3Words<Vector256<uint>>
{
    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Broadcast(uint word) => Vector256.Create(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Add(Vector256<uint> a, Vector256<uint> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Xor(Vector256<uint> a, Vector256<uint> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> RotateRight16(Vector256<uint> a) => Avx2.Shuffle(
        a.AsByte(),
        Vector256.Create(Vector128.Create((byte)2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13))).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> RotateRight12(Vector256<uint> a) => (a >>> 12) | (a << 20);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> RotateRight8(Vector256<uint> a) => Avx2.Shuffle(
        a.AsByte(),
        Vector256.Create(Vector128.Create((byte)1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12))).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> RotateRight7(Vector256<uint> a) => (a >>> 7) | (a << 25);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Even(Vector256<uint> a, Vector256<uint> b) => InOrder(Avx2.UnpackLow(EvenThenOdd(a), EvenThenOdd(b)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Odd(Vector256<uint> a, Vector256<uint> b) => InOrder(Avx2.UnpackHigh(EvenThenOdd(a), EvenThenOdd(b)));

    /// <summary>In each half of the vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> EvenThenOdd(Vector256<uint> a) => Avx2.Shuffle(a, 0b_11_01_10_00).AsUInt64();

    /// <summary>Exchanges the two quarters in the middle.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> InOrder(Vector256<ulong> a) => Avx2.Permute4x64(a, 0b_11_01_10_00).AsUInt32();
}

/// <summary>Sixteen states.</summary>
internal readonly struct Avx512Words : IBlake3Words<Vector512<uint>>
{
    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Broadcast(uint word) => Vector512.Create(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Add(Vector512<uint> a, Vector512<uint> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Xor(Vector512<uint> a, Vector512<uint> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> RotateRight16(Vector512<uint> a) => Avx512F.RotateRight(a, 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> RotateRight12(Vector512<uint> a) => Avx512F.RotateRight(a, 12);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> RotateRight8(Vector512<uint> a) => Avx512F.RotateRight(a, 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> RotateRight7(Vector512<uint> a) => Avx512F.RotateRight(a, 7);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Even(Vector512<uint> a, Vector512<uint> b) =>
        Avx512F.PermuteVar16x32x2(a, Vector512.Create(0u, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30), b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Odd(Vector512<uint> a, Vector512<uint> b) =>
        Avx512F.PermuteVar16x32x2(a, Vector512.Create(1u, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31), b);
}
