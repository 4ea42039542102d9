using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Aivm.Proofs;

/// <summary>
/// The number-theoretic transform, as divisions with remainder: f mod x^2h - z^2 becomes f mod x^h - z and f mod x^h + z, until
/// nothing but values is left (Fiduccia 1972). Blocks of one size are numbered from the left, and block b is divided by roots[b]:
/// so blocks of any coset need one table, and twiddles are the same for all of a block.
/// </summary>
internal static unsafe class Ntt
{
    /// <summary>Larger ones are not needed, and the table of roots grows with them.</summary>
    public const int MaxBits = 20;

    // Sizes whose data and roots fit into the second cache; larger ones go in depth first.
    private const int BreadthFirst = 1 << 14;

    /// <summary>
    /// Coefficients of f mod x^size - z^2, z = roots[block], become f's values where x^size is z^2. With n = size * 2^k and block below 2^k, value i is
    /// f(g^e), g a root of unity of order n and e the number block * size + i with its log n bits in reverse.
    /// </summary>
    /// <param name="size">A power of two.</param>
    public static void Transform(uint* data, int size, int block)
    {
        var roots = NttRoots.For(BitOperations.Log2((uint)size) + (block == 0 ? 0 : BitOperations.Log2((uint)block) + 1));
        if (FieldSimd.Level == FieldLevel.Avx512 && size >= 4 * Avx512Lanes.Count)
            Run<Avx512Lanes, Vector512<uint>, Avx512Inner>(data, size, block, roots);
        else if (FieldSimd.Level >= FieldLevel.Avx2 && size >= 4 * Avx2Lanes.Count)
            Run<Avx2Lanes, Vector256<uint>, Avx2Inner>(data, size, block, roots);
        else
            Run<ScalarLanes, ulong, ScalarInner>(data, size, block, roots);
    }

    private static void Run<TLanes, TVector, TInner>(uint* data, int size, int block, NttRoots roots)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
        where TInner : struct, INttInner
    {
        if (size > BreadthFirst)
        {
            var quarter = size / 4;
            Quarter<TLanes, TVector>(data, quarter, 1, block, roots.Roots, roots.Cubes);
            for (var q = 0; q < 4; q++)
                Run<TLanes, TVector, TInner>(unchecked(data + ((nint)q * quarter)), quarter, unchecked((4 * block) + q), roots);
            return;
        }
        nint blocks = 1;
        nint first = block;
        nint length = size;
        if (int.IsOddInteger(BitOperations.Log2((uint)(size / TLanes.Count))))
        {
            Halve<TLanes, TVector>(data, length / 2, first, roots.Roots);
            (blocks, first, length) = (2, 2 * first, length / 2);
        }
        for (; length > TLanes.Count; (blocks, first, length) = (4 * blocks, 4 * first, length / 4))
            Quarter<TLanes, TVector>(data, length / 4, blocks, first, roots.Roots, roots.Cubes);
        TInner.Finish(data, size, first, roots.Roots);
    }

