using Aivm.Compiler.Network;
using Aivm.Compiler.Onnx;
using Aivm.Inference;

namespace Aivm.Compiler.Import;

/// <summary>Elements joined, repeated, padded and moved about, as shapes and constants say.</summary>
internal static class RearrangementOperators
{
    public static FloatNode Concat(OperatorCall call)
    {
        var parts = Enumerable.Range(0, call.Inputs.Count).Select(call.Input).Where(part => part.Count > 0).ToArray();
        if (parts.Length == 0)
            return call.Input(0);
        var axis = call.Axis(call.Node.Int("axis", call.Opset < 4 ? 1 : 0), parts[0].Shape.Length);
        return Joined(call, axis, parts);
    }

    public static FloatNode Joined(OperatorCall call, int axis, params FloatNode[] parts)
    {
        if (parts.Length == 1)
            return parts[0];
        foreach (var part in parts)
        {
            if (part.Shape.Length != parts[0].Shape.Length || part.Shape.Where((size, i) => i != axis && size != parts[0].Shape[i]).Any())
                throw Refusal.Invalid($"{call.Node} joins shapes that do not fit");
        }
        long[] extents = [.. parts[0].Shape.Select(size => (long)size)];
        extents[axis] = parts.Sum(part => (long)part.Shape[axis]);
        return new FloatConcat(call.Name, call.Operation, Shapes.Checked(extents, $"the result of {call.Node}"), axis, parts);
    }

    public static FloatNode Expand(OperatorCall call)
    {
        var shape = Shapes.Checked([.. call.Constant(1, "shape").Values.Select(OperatorCall.ToInteger)], $"the result of {call.Node}");
        var source = call.Input(0);
        var both = Shapes.Broadcast(source.Shape, shape) ?? throw Refusal.Invalid($"{call.Node} cannot expand {Shapes.Text(source.Shape)} to {Shapes.Text(shape)}");
        Shapes.Checked([.. both.Select(extent => (long)extent)], $"the result of {call.Node}");
        return SelectionOperators.Expanded(call, source, both);
    }

    public static FloatNode Tile(OperatorCall call)
    {
        var result = call.Input(0);
        var repeats = call.Constant(1, "repeats").Values.Select(OperatorCall.ToInteger).ToArray();
        if (repeats.Length != result.Shape.Length || repeats.Any(count => count < 0))
            throw Refusal.Invalid($"the repeats of {call.Node} are not one per axis");
        for (var axis = 0; axis < repeats.Length; axis++)
        {
            var extent = result.Shape[axis];
            Shapes.Checked([.. result.Shape.Select((size, i) => i == axis ? (long)size * Math.Min(repeats[axis], Shapes.MaxElements + 1L) : size)], $"the result of {call.Node}");
            result = SelectionOperators.Chosen(call, result, axis, [.. Enumerable.Range(0, (int)(extent * repeats[axis])).Select(i => i % extent)]);
        }
        return result;
    }

    /// <summary>Constant padding of a picture may join the window behind it; any other is a choice of elements, with one more where a constant is wanted.</summary>
    public static FloatNode Pad(OperatorCall call)
    {
        var source = call.Input(0);
        var rank = source.Shape.Length;
        var (before, after) = Pads(call, rank);
        var mode = call.Node.Text("mode", "constant");
        var value = call.Opset < 11 ? call.Node.Float("value", 0) : call.Number("value", 2, operandSince: 11) ?? 0;
        if (before.Concat(after).All(pad => pad == 0))
            return source;
        if (source.Count == 0)
            throw call.BadShape("its input is empty");
        if (mode == "constant" && rank == 4 && source.Shape[0] == 1 && before.Concat(after).All(pad => pad is >= 0 and <= short.MaxValue)
            && before[0] + before[1] + after[0] + after[1] == 0)
        {
            var padding = new Padding((int)before[2], (int)before[3], (int)after[2], (int)after[3]);
            var shape = Shapes.Checked([1, source.Shape[1], source.Shape[2] + before[2] + after[2], source.Shape[3] + before[3] + after[3]], $"the result of {call.Node}");
            return new FloatPad(call.Name, call.Operation, shape, source, padding, value);
        }
        for (var axis = 0; axis < rank; axis++)
            source = Padded(call, source, axis, before[axis], after[axis], mode, value);
        return source;
    }

