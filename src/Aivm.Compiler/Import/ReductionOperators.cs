using Aivm.Compiler.Network;

namespace Aivm.Compiler.Import;

/// <summary>Numbers for many: sums, means, norms and extrema over any axes.</summary>
internal static class ReductionOperators
{
    /// <summary>From this operator set on the axes are an operand: ReduceSum went first.</summary>
    private const int AxesOperandSince = 18;

    public static FloatNode Sum(OperatorCall call) => Over(call, call.Input(0), Reduction.Sum);

    /// <summary>Over the spatial axes of a picture it is a global average pool, as many exporters write it.</summary>
    public static FloatNode Mean(OperatorCall call)
    {
        var source = call.Input(0);
        var rank = source.Shape.Length;
        if (rank is not (3 or 4) || source.Shape[0] != 1 || source.Count == 0 || !Axes(call, rank).SequenceEqual(Enumerable.Range(2, rank - 2)))
            return Over(call, source, Reduction.Mean);
        var mean = PoolOperators.GlobalAveragePool(call);
        return call.Node.Int("keepdims", 1) != 0 ? mean : ShapeOperators.Reshaped(mean, source.Shape[..2]);
    }

    public static FloatNode Max(OperatorCall call) => Over(call, call.Input(0), Reduction.Max);

    public static FloatNode Min(OperatorCall call) => Over(call, call.Input(0), Reduction.Min);

    public static FloatNode L1(OperatorCall call) => Over(call, Curve(call, call.Input(0), new UnaryFunction.Abs()), Reduction.Sum);

    public static FloatNode L2(OperatorCall call) => Curve(call, SumSquare(call), new UnaryFunction.Elementary(Math.Sqrt));

    public static FloatNode SumSquare(OperatorCall call) => Over(call, Curve(call, call.Input(0), new UnaryFunction.Power(2)), Reduction.Sum);

    public static FloatNode LogSum(OperatorCall call) => Curve(call, Over(call, call.Input(0), Reduction.Sum), new UnaryFunction.Elementary(ExactMath.Log));

    /// <summary>Against the largest: max + log(sum of exp(x - max)), whose parts stay small.</summary>
    public static FloatNode LogSumExp(OperatorCall call)
    {
        var rows = Rows(call, call.Input(0));
        return Shaped(call, LogSumExp(call, rows));
    }

    /// <summary>x - log(sum of exp(x)) along an axis.</summary>
    public static FloatNode LogSoftmax(OperatorCall call) => ScoreOperators.AlongAxis(call, rows =>
    {
        var logarithm = LogSumExp(call, rows);
        return ElementwiseOperators.Sum(call, rows, ShapeOperators.Reshaped(logarithm, [.. logarithm.Shape, 1]), -1);
    });

    /// <summary>Sums up to each element: a layer of ones and zeros along the axis.</summary>
    public static FloatNode CumulativeSum(OperatorCall call)
    {
        var axis = call.Axis(OperatorCall.ToInteger(call.Number("axis", 1, operandSince: 1) ?? 0), call.Input(0).Shape.Length);
        var (isExclusive, isReverse) = (call.Node.Int("exclusive", 0) != 0, call.Node.Int("reverse", 0) != 0);
        return AlongMatrix(call, call.Input(0), axis, (to, from) => (isReverse ? from - to : to - from) is var ahead && (isExclusive ? ahead > 0 : ahead >= 0) ? 1 : 0);
    }

