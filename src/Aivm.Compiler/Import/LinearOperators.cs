using Aivm.Compiler.Network;

namespace Aivm.Compiler.Import;

internal static class LinearOperators
{
    /// <summary>A fixed batch is convolved one by one, up to this many.</summary>
    private const int MaxBatch = 16;

    public static FloatNode Conv(OperatorCall call)
    {
        var source = call.Input(0);
        var weights = call.Constant(1, "weights");
        var bias = call.OptionalConstant(2, "bias");
        if (source.Shape.Length > 2 && source.Shape[0] is > 1 and <= MaxBatch)
            return RearrangementOperators.Joined(call, 0, [.. Enumerable.Range(0, source.Shape[0]).Select(i => Conv(call.With([SelectionOperators.Chosen(call, source, 0, [i]), .. call.Inputs.Skip(1)])))]);
        Windows.RequirePicture(call, source.Shape);
        if (weights.Rank != source.Shape.Length)
            throw Refusal.Invalid($"the weights of {call.Node} have {weights.Rank} axes, its input {source.Shape.Length}");
        var channels = weights.Shape[0];
        var groups = call.Node.Int("group", 1);
        if (groups < 1 || groups > channels || channels % groups != 0 || weights.Shape[1] * groups != source.Shape[1])
            throw Refusal.Invalid($"{call.Node} has {source.Shape[1]} input channels, weights {Shapes.Text(weights.Shape)} and {groups} groups");
        long[] kernel = [.. weights.Shape.Skip(2).Select(extent => (long)extent)];
        if (call.Node.Ints("kernel_shape") is { } declared && !declared.SequenceEqual(kernel))
            throw Refusal.Invalid($"the kernel_shape of {call.Node} is not that of its weights");
        var window = Windows.Read(call, source.Shape, kernel);
        var picture = ShapeOperators.Reshaped(source, Windows.Picture(source.Shape));
        var shape = Windows.Result(picture.Shape, window, channels);
        var conv = new FloatConv(call.Name, call.Operation, shape, picture, Finite(call, weights.Values), Bias(call, bias, channels), window, (int)groups);
        return source.Shape.Length == 4 ? conv : ShapeOperators.Reshaped(conv, [1, channels, shape[3]]);
    }

    /// <summary>A constant second factor and a bias per output make a layer; anything else is a product, a scale and a sum.</summary>
    public static FloatNode Gemm(OperatorCall call)
    {
        var (left, right) = (call.Input(0), call.Input(1));
        if (left.Shape.Length != 2 || right.Shape.Length != 2)
            throw Refusal.Invalid($"{call.Node} wants matrices, not {Shapes.Text(left.Shape)} and {Shapes.Text(right.Shape)}");
        var (alpha, beta) = (call.Float("alpha", 1), call.Float("beta", 1));
        if (call.Node.Int("transA", 0) != 0)
            left = ShapeOperators.Moved(call, left, [1, 0]);
        var isTransposed = call.Node.Int("transB", 0) != 0;
        if (right is FloatConstant { Value: var weights } && left is not FloatConstant && TryBias(call, isTransposed ? weights.Shape[0] : weights.Shape[1], beta) is { } bias)
        {
            var rows = isTransposed ? weights : Transposed(weights);
            return Dense(call, left, rows.Shape, [.. rows.Values.Select(weight => alpha * weight)], bias);
        }
        FloatNode product = AttentionOperators.Product(call, left, isTransposed ? ShapeOperators.Moved(call, right, [1, 0]) : right);
        product = Times(call, product, alpha);
        return call.Optional(2) is { } addend ? ElementwiseOperators.Sum(call, product, Times(call, addend, beta), 1) : product;
    }

    private static FloatNode Times(OperatorCall call, FloatNode source, double factor) =>
        factor == 1 ? source : ElementwiseOperators.Affine(call, source, Tensor.Real([], [factor]), value => (value, 0));

