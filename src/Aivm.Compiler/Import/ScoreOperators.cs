using Aivm.Compiler.Network;

namespace Aivm.Compiler.Import;

internal static class ScoreOperators
{
    public static FloatNode Softmax(OperatorCall call)
    {
        var source = call.Input(0);
        var rank = source.Shape.Length;
        if (rank == 0 || source.Count == 0)
            throw call.BadShape($"its input is {Shapes.Text(source.Shape)}");
        var axis = call.Axis(call.Node.Int("axis", call.Opset < 13 ? 1 : -1), rank);
        // Before operator set 13 all axes from the named one on were flattened into one.
        if (call.Opset < 13)
        {
            var flat = ShapeOperators.Reshaped(source, [Shapes.Count(source.Shape.AsSpan(0, axis)), Shapes.Count(source.Shape.AsSpan(axis))]);
            return ShapeOperators.Reshaped(new FloatSoftmax(call.Name, call.Operation, flat), source.Shape);
        }
        if (source.Shape.AsSpan(axis + 1).ContainsAnyExcept(1))
            throw call.Unsupported("it is supported over the last axis only");
        var rows = ShapeOperators.Reshaped(source, source.Shape[..(axis + 1)]);
        return ShapeOperators.Reshaped(new FloatSoftmax(call.Name, call.Operation, rows), source.Shape);
    }

    public static FloatNode ArgMax(OperatorCall call)
    {
        var source = call.Input(0);
        var axis = call.Axis(call.Node.Int("axis", 0), source.Shape.Length);
        if (source.Shape[axis] == 0)
            throw call.BadShape("its axis is empty");
        if (call.Node.Int("select_last_index", 0) != 0)
            throw call.Unsupported("it selects the last of equal maxima");
        var label = new FloatArgMax(call.Name, call.Operation, source, axis);
        if (call.Node.Int("keepdims", 1) == 0)
            return label;
        int[] kept = [.. source.Shape];
        kept[axis] = 1;
        return ShapeOperators.Reshaped(label, kept);
    }
}
