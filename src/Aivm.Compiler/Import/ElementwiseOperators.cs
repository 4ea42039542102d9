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
        var (left, right) => Curves.TryJoin(call, (a, b) => a * b) ?? Product(call, left, right),
    };

    public static FloatNode Divide(OperatorCall call)
    {
        var (left, right) = (call.Input(0), call.Input(1));
        if (Kinds.Of(left) == ElementKind.Integer && Kinds.Of(right) == ElementKind.Integer)
            throw call.Unsupported("it divides integers that depend on the input");
        if (right is FloatConstant constant)
            return Affine(call, left, constant.Value, value => (1 / value, 0));
        return Curves.TryJoin(call, (a, b) => a / b)
            ?? Product(call, left, new FloatUnary(call.Name, "Reciprocal", right, new UnaryFunction.Reciprocal()));
    }

    /// <summary>ONNX's variadic Sum.</summary>
    public static FloatNode Sum(OperatorCall call) =>
        Enumerable.Range(1, Math.Max(call.Inputs.Count - 1, 0)).Aggregate(call.Input(0), (sum, i) => Sum(call, sum, call.Input(i), 1));

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

    public static FloatSum Sum(OperatorCall call, FloatNode left, FloatNode right, int sign)
    {
        (left, right) = Pair(call, left, right);
        return new FloatSum(call.Name, call.Operation, left, right, sign);
    }

    public static FloatProduct Product(OperatorCall call, FloatNode left, FloatNode right)
    {
        (left, right) = Pair(call, left, right);
        return new FloatProduct(call.Name, call.Operation, left, right);
    }

    /// <summary>Both values, repeated to the shape that they broadcast to.</summary>
    public static (FloatNode Left, FloatNode Right) Pair(OperatorCall call, FloatNode left, FloatNode right)
    {
        var shape = Shapes.Broadcast(left.Shape, right.Shape)
            ?? throw Refusal.Invalid($"{call.Node} joins {Shapes.Text(left.Shape)} and {Shapes.Text(right.Shape)}, which do not broadcast");
        Shapes.Checked([.. shape.Select(extent => (long)extent)], $"the result of {call.Node}");
        return (SelectionOperators.Expanded(call, left, shape), SelectionOperators.Expanded(call, right, shape));
    }

    /// <summary>An operation with a constant that is one number, or one per index of a single axis.</summary>
    public static FloatNode Affine(OperatorCall call, FloatNode source, Tensor constant, Func<double, (double Scale, double Shift)> map)
    {
        if (source.Shape.Length == 0)
            return ShapeOperators.Reshaped(Affine(call, ShapeOperators.Reshaped(source, [1]), constant, map), constant.Rank == 0 ? [] : constant.Shape);
        var (target, _) = Pair(call, source, new FloatConstant(call.Name, constant));
        var shape = target.Shape;
        var varying = Enumerable.Range(0, constant.Rank).Where(i => constant.Shape[i] != 1).ToArray();
        double[] scale = [.. constant.Values.Select(value => map(value).Scale)];
        double[] shift = [.. constant.Values.Select(value => map(value).Shift)];
        if (varying.Length > 1)
            return Elementwise(call, target, constant.Shape, scale, shift);
        var axis = varying.Length == 0 ? shape.Length - 1 : shape.Length - constant.Rank + varying[0];
        return Scaled(call, target, scale, shift, axis, constant.Values);
    }

    /// <summary>x * scale + shift with constants that vary along several axes: a product, a sum, or both.</summary>
    private static FloatNode Elementwise(OperatorCall call, FloatNode source, int[] shape, double[] scale, double[] shift)
    {
        FloatConstant Constant(double[] values) => new(call.Name, Tensor.Real(shape, LinearOperators.Finite(call, values)));
        if (scale.Any(factor => factor != 1))
            source = Product(call, source, Constant(scale));
        return shift.Any(term => term != 0) ? Sum(call, source, Constant(shift), 1) : source;
    }

    private static FloatAffine Scaled(OperatorCall call, FloatNode source, double[] scale, double[] shift, int axis, double[] constants)
    {
        var extent = source.Shape.Length == 0 ? throw call.BadShape("its input is a scalar") : source.Shape[axis];
        if (scale.Length == 1 && extent != 1)
        {
            scale = [.. Enumerable.Repeat(scale[0], extent)];
            shift = [.. Enumerable.Repeat(shift[0], extent)];
        }
        LinearOperators.Finite(call, scale);
        LinearOperators.Finite(call, shift);
        var isFirst = call.Input(0) is FloatConstant;
        FeatureStep? Step(int channel) => FeatureStep.OfArithmetic(call.Operation, constants[constants.Length == 1 ? 0 : channel], isFirst);
        return new FloatAffine(call.Name, call.Operation, source, axis, scale, shift) { Step = scale.Length > 0 && Step(0) is not null ? channel => Step(channel)! : null };
    }
}
