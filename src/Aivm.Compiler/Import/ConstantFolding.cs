using Aivm.Compiler.Network;
using Aivm.Compiler.Onnx;

namespace Aivm.Compiler.Import;

/// <summary>
/// Evaluates the operators that exporters use to compute shapes and to prepare weights, when everything they read is known.
/// </summary>
internal static class ConstantFolding
{
    /// <summary>The node's value; null when it depends on the model's input.</summary>
    public static Tensor? TryFold(OperatorCall call)
    {
        if (call.Node.Domain.Length > 0)
            return null;
        switch (call.Operation)
        {
            case "Constant":
                return Constant(call);
            case "Shape":
                return Shape(call);
            case "Size":
                return new Tensor(ElementKind.Integer, [], [call.Input(0).Count]);
        }
        if (call.Inputs.Count == 0 || call.Inputs.Any(input => input is not (null or FloatConstant)))
            return null;
        return Fold(call, call.Constant(0, "input"));
    }

    private static Tensor Fold(OperatorCall call, Tensor first) => call.Operation switch
    {
        "Identity" or "Dropout" => first,
        "Cast" => Cast(first, TensorReader.ElementType(call.Node.Int("to", 0))),
        "Reshape" => first.Reshaped(ShapeOperators.ResolvedShape(call, first.Shape, Integers(call.Constant(1, "shape")))),
        "Flatten" => first.Reshaped(ShapeOperators.Flatten(call).Shape),
        "Squeeze" => first.Reshaped(ShapeOperators.Squeezed(call, first.Shape, call.Integers("axes", 1, operandSince: 13))),
        "Unsqueeze" => first.Reshaped(ShapeOperators.Unsqueezed(call, first.Shape, call.Integers("axes", 1, operandSince: 13))),
        "Transpose" => Transpose(call, first),
        "Gather" => Gather(call, first, call.Constant(1, "indices")),
        "Concat" => Concat(call),
        "Slice" => Slice(call, first),
        "ConstantOfShape" => ConstantOfShape(call, first),
        "Add" => Binary(call, (a, b) => a + b),
        "Sub" => Binary(call, (a, b) => a - b),
        "Mul" => Binary(call, (a, b) => a * b),
        "Div" => Binary(call, first.Type == ElementKind.Integer ? IntegerQuotient : (a, b) => a / b),
        "Neg" => Unary(first, a => -a),
        "Sqrt" => Unary(first, Math.Sqrt),
        "Floor" => Unary(first, Math.Floor),
        "Ceil" => Unary(first, Math.Ceiling),
        "Reciprocal" => Unary(first, a => 1 / a),
        _ => throw call.Unsupported("everything that it reads is constant, and it is not folded"),
    };

    private static Tensor Constant(OperatorCall call)
    {
        var node = call.Node;
        if (node.Tensor("value") is { } tensor)
            return tensor;
        if (node.Floats("value_floats") is { } floats)
            return Tensor.Real([floats.Count], [.. floats.Select(value => (double)value)]);
        if (node.Ints("value_ints") is { } ints)
            return new Tensor(ElementKind.Integer, [ints.Count], [.. ints.Select(value => (double)value)]);
        if (node.Has("value_float"))
            return Tensor.Real([], [node.Float("value_float", 0)]);
        if (node.Has("value_int"))
            return new Tensor(ElementKind.Integer, [], [node.Int("value_int", 0)]);
        throw call.Unsupported("it holds no tensor of numbers");
    }

    private static Tensor Shape(OperatorCall call)
    {
        var shape = call.Input(0).Shape;
        var start = Bound(call.Node.Int("start", 0), shape.Length);
        var end = Bound(call.Node.Int("end", shape.Length), shape.Length);
        return Tensor.Integers(start < end ? shape[start..end] : []);
    }

    private static int Bound(long position, int length) => (int)Math.Clamp(position < 0 ? position + length : position, 0, length);

    private static Tensor Cast(Tensor tensor, OnnxType target) => TensorReader.Meaning(target) switch
    {
        ElementKind.Real when target == OnnxType.Float => Tensor.Real(tensor.Shape, [.. tensor.Values.Select(value => (double)(float)value)]),
        ElementKind.Real => Tensor.Real(tensor.Shape, tensor.Values),
        ElementKind.Integer => new Tensor(ElementKind.Integer, tensor.Shape, [.. tensor.Values.Select(Math.Truncate)]),
        var boolean => new Tensor(boolean, tensor.Shape, [.. tensor.Values.Select(value => value != 0 ? 1.0 : 0.0)]),
    };

    private static Tensor Transpose(OperatorCall call, Tensor tensor)
    {
        var permutation = ShapeOperators.Permutation(call, tensor.Rank);
        int[] shape = [.. permutation.Select(axis => tensor.Shape[axis])];
        return new Tensor(tensor.Type, shape, FloatInterpreter.Transpose(tensor.Shape, permutation, tensor.Values));
    }

