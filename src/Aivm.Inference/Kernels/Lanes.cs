using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Aivm.Inference;

/// <summary>Eight numbers of 32 bits, in which vector kernels count: one vector of AVX2, or two of 128 bits. Kernels are written once, over this.</summary>
internal unsafe interface ILanes<T>
    where T : struct, ILanes<T>
{
    static abstract T Create(int value);

    static abstract T Load(int* from);

    static abstract T Widen(sbyte* from);

    static abstract T Widen(short* from);

    /// <summary>The low halves of eight numbers of 64 bits.</summary>
    static abstract T LoadLow(long* from);

    static abstract void Store(T lanes, int* to);

    static abstract T Add(T a, T b);

    /// <summary>The low 32 bits of each product.</summary>
    static abstract T Multiply(T a, T b);

    static abstract T Clamp(T lanes, T low, T high);

    /// <summary>Arithmetic, by the first element of <paramref name="count"/>.</summary>
    static abstract T ShiftRight(T lanes, Vector128<int> count);

    /// <summary>To 16 bits, saturated.</summary>
    static abstract Vector128<short> Narrow(T lanes);

    /// <summary>Eight channels of four positions of bytes: lane c holds channel c of each position.</summary>
    static abstract T Stack(byte* p0, byte* p1, byte* p2, byte* p3);

    /// <summary>Eight channels of two positions of 16 bits.</summary>
    static abstract T Stack(short* p0, short* p1);
}

/// <summary>One vector of 256 bits.</summary>
internal readonly unsafe struct Lanes256(Vector256<int> vector) : ILanes<Lanes256>
{
    public readonly Vector256<int> Vector = vector;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Create(int value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(int* from) => new(Vector256.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Widen(sbyte* from) => new(Avx2.ConvertToVector256Int32(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Widen(short* from) => new(Avx2.ConvertToVector256Int32(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadLow(long* from) => new(Vector256.Narrow(Vector256.Load(from), Vector256.Load(unchecked(from + 4))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes256 lanes, int* to) => lanes.Vector.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Add(Lanes256 a, Lanes256 b) => new(a.Vector + b.Vector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Multiply(Lanes256 a, Lanes256 b) => new(a.Vector * b.Vector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Clamp(Lanes256 lanes, Lanes256 low, Lanes256 high) => new(Vector256.Min(Vector256.Max(lanes.Vector, low.Vector), high.Vector));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 ShiftRight(Lanes256 lanes, Vector128<int> count) => new(Avx2.ShiftRightArithmetic(lanes.Vector, count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Narrow(Lanes256 lanes) => Sse2.PackSignedSaturate(lanes.Vector.GetLower(), lanes.Vector.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Stack(byte* p0, byte* p1, byte* p2, byte* p3)
    {
        var lanes = Lanes128.Stack(p0, p1, p2, p3);
        return new(Vector256.Create(lanes.Lower, lanes.Upper));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Stack(short* p0, short* p1)
    {
        var lanes = Lanes128.Stack(p0, p1);
        return new(Vector256.Create(lanes.Lower, lanes.Upper));
    }
}

/// <summary>Two vectors of 128 bits, on any processor that has them.</summary>
internal readonly unsafe struct Lanes128(Vector128<int> lower, Vector128<int> upper) : ILanes<Lanes128>
{
    public readonly Vector128<int> Lower = lower;
    public readonly Vector128<int> Upper = upper;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Create(int value) => new(Vector128.Create(value), Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(int* from) => new(Vector128.Load(from), Vector128.Load(unchecked(from + 4)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Widen(sbyte* from) => Widen(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)from).AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Widen(short* from) => Widen(Vector128.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes128 Widen(Vector128<short> elements) => new(Vector128.WidenLower(elements), Vector128.WidenUpper(elements));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadLow(long* from)
    {
        unchecked
        {
            return new(
                Vector128.Narrow(Vector128.Load(from), Vector128.Load(from + 2)),
                Vector128.Narrow(Vector128.Load(from + 4), Vector128.Load(from + 6)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes128 lanes, int* to)
    {
        lanes.Lower.Store(to);
        lanes.Upper.Store(unchecked(to + 4));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Add(Lanes128 a, Lanes128 b) => new(a.Lower + b.Lower, a.Upper + b.Upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Multiply(Lanes128 a, Lanes128 b) => new(a.Lower * b.Lower, a.Upper * b.Upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Clamp(Lanes128 lanes, Lanes128 low, Lanes128 high) =>
        new(Vector128.Min(Vector128.Max(lanes.Lower, low.Lower), high.Lower), Vector128.Min(Vector128.Max(lanes.Upper, low.Upper), high.Upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 ShiftRight(Lanes128 lanes, Vector128<int> count) => new(ShiftRight(lanes.Lower, count), ShiftRight(lanes.Upper, count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> ShiftRight(Vector128<int> vector, Vector128<int> count) =>
        Sse2.IsSupported ? Sse2.ShiftRightArithmetic(vector, count) : Vector128.ShiftRightArithmetic(vector, count.ToScalar());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Narrow(Lanes128 lanes) => Vector128.NarrowWithSaturation(lanes.Lower, lanes.Upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Stack(byte* p0, byte* p1, byte* p2, byte* p3)
    {
        var pairs = Interleave(Vector128.CreateScalarUnsafe(*(long*)p0).AsByte(), Vector128.CreateScalarUnsafe(*(long*)p1).AsByte());
        var others = Interleave(Vector128.CreateScalarUnsafe(*(long*)p2).AsByte(), Vector128.CreateScalarUnsafe(*(long*)p3).AsByte());
        return Interleave(pairs.AsInt16(), others.AsInt16());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Stack(short* p0, short* p1) => Interleave(Vector128.Load(p0), Vector128.Load(p1));

    /// <summary>a0 b0 a1 b1 ... of the first eight bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Interleave(Vector128<byte> a, Vector128<byte> b) =>
        Sse2.IsSupported ? Sse2.UnpackLow(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b)
        : (Vector128.WidenLower(a) | (Vector128.WidenLower(b) << 8)).AsByte();

    /// <summary>a0 b0 a1 b1 ...</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes128 Interleave(Vector128<short> a, Vector128<short> b)
    {
        if (Sse2.IsSupported)
            return new(Sse2.UnpackLow(a, b).AsInt32(), Sse2.UnpackHigh(a, b).AsInt32());
        if (AdvSimd.Arm64.IsSupported)
            return new(AdvSimd.Arm64.ZipLow(a, b).AsInt32(), AdvSimd.Arm64.ZipHigh(a, b).AsInt32());
        var (low, high) = Vector128.Widen(a.AsUInt16());
        var (otherLow, otherHigh) = Vector128.Widen(b.AsUInt16());
        return new((low | (otherLow << 16)).AsInt32(), (high | (otherHigh << 16)).AsInt32());
    }
}
