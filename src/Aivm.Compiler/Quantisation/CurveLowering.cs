using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>Functions of one number that no layer could take in.</summary>
internal static class CurveLowering
{
    /// <summary>Exponent of an interpolated result, as far as 32 bits allow.</summary>
    private const int FineExponent = 24;

    /// <summary>Interpolated entries lie 2^-7 apart: the logistic function is then met within 8e-7.</summary>
    private const int StepExponent = 7;

    /// <summary>Beyond this on either side every interpolated function stays at its last entry; the logistic function is within 2e-7 of 0 or 1.</summary>
    private const double Reach = 16;

    private const int MaxEntries = 1 << 16;

    /// <summary>How much larger than in calibration an operand may be before its table ends.</summary>
    private const double Margin = 1.25;

    /// <summary>Over 8 or 16 bits: a clamp, or a table with an entry for each integer.</summary>
    public static Value Narrow(GraphBuilder builder, FloatUnary unary, Value source, Precision precision)
    {
        var reals = Lowering.EachSample(source.Reals, row => FloatInterpreter.Map(row, unary.Function.At));
        var (type, limit) = precision.Of(unary);
        if (unary.Function is UnaryFunction.Clamp(var low, var high))
        {
            var exponent = Math.Min(source.Exponent, Exponents.Choose(unary, Finish.Spread(unary.Function, source.Reals, precision), limit, highest: 40));
            var clamp = new Activation.Clamp((int)Exponents.Quantise(low, exponent, limit), (int)Exponents.Quantise(high, exponent, limit));
            var shift = Math.Min(source.Exponent - exponent, Requantise.MaxShiftAllowed);
            var requantise = Requantise.To(type, [(byte)shift], clamp);
            var node = new RescaleNode { Source = source.Number, Factor = 1, Requantise = requantise };
            return builder.Reported(unary, source, new Value(
                builder.Add(node), source.Shape, type, source.Exponent - shift, clamp.Low, clamp.High, reals,
                Lowering.EachSample(source.Integers!, row => FloatInterpreter.Map(row, x => LinearLowering.Requantised(x, shift, requantise)))), shift);
        }
        source = Bounded(builder, unary, source);
        var resultExponent = Exponents.Choose(unary, reals, limit, highest: 40);
        var entries = new short[source.Max - source.Min + 1];
        for (var i = 0; i < entries.Length; i++)
            entries[i] = (short)Exponents.Quantise(unary.Function.At((source.Min + i) * ExactMath.PowerOfTwo(-source.Exponent)), resultExponent, limit);
        var table = new TableNode
        {
            Source = source.Number,
            Low = (int)source.Min,
            Entries = type == ElementType.S8
                ? Constant.S8([entries.Length], [.. entries.Select(entry => (sbyte)entry)])
                : Constant.S16([entries.Length], entries),
        };
        return builder.Reported(unary, source, new Value(
            builder.Add(table), source.Shape, type, resultExponent, entries.Min(), entries.Max(), reals,
            Lowering.EachSample(source.Integers!, row => FloatInterpreter.Map(row, x => entries[(int)(x - source.Min)]))));
    }

    /// <summary>Whether a curve at the end of a model is interpolated: it is smooth everywhere, and its reach takes no more entries than a table has.</summary>
    public static bool IsWide(FloatUnary unary, Value source) =>
        !source.IsNarrow
        && unary.Function is not (UnaryFunction.Clamp or UnaryFunction.Reciprocal or UnaryFunction.Elementary or UnaryFunction.Chain or UnaryFunction.Join)
        && Places(unary, source) is { Shift: <= 31, Count: <= MaxEntries };

    /// <summary>Over full accumulators, at the end of a model: linear interpolation between entries 2^-7 apart.</summary>
    public static Value Wide(GraphBuilder builder, FloatUnary unary, Value source)
    {
        var (low, shift, count) = Places(unary, source);
        var step = 1L << shift;
        var curve = new double[count];
        for (var i = 0; i < count; i++)
            curve[i] = unary.Function.At((low + i * step) * ExactMath.PowerOfTwo(-source.Exponent));
        var exponent = Math.Min(FineExponent, ExactMath.Headroom(Math.Max(Exponents.Largest(unary, [curve]), 1e-9), 1 << 30));
        int[] entries = [.. curve.Select(value => (int)Math.Floor(value * ExactMath.PowerOfTwo(exponent) + 0.5))];
        var node = new InterpolateNode { Source = source.Number, Low = low, Shift = shift, Entries = Constant.S32([entries.Length], entries) };
        var reals = Lowering.EachSample(source.Reals, row => FloatInterpreter.Map(row, unary.Function.At));
        return builder.Reported(unary, source, new Value(builder.Add(node), source.Shape, ElementType.S32, exponent, entries.Min(), entries.Max(), reals, null));
    }

    /// <summary>Where the interpolated entries lie.</summary>
    private static (long Low, int Shift, long Count) Places(FloatUnary unary, Value source)
    {
        var shift = Math.Max(0, source.Exponent - StepExponent);
        var reach = unary.Function is UnaryFunction.Sigmoid or UnaryFunction.Tanh or UnaryFunction.Erf or UnaryFunction.HardSigmoid
            ? Reach
            : Math.Max(1, 4 * Exponents.Largest(unary, source.Reals));
        var step = 1L << Math.Min(shift, 31);
        var low = Math.Max(source.Min, -(long)Math.Min(reach * ExactMath.PowerOfTwo(source.Exponent), 1L << 60)) / step * step - step;
        var high = Math.Min(source.Max, (long)Math.Min(reach * ExactMath.PowerOfTwo(source.Exponent), 1L << 60)) / step * step + step;
        return (low, shift, (high - low) / step + 1);
    }

    /// <summary>16 bits at a scale where a table of all that calibration saw, and a quarter more, has some thousand entries.</summary>
    private static Value Bounded(GraphBuilder builder, FloatUnary unary, Value source)
    {
        if (source.Max - source.Min <= 2 * Width.Operand.Limit)
            return source;
        var reach = Math.Max(Margin * Exponents.Largest(unary, source.Reals), 1e-9);
        return Alignment.To(builder, unary, source, Width.Operand, Math.Min(source.Exponent, ExactMath.Headroom(reach, Width.Operand.Limit)));
    }
}
