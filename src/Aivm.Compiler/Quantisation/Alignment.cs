using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>Brings values to one type and one scale, so that they can be compared, chosen from or stand beside each other.</summary>
internal static class Alignment
{
    private const int MaxFactorBits = 14;

    /// <summary>The values with one type and exponent. Where they have the same exponent already they stay exact.</summary>
    /// <param name="result">What they become, by sample, in real numbers.</param>
    public static Value[] Common(GraphBuilder builder, FloatNode node, Value[] values, double[][] result, Width width)
    {
        var (exponent, type) = (values[0].Exponent, values[0].Type);
        if (values.All(value => value.Exponent == exponent && value.Type == type))
            return values;
        values = [.. values.Select(value => Narrowed(builder, node, value, width))];
        if (values.All(value => value.Exponent == exponent))
            width = values.Any(value => value.Type == ElementType.S16) ? Width.Sixteen : Width.Eight;
        else
            exponent = Exponents.Choose(node, result, width.Limit, highest: values.Max(value => value.Exponent));
        return [.. values.Select(value => To(builder, node, value, width, exponent))];
    }

    /// <summary>The value in 8 or 16 bits, at its own scale where that fits.</summary>
    public static Value Narrowed(GraphBuilder builder, FloatNode node, Value value, Width width)
    {
        if (value.IsNarrow)
            return value;
        var fits = value.Magnitude <= width.Limit ? width : Width.Sixteen;
        var exponent = value.Magnitude <= fits.Limit ? value.Exponent : Exponents.Choose(node, value.Reals, fits.Limit, highest: value.Exponent);
        return To(builder, node, value, fits, exponent);
    }

    /// <summary>Both values in 32 bits, the coarser brought to the finer's scale: their comparison is that of what they are.</summary>
    public static (Value Left, Value Right) Exactly(GraphBuilder builder, FloatNode node, Value left, Value right)
    {
        if (left.Exponent == right.Exponent && left.Type == right.Type)
            return (left, right);
        var exponent = Math.Min(Math.Max(left.Exponent, right.Exponent), Math.Min(Finest(left), Finest(right)));
        return (Whole(builder, node, left, exponent), Whole(builder, node, right, exponent));
    }

    /// <summary>The value times a power of two, rounded where it is a negative one, within a width.</summary>
    public static Value To(GraphBuilder builder, FloatNode node, Value value, Width width, int exponent)
    {
        if (value.Type == width.Type && value.Exponent == exponent && value.Magnitude <= width.Limit)
            return value;
        if (value.Type == ElementType.S64)
            return Quantised(builder, node, value, width, exponent);
        var factor = 1 << Math.Clamp(exponent - value.Exponent, 0, MaxFactorBits);
        var shift = Math.Clamp(value.Exponent - exponent, 0, Requantise.MaxShiftAllowed);
        var reached = value.Exponent + Math.Clamp(exponent - value.Exponent, -Requantise.MaxShiftAllowed, MaxFactorBits);
        if (value.Magnitude * factor + (1L << shift) >= GraphAnalysis.AccumulatorBound)
            throw Refusal.Operator(node, "its operands have scales too far apart");
        var clamp = new Activation.Clamp(-width.Limit, width.Limit);
        var requantise = Requantise.To(width.Type, [(byte)shift], clamp);
        double Rescaled(double x) => LinearLowering.Requantised(x * factor, shift, requantise);
        var result = value with
        {
            Number = builder.Add(new RescaleNode { Source = value.Number, Factor = factor, Requantise = requantise }),
            Type = width.Type,
            Exponent = reached,
            Min = (long)Rescaled(value.Min),
            Max = (long)Rescaled(value.Max),
            Integers = Integers(value, row => FloatInterpreter.Map(row, Rescaled)),
            Port = null,
        };
        return To(builder, node, result, width, exponent);
    }

    /// <summary>From 64 bits, in one step.</summary>
    private static Value Quantised(GraphBuilder builder, FloatNode node, Value value, Width width, int exponent)
    {
        var quantise = EntryMap.Quantise(value.Number, width.Type, [ExactMath.PowerOfTwo(exponent - value.Exponent)], [0])
            ?? throw Refusal.Operator(node, "its operands have scales too far apart");
        var limit = ElementTypes.MaxOf(width.Type);
        return new Value(builder.Add(quantise), value.Shape, width.Type, exponent, -limit, limit, value.Reals, Rounded(value.Reals, exponent, width.Limit));
    }

    /// <summary>The finest scale at which the value's integers fit an accumulator.</summary>
    private static int Finest(Value value)
    {
        var bits = 0;
        while (bits < MaxFactorBits && value.Magnitude << (bits + 1) < GraphAnalysis.AccumulatorBound - 1)
            bits++;
        return value.Exponent + bits;
    }

    private static Value Whole(GraphBuilder builder, FloatNode node, Value value, int exponent)
    {
        if (exponent < value.Exponent)
            value = To(builder, node, value, Width.Sixteen, exponent);
        if (value.Type == ElementType.S32 && value.Exponent == exponent)
            return value;
        var factor = 1 << (exponent - value.Exponent);
        return value with
        {
            Number = builder.Add(new RescaleNode { Source = value.Number, Factor = factor, Requantise = Requantise.Raw([0]) }),
            Type = ElementType.S32,
            Exponent = exponent,
            Min = value.Min * factor,
            Max = value.Max * factor,
            Integers = Integers(value, row => FloatInterpreter.Map(row, x => x * factor)),
        };
    }

    /// <summary>A wide value's integers are not at hand; what stands for them is off by their own rounding alone.</summary>
    private static double[][] Integers(Value value, Func<double[], double[]> map) =>
        Lowering.EachSample(value.Integers ?? Rounded(value.Reals, value.Exponent, int.MaxValue), map);

    private static double[][] Rounded(double[][] reals, int exponent, int limit) =>
        Lowering.EachSample(reals, row => FloatInterpreter.Map(row, x => Exponents.Quantise(x, exponent, limit)));
}
