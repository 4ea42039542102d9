using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Aivm.Proofs;

/// <summary>
/// The stages of a transform that are left when blocks have the size of a vector. Two vectors, x and y, go through them together: each stage has
/// the lower halves of all blocks in one, the upper halves in the other. Four are under way at a time, since a stage waits for the one before.
/// </summary>
internal unsafe interface INttInner
{
    /// <param name="count">A multiple of four vectors.</param>
    /// <param name="block">Number of the first block of a vector's size.</param>
    static abstract void Finish(uint* data, nint count, nint block, uint* roots);
}

/// <summary>Blocks of one are values.</summary>
internal readonly unsafe struct ScalarInner : INttInner
{
    public static void Finish(uint* data, nint count, nint block, uint* roots)
    {
    }
}

/// <summary>Sixteen elements in a vector.</summary>
internal readonly unsafe struct Avx512Inner : INttInner
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish(uint* data, nint count, nint block, uint* roots)
    {
        unchecked
        {
            for (nint i = 0; i < count; i += 64, block += 4)
            {
                var a = Eights(Vector512.Load(data + i), Vector512.Load(data + i + 16));
                var b = Eights(Vector512.Load(data + i + 32), Vector512.Load(data + i + 48));
                (a, b) = (Divide(a, RootsOfEights(roots + block)), Divide(b, RootsOfEights(roots + block + 2)));
                (a, b) = (Fours(a), Fours(b));
                (a, b) = (Divide(a, RootsOfFours(roots + (2 * block))), Divide(b, RootsOfFours(roots + (2 * block) + 4)));
                (a, b) = (Twos(a), Twos(b));
                (a, b) = (Divide(a, RootsOfTwos(roots + (4 * block))), Divide(b, RootsOfTwos(roots + (4 * block) + 8)));
                (a, b) = (Ones(a), Ones(b));
                (a, b) = (Divide(a, RootsOfOnes(roots + (8 * block))), Divide(b, RootsOfOnes(roots + (8 * block) + 16)));
                (a, b) = (InOrder(a), InOrder(b));
                a.Low.Store(data + i);
                a.High.Store(data + i + 16);
                b.Low.Store(data + i + 32);
                b.High.Store(data + i + 48);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<uint> Low, Vector512<uint> High) Divide((Vector512<uint> Low, Vector512<uint> High) halves, Pair<Vector512<uint>> roots)
    {
        var product = ExtLanes<Avx512Lanes, Vector512<uint>>.Multiply(halves.High, roots);
        return (Avx512Lanes.Add(halves.Low, product), Avx512Lanes.Subtract(halves.Low, product));
    }

    /// <summary>x0-7 y0-7, and x8-15 y8-15.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<uint> Low, Vector512<uint> High) Eights(Vector512<uint> x, Vector512<uint> y) =>
        (Avx512F.Shuffle4x128(x, y, 0b01_00_01_00), Avx512F.Shuffle4x128(x, y, 0b11_10_11_10));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Pair<Vector512<uint>> RootsOfEights(uint* roots) => Roots(roots, Vector512.Create(0u, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));

    /// <summary>x0-3 y0-3 x8-11 y8-11, and what is four further.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<uint> Low, Vector512<uint> High) Fours((Vector512<uint> Low, Vector512<uint> High) eights) =>
        (Avx512F.Shuffle4x128(eights.Low, eights.High, 0b10_00_10_00), Avx512F.Shuffle4x128(eights.Low, eights.High, 0b11_01_11_01));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Pair<Vector512<uint>> RootsOfFours(uint* roots) => Roots(roots, Vector512.Create(0u, 0, 0, 0, 2, 2, 2, 2, 1, 1, 1, 1, 3, 3, 3, 3));

    /// <summary>x0-1 x4-5 y0-1 y4-5 x8-9 ..., and what is two further.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<uint> Low, Vector512<uint> High) Twos((Vector512<uint> Low, Vector512<uint> High) fours) => (
        Avx512F.UnpackLow(fours.Low.AsUInt64(), fours.High.AsUInt64()).AsUInt32(),
        Avx512F.UnpackHigh(fours.Low.AsUInt64(), fours.High.AsUInt64()).AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Pair<Vector512<uint>> RootsOfTwos(uint* roots) => Roots(roots, Vector512.Create(0u, 0, 1, 1, 4, 4, 5, 5, 2, 2, 3, 3, 6, 6, 7, 7));

    /// <summary>x0 x2 x4 x6 y0 y2 y4 y6 x8 ..., and what is one further.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<uint> Low, Vector512<uint> High) Ones((Vector512<uint> Low, Vector512<uint> High) twos) => (
        Avx512F.PermuteVar16x32x2(twos.Low, Vector512.Create(0u, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30), twos.High),
        Avx512F.PermuteVar16x32x2(twos.Low, Vector512.Create(1u, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31), twos.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Pair<Vector512<uint>> RootsOfOnes(uint* roots) => ExtLanes<Avx512Lanes, Vector512<uint>>.Factor(
        Avx512F.PermuteVar16x32(Vector512.Load(roots), Vector512.Create(0u, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15)));

    /// <summary>x and y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<uint> Low, Vector512<uint> High) InOrder((Vector512<uint> Low, Vector512<uint> High) ones)
    {
        var low = Avx512F.UnpackLow(ones.Low, ones.High).AsUInt64();
        var high = Avx512F.UnpackHigh(ones.Low, ones.High).AsUInt64();
        return (
            Avx512F.PermuteVar8x64x2(low, Vector512.Create(0ul, 1, 8, 9, 4, 5, 12, 13), high).AsUInt32(),
            Avx512F.PermuteVar8x64x2(low, Vector512.Create(2ul, 3, 10, 11, 6, 7, 14, 15), high).AsUInt32());
    }

    /// <summary>Neighbours have the same root.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Pair<Vector512<uint>> Roots(uint* roots, Vector512<uint> lanes)
    {
        var vector = Avx512F.PermuteVar16x32(Vector512.Load(roots), lanes);
        return new(vector, vector);
    }
}

/// <summary>Eight elements in a vector.</summary>
internal readonly unsafe struct Avx2Inner : INttInner
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish(uint* data, nint count, nint block, uint* roots)
    {
        unchecked
        {
            for (nint i = 0; i < count; i += 32, block += 4)
            {
                var a = Fours(Vector256.Load(data + i), Vector256.Load(data + i + 8));
                var b = Fours(Vector256.Load(data + i + 16), Vector256.Load(data + i + 24));
                (a, b) = (Divide(a, RootsOfFours(roots + block)), Divide(b, RootsOfFours(roots + block + 2)));
                (a, b) = (Twos(a), Twos(b));
                (a, b) = (Divide(a, RootsOfTwos(roots + (2 * block))), Divide(b, RootsOfTwos(roots + (2 * block) + 4)));
                (a, b) = (Ones(a), Ones(b));
                (a, b) = (Divide(a, RootsOfOnes(roots + (4 * block))), Divide(b, RootsOfOnes(roots + (4 * block) + 8)));
                (a, b) = (InOrder(a), InOrder(b));
                a.Low.Store(data + i);
                a.High.Store(data + i + 8);
                b.Low.Store(data + i + 16);
                b.High.Store(data + i + 24);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<uint> Low, Vector256<uint> High) Divide((Vector256<uint> Low, Vector256<uint> High) halves, Pair<Vector256<uint>> roots)
    {
        var product = ExtLanes<Avx2Lanes, Vector256<uint>>.Multiply(halves.High, roots);
        return (Avx2Lanes.Add(halves.Low, product), Avx2Lanes.Subtract(halves.Low, product));
    }

    /// <summary>x0-3 y0-3, and x4-7 y4-7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<uint> Low, Vector256<uint> High) Fours(Vector256<uint> x, Vector256<uint> y) =>
        (Avx2.Permute2x128(x, y, 0b0010_0000), Avx2.Permute2x128(x, y, 0b0011_0001));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Pair<Vector256<uint>> RootsOfFours(uint* roots) => Roots(roots, Vector256.Create(0u, 0, 0, 0, 1, 1, 1, 1));

    /// <summary>x0-1 x4-5 y0-1 y4-5, and what is two further.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<uint> Low, Vector256<uint> High) Twos((Vector256<uint> Low, Vector256<uint> High) fours) => (
        Avx2.UnpackLow(fours.Low.AsUInt64(), fours.High.AsUInt64()).AsUInt32(),
        Avx2.UnpackHigh(fours.Low.AsUInt64(), fours.High.AsUInt64()).AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Pair<Vector256<uint>> RootsOfTwos(uint* roots) => Roots(roots, Vector256.Create(0u, 0, 1, 1, 2, 2, 3, 3));

    /// <summary>x0 x2 x4 x6 y0 ..., and what is one further.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<uint> Low, Vector256<uint> High) Ones((Vector256<uint> Low, Vector256<uint> High) twos) => (
        Avx2.Blend(twos.Low, (twos.High.AsUInt64() << 32).AsUInt32(), 0b10101010),
        Avx2.Blend((twos.Low.AsUInt64() >> 32).AsUInt32(), twos.High, 0b10101010));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Pair<Vector256<uint>> RootsOfOnes(uint* roots) => ExtLanes<Avx2Lanes, Vector256<uint>>.Factor(Vector256.Load(roots));

    /// <summary>x and y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<uint> Low, Vector256<uint> High) InOrder((Vector256<uint> Low, Vector256<uint> High) ones)
    {
        var (low, high) = (Avx2.UnpackLow(ones.Low, ones.High), Avx2.UnpackHigh(ones.Low, ones.High));
        return (Avx2.Permute2x128(low, high, 0b0010_0000), Avx2.Permute2x128(low, high, 0b0011_0001));
    }

    /// <summary>Neighbours have the same root.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Pair<Vector256<uint>> Roots(uint* roots, Vector256<uint> lanes)
    {
        var vector = Avx2.PermuteVar8x32(Vector256.Load(roots), lanes);
        return new(vector, vector);
    }
}