    /// <summary>LRN: x / (bias + alpha / size * (sum of squares of the channels around))^beta.</summary>
    public static FloatNode LocalResponse(OperatorCall call)
    {
        var source = call.Input(0);
        if (source.Shape.Length < 2 || source.Count == 0 || call.Node.Int("size", 0) is var size && size is < 1 or > Shapes.MaxElements)
            throw Refusal.Invalid($"{call.Node} has no channels, or no size");
        var (alpha, beta, bias) = (call.Float("alpha", 0.0001f), call.Float("beta", 0.75f), call.Float("bias", 1));
        var (before, after) = ((size - 1) / 2, size / 2);
        var squares = Curve(call, source, new UnaryFunction.Power(2));
        var sums = AlongMatrix(call, squares, 1, (to, from) => from >= to - before && from <= to + after ? 1 : 0);
        var divisors = Curve(call, sums, new UnaryFunction.Elementary(sum => ExactMath.Power(bias + alpha / size * sum, -beta)));
        return ElementwiseOperators.Product(call, source, divisors);
    }

    /// <summary>A constant square matrix applied along an axis.</summary>
    private static FloatNode AlongMatrix(OperatorCall call, FloatNode source, int axis, Func<int, int, double> element)
    {
        var extent = source.Shape[axis];
        if (extent == 0 || (long)extent * extent > Shapes.MaxElements)
            throw call.BadShape($"its axis of {extent} elements is empty or too long");
        double[] matrix = [.. Enumerable.Range(0, extent * extent).Select(i => element(i / extent, i % extent))];
        int[] order = [.. Enumerable.Range(0, source.Shape.Length).Where(other => other != axis), axis];
        var rows = ShapeOperators.Moved(call, source, order);
        return ShapeOperators.Moved(call, LinearOperators.Dense(call, rows, [extent, extent], matrix, new double[extent]), [.. order.Select((_, place) => Array.IndexOf(order, place))]);
    }

    private static FloatSum LogSumExp(OperatorCall call, FloatNode rows)
    {
        var largest = new FloatReduce(call.Name, "Max", rows, Reduction.Max);
        var below = ElementwiseOperators.Sum(call, rows, ShapeOperators.Reshaped(largest, [.. largest.Shape, 1]), -1);
        var sum = new FloatReduce(call.Name, "Sum", Curve(call, below, new UnaryFunction.Exp()), Reduction.Sum);
        return ElementwiseOperators.Sum(call, largest, Curve(call, sum, new UnaryFunction.Elementary(ExactMath.Log)), 1);
    }

    private static FloatUnary Curve(OperatorCall call, FloatNode source, UnaryFunction function) => new(call.Name, call.Operation, source, function);

    private static FloatNode Over(OperatorCall call, FloatNode source, Reduction reduction) =>
        Shaped(call, new FloatReduce(call.Name, call.Operation, Rows(call, source), reduction));

    /// <summary>The reduced axes behind the others and joined into one.</summary>
    private static FloatNode Rows(OperatorCall call, FloatNode source)
    {
        var rank = source.Shape.Length;
        var axes = Axes(call, rank);
        if (source.Count == 0)
            throw call.BadShape("its input is empty");
        var kept = Enumerable.Range(0, rank).Except(axes).ToArray();
        return ShapeOperators.Reshaped(ShapeOperators.Moved(call, source, [.. kept, .. axes]), [.. kept.Select(axis => source.Shape[axis]), axes.Aggregate(1, (count, axis) => count * source.Shape[axis])]);
    }

    private static FloatNode Shaped(OperatorCall call, FloatNode result)
    {
        var source = call.Input(0).Shape;
        var axes = Axes(call, source.Length);
        var keeps = call.Node.Int("keepdims", 1) != 0;
        return ShapeOperators.Reshaped(result, [.. source.Select((extent, axis) => axes.Contains(axis) ? 1 : extent).Where((_, axis) => keeps || !axes.Contains(axis))]);
    }

    private static int[] Axes(OperatorCall call, int rank)
    {
        var named = call.Integers("axes", 1, operandSince: call.Operation == "ReduceSum" ? 13 : AxesOperandSince);
        if (named is not { Length: > 0 })
            return call.Node.Int("noop_with_empty_axes", 0) != 0 ? [] : [.. Enumerable.Range(0, rank)];
        return [.. named.Select(axis => call.Axis(axis, rank)).Distinct().Order()];
    }
}
