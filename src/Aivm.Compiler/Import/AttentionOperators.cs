using Aivm.Compiler.Network;

namespace Aivm.Compiler.Import;

/// <summary>What transformers are made of, besides layers and curves.</summary>
internal static class AttentionOperators
{
    public static FloatNode MatMul(OperatorCall call) => (call.Input(0), call.Input(1)) switch
    {
        ({ Shape.Length: 1 }, _) or (_, { Shape.Length: 1 }) => ByVector(call),
        (FloatConstant { Shape.Length: 2 } weights, var source) when source.Shape.Length >= 2 && source is not FloatConstant => FromLeft(call, weights.Value, source),
        (_, FloatConstant { Shape.Length: 2 }) => LinearOperators.MatMul(call),
        var (left, right) => Product(call, left, right),
    };

    /// <summary>Over the axes from the named one on, which are flattened into one; scale and bias behind it are an affine map.</summary>
    public static IReadOnlyList<FloatNode> LayerNormalization(OperatorCall call)
    {
        var result = Normalisation(call, centred: true);
        return call.Node.Outputs.Skip(1).Any(output => output.Length > 0) ? [result, .. Statistics(call)] : [result];
    }

    /// <summary>x / sqrt(mean square + epsilon), as ONNX Runtime calls it.</summary>
    public static FloatNode RmsNormalization(OperatorCall call) => Normalisation(call, centred: false);

    /// <summary>A constant choice between the scores of a softmax and a number that is as good as minus infinity; null for any other choice.</summary>
    public static FloatNode? TryMask(OperatorCall call) => (call.Input(0), call.Input(1), call.Input(2)) switch
    {
        (FloatConstant condition, FloatConstant low, not FloatConstant) when IsMasking(low.Value) => Masked(call, call.Input(2), condition.Value, keeps: 0),
        (FloatConstant condition, not FloatConstant, FloatConstant low) when IsMasking(low.Value) => Masked(call, call.Input(1), condition.Value, keeps: 1),
        _ => null,
    };

    /// <summary>A constant matrix on the left: W x = (x^T W^T)^T.</summary>
    private static FloatNode FromLeft(OperatorCall call, Tensor weights, FloatNode source)
    {
        int[] swapped = [.. Enumerable.Range(0, source.Shape.Length - 2), source.Shape.Length - 1, source.Shape.Length - 2];
        var columns = ShapeOperators.Moved(call, source, swapped);
        return ShapeOperators.Moved(call, LinearOperators.Dense(call, columns, weights.Shape, weights.Values, new double[weights.Shape[0]]), swapped);
    }

    /// <summary>A vector is a matrix of one row on the left, of one column on the right; that axis goes again.</summary>
    private static FloatNode ByVector(OperatorCall call)
    {
        var (left, right) = (call.Input(0), call.Input(1));
        if (left.Shape.Length == 0 || right.Shape.Length == 0)
            throw Refusal.Invalid($"{call.Node} multiplies a scalar");
        var (isRow, isColumn) = (left.Shape.Length == 1, right.Shape.Length == 1);
        var matrices = call.With(
            ShapeOperators.Fixed(left, isRow ? [1, left.Count] : left.Shape),
            ShapeOperators.Fixed(right, isColumn ? [right.Count, 1] : right.Shape));
        var product = MatMul(matrices);
        return ShapeOperators.Reshaped(product, [.. product.Shape.Where((_, axis) => !(isRow && axis == product.Shape.Length - 2) && !(isColumn && axis == product.Shape.Length - 1))]);
    }

    public static FloatMatMul Product(OperatorCall call, FloatNode left, FloatNode right)
    {
        if (left.Shape.Length < 2 || right.Shape.Length < 2 || left.Shape[^1] != right.Shape[^2] || left.Count == 0 || right.Count == 0)
            throw call.BadShape($"{Shapes.Text(left.Shape)} by {Shapes.Text(right.Shape)} is no product of matrices");
        var leading = Shapes.Broadcast(left.Shape.AsSpan(0, left.Shape.Length - 2), right.Shape.AsSpan(0, right.Shape.Length - 2))
            ?? throw call.BadShape($"the leading axes of {Shapes.Text(left.Shape)} and {Shapes.Text(right.Shape)} differ");
        Shapes.Checked([.. leading, left.Shape[^2], right.Shape[^1]], $"the result of {call.Node}");
        return new FloatMatMul(
            call.Name, call.Operation,
            SelectionOperators.Expanded(call, left, [.. leading, .. left.Shape[^2..]]),
            SelectionOperators.Expanded(call, right, [.. leading, .. right.Shape[^2..]]),
            transposesRight: false);
    }

