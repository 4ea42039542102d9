using Aivm.Compiler.Network;

namespace Aivm.Compiler.Import;

internal static class ElementwiseOperators
{
    public static FloatNode Unary(OperatorCall call, UnaryFunction function) =>
        new FloatUnary(call.Name, call.Operation, call.Input(0), function);

    public static FloatNode Clip(OperatorCall call)
    {
        var low = call.Number("min", 1, operandSince: 11) ?? double.NegativeInfinity;
        var high = call.Number("max", 2, operandSince: 11) ?? double.PositiveInfinity;
        return low <= high
            ? Unary(call, new UnaryFunction.Clamp(low, high))
            : throw call.Unsupported($"its range from {low} to {high} is empty");
    }

    public static FloatNode Gelu(OperatorCall call) =>
        call.Node.Text("approximate", "none") == "none"
            ? Unary(call, new UnaryFunction.Gelu())
            : Unary(call, new UnaryFunction.GeluTanh());

    public static FloatNode Negate(OperatorCall call) => Scaled(call, call.Input(0), [-1], [0], 0);

    public static FloatNode Add(OperatorCall call) => (call.Input(0), call.Input(1)) switch
    {
        (FloatConstant constant, var source) => Affine(call, source, constant.Value, value => (1, value)),
        (var source, FloatConstant constant) => Affine(call, source, constant.Value, value => (1, value)),
        var (left, right) => Sum(call, left, right, 1),
    };

    public static FloatNode Subtract(OperatorCall call) => (call.Input(0), call.Input(1)) switch
    {
        (FloatConstant constant, var source) => Affine(call, source, constant.Value, value => (-1, value)),
        (var source, FloatConstant constant) => Affine(call, source, constant.Value, value => (1, -value)),
        var (left, right) => Sum(call, left, right, -1),
    };

    public static FloatNode Multiply(OperatorCall call) => (call.Input(0), call.Input(1)) switch
    {
        (FloatConstant constant, var source) => Affine(call, source, constant.Value, value => (value, 0)),
        (var source, FloatConstant constant) => Affine(call, source, constant.Value, value => (value, 0)),
        _ => throw call.Unsupported("both factors depend on the input"),
    };

    public static FloatNode Divide(OperatorCall call) =>
        call.Input(1) is FloatConstant constant
            ? Affine(call, call.Input(0), constant.Value, value => (1 / value, 0))
            : throw call.Unsupported("its divisor depends on the input");

    /// <summary>ONNX's variadic Sum, of two terms.</summary>
    public static FloatNode Sum(OperatorCall call) => call.Inputs.Count switch
    {
        1 => call.Input(0),
        2 => Add(call),
        _ => throw call.Unsupported($"it has {call.Inputs.Count} terms, at most 2 are supported"),
    };

    private static FloatSum Sum(OperatorCall call, FloatNode left, FloatNode right, int sign) =>
        left.Shape.AsSpan().SequenceEqual(right.Shape)
            ? new FloatSum(call.Name, call.Operation, left, right, sign)
            : throw call.BadShape($"its terms {Shapes.Text(left.Shape)} and {Shapes.Text(right.Shape)} differ in shape");

    /// <summary>An operation with a constant that is one number, or one per index of a single axis.</summary>
    private static FloatNode Affine(OperatorCall call, FloatNode source, Tensor constant, Func<double, (double Scale, double Shift)> map)
    {
        var shape = Shapes.Broadcast(source.Shape, constant.Shape);
        if (shape is null || Shapes.Count(shape) != source.Count)
            throw call.BadShape($"{Shapes.Text(source.Shape)} and {Shapes.Text(constant.Shape)} do not broadcast to the first's size");
        var varying = Enumerable.Range(0, constant.Rank).Where(i => constant.Shape[i] != 1).ToArray();
        if (varying.Length > 1)
            throw call.Unsupported($"its constant {Shapes.Text(constant.Shape)} varies along more than one axis");
        var axis = varying.Length == 0 ? shape.Length - 1 : shape.Length - constant.Rank + varying[0];
        var target = ShapeOperators.Reshaped(source, shape);
        var pairs = constant.Values.Select(map).ToArray();
        return Scaled(call, target, [.. pairs.Select(pair => pair.Scale)], [.. pairs.Select(pair => pair.Shift)], axis);
    }

    private static FloatAffine Scaled(OperatorCall call, FloatNode source, double[] scale, double[] shift, int axis)
    {
        var extent = source.Shape.Length == 0 ? throw call.BadShape("its input is a scalar") : source.Shape[axis];
        if (scale.Length == 1 && extent != 1)
        {
            scale = [.. Enumerable.Repeat(scale[0], extent)];
            shift = [.. Enumerable.Repeat(shift[0], extent)];
        }
        LinearOperators.Finite(call, scale);
        LinearOperators.Finite(call, shift);
        return new FloatAffine(call.Name, call.Operation, source, axis, scale, shift);
    }
}
