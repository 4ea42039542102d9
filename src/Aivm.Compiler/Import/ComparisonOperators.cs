using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Import;

/// <summary>Comparisons, logic on their results, and choices by them. True is 1, false 0, exactly.</summary>
internal static class ComparisonOperators
{
    public static FloatNode Less(OperatorCall call) => Compare(call, call.Input(0), call.Input(1), Comparison.Less);

    public static FloatNode LessOrEqual(OperatorCall call) => Compare(call, call.Input(0), call.Input(1), Comparison.LessOrEqual);

    public static FloatNode Greater(OperatorCall call) => Compare(call, call.Input(1), call.Input(0), Comparison.Less);

    public static FloatNode GreaterOrEqual(OperatorCall call) => Compare(call, call.Input(1), call.Input(0), Comparison.LessOrEqual);

    public static FloatNode Equal(OperatorCall call) => Compare(call, call.Input(0), call.Input(1), Comparison.Equal);

    public static FloatNode Not(OperatorCall call) => Equals(call, call.Input(0), 0);

    public static FloatNode And(OperatorCall call) => Equals(call, ElementwiseOperators.Sum(call, call.Input(0), call.Input(1), 1), 2);

    public static FloatNode Xor(OperatorCall call) => Equals(call, ElementwiseOperators.Sum(call, call.Input(0), call.Input(1), 1), 1);

    public static FloatNode Or(OperatorCall call) =>
        Compare(call, Number(call, 0), ElementwiseOperators.Sum(call, call.Input(0), call.Input(1), 1), Comparison.Less);

    /// <summary>Whether a number is not 0, as a cast to a boolean asks.</summary>
    public static FloatNode IsNotZero(OperatorCall call, FloatNode source) => Equals(call, Equals(call, source, 0), 0);

    /// <summary>Scores that a softmax reads may be masked; any other choice takes both sides as they are.</summary>
    public static FloatNode Where(OperatorCall call)
    {
        if (AttentionOperators.TryMask(call) is { } mask)
            return mask;
        var shape = Shapes.Broadcast(call.Input(1).Shape, call.Input(2).Shape) is { } sides ? Shapes.Broadcast(sides, call.Input(0).Shape) : null;
        if (shape is null)
            throw Refusal.Invalid($"the operands of {call.Node} do not broadcast");
        Shapes.Checked([.. shape.Select(extent => (long)extent)], $"the result of {call.Node}");
        return new FloatWhere(
            call.Name, call.Operation, SelectionOperators.Expanded(call, call.Input(0), shape), SelectionOperators.Expanded(call, call.Input(1), shape),
            SelectionOperators.Expanded(call, call.Input(2), shape));
    }

    public static FloatNode Max(OperatorCall call) => Extreme(call, isMax: true);

    public static FloatNode Min(OperatorCall call) => Extreme(call, isMax: false);

    /// <summary>ONNX's variadic Mean.</summary>
    public static FloatNode Mean(OperatorCall call)
    {
        var share = 1.0 / call.Inputs.Count;
        return ElementwiseOperators.Affine(call, ElementwiseOperators.Sum(call), Tensor.Real([], [share]), value => (value, 0));
    }

    /// <summary>1 at the first largest element along the axis, else 0.</summary>
    public static FloatNode Hardmax(OperatorCall call) => ScoreOperators.AlongAxis(call, rows =>
    {
        var place = new FloatArgMax(call.Name, call.Operation, rows, rows.Shape.Length - 1);
        return OneHot(call, ShapeOperators.Reshaped(place, [.. place.Shape, 1]), rows.Shape[^1]);
    });

    /// <summary>Numbers of classes as rows of on and off.</summary>
    public static FloatNode OneHot(OperatorCall call)
    {
        var numbers = call.Input(0);
        var depth = call.Constant(1, "depth") is { Count: 1, Values: [>= 1 and <= Shapes.MaxElements and var extent] } ? (int)extent : throw call.Unsupported("its depth is no positive number");
        var values = call.Constant(2, "values") is { Count: 2 } pair ? pair : throw Refusal.Invalid($"{call.Node} has not two values");
        var rank = numbers.Shape.Length + 1;
        var axis = call.Axis(call.Node.Int("axis", -1), rank);
        if (numbers is not FloatConstant && Kinds.Of(numbers) != ElementKind.Integer)
            throw call.Unsupported("its indices are no integers");
        FloatNode rows = OneHot(call, ShapeOperators.Reshaped(numbers, [.. numbers.Shape, 1]), depth);
        // Axes behind the named one come after the classes.
        rows = ShapeOperators.Moved(call, rows, [.. Enumerable.Range(0, axis), rank - 1, .. Enumerable.Range(axis, rank - 1 - axis)]);
        return ElementwiseOperators.Affine(call, rows, Tensor.Real([], [0]), _ => (values.Values[1] - values.Values[0], values.Values[0]));
    }

    /// <summary>Numbers below zero count from the end.</summary>
    private static FloatNode OneHot(OperatorCall call, FloatNode numbers, int depth)
    {
        FloatNode Holds(int first) => Compare(call, numbers, new FloatConstant(call.Name, Tensor.Integers(Enumerable.Range(first, depth))), Comparison.Equal);
        return numbers is FloatReshape { Source: FloatArgMax } ? Holds(0) : ElementwiseOperators.Sum(call, Holds(0), Holds(-depth), 1);
    }

    /// <summary>Limits that are one number are clamps; otherwise the lesser or greater is chosen element by element.</summary>
    private static FloatNode Extreme(OperatorCall call, bool isMax)
    {
        var result = call.Input(0);
        foreach (var other in call.Inputs.Skip(1))
        {
            var (left, right) = ElementwiseOperators.Pair(call, result, other ?? throw Refusal.Invalid($"{call.Node} lacks an input"));
            var limit = Only(result) ?? Only(other);
            var free = Only(result) is null ? left : right;
            if (limit is { } number)
                result = new FloatUnary(call.Name, call.Operation, free, isMax ? new UnaryFunction.Clamp(number, double.PositiveInfinity) : new UnaryFunction.Clamp(double.NegativeInfinity, number));
            else
                result = new FloatWhere(call.Name, call.Operation, new FloatCompare(call.Name, call.Operation, left, right, Comparison.Less), isMax ? right : left, isMax ? left : right);
        }
        return result;

        static double? Only(FloatNode node) => node is FloatConstant { Value: { Count: 1, Values: [var number] } } ? number : null;
    }

    private static FloatNode Compare(OperatorCall call, FloatNode left, FloatNode right, Comparison comparison)
    {
        var (first, second) = ElementwiseOperators.Pair(call, left, right);
        return (left, right) switch
        {
            (_, FloatConstant limits) => Threshold(call, first, limits, comparison, limitsAreLeft: false),
            (FloatConstant limits, _) => Threshold(call, second, limits, comparison, limitsAreLeft: true),
            _ => new FloatCompare(call.Name, call.Operation, first, second, comparison),
        };
    }

    private static FloatThreshold Threshold(OperatorCall call, FloatNode source, FloatConstant limits, Comparison comparison, bool limitsAreLeft) =>
        limits.Value.Values.Any(double.IsNaN)
            ? throw Refusal.Invalid($"{call.Node} compares with what is no number")
            : new FloatThreshold(call.Name, call.Operation, source, limits.Value, comparison, limitsAreLeft);

    private static FloatNode Equals(OperatorCall call, FloatNode source, double number) => Compare(call, source, Number(call, number), Comparison.Equal);

    private static FloatConstant Number(OperatorCall call, double value) => new(call.Name, new Tensor(ElementKind.Integer, [], [value]));
}