    /// <summary>Gemm's third operand where it is one number per output, or one for all; null where it is something else.</summary>
    private static double[]? TryBias(OperatorCall call, int outputs, double beta)
    {
        if (call.Optional(2) is not { } addend)
            return new double[outputs];
        if (addend is not FloatConstant { Value: var bias } || (bias.Count != 1 && (bias.Count != outputs || bias.Shape[^1] != outputs)))
            return null;
        return [.. Enumerable.Range(0, outputs).Select(o => beta * bias.Values[bias.Count == 1 ? 0 : o])];
    }

    public static FloatNode MatMul(OperatorCall call)
    {
        var source = call.Input(0);
        var weights = call.Constant(1, "second factor");
        if (weights.Rank != 2 || source.Shape.Length < 2)
            throw call.Unsupported($"the product of {Shapes.Text(source.Shape)} and {Shapes.Text(weights.Shape)} is no product by one constant matrix");
        var rows = Transposed(weights);
        return Dense(call, source, rows.Shape, rows.Values, new double[rows.Shape[0]]);
    }

    public static FloatNode BatchNormalization(OperatorCall call)
    {
        var source = call.Input(0);
        if (source.Shape.Length < 2)
            throw call.BadShape($"its input {Shapes.Text(source.Shape)} has no channels");
        if (call.Node.Int("training_mode", 0) != 0)
            throw call.Unsupported("it is in training mode");
        if (call.Node.Outputs.Skip(1).Any(output => output.Length > 0))
            throw call.Unsupported("it yields running statistics, as in training");
        var channels = source.Shape[1];
        var factors = Enumerable.Range(1, 4).Select(i => Finite(call, call.Constant(i, "statistics").Values)).ToArray();
        if (factors.Any(values => values.Length != channels))
            throw Refusal.Invalid($"the statistics of {call.Node} are not one number per channel");
        var epsilon = call.Float("epsilon", 1e-5f);
        var scale = new double[channels];
        var shift = new double[channels];
        for (var c = 0; c < channels; c++)
        {
            var variance = factors[3][c] + epsilon;
            if (variance <= 0)
                throw Refusal.Invalid($"channel {c} of {call.Node} has no positive variance");
            scale[c] = factors[0][c] / Math.Sqrt(variance);
            shift[c] = factors[1][c] - factors[2][c] * scale[c];
        }
        return new FloatAffine(call.Name, call.Operation, source, 1, Finite(call, scale), Finite(call, shift));
    }

    /// <summary>The values, when every one is a number.</summary>
    public static double[] Finite(OperatorCall call, double[] values)
    {
        foreach (var value in values)
        {
            if (!double.IsFinite(value))
                throw Refusal.Invalid($"a parameter of {call.Node} is infinite or not a number");
        }
        return values;
    }

    public static FloatDense Dense(OperatorCall call, FloatNode source, int[] weightShape, double[] weights, double[] bias)
    {
        if (source.Shape[^1] != weightShape[1])
            throw Refusal.Invalid($"{call.Node} multiplies {Shapes.Text(source.Shape)} by {weightShape[1]} rows");
        if (weights.Length == 0 || source.Count == 0)
            throw call.BadShape("one of its factors is empty");
        var shape = Shapes.Checked([.. source.Shape.SkipLast(1).Select(extent => (long)extent), weightShape[0]], $"the result of {call.Node}");
        return new FloatDense(call.Name, call.Operation, shape, source, Finite(call, weights), Finite(call, bias));
    }

    private static double[] Bias(OperatorCall call, Tensor? bias, int channels)
    {
        if (bias is null)
            return new double[channels];
        return bias.Count == channels
            ? Finite(call, bias.Values)
            : throw Refusal.Invalid($"the bias of {call.Node} is not one number per channel");
    }

    private static Tensor Transposed(Tensor matrix) =>
        Tensor.Real([matrix.Shape[1], matrix.Shape[0]], FloatInterpreter.Transpose(matrix.Shape, [1, 0], matrix.Values));
}