    private static Tensor Gather(OperatorCall call, Tensor data, Tensor indices)
    {
        var axis = call.Axis(call.Node.Int("axis", 0), data.Rank);
        var extent = data.Shape[axis];
        var shape = Shapes.Checked(
            [.. data.Shape[..axis].Concat(indices.Shape).Concat(data.Shape[(axis + 1)..]).Select(size => (long)size)], $"the result of {call.Node}");
        var inner = Shapes.Count(data.Shape.AsSpan(axis + 1));
        var values = new double[Shapes.Count(shape)];
        for (var at = 0; at < values.Length; at++)
        {
            var index = OperatorCall.ToInteger(indices.Values[at / inner % indices.Count]);
            if (index < -extent || index >= extent)
                throw Refusal.Invalid($"{call.Node} gathers the index {index} of {extent}");
            var row = at / inner / indices.Count * extent + (int)(index < 0 ? index + extent : index);
            values[at] = data.Values[row * inner + at % inner];
        }
        return new Tensor(data.Type, shape, values);
    }

    private static Tensor Concat(OperatorCall call)
    {
        var parts = Enumerable.Range(0, call.Inputs.Count).Select(i => call.Constant(i, "input")).ToArray();
        var axis = call.Axis(call.Node.Int("axis", 0), parts[0].Rank);
        foreach (var part in parts)
        {
            if (part.Rank != parts[0].Rank || part.Shape.Where((size, i) => i != axis && size != parts[0].Shape[i]).Any())
                throw Refusal.Invalid($"{call.Node} joins shapes that do not fit");
        }
        long[] extents = [.. parts[0].Shape.Select(size => (long)size)];
        extents[axis] = parts.Sum(part => (long)part.Shape[axis]);
        var shape = Shapes.Checked(extents, $"the result of {call.Node}");
        var values = new double[Shapes.Count(shape)];
        var outer = Shapes.Count(shape.AsSpan(0, axis));
        var at = 0;
        for (var row = 0; row < outer; row++)
        {
            foreach (var part in parts)
            {
                var length = part.Count / outer;
                part.Values.AsSpan(row * length, length).CopyTo(values.AsSpan(at));
                at += length;
            }
        }
        return new Tensor(parts[0].Type, shape, values);
    }

    private static Tensor Slice(OperatorCall call, Tensor tensor)
    {
        var starts = call.Integers("starts", 1, operandSince: 10);
        var ends = call.Integers("ends", 2, operandSince: 10);
        if (starts is null || ends is null || starts.Length != ends.Length)
            throw Refusal.Invalid($"{call.Node} lacks its starts or ends");
        var axes = call.Integers("axes", 3, operandSince: 10) ?? [.. Enumerable.Range(0, starts.Length).Select(axis => (long)axis)];
        var steps = call.Opset < 10 ? null : call.OptionalConstant(4, "steps");
        if (axes.Length != starts.Length || (steps is not null && steps.Values.Any(step => step != 1)))
            throw call.Unsupported("its steps are not 1");
        for (var i = 0; i < axes.Length; i++)
        {
            var axis = call.Axis(axes[i], tensor.Rank);
            var extent = tensor.Shape[axis];
            tensor = SliceAxis(tensor, axis, Bound(starts[i], extent), Bound(ends[i], extent));
        }
        return tensor;
    }

    private static Tensor SliceAxis(Tensor tensor, int axis, int start, int end)
    {
        int[] shape = [.. tensor.Shape];
        shape[axis] = Math.Max(0, end - start);
        var inner = Shapes.Count(shape.AsSpan(axis + 1));
        var values = new double[Shapes.Count(shape)];
        for (var at = 0; at < values.Length; at++)
        {
            var row = at / inner / shape[axis] * tensor.Shape[axis] + start + at / inner % shape[axis];
            values[at] = tensor.Values[row * inner + at % inner];
        }
        return new Tensor(tensor.Type, shape, values);
    }

    private static Tensor ConstantOfShape(OperatorCall call, Tensor extents)
    {
        var shape = Shapes.Checked(Integers(extents), $"the result of {call.Node}");
        var value = call.Node.Tensor("value");
        if (value is { Count: not 1 })
            throw Refusal.Invalid($"the value of {call.Node} is not one number");
        var values = new double[Shapes.Count(shape)];
        Array.Fill(values, value?.Values[0] ?? 0);
        return new Tensor(value?.Type ?? ElementKind.Real, shape, values);
    }

    private static Tensor Unary(Tensor tensor, Func<double, double> function) =>
        new(tensor.Type, tensor.Shape, FloatInterpreter.Map(tensor.Values, function));

    private static Tensor Binary(OperatorCall call, Func<double, double, double> function)
    {
        var (left, right) = (call.Constant(0, "input"), call.Constant(1, "input"));
        var shape = Shapes.Broadcast(left.Shape, right.Shape)
            ?? throw Refusal.Invalid($"{call.Node} joins {Shapes.Text(left.Shape)} and {Shapes.Text(right.Shape)}, which do not broadcast");
        Shapes.Checked([.. shape.Select(extent => (long)extent)], $"the result of {call.Node}");
        var values = new double[Shapes.Count(shape)];
        for (var at = 0; at < values.Length; at++)
            values[at] = function(left.Values[Shapes.Place(at, shape, left.Shape)], right.Values[Shapes.Place(at, shape, right.Shape)]);
        return new Tensor(left.Type, shape, values);
    }

    private static double IntegerQuotient(double dividend, double divisor) =>
        divisor != 0 ? Math.Truncate(dividend / divisor) : throw Refusal.Invalid("a constant is divided by zero");

    private static long[] Integers(Tensor tensor) => [.. tensor.Values.Select(OperatorCall.ToInteger)];
}
