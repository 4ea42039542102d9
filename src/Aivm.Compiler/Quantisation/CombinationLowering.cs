using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>Values joined, multiplied, compared and chosen from.</summary>
internal static class CombinationLowering
{
    /// <summary>A factor of this magnitude meets any other of 16 bits below the accumulator bound.</summary>
    private static readonly Width Factor = new(ElementType.S16, 16383);

    private const double Margin = 1.25;

    public static Value Concat(GraphBuilder builder, FloatConcat concat, Value[] parts, Precision precision)
    {
        var place = Along.Of(concat.Shape, concat.Axis);
        var reals = Each(parts[0], s => concat.Run([.. parts.Select(part => part.Reals[s])]));
        parts = [.. parts.Select((part, i) => builder.Reshaped(part, place.With(concat.Inputs[i].Shape[concat.Axis])))];
        parts = Alignment.Common(builder, concat, parts, reals, precision.Of(concat));
        var isKnown = parts.All(part => part.Integers is not null);
        return builder.Reported(concat, parts[0], new Value(
            Joined(builder, [.. parts.Select(part => part.Number)], place.Axis), place.Shape, parts[0].Type, parts[0].Exponent,
            parts.Min(part => part.Min), parts.Max(part => part.Max), reals,
            isKnown ? Each(parts[0], s => concat.Run([.. parts.Select(part => part.Integers![s])])) : null));
    }

    public static Value Product(GraphBuilder builder, FloatProduct product, Value left, Value right, Precision precision)
    {
        if (left.Magnitude * right.Magnitude >= GraphAnalysis.AccumulatorBound - 1)
            right = Coarser(builder, product, right);
        if (left.Magnitude * right.Magnitude >= GraphAnalysis.AccumulatorBound - 1)
            left = Coarser(builder, product, left);
        right = builder.Reshaped(right, left.Shape);
        return AccumulatorLowering.Finish(
            builder, product, left, left.Shape, Each(left, s => FloatProduct.Run(left.Reals[s], right.Reals[s])),
            Each(left, s => FloatProduct.Run(left.Integers![s], right.Integers![s])), left.Exponent + right.Exponent, left.Magnitude * right.Magnitude,
            precision, requantise => new MultiplyNode { Left = left.Number, Right = right.Number, Requantise = requantise });
    }

    public static Value Compare(GraphBuilder builder, FloatCompare compare, Value left, Value right)
    {
        var reals = Each(left, s => compare.Run(left.Reals[s], right.Reals[s]));
        (left, right) = Alignment.Exactly(builder, compare, left, right);
        right = builder.Reshaped(right, left.Shape);
        var node = new CompareNode { Left = left.Number, Right = right.Number, Comparison = compare.Comparison };
        var integers = left.Integers is null || right.Integers is null ? reals : Each(left, s => compare.Run(left.Integers[s], right.Integers[s]));
        return builder.Reported(compare, left, new Value(builder.Add(node), left.Shape, ElementType.S8, 0, 0, 1, reals, integers));
    }

    public static Value Where(GraphBuilder builder, FloatWhere where, Value condition, Value left, Value right, Precision precision)
    {
        var reals = Each(left, s => FloatWhere.Run(condition.Reals[s], left.Reals[s], right.Reals[s]));
        var sides = Alignment.Common(builder, where, [left, right], reals, precision.Of(where));
        (left, right) = (sides[0], builder.Reshaped(sides[1], sides[0].Shape));
        condition = builder.Reshaped(Truth(builder, where, condition), left.Shape);
        var node = new WhereNode { Condition = condition.Number, Left = left.Number, Right = right.Number };
        var integers = left.Integers is null || right.Integers is null ? null
            : Each(left, s => FloatWhere.Run(condition.Integers![s], left.Integers[s], right.Integers[s]));
        return builder.Reported(where, left, new Value(
            builder.Add(node), left.Shape, left.Type, left.Exponent, Math.Min(left.Min, right.Min), Math.Max(left.Max, right.Max), reals, integers));
    }

    /// <summary>A join takes 64 parts at most; more are joined in groups.</summary>
    private static int Joined(GraphBuilder builder, int[] parts, int axis)
    {
        while (parts.Length > 1)
        {
            parts = [.. parts.Chunk(ConcatNode.MaxParts).Select(group => group.Length == 1
                ? group[0]
                : builder.Add(new ConcatNode { Parts = [.. group], Axis = axis }))];
        }
        return parts[0];
    }

    /// <summary>A condition in 8 bits.</summary>
    private static Value Truth(GraphBuilder builder, FloatNode node, Value condition) =>
        condition.Type == ElementType.S8 ? condition : Alignment.To(builder, node, condition, Width.Eight, condition.Exponent);

    /// <summary>A factor that leaves room for the other: cut off far beyond what calibration saw where it has bits to spare, else rounded.</summary>
    private static Value Coarser(GraphBuilder builder, FloatNode node, Value value)
    {
        var reach = Math.Max(Margin * Exponents.Largest(node, value.Reals), 1e-9);
        return Alignment.To(builder, node, value, Factor, Math.Min(value.Exponent, ExactMath.Headroom(reach, Factor.Limit)));
    }

    private static double[][] Each(Value value, Func<int, double[]> map) => Lowering.EachSample(Enumerable.Range(0, value.Reals.Length).ToArray(), map);
}
