using Aivm.Compiler.Classical;
using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>
/// Comparisons with constants: each constant becomes the integer at which the comparison flips, so that nothing is rounded. An input is
/// compared as its callers wrote it, with the float32 that ONNX makes of it.
/// </summary>
internal static class ThresholdLowering
{
    public static Value Lower(GraphBuilder builder, FloatThreshold threshold, Value source)
    {
        var reals = Lowering.EachSample(source.Reals, threshold.Run);
        source = builder.Reshaped(source, Lowering.Natural(threshold.Shape));
        var port = source.Port;
        double[] exact = [.. threshold.Limits.Values.Select(limit => port is null ? limit * ExactMath.PowerOfTwo(source.Exponent) : limit * port.Divisor / port.Scale)];
        long[] flips = [.. exact.Select((limit, i) => Flip(threshold, limit, port is { Node.Kind: ElementKind.Real } ? (port, threshold.Limits.Values[i]) : null))];
        if (source.Type is ElementType.S8 or ElementType.S16)
            source = Wide(builder, source);
        // Below the flip, or from it on: whether the file's comparison includes its constant is in the flip.
        var comparison = threshold.Comparison == Comparison.Equal ? Comparison.Equal : threshold.LimitsAreLeft ? Comparison.LessOrEqual : Comparison.Less;
        var limits = Limits(builder, threshold, source, flips);
        var node = threshold.LimitsAreLeft
            ? new CompareNode { Left = limits, Right = source.Number, Comparison = comparison }
            : new CompareNode { Left = source.Number, Right = limits, Comparison = comparison };
        return builder.Reported(threshold, source, new Value(
            builder.Add(node), source.Shape, ElementType.S8, 0, 0, 1, reals, Integers(threshold, source, flips, comparison) ?? reals));
    }

    /// <summary>
    /// The least integer on the upper side: "x &lt; c" and "x &lt;= c" hold for every smaller one, "c &lt; x" and "c &lt;= x" from it on.
    /// For equality the integer itself, or one that no value has.
    /// </summary>
    private static long Flip(FloatThreshold threshold, double limit, (InputPort Port, double Real)? input)
    {
        if (threshold.Comparison == Comparison.Equal)
            return limit == Math.Floor(limit) ? Saturated(limit) : long.MaxValue;
        var includes = (threshold.Comparison == Comparison.LessOrEqual) != threshold.LimitsAreLeft;
        if (input is var (port, real))
        {
            var isDouble = port.Node.IsDouble;
            var first = !includes ? real : isDouble ? Math.BitIncrement(real) : MathF.BitIncrement((float)real);
            return double.IsFinite(first) ? new CutOff(port.Divisor, port.Scale).Find(first, isDouble) ?? long.MaxValue : Saturated(first);
        }
        return Saturated(includes ? Math.Floor(limit) + 1 : Math.Ceiling(limit));
    }

    private static long Saturated(double value) => value >= long.MaxValue ? long.MaxValue : value <= -long.MaxValue ? -long.MaxValue : (long)value;

    private static Value Wide(GraphBuilder builder, Value source) => source with
    {
        Number = builder.Add(new RescaleNode { Source = source.Number, Factor = 1, Requantise = Requantise.Raw([0]) }),
        Type = ElementType.S32,
    };

    private static int Limits(GraphBuilder builder, FloatThreshold threshold, Value source, long[] flips)
    {
        int[] full = [.. Enumerable.Repeat(1, threshold.Shape.Length - threshold.Limits.Rank), .. threshold.Limits.Shape];
        Shape shape = [.. full[(full.Length - source.Shape.Rank)..]];
        var constant = source.Type == ElementType.S64
            ? Constant.S64(shape, flips)
            : Constant.S32(shape, [.. flips.Select(flip => (int)Math.Clamp(flip, -int.MaxValue, int.MaxValue))]);
        return builder.Expanded(builder.Constant(constant), shape, source.Shape);
    }

    private static double[][]? Integers(FloatThreshold threshold, Value source, long[] flips, Comparison comparison)
    {
        if (source.Integers is null)
            return null;
        var tensor = new Tensor(ElementKind.Integer, threshold.Limits.Shape, [.. flips.Select(flip => (double)flip)]);
        var integers = new FloatThreshold(threshold.Name, threshold.Operation, threshold.Source, tensor, comparison, threshold.LimitsAreLeft);
        return Lowering.EachSample(source.Integers, integers.Run);
    }
}
