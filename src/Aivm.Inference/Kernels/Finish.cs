using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Aivm.Inference;

/// <summary>A plain <see cref="Requantiser"/> as kernels hold it in registers: from accumulators to elements without a detour through memory.</summary>
internal readonly unsafe struct Finish<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    private readonly TLanes _rounding;
    private readonly Vector128<int> _shift;

    // Elements of the result: of 8 or of 16 bits.
    private readonly Vector128<byte> _low;
    private readonly Vector128<byte> _high;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Finish(Requantiser requantiser)
        : this(requantiser.Rounding, requantiser.Shift, requantiser.Low, requantiser.High, requantiser.Output)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Finish(int rounding, int shift, int low, int high, ElementType output)
    {
        _rounding = TLanes.Create(rounding);
        _shift = Vector128.CreateScalar(shift);
        (_low, _high) = output == ElementType.S8
            ? (Vector128.Create(unchecked((byte)low)), Vector128.Create(unchecked((byte)high)))
            : (Vector128.Create(unchecked((short)low)).AsByte(), Vector128.Create(unchecked((short)high)).AsByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Rescale(TLanes accumulators, TLanes factors) =>
        TLanes.ShiftRight(TLanes.Add(TLanes.Multiply(accumulators, factors), _rounding), _shift);

    /// <summary>Sixteen elements. Saturating before the clamp changes nothing: the clamp lies within the type.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store16(TLanes first, TLanes second, TLanes firstFactors, TLanes secondFactors, ElementType output, byte* to)
    {
        var low = TLanes.Narrow(Rescale(first, firstFactors));
        var high = TLanes.Narrow(Rescale(second, secondFactors));
        if (output == ElementType.S8)
        {
            Clamp(Vector128.NarrowWithSaturation(low, high)).Store((sbyte*)to);
            return;
        }
        Clamp(low).Store((short*)to);
        Clamp(high).Store(unchecked((short*)to + 8));
    }

    /// <summary>Eight elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store8(TLanes accumulators, TLanes factors, ElementType output, byte* to)
    {
        var elements = TLanes.Narrow(Rescale(accumulators, factors));
        if (output == ElementType.S8)
            *(long*)to = Clamp(Vector128.NarrowWithSaturation(elements, elements)).AsInt64().ToScalar();
        else
            Clamp(elements).Store((short*)to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector128<sbyte> Clamp(Vector128<sbyte> elements) => Vector128.Min(Vector128.Max(elements, _low.AsSByte()), _high.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector128<short> Clamp(Vector128<short> elements) => Vector128.Min(Vector128.Max(elements, _low.AsInt16()), _high.AsInt16());
}

/// <summary>The same for sixteen accumulators in a vector of 512 bits.</summary>
internal readonly unsafe struct Finish512
{
    private readonly Vector512<int> _rounding;
    private readonly Vector128<int> _shift;
    private readonly Vector512<int> _low;
    private readonly Vector512<int> _high;

    public Finish512(Requantiser requantiser)
    {
        _rounding = Vector512.Create(requantiser.Rounding);
        _shift = Vector128.CreateScalar(requantiser.Shift);
        (_low, _high) = (Vector512.Create(requantiser.Low), Vector512.Create(requantiser.High));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store16(int* accumulators, Vector512<int> factors, ElementType output, byte* to)
    {
        var scaled = Avx512F.ShiftRightArithmetic((Vector512.Load(accumulators) * factors) + _rounding, _shift);
        var clamped = Vector512.Min(Vector512.Max(scaled, _low), _high);
        if (output == ElementType.S8)
            Avx512F.ConvertToVector128SByte(clamped).Store((sbyte*)to);
        else
            Avx512F.ConvertToVector256Int16(clamped).Store((short*)to);
    }
}
