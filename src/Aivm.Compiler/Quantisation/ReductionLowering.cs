using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>Sums, means and extrema of rows.</summary>
internal static class ReductionLowering
{
    private const int MaxMultiplier = 1 << 24;

    public static Value Lower(GraphBuilder builder, FloatReduce reduce, Value source, Precision precision)
    {
        source = builder.Reshaped(source, Lowering.Natural(reduce.Source.Shape));
        return reduce.Reduction switch
        {
            Reduction.Max => Largest(builder, reduce, source),
            Reduction.Min => Negated(builder, reduce, Largest(builder, reduce, Negated(builder, reduce, source)), report: true),
            _ => Sum(builder, reduce, source, precision),
        };
    }

    /// <summary>A mean's divisor is a multiplier over a power of two, as fine as the accumulator bound leaves room for.</summary>
    private static Value Sum(GraphBuilder builder, FloatReduce reduce, Value source, Precision precision)
    {
        var extent = reduce.Extent;
        while (source.Magnitude * extent >= GraphAnalysis.AccumulatorBound >> 1)
        {
            if (source.Magnitude == 1)
                throw Refusal.Operator(reduce, $"its rows of {extent} elements are too long to add up");
            source = Alignment.To(builder, reduce, source, source.Magnitude > 127 ? Width.Sixteen : Width.Eight, source.Exponent - 1);
        }
        var straight = Lowering.EachSample(source.Reals, reduce.Run);
        var (bits, multiplier) = (0, 1);
        if (reduce.Reduction == Reduction.Mean)
        {
            bits = Math.Min(
                ExactMath.Headroom(Math.Max(source.Magnitude, 1), GraphAnalysis.AccumulatorBound >> 1),
                ExactMath.Headroom(1, (double)MaxMultiplier * extent));
            multiplier = (int)Math.Floor(ExactMath.PowerOfTwo(bits) / extent + 0.5);
        }
        if (multiplier is < 1 or > MaxMultiplier)
            throw Refusal.Operator(reduce, $"its rows of {extent} elements are too long to average");
        var sum = new FloatReduce(reduce.Name, reduce.Operation, reduce.Source, Reduction.Sum);
        var accumulators = Lowering.EachSample(source.Integers!, row => FloatInterpreter.Map(sum.Run(row), value => value * multiplier));
        return AccumulatorLowering.Finish(
            builder, reduce, source, Rows(source), straight, accumulators, source.Exponent + bits, source.Magnitude * extent * multiplier,
            precision, requantise => new SumNode { Source = source.Number, Multiplier = multiplier, Requantise = requantise });
    }

    private static Value Largest(GraphBuilder builder, FloatReduce reduce, Value source)
    {
        var largest = new FloatReduce(reduce.Name, reduce.Operation, reduce.Source, Reduction.Max);
        var result = source with
        {
            Number = builder.Add(new MaxNode { Source = source.Number }),
            Shape = Rows(source),
            Reals = Lowering.EachSample(source.Reals, largest.Run),
            Integers = Lowering.EachSample(source.Integers!, largest.Run),
        };
        return reduce.Reduction == Reduction.Max ? builder.Reported(reduce, source, result) : result;
    }

    private static Value Negated(GraphBuilder builder, FloatReduce reduce, Value value, bool report = false)
    {
        var requantise = Requantise.To(value.Type, 0);
        var result = value with
        {
            Number = builder.Add(new RescaleNode { Source = value.Number, Factor = -1, Requantise = requantise }),
            Min = -value.Max,
            Max = -value.Min,
            Reals = Lowering.EachSample(value.Reals, row => FloatInterpreter.Map(row, x => -x)),
            Integers = Lowering.EachSample(value.Integers!, row => FloatInterpreter.Map(row, x => -x)),
        };
        return report ? builder.Reported(reduce, value, result) : result;
    }

    private static Shape Rows(Value source) => [.. source.Shape.Dimensions[..^1]];
}