    private static FloatNode Normalisation(OperatorCall call, bool centred)
    {
        var source = call.Input(0);
        var rank = source.Shape.Length;
        var axis = call.Axis(call.Node.Int("axis", -1), rank);
        // Where the operator was found written out, its axis is a single one.
        if (call.Node.Has(NormPatterns.SingleAxis) && axis != rank - 1)
            throw call.Unsupported("it is supported over the last axis only");
        if (!centred && call.Node.Outputs.Skip(1).Any(output => output.Length > 0))
            throw call.Unsupported("it yields its deviation, as in training");
        var extent = Shapes.Count(source.Shape.AsSpan(axis));
        if (source.Count == 0)
            throw call.BadShape("its input is empty");
        var rows = ShapeOperators.Reshaped(source, [.. source.Shape[..axis], extent]);
        FloatNode result = new FloatLayerNorm(call.Name, call.Operation, rows, centred, Epsilon(call));
        if (call.OptionalConstant(1, "scale") is { } scale)
            result = new FloatAffine(call.Name, "Scale", result, axis, PerElement(call, scale, extent), PerElement(call, call.OptionalConstant(2, "bias"), extent));
        return ShapeOperators.Reshaped(result, source.Shape);
    }

    /// <summary>The mean of each row, and one over its deviation.</summary>
    private static FloatNode[] Statistics(OperatorCall call)
    {
        var source = call.Input(0);
        var axis = call.Axis(call.Node.Int("axis", -1), source.Shape.Length);
        var epsilon = Epsilon(call);
        int[] shape = [.. source.Shape[..axis], .. Enumerable.Repeat(1, source.Shape.Length - axis)];
        var rows = ShapeOperators.Reshaped(source, [.. source.Shape[..axis], Shapes.Count(source.Shape.AsSpan(axis))]);
        var mean = new FloatReduce(call.Name, "Mean", rows, Reduction.Mean);
        var deviations = ElementwiseOperators.Sum(call, rows, ShapeOperators.Reshaped(mean, [.. mean.Shape, 1]), -1);
        var variance = new FloatReduce(call.Name, "Variance", new FloatUnary(call.Name, "Square", deviations, new UnaryFunction.Power(2)), Reduction.Mean);
        var inverse = new FloatUnary(call.Name, "InvStdDev", variance, new UnaryFunction.Elementary(x => 1 / Math.Sqrt(x + epsilon)));
        return [ShapeOperators.Reshaped(mean, shape), ShapeOperators.Reshaped(inverse, shape)];
    }

    /// <summary>What a normalisation adds to the variance: small, and never negative.</summary>
    public static double Epsilon(OperatorCall call) => call.Node.Float("epsilon", 1e-5f) is var epsilon and >= 0 and < 1e6
        ? epsilon
        : throw Refusal.Invalid($"{call.Node} has the epsilon {call.Node.Float("epsilon", 1e-5f)}");

    private static double[] PerElement(OperatorCall call, Tensor? tensor, int extent)
    {
        if (tensor is null)
            return new double[extent];
        return tensor.Count == extent
            ? LinearOperators.Finite(call, tensor.Values)
            : throw Refusal.Invalid($"a parameter of {call.Node} has {tensor.Count} numbers for {extent} elements");
    }

    private static bool IsMasking(Tensor fill) => fill.Values.All(value => value <= FloatMask.Threshold);

    private static FloatMask Masked(OperatorCall call, FloatNode scores, Tensor condition, double keeps)
    {
        if (Shapes.Broadcast(scores.Shape, condition.Shape)?.AsSpan().SequenceEqual(scores.Shape) != true)
            throw call.BadShape($"its condition {Shapes.Text(condition.Shape)} does not broadcast to {Shapes.Text(scores.Shape)}");
        var kept = condition.Values.Select(value => (value != 0 ? 1.0 : 0.0) == keeps ? 1.0 : 0.0);
        return new FloatMask(call.Name, call.Operation, scores, new FloatConstant(call.Name, new Tensor(ElementKind.Boolean, condition.Shape, [.. kept])));
    }
}