    /// <summary>One block by x^half - z and x^half + z.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Halve<TLanes, TVector>(uint* data, nint half, nint block, uint* roots)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        unchecked
        {
            var z = ExtLanes<TLanes, TVector>.BroadcastFactor(Felt.FromMontgomery(roots[block]));
            for (nint i = 0; i < half; i += TLanes.Count)
            {
                var low = TLanes.Load(data + i);
                var high = ExtLanes<TLanes, TVector>.Multiply(TLanes.Load(data + half + i), z);
                TLanes.Store(TLanes.Add(low, high), data + i);
                TLanes.Store(TLanes.Subtract(low, high), data + half + i);
            }
        }
    }

    /// <summary>
    /// Each block by x^quarter - y, + y, - iy and + iy, where y^2 = z and i^2 = -1: both divisions at once, with a reduction less.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Quarter<TLanes, TVector>(uint* data, nint quarter, nint blocks, nint first, uint* roots, uint* cubes)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        unchecked
        {
            for (var block = first; block < first + blocks; block++, data += 4 * quarter)
            {
                var square = Factor<TLanes, TVector>(roots[block]);
                var (y, cube) = (Factor<TLanes, TVector>(roots[2 * block]), Factor<TLanes, TVector>(cubes[2 * block]));
                var (iy, icube) = (Factor<TLanes, TVector>(roots[(2 * block) + 1]), Factor<TLanes, TVector>(cubes[(2 * block) + 1]));
                for (nint i = 0; i < quarter; i += TLanes.Count)
                {
                    var at = data + i;
                    var a0 = TLanes.Load(at);
                    var a1 = ExtLanes<TLanes, TVector>.Factor(TLanes.Load(at + quarter));
                    var a3 = ExtLanes<TLanes, TVector>.Factor(TLanes.Load(at + (3 * quarter)));
                    var even = ExtLanes<TLanes, TVector>.Multiply(TLanes.Load(at + (2 * quarter)), square);
                    var odd = SumOfProducts<TLanes, TVector>(a1, y, a3, cube);
                    var iodd = SumOfProducts<TLanes, TVector>(a1, iy, a3, icube);
                    var (sum, difference) = (TLanes.Add(a0, even), TLanes.Subtract(a0, even));
                    TLanes.Store(TLanes.Add(sum, odd), at);
                    TLanes.Store(TLanes.Subtract(sum, odd), at + quarter);
                    TLanes.Store(TLanes.Add(difference, iodd), at + (2 * quarter));
                    TLanes.Store(TLanes.Subtract(difference, iodd), at + (3 * quarter));
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Pair<TVector> Factor<TLanes, TVector>(uint root)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct =>
        ExtLanes<TLanes, TVector>.BroadcastFactor(Felt.FromMontgomery(root));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector SumOfProducts<TLanes, TVector>(Pair<TVector> a, Pair<TVector> x, Pair<TVector> b, Pair<TVector> y)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct =>
        ExtLanes<TLanes, TVector>.Reduce(ExtLanes<TLanes, TVector>.AddWide(
            ExtLanes<TLanes, TVector>.MultiplyWide(a, x), ExtLanes<TLanes, TVector>.MultiplyWide(b, y)));
}

/// <summary>Roots of unity in the order of the transform's blocks, and their cubes: roots[b] = g^e, g of order 2^(d + 1), e = the d bits of b in reverse.</summary>
internal sealed unsafe class NttRoots
{
    private static readonly Lazy<NttRoots>[] Tables = [.. Enumerable.Range(0, Ntt.MaxBits + 1).Select(bits => new Lazy<NttRoots>(() => new(bits)))];

    private readonly FeltArray _roots;
    private readonly FeltArray _cubes;

    private NttRoots(int bits)
    {
        var count = 1 << Math.Max(0, bits - 1);
        // The vectors' last stages read past what they use.
        (_roots, _cubes) = (new FeltArray(count + FeltArray.Granule), new FeltArray(count + FeltArray.Granule));
        _roots[0] = Felt.One;
        for (var (half, order) = (1, 2); half < count; half *= 2, order++)
        {
            var root = Felt.RootOfUnity(order);
            for (var i = 0; i < half; i++)
                _roots[half + i] = _roots[i] * root;
        }
        for (var i = 0; i < count; i++)
            _cubes[i] = _roots[i] * _roots[i] * _roots[i];
    }

    public uint* Roots => _roots.Data;

    public uint* Cubes => _cubes.Data;

    /// <summary>g^e, g of order 2^bits and e the index with its bits in reverse; of the table for that many bits.</summary>
    public Felt Point(int index)
    {
        var root = Felt.FromMontgomery(Roots[index / 2]);
        return int.IsOddInteger(index) ? -root : root;
    }

    /// <summary>For transforms of 2^bits points. Made once; they stay.</summary>
    public static NttRoots For(int bits)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, Ntt.MaxBits);
        return Tables[bits].Value;
    }
}
