using Aivm.Compiler.Classical;
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

    public static FloatNode Negate(OperatorCall call) => Scaled(call, call.Input(0), [-1], [0], call.Input(0).Shape.Length - 1, [-1]);

    public static FloatNode Add(OperatorCall call) => (call.Input(0), call.Input(1)) switch
    {
        (FloatConstant constant, var source) => Shifted(call, source, constant, 1),
        (var source, FloatConstant constant) => Shifted(call, source, constant, 1),
        var (left, right) => Curves.TryJoin(call, (a, b) => a + b) ?? Sum(call, left, right, 1),
    };

    public static FloatNode Subtract(OperatorCall call) => (call.Input(0), call.Input(1)) switch
    {
        (FloatConstant constant, var source) => Affine(call, source, constant.Value, value => (-1, value)),
        (var source, FloatConstant constant) => Shifted(call, source, constant, -1),
        var (left, right) => Curves.TryJoin(call, (a, b) => a - b) ?? Sum(call, left, right, -1),
    };

    public static FloatNode Multiply(OperatorCall call) => (call.Input(0), call.Input(1)) switch
    {
        (FloatConstant constant, var source) => Affine(call, source, constant.Value, value => (value, 0)),
        (var source, FloatConstant constant) => Affine(call, source, constant.Value, value => (value, 0)),
        _ => Curves.TryJoin(call, (a, b) => a * b) ?? throw call.Unsupported("both factors depend on the input, and not by functions of one value"),
    };

    public static FloatNode Divide(OperatorCall call) =>
        call.Input(1) is FloatConstant constant
            ? Affine(call, call.Input(0), constant.Value, value => (1 / value, 0))
            : Curves.TryJoin(call, (a, b) => a / b) ?? throw call.Unsupported("its divisor depends on the input, and not by a function of the value it divides");

    /// <summary>ONNX's variadic Sum.</summary>
    public static FloatNode Sum(OperatorCall call) =>
        Enumerable.Range(1, Math.Max(call.Inputs.Count - 1, 0)).Aggregate(call.Input(0), (sum, i) => Sum(call, sum, call.Input(i), 1));

    public static FloatNode Power(OperatorCall call) => call.Constant(1, "exponent") switch
    {
        { Count: 1, Values: [var exponent] } when exponent is >= 1 and <= 8 && exponent == Math.Floor(exponent) => Unary(call, new UnaryFunction.Power((int)exponent)),
        _ => throw call.Unsupported("its exponent is not a whole number from 1 to 8"),
    };

    /// <summary>PRelu with one slope.</summary>
    public static FloatNode ParametricRelu(OperatorCall call) =>
        call.Constant(1, "slope") is { Count: 1, Values: [var slope] }
            ? Unary(call, new UnaryFunction.LeakyRelu(slope))
            : throw call.Unsupported("its slope varies");

    /// <summary>x * tanh(softplus(x)).</summary>
    public static FloatNode Mish(OperatorCall call) => Unary(call, new UnaryFunction.Join(
        new UnaryFunction.Line(1, 0), new UnaryFunction.Chain(new UnaryFunction.Tanh(), new UnaryFunction.Softplus()), (a, b) => a * b));

    /// <summary>A constant that is one number, or one per index of an axis, belongs to a layer; any other is a term like another, as positions are.</summary>
    private static FloatNode Shifted(OperatorCall call, FloatNode source, FloatConstant constant, int sign)
    {
        if (constant.Shape.Count(extent => extent != 1) < 2)
            return Affine(call, source, constant.Value, value => (1, sign * value));
        return Shapes.Broadcast(source.Shape, constant.Shape) is { } shape && shape.AsSpan().SequenceEqual(source.Shape)
            ? new FloatSum(call.Name, call.Operation, source, SelectionOperators.Expanded(call, constant, shape), sign)
            : throw call.BadShape($"{Shapes.Text(source.Shape)} and {Shapes.Text(constant.Shape)} do not broadcast to the first's shape");
    }

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
        return Scaled(call, target, [.. pairs.Select(pair => pair.Scale)], [.. pairs.Select(pair => pair.Shift)], axis, constant.Values);
    }

    private static FloatAffine Scaled(OperatorCall call, FloatNode source, double[] scale, double[] shift, int axis, double[] constants)
    {
        var extent = source.Shape.Length == 0 ? throw call.BadShape("its input is a scalar") : source.Shape[axis];
        if (scale.Length == 1 && extent != 1)
        {
            scale = [.. Enumerable.Repeat(scale[0], extent)];
            shift = [.. Enumerable.Repeat(shift[0], extent)];
            constants = [.. Enumerable.Repeat(constants[0], extent)];
        }
        LinearOperators.Finite(call, scale);
        LinearOperators.Finite(call, shift);
        var isFirst = call.Input(0) is FloatConstant;
        var steps = constants.Select(constant => FeatureStep.OfArithmetic(call.Operation, constant, isFirst)).OfType<FeatureStep>().ToArray();
        return new FloatAffine(call.Name, call.Operation, source, axis, scale, shift) { Steps = steps.Length == scale.Length ? steps : null };
    }
}
