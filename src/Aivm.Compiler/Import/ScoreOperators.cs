using Aivm.Compiler.Network;

namespace Aivm.Compiler.Import;

internal static class ScoreOperators
{
    public static FloatNode Softmax(OperatorCall call) => AlongAxis(call, rows => new FloatSoftmax(call.Name, call.Operation, rows));

    /// <summary>A map of rows along the operator's axis, whichever that is.</summary>
    public static FloatNode AlongAxis(OperatorCall call, Func<FloatNode, FloatNode> map)
    {
        var source = call.Input(0);
        var rank = source.Shape.Length;
        if (rank == 0 || source.Count == 0)
            throw call.BadShape($"its input is {Shapes.Text(source.Shape)}");
        var axis = call.Axis(call.Node.Int("axis", call.Opset < 13 ? 1 : -1), rank);
        // Before operator set 13 all axes from the named one on were flattened into one.
        if (call.Opset < 13 && axis != rank - 1)
        {
            var flat = ShapeOperators.Reshaped(source, [Shapes.Count(source.Shape.AsSpan(0, axis)), Shapes.Count(source.Shape.AsSpan(axis))]);
            return ShapeOperators.Reshaped(map(flat), source.Shape);
        }
        if (source.Shape.AsSpan(axis + 1).ContainsAnyExcept(1))
        {
            var last = ShapeOperators.Moved(call, source, [.. Enumerable.Range(0, rank).Where(other => other != axis), axis]);
            var moved = map(last);
            return ShapeOperators.Moved(call, moved, [.. Enumerable.Range(0, axis), rank - 1, .. Enumerable.Range(axis, rank - 1 - axis)]);
        }
        return ShapeOperators.Reshaped(map(ShapeOperators.Reshaped(source, source.Shape[..(axis + 1)])), source.Shape);
    }

    public static FloatNode ArgMax(OperatorCall call) => Extreme(call, isSmallest: false);

    public static FloatNode ArgMin(OperatorCall call) => Extreme(call, isSmallest: true);

    private static FloatNode Extreme(OperatorCall call, bool isSmallest)
    {
        var source = call.Input(0);
        var axis = call.Axis(call.Node.Int("axis", 0), source.Shape.Length);
        if (source.Shape[axis] == 0)
            throw call.BadShape("its axis is empty");
        var label = new FloatArgMax(call.Name, call.Operation, source, axis) { IsSmallest = isSmallest, IsLast = call.Node.Int("select_last_index", 0) != 0 };
        if (call.Node.Int("keepdims", 1) == 0)
            return label;
        int[] kept = [.. source.Shape];
        kept[axis] = 1;
        return ShapeOperators.Reshaped(label, kept);
    }
}
