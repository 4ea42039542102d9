using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>What becomes of an accumulator: kept whole, clamped, or looked up in a table; and at which scale.</summary>
internal sealed class Finish
{
    /// <summary>Entries that a table of an activation has at most, on each side of zero.</summary>
    private const int TableReach = 1023;

    /// <summary>A 16-bit term of a sum is at most this much finer than 8 bits would be: the sum's accumulator has to hold it.</summary>
    private const int ExtraBits = 6;

    private readonly UnaryFunction? _activation;
    private readonly Width _width;
    private readonly int _exponent;
    private readonly (double Low, double High) _reach;

    private Finish(UnaryFunction? activation, Width width, int exponent, int baseExponent, (double, double) reach)
    {
        _activation = activation;
        _width = width;
        _exponent = exponent;
        BaseExponent = baseExponent;
        _reach = reach;
    }

    /// <summary>Whether the accumulator is kept whole.</summary>
    public bool IsRaw => _width.Type == ElementType.S32;

    /// <summary>The exponent wanted in front of the activation.</summary>
    public int BaseExponent { get; }

    /// <param name="straight">Real values in front of the activation, by sample.</param>
    /// <param name="fixedExponent">The exponent of an 8-bit result, when it is settled already.</param>
    public static Finish Choose(UnaryFunction? activation, double[][] straight, FloatNode node, Precision precision, int? fixedExponent = null)
    {
        if (activation is null && precision.Readers.AreFinal(node))
            return new Finish(null, new Width(ElementType.S32, 0), 0, 0, default);
        var values = activation is null ? straight : Spread(activation, straight, precision);
        var width = precision.Of(node);
        var exponent = fixedExponent ?? Exponents.Choose(node, values, 127, highest: 40);
        if (width.Type == ElementType.S16)
            exponent = Math.Min(exponent + ExtraBits, Exponents.Choose(node, values, width.Limit, highest: 40));
        if (activation is null or UnaryFunction.Clamp)
            return new Finish(activation, width, exponent, exponent, default);
        var (low, high) = (straight.Min(row => row.Min()), straight.Max(row => row.Max()));
        var reach = Math.Max(Math.Max(Math.Abs(low), Math.Abs(high)), 1e-6);
        return new Finish(activation, width, exponent, ExactMath.Headroom(reach, TableReach), (low, high));
    }

    /// <summary>What a function's results spread over: those of the samples, or the range that the file states where samples are only drawn.</summary>
    public static double[][] Spread(UnaryFunction function, double[][] straight, Precision precision) =>
        precision.Seeded && function is UnaryFunction.Clamp { IsMeasured: true } measured
            ? [[measured.Low, measured.High]]
            : Lowering.EachSample(straight, row => FloatInterpreter.Map(row, function.At));

    public Requantise Requantise(LinearLowering.ShiftFit fit) => Requantise([.. fit.Shifts.Select(shift => (byte)shift)], fit.Base);

    /// <param name="baseExponent">The exponent in front of the activation as it came out.</param>
    public Requantise Requantise(System.Collections.Immutable.ImmutableArray<byte> shifts, int baseExponent)
    {
        if (IsRaw)
            return Inference.Requantise.Raw(shifts);
        return Inference.Requantise.To(_width.Type, shifts, _activation is null or UnaryFunction.Clamp ? Clamp(baseExponent) : Table(baseExponent));
    }

    public int ResultExponent(LinearLowering.ShiftFit fit) => ResultExponent(fit.Base, fit.MaxShift);

    public int ResultExponent(int baseExponent, int maxShift)
    {
        if (IsRaw)
            return baseExponent + maxShift;
        return _activation is null or UnaryFunction.Clamp ? baseExponent : _exponent;
    }

    public (long Low, long High) Range(LinearLowering.ShiftFit fit, Value source)
    {
        if (IsRaw)
            return (-fit.Magnitude(source), fit.Magnitude(source));
        return Range(fit.Base);
    }

    public (long Low, long High) Range(int baseExponent)
    {
        if (_activation is null or UnaryFunction.Clamp)
        {
            var clamp = Clamp(baseExponent);
            return (clamp.Low, clamp.High);
        }
        var entries = Table(baseExponent).Entries.ToArray();
        return (entries.Min(), entries.Max());
    }

    private Activation.Clamp Clamp(int exponent)
    {
        var (low, high) = _activation is UnaryFunction.Clamp clamp ? (clamp.Low, clamp.High) : (double.NegativeInfinity, double.PositiveInfinity);
        return new Activation.Clamp((int)Exponents.Quantise(low, exponent, _width.Limit), (int)Exponents.Quantise(high, exponent, _width.Limit));
    }

    /// <summary>The function over what calibration has seen and a quarter more on each side; beyond that it stays at its last entry.</summary>
    private Activation.Table Table(int exponent)
    {
        var margin = (_reach.High - _reach.Low) / 4;
        var low = (int)Math.Floor((_reach.Low - margin) * ExactMath.PowerOfTwo(exponent));
        var high = (int)Math.Ceiling((_reach.High + margin) * ExactMath.PowerOfTwo(exponent));
        var entries = new short[high - low + 1];
        for (var i = 0; i < entries.Length; i++)
            entries[i] = (short)Exponents.Quantise(_activation!.At((low + i) * ExactMath.PowerOfTwo(-exponent)), _exponent, _width.Limit);
        return new Activation.Table(low, _width.Type == ElementType.S8
            ? Constant.S8([entries.Length], [.. entries.Select(entry => (sbyte)entry)])
            : Constant.S16([entries.Length], entries));
    }
}
