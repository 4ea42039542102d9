using Aivm.Compiler.Network;

namespace Aivm.Compiler.Import;

/// <summary>Elements chosen when the model is compiled: slices, splits, rows at constant indices, repetition.</summary>
internal static class SelectionOperators
{
    /// <summary>Constant indices into a value; a single number takes the axis away.</summary>
    public static FloatNode Gather(OperatorCall call)
    {
        if (call.Input(0) is FloatConstant table && call.Input(1) is not FloatConstant)
            return Rows(call, table.Value, call.Input(1));
        var source = call.Input(0);
        var indices = call.Constant(1, "indices");
        var axis = call.Axis(call.Node.Int("axis", 0), source.Shape.Length);
        var extent = source.Shape[axis];
        var chosen = indices.Values.Select(OperatorCall.ToInteger).Select(index => index < 0 ? index + extent : index).ToArray();
        foreach (var index in chosen)
        {
            if (index < 0 || index >= extent)
                throw Refusal.Invalid($"{call.Node} gathers the index {index} of {extent}");
        }
        var shape = Shapes.Checked(
            [.. source.Shape[..axis].Concat(indices.Shape).Concat(source.Shape[(axis + 1)..]).Select(size => (long)size)], $"the result of {call.Node}");
        return ShapeOperators.Reshaped(Chosen(call, source, axis, [.. chosen.Select(index => (int)index)]), shape);
    }

    /// <summary>Rows of a constant table by numbers that a caller gives.</summary>
    private static FloatEmbedding Rows(OperatorCall call, Tensor table, FloatNode numbers)
    {
        if (call.Axis(call.Node.Int("axis", 0), table.Rank) != 0)
            throw call.Unsupported("it looks up other axes of a table than the first");
        if (table.Count == 0)
            throw call.BadShape("its table is empty");
        LinearOperators.Finite(call, table.Values);
        var shape = Shapes.Checked([.. numbers.Shape.Concat(table.Shape[1..]).Select(extent => (long)extent)], $"the result of {call.Node}");
        return new FloatEmbedding(call.Name, call.Operation, shape, numbers, table);
    }

    public static IReadOnlyList<FloatNode> Split(OperatorCall call)
    {
        var source = call.Input(0);
        var axis = call.Axis(call.Node.Int("axis", 0), source.Shape.Length);
        var extent = source.Shape[axis];
        var lengths = call.Integers("split", 1, operandSince: 13) ?? Equal(call, extent);
        if (lengths.Length != call.Node.Outputs.Count || lengths.Any(length => length < 0 || length > extent) || lengths.Sum() != extent)
            throw Refusal.Invalid($"{call.Node} splits {extent} into {string.Join(" + ", lengths)}");
        var parts = new List<FloatNode>();
        var start = 0;
        foreach (var length in lengths)
        {
            parts.Add(Chosen(call, source, axis, [.. Enumerable.Range(start, (int)length)]));
            start += (int)length;
        }
        return parts;
    }

    public static FloatNode Slice(OperatorCall call)
    {
        var result = call.Input(0);
        foreach (var (axis, start, end, step) in Ranges(call, result.Shape))
        {
            var extent = result.Shape[axis];
            // ONNX: a negative step may run past the front, hence an end of -1.
            var from = (int)Math.Clamp(start < 0 ? start + extent : start, step > 0 ? 0 : -1, step > 0 ? extent : extent - 1);
            var to = (int)Math.Clamp(end < 0 ? end + extent : end, step > 0 ? 0 : -1, step > 0 ? extent : extent - 1);
            // A step beyond the axis ends it; two of them would leave 64 bits.
            var stride = Math.Clamp(step, -int.MaxValue, int.MaxValue);
            var indices = new List<int>();
            for (var i = (long)from; stride > 0 ? i < to : i > to; i += stride)
                indices.Add((int)i);
            result = Chosen(call, result, axis, [.. indices]);
        }
        return result;
    }

    /// <summary>The node repeated along axes of extent 1 until it has a shape that it broadcasts to.</summary>
    public static FloatNode Expanded(OperatorCall call, FloatNode node, int[] shape)
    {
        node = ShapeOperators.Reshaped(node, [.. Enumerable.Repeat(1, shape.Length - node.Shape.Length), .. node.Shape]);
        for (var axis = 0; axis < shape.Length; axis++)
        {
            if (node.Shape[axis] != shape[axis])
                node = Chosen(call, node, axis, new int[shape[axis]]);
        }
        return node;
    }

    public static FloatNode Chosen(OperatorCall call, FloatNode source, int axis, int[] indices)
    {
        if (indices.Length == 0 && source is not FloatConstant)
            throw call.BadShape("nothing is left of its input");
        Shapes.Checked([.. source.Shape.Select((extent, i) => (long)(i == axis ? indices.Length : extent))], $"the result of {call.Node}");
        return indices.SequenceEqual(Enumerable.Range(0, source.Shape[axis]))
            ? source
            : new FloatGather(call.Name, call.Operation, source, axis, indices);
    }

    private static long[] Equal(OperatorCall call, int extent)
    {
        var parts = call.Node.Int("num_outputs", call.Node.Outputs.Count);
        if (parts != call.Node.Outputs.Count || parts < 1)
            throw Refusal.Invalid($"{call.Node} has {call.Node.Outputs.Count} outputs, not {parts}");
        var length = (extent + parts - 1) / parts;
        return [.. Enumerable.Range(0, (int)parts).Select(part => Math.Clamp(extent - part * length, 0, length))];
    }

    private static IEnumerable<(int Axis, long Start, long End, long Step)> Ranges(OperatorCall call, int[] shape)
    {
        var starts = call.Integers("starts", 1, operandSince: 10);
        var ends = call.Integers("ends", 2, operandSince: 10);
        if (starts is null || ends is null || starts.Length != ends.Length)
            throw Refusal.Invalid($"{call.Node} lacks its starts or ends");
        var axes = call.Integers("axes", 3, operandSince: 10) ?? [.. Enumerable.Range(0, starts.Length).Select(axis => (long)axis)];
        var steps = call.Opset < 10 ? null : call.Integers("steps", 4, operandSince: 10);
        if (axes.Length != starts.Length || (steps is not null && steps.Length != starts.Length) || steps?.Contains(0) == true)
            throw Refusal.Invalid($"{call.Node} has axes or steps that do not fit its starts");
        var places = axes.Select(axis => call.Axis(axis, shape.Length)).ToArray();
        if (places.Distinct().Count() != places.Length)
            throw Refusal.Invalid($"{call.Node} names an axis twice");
        return places.Select((axis, i) => (axis, starts[i], ends[i], steps?[i] ?? 1));
    }
}