    public static FloatNode DepthToSpace(OperatorCall call)
    {
        var (source, block) = Blocks(call);
        var shape = source.Shape;
        if (shape[1] % (block * block) != 0)
            throw Refusal.Invalid($"{call.Node} spreads {shape[1]} channels over blocks of {block} x {block}");
        var channels = shape[1] / (block * block);
        var isColumnFirst = call.Node.Text("mode", "DCR") == "CRD";
        var split = ShapeOperators.Reshaped(source, isColumnFirst
            ? [shape[0], channels, block, block, shape[2], shape[3]]
            : [shape[0], block, block, channels, shape[2], shape[3]]);
        var moved = ShapeOperators.Moved(call, split, isColumnFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]);
        return ShapeOperators.Reshaped(moved, [shape[0], channels, shape[2] * block, shape[3] * block]);
    }

    public static FloatNode SpaceToDepth(OperatorCall call)
    {
        var (source, block) = Blocks(call);
        var shape = source.Shape;
        if (shape[2] % block != 0 || shape[3] % block != 0)
            throw Refusal.Invalid($"{call.Node} cuts {Shapes.Text(shape)} into blocks of {block} x {block}");
        var split = ShapeOperators.Reshaped(source, [shape[0], shape[1], shape[2] / block, block, shape[3] / block, block]);
        var moved = ShapeOperators.Moved(call, split, [0, 3, 5, 1, 2, 4]);
        return ShapeOperators.Reshaped(moved, [shape[0], shape[1] * block * block, shape[2] / block, shape[3] / block]);
    }

    /// <summary>Elements at constant places, one for each.</summary>
    public static FloatNode GatherElements(OperatorCall call)
    {
        var source = call.Input(0);
        var indices = call.Constant(1, "indices");
        var axis = call.Axis(call.Node.Int("axis", 0), source.Shape.Length);
        if (indices.Rank != source.Shape.Length)
            throw Refusal.Invalid($"the indices of {call.Node} have {indices.Rank} axes, its input {source.Shape.Length}");
        var strides = Shapes.Strides(source.Shape);
        var steps = Shapes.Strides(indices.Shape);
        return Picked(call, source, indices.Shape, at =>
        {
            var place = 0;
            for (var i = 0; i < steps.Length; i++)
            {
                var index = i == axis ? Index(call, indices.Values[at], source.Shape[axis]) : at / steps[i] % indices.Shape[i];
                if (index >= source.Shape[i])
                    throw Refusal.Invalid($"the indices of {call.Node} are larger than its input");
                place += index * strides[i];
            }
            return place;
        });
    }

    /// <summary>Slices at constant places.</summary>
    public static FloatNode GatherND(OperatorCall call)
    {
        var source = call.Input(0);
        var indices = call.Constant(1, "indices");
        var batch = (int)Math.Clamp(call.Node.Int("batch_dims", 0), 0, Shapes.MaxRank);
        if (indices.Rank == 0 || batch >= indices.Rank || batch + indices.Shape[^1] > source.Shape.Length
            || !indices.Shape.AsSpan(0, batch).SequenceEqual(source.Shape.AsSpan(0, batch)))
            throw Refusal.Invalid($"the indices {Shapes.Text(indices.Shape)} of {call.Node} do not fit {Shapes.Text(source.Shape)}");
        var depth = indices.Shape[^1];
        var strides = Shapes.Strides(source.Shape);
        var inner = Shapes.Count(source.Shape.AsSpan(batch + depth));
        var perBatch = Shapes.Count(indices.Shape.AsSpan(batch, indices.Rank - 1 - batch));
        var blocks = Shapes.Count(source.Shape.AsSpan(batch));
        int[] shape = Shapes.Checked([.. indices.Shape[..^1].Concat(source.Shape[(batch + depth)..]).Select(extent => (long)extent)], $"the result of {call.Node}");
        return Picked(call, source, shape, at =>
        {
            var row = at / inner;
            var place = row / perBatch * blocks + at % inner;
            for (var i = 0; i < depth; i++)
                place += Index(call, indices.Values[row * depth + i], source.Shape[batch + i]) * strides[batch + i];
            return place;
        });
    }

    /// <summary>Slices that a constant condition picks.</summary>
    public static FloatNode Compress(OperatorCall call)
    {
        var source = call.Node.Has("axis") ? call.Input(0) : ShapeOperators.Reshaped(call.Input(0), [call.Input(0).Count]);
        var axis = call.Axis(call.Node.Int("axis", 0), source.Shape.Length);
        var condition = call.Constant(1, "condition").Values;
        return SelectionOperators.Chosen(call, source, axis, [.. Enumerable.Range(0, Math.Min(condition.Length, source.Shape[axis])).Where(i => condition[i] != 0)]);
    }

    /// <summary>Rows reversed up to a constant length each.</summary>
    public static FloatNode ReverseSequence(OperatorCall call)
    {
        var source = call.Input(0);
        var lengths = call.Constant(1, "lengths");
        var time = call.Node.Int("time_axis", 0) == 0 ? 0 : 1;
        var batch = 1 - time;
        if (source.Shape.Length < 2 || call.Node.Int("time_axis", 0) != time || call.Node.Int("batch_axis", 1) != batch || lengths.Count != source.Shape[batch])
            throw Refusal.Invalid($"{call.Node} has axes or lengths that do not fit {Shapes.Text(source.Shape)}");
        var strides = Shapes.Strides(source.Shape);
        return Picked(call, source, source.Shape, at =>
        {
            var (step, row) = (at / strides[time] % source.Shape[time], at / strides[batch] % source.Shape[batch]);
            var length = (int)Math.Clamp(lengths.Values[row], 0, source.Shape[time]);
            return step < length ? at + (length - 1 - 2 * step) * strides[time] : at;
        });
    }

    /// <summary>The upper or lower triangle of each matrix; the rest is 0.</summary>
    public static FloatNode Trilu(OperatorCall call)
    {
        var source = call.Input(0);
        if (source.Shape.Length < 2)
            throw call.BadShape("its input is no matrix");
        var diagonal = OperatorCall.ToInteger(call.Number("k", 1, operandSince: 14) ?? 0);
        var isUpper = call.Node.Int("upper", 1) != 0;
        var (rows, columns) = (source.Shape[^2], source.Shape[^1]);
        var kept = new double[rows * columns];
        for (var i = 0; i < kept.Length; i++)
            kept[i] = (isUpper ? i % columns - i / columns >= diagonal : i % columns - i / columns <= diagonal) ? 1 : 0;
        var mask = new FloatConstant(call.Name, new Tensor(ElementKind.Boolean, [rows, columns], kept));
        var zero = new FloatConstant(call.Name, new Tensor(Kinds.Of(source), [], [0]));
        return new FloatWhere(
            call.Name, call.Operation, SelectionOperators.Expanded(call, mask, source.Shape), source, SelectionOperators.Expanded(call, zero, source.Shape));
    }

    public static FloatNode Cast(OperatorCall call)
    {
        var type = TensorReader.ElementType(call.Node.Int("to", 0));
        if (type == OnnxType.String)
            throw call.Unsupported("it turns numbers into text");
        return type switch
        {
            OnnxType.Float16 => Halved(call),
            OnnxType.BFloat16 => throw call.Unsupported("it rounds to bfloat16"),
            _ when TensorReader.Meaning(type) == ElementKind.Real => FeatureOperators.Cast(call, type),
            _ => CastTo(call, TensorReader.Meaning(type)),
        };
    }

    public static FloatNode CastLike(OperatorCall call) =>
        call.Input(1) is FloatConstant { Value.IsHalf: true } or FloatInput { IsHalf: true } ? Halved(call) : CastTo(call, Kinds.Of(call.Input(1)));

    /// <summary>float16 has fewer bits than a 16-bit value may need: a rounding like any other.</summary>
    private static FloatNode Halved(OperatorCall call) => UnaryOperators.Curve(call, x => (double)(Half)x);

    private static FloatNode CastTo(OperatorCall call, ElementKind target)
    {
        var source = call.Input(0);
        return target switch
        {
            ElementKind.Real => source,
            ElementKind.Boolean => Kinds.Of(source) == ElementKind.Boolean ? source : ComparisonOperators.IsNotZero(call, source),
            _ => Kinds.Of(source) == ElementKind.Real ? UnaryOperators.Curve(call, Math.Truncate) : source,
        };
    }

    /// <summary>Any elements of a value in a new shape.</summary>
    private static FloatNode Picked(OperatorCall call, FloatNode source, int[] shape, Func<int, int> place)
    {
        int[] places = [.. Enumerable.Range(0, Shapes.Count(shape)).Select(place)];
        return ShapeOperators.Reshaped(SelectionOperators.Chosen(call, ShapeOperators.Reshaped(source, [source.Count]), 0, places), shape);
    }

    private static int Index(OperatorCall call, double value, int extent)
    {
        var index = OperatorCall.ToInteger(value);
        index = index < 0 ? index + extent : index;
        return index >= 0 && index < extent ? (int)index : throw Refusal.Invalid($"{call.Node} gathers the index {value} of {extent}");
    }

    private static (FloatNode Source, int Block) Blocks(OperatorCall call)
    {
        var source = call.Input(0);
        var block = call.Node.Int("blocksize", 0);
        if (source.Shape.Length != 4 || block is < 1 or > short.MaxValue)
            throw Refusal.Invalid($"{call.Node} has blocks of {block} in {Shapes.Text(source.Shape)}");
        return (source, (int)block);
    }

    private static (long[] Before, long[] After) Pads(OperatorCall call, int rank)
    {
        var pads = call.Integers(call.Opset < 2 ? "paddings" : "pads", 1, operandSince: 11);
        var axes = call.OptionalConstant(3, "axes")?.Values.Select(axis => call.Axis(OperatorCall.ToInteger(axis), rank)).ToArray()
            ?? [.. Enumerable.Range(0, rank)];
        if (pads is null || pads.Length != 2 * axes.Length || axes.Distinct().Count() != axes.Length)
            throw Refusal.Invalid($"the pads of {call.Node} are not two per axis");
        var (before, after) = (new long[rank], new long[rank]);
        for (var i = 0; i < axes.Length; i++)
            (before[axes[i]], after[axes[i]]) = (pads[i], pads[axes.Length + i]);
        return (before, after);
    }

    private static FloatNode Padded(OperatorCall call, FloatNode source, int axis, long before, long after, string mode, double value)
    {
        var extent = source.Shape[axis];
        if (before == 0 && after == 0)
            return source;
        if (before is < -Shapes.MaxElements or > Shapes.MaxElements || after is < -Shapes.MaxElements or > Shapes.MaxElements)
            throw call.Unsupported("its padding is out of range");
        Shapes.Checked([.. source.Shape.Select((size, i) => i == axis ? Math.Max(0, size + before + after) : size)], $"the result of {call.Node}");
        int[] places = [.. Enumerable.Range(0, (int)Math.Max(0, extent + before + after)).Select(i => Place(call, i - (int)before, extent, mode))];
        if (places.Contains(extent))
        {
            int[] slab = [.. source.Shape.Select((size, i) => i == axis ? 1 : size)];
            var fill = SelectionOperators.Expanded(call, new FloatConstant(call.Name, new Tensor(Kinds.Of(source), [], [value])), slab);
            source = Joined(call, axis, source, fill);
        }
        return SelectionOperators.Chosen(call, source, axis, places);
    }

    /// <summary>Where a padded place comes from; the place behind the last stands for the constant.</summary>
    private static int Place(OperatorCall call, int place, int extent, string mode)
    {
        if (place >= 0 && place < extent)
            return place;
        switch (mode)
        {
            case "constant":
                return extent;
            case "edge":
                return Math.Clamp(place, 0, extent - 1);
            case "wrap":
                return (place % extent + extent) % extent;
            case "reflect" when extent > 1:
                var period = 2 * (extent - 1);
                var phase = (place % period + period) % period;
                return phase < extent ? phase : period - phase;
            case "reflect":
                return 0;
            default:
                throw call.Unsupported($"its mode is {mode}");
        }
    }
}
