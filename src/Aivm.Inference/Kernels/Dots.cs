using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Aivm.Inference;

/// <summary>How a linear kernel reads its source.</summary>
internal enum SourceForm
{
    /// <summary>Bytes as they are: S8 that is never negative.</summary>
    Bytes,
    /// <summary>S8 + 128: bytes for an unsigned product; the bias takes 128 times the sum of the weights off again.</summary>
    Offset,
    /// <summary>16 bits: S16, or S8 widened.</summary>
    Wide,
}

/// <summary>
/// A processor's product of a chunk: four bytes of the source (four elements, or two wide ones) in each lane by eight channels'
/// weights, added to eight accumulators.
/// </summary>
internal unsafe interface IDot<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    static abstract TLanes Add(TLanes accumulators, TLanes source, TLanes weights);

    /// <summary>Whether elements have 16 bits.</summary>
    static abstract bool IsWide { get; }
}

/// <summary>2 * 127 * 127 fits into 16 bits, so that pmaddubsw does not saturate.</summary>
internal readonly struct BytesAvx2 : IDot<Lanes256>
{
    public static bool IsWide => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Add(Lanes256 accumulators, Lanes256 source, Lanes256 weights) =>
        new(accumulators.Vector + Avx2.MultiplyAddAdjacent(
            Avx2.MultiplyAddAdjacent(source.Vector.AsByte(), weights.Vector.AsSByte()), Vector256<short>.One));
}

internal readonly struct WideAvx2 : IDot<Lanes256>
{
    public static bool IsWide => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Add(Lanes256 accumulators, Lanes256 source, Lanes256 weights) =>
        new(accumulators.Vector + Avx2.MultiplyAddAdjacent(source.Vector.AsInt16(), weights.Vector.AsInt16()));
}

/// <summary>The products of a chunk by sixteen channels' weights, yet to be added to sixteen accumulators.</summary>
internal interface IProduct512
{
    static abstract Vector512<int> Multiply(Vector512<int> source, Vector512<int> weights);
}

internal readonly struct BytesAvx512 : IProduct512
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Multiply(Vector512<int> source, Vector512<int> weights) =>
        Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(source.AsByte(), weights.AsSByte()), Vector512<short>.One);
}

internal readonly struct WideAvx512 : IProduct512
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Multiply(Vector512<int> source, Vector512<int> weights) =>
        Avx512BW.MultiplyAddAdjacent(source.AsInt16(), weights.AsInt16());
}

/// <summary>
/// One instruction; it takes any byte, so that signed sources go offset by 128. What stands in for it where the processor lacks it
/// serves the tests of the kernels around it.
/// </summary>
internal readonly struct BytesVnni : IDot<Lanes256>
{
    public static bool IsWide => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Add(Lanes256 accumulators, Lanes256 source, Lanes256 weights) => new(AvxVnni.IsSupported
        ? AvxVnni.MultiplyWideningAndAdd(accumulators.Vector, source.Vector.AsByte(), weights.Vector.AsSByte())
        : accumulators.Vector + Multiply(source.Vector.AsInt16(), weights.Vector.AsInt16()));

    /// <summary>Even and odd bytes apart, as 16 bits.</summary>
    private static Vector256<int> Multiply(Vector256<short> source, Vector256<short> weights) =>
        Avx2.MultiplyAddAdjacent(source & Vector256.Create((short)0xFF), weights << 8 >> 8)
        + Avx2.MultiplyAddAdjacent(source >>> 8, weights >> 8);
}

internal readonly struct WideVnni : IDot<Lanes256>
{
    public static bool IsWide => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Add(Lanes256 accumulators, Lanes256 source, Lanes256 weights) => AvxVnni.IsSupported
        ? new(AvxVnni.MultiplyWideningAndAdd(accumulators.Vector, source.Vector.AsInt16(), weights.Vector.AsInt16()))
        : WideAvx2.Add(accumulators, source, weights);
}

internal readonly struct Bytes128 : IDot<Lanes128>
{
    public static bool IsWide => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Add(Lanes128 accumulators, Lanes128 source, Lanes128 weights) =>
        new(Add(accumulators.Lower, source.Lower, weights.Lower), Add(accumulators.Upper, source.Upper, weights.Upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Add(Vector128<int> accumulators, Vector128<int> source, Vector128<int> weights)
    {
        if (Ssse3.IsSupported)
            return accumulators + Sse2.MultiplyAddAdjacent(Ssse3.MultiplyAddAdjacent(source.AsByte(), weights.AsSByte()), Vector128<short>.One);
        if (Dp.IsSupported)
            return Dp.DotProduct(accumulators, source.AsSByte(), weights.AsSByte());
        return accumulators + Portable128.Multiply(source.AsSByte(), weights.AsSByte());
    }
}

internal readonly struct Wide128 : IDot<Lanes128>
{
    public static bool IsWide => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Add(Lanes128 accumulators, Lanes128 source, Lanes128 weights) =>
        new(Add(accumulators.Lower, source.Lower, weights.Lower), Add(accumulators.Upper, source.Upper, weights.Upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Add(Vector128<int> accumulators, Vector128<int> source, Vector128<int> weights) =>
        accumulators + (Sse2.IsSupported
            ? Sse2.MultiplyAddAdjacent(source.AsInt16(), weights.AsInt16())
            : Portable128.Multiply(source.AsInt16(), weights.AsInt16()));
}

/// <summary>Products on processors of which nothing is known but vectors of 128 bits.</summary>
internal static class Portable128
{
    /// <summary>Lane i: a[2i] * b[2i] + a[2i + 1] * b[2i + 1].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Multiply(Vector128<short> a, Vector128<short> b) =>
        AddPairs(Vector128.WidenLower(a) * Vector128.WidenLower(b), Vector128.WidenUpper(a) * Vector128.WidenUpper(b));

    /// <summary>Lane i: the sum of a[4i + j] * b[4i + j], j = 0 to 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Multiply(Vector128<sbyte> a, Vector128<sbyte> b) =>
        AddPairs(
            Multiply(Vector128.WidenLower(a), Vector128.WidenLower(b)),
            Multiply(Vector128.WidenUpper(a), Vector128.WidenUpper(b)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> AddPairs(Vector128<int> lower, Vector128<int> upper) =>
        AdvSimd.Arm64.IsSupported
            ? AdvSimd.Arm64.AddPairwise(lower, upper)
            : Vector128.Narrow(AddPairs(lower), AddPairs(upper));

    /// <summary>Sums in the low half of each pair.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<long> AddPairs(Vector128<int> pairs) => (pairs + (pairs.AsUInt64() >> 32).AsInt32()).AsInt64();
}
