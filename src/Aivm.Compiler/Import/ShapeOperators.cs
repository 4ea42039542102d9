using Aivm.Compiler.Network;

namespace Aivm.Compiler.Import;

internal static class ShapeOperators
{
    /// <summary>The node under another shape of as many elements; the node itself when the shape is its own.</summary>
    public static FloatNode Reshaped(FloatNode source, int[] shape) =>
        source.Shape.AsSpan().SequenceEqual(shape) ? source : new FloatReshape(source.Name, "Reshape", shape, source);

    /// <summary>The same, where a constant stays one.</summary>
    public static FloatNode Fixed(FloatNode source, int[] shape) =>
        source is FloatConstant constant ? new FloatConstant(constant.Name, constant.Value.Reshaped(shape)) : Reshaped(source, shape);

    public static FloatNode Reshape(OperatorCall call)
    {
        var source = call.Input(0);
        var target = call.Constant(1, "shape").Values.Select(OperatorCall.ToInteger).ToArray();
        return Reshaped(source, ResolvedShape(call, source.Shape, target));
    }

    /// <summary>ONNX's rules: 0 copies an extent, -1 stands for the rest.</summary>
    public static int[] ResolvedShape(OperatorCall call, int[] shape, long[] target)
    {
        var copiesZero = call.Node.Int("allowzero", 0) == 0;
        long[] extents = [.. target];
        if (extents.Length > Shapes.MaxRank)
            throw Refusal.TooLarge($"the shape of {call.Node} has {extents.Length} axes");
        for (var i = 0; i < extents.Length; i++)
        {
            if (extents[i] == 0 && copiesZero)
                extents[i] = i < shape.Length ? shape[i] : throw Refusal.Invalid($"{call.Node} copies an extent that its input lacks");
        }
        var count = (long)Shapes.Count(shape);
        var rest = Array.IndexOf(extents, -1);
        if (rest >= 0)
        {
            extents[rest] = 1;
            var known = (long)Shapes.Count(Shapes.Checked(extents, $"the shape of {call.Node}"));
            extents[rest] = known > 0 && count % known == 0 ? count / known : throw Refusal.Invalid($"{call.Node} cannot shape {Shapes.Text(shape)} so");
        }
        var result = Shapes.Checked(extents, $"the shape of {call.Node}");
        return Shapes.Count(result) == count
            ? result
            : throw Refusal.Invalid($"{call.Node} shapes {Shapes.Text(shape)} as {Shapes.Text(result)}, which has another size; the batch must be 1");
    }

    public static FloatNode Flatten(OperatorCall call)
    {
        var source = call.Input(0);
        var axis = call.Node.Int("axis", 1);
        axis = axis < 0 ? axis + source.Shape.Length : axis;
        if (axis < 0 || axis > source.Shape.Length)
            throw Refusal.Invalid($"{call.Node} names the axis {axis} of {Shapes.Text(source.Shape)}");
        return Reshaped(source, [Shapes.Count(source.Shape.AsSpan(0, (int)axis)), Shapes.Count(source.Shape.AsSpan((int)axis))]);
    }

    public static FloatNode Squeeze(OperatorCall call) =>
        Reshaped(call.Input(0), Squeezed(call, call.Input(0).Shape, call.Integers("axes", 1, operandSince: 13)));

    public static FloatNode Unsqueeze(OperatorCall call) =>
        Reshaped(call.Input(0), Unsqueezed(call, call.Input(0).Shape, call.Integers("axes", 1, operandSince: 13)));

    public static int[] Squeezed(OperatorCall call, int[] shape, long[]? axes)
    {
        var gone = axes?.Select(axis => call.Axis(axis, shape.Length)).ToHashSet()
            ?? Enumerable.Range(0, shape.Length).Where(axis => shape[axis] == 1).ToHashSet();
        if (gone.Any(axis => shape[axis] != 1))
            throw Refusal.Invalid($"{call.Node} removes an axis of {Shapes.Text(shape)} that is not 1");
        return [.. shape.Where((_, axis) => !gone.Contains(axis))];
    }

    public static int[] Unsqueezed(OperatorCall call, int[] shape, long[]? axes)
    {
        if (axes is null || axes.Length + shape.Length > Shapes.MaxRank)
            throw Refusal.Invalid($"{call.Node} adds no axes, or too many");
        var rank = shape.Length + axes.Length;
        var added = axes.Select(axis => call.Axis(axis, rank)).ToHashSet();
        if (added.Count != axes.Length)
            throw Refusal.Invalid($"{call.Node} adds an axis twice");
        var rest = new Queue<int>(shape);
        return [.. Enumerable.Range(0, rank).Select(axis => added.Contains(axis) ? 1 : rest.Dequeue())];
    }

    public static FloatNode Transpose(OperatorCall call) => Moved(call, call.Input(0), Permutation(call, call.Input(0).Shape.Length));

    /// <summary>Axis i of the result is axis p_i of the source.</summary>
    public static FloatNode Moved(OperatorCall call, FloatNode source, int[] permutation)
    {
        // Moving axes of extent 1 moves no element.
        var kept = permutation.Where(axis => source.Shape[axis] != 1).ToArray();
        return kept.SequenceEqual(kept.Order())
            ? Reshaped(source, [.. permutation.Select(axis => source.Shape[axis])])
            : new FloatTranspose(call.Name, call.Operation, source, permutation);
    }

    public static int[] Permutation(OperatorCall call, int rank)
    {
        var declared = call.Node.Ints("perm")?.Select(axis => call.Axis(axis, rank)).ToArray() ?? [.. Enumerable.Range(0, rank).Reverse()];
        return declared.Order().SequenceEqual(Enumerable.Range(0, rank))
            ? declared
            : throw Refusal.Invalid($"the perm of {call.Node} is no permutation of {rank} axes");
    }

    /// <summary>Nothing is dropped outside training; the mask keeps everything.</summary>
    public static IReadOnlyList<FloatNode> Dropout(OperatorCall call)
    {
        if (call.OptionalConstant(2, "training mode") is { Count: 1 } training && training.Values[0] != 0)
            throw call.Unsupported("it is in training mode");
        var source = call.Input(0);
        return call.Node.Outputs.Count < 2
            ? [source]
            : [source, new FloatConstant(call.Name, new Tensor(ElementKind.Boolean, source.Shape, [.. Enumerable.Repeat(1.0, source.Count)]))];
    }
}
