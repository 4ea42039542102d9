using Aivm.Compiler.Network;
using Aivm.Compiler.Onnx;

namespace Aivm.Compiler.Import;

/// <summary>
/// Models that are quantised already, as pairs of QuantizeLinear and DequantizeLinear or as operators on integers. Weights become the
/// real numbers that they stand for; of an activation's quantisation its range stays, as a clamp, and its rounding goes: the compiled
/// model has powers of two for scales, chosen anew from samples or, without any, from those ranges.
/// </summary>
internal static class QuantisedOperators
{
    /// <summary>Operators that do to quantised integers what they would do to the numbers that these stand for.</summary>
    private static readonly HashSet<string> Movers =
    [
        "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Identity", "Dropout", "Gather", "Slice", "Split", "Concat", "Expand", "Tile", "DepthToSpace",
        "SpaceToDepth", "MaxPool", "ArgMax", "Shape", "Size",
    ];

    private static readonly HashSet<string> Readers =
    [
        "QuantizeLinear", "DequantizeLinear", "QLinearConv", "QLinearMatMul", "QLinearConcat", "QGemm", "QLinearAdd", "QLinearMul", "QLinearSigmoid", "QLinearLeakyRelu",
        "QLinearAveragePool", "QLinearGlobalAveragePool", "ConvInteger", "MatMulInteger",
    ];

    /// <summary>Refuses what would compute with quantised integers as if they were real numbers.</summary>
    public static void RequireReal(OperatorCall call)
    {
        if (Readers.Contains(call.Operation))
        {
            if (call.Operation is not ("QuantizeLinear" or "DequantizeLinear") && ConstantFolding.IsKnown(call))
                throw call.Unsupported("everything that it reads is constant");
            return;
        }
        FileQuantisation?[] schemes = [.. call.Inputs.OfType<FloatNode>().Select(FloatMarked.SchemeOf).Distinct()];
        if (schemes.All(scheme => scheme is null))
            return;
        if (!Movers.Contains(call.Operation))
            throw call.Unsupported("it computes with quantised integers, which no DequantizeLinear has turned back");
        if (call.Operation == "Concat" && schemes.Length > 1)
            throw call.Unsupported("it joins integers of different scales");
    }

    public static FloatNode QuantizeLinear(OperatorCall call) => call.Input(0) is FloatConstant constant
        ? new FloatConstant(call.Name, QuantisedConstant(call, constant.Value))
        : Quantised(call, call.Input(0), 1, 2);

    public static FloatNode DequantizeLinear(OperatorCall call) => call.Input(0) is FloatConstant constant
        ? new FloatConstant(call.Name, Dequantised(call, constant.Value))
        : Real(call, 0, 1, 2);

    public static FloatNode DynamicQuantizeLinear(OperatorCall call) =>
        throw call.Unsupported("its scale depends on the values: quantise the model statically, or export it in float32");

    public static FloatNode Conv(OperatorCall call)
    {
        var weights = Weights(call, 3, 4, 5, axis: 0);
        var bias = call.OptionalConstant(8, "bias") is { } terms ? Bias(call, terms, Scale(call, 1), call.Constant(4, "scale")) : null;
        return Quantised(call, LinearOperators.Conv(With(call, Real(call, 0, 1, 2), weights, bias)), 6, 7);
    }

    public static FloatNode MatMul(OperatorCall call) =>
        Quantised(call, AttentionOperators.MatMul(With(call, Real(call, 0, 1, 2), Real(call, 3, 4, 5, axis: -1))), 6, 7);

    public static FloatNode Gemm(OperatorCall call)
    {
        var outputs = call.Node.Int("transB", 0) != 0 ? 0 : 1;
        var scale = call.Node.Float("alpha", 1) * Scale(call, 1);
        var bias = call.OptionalConstant(6, "bias") is { } terms ? Bias(call, terms, scale, call.Constant(4, "scale")) : null;
        var result = LinearOperators.Gemm(With(call, Real(call, 0, 1, 2), Weights(call, 3, 4, 5, outputs), bias));
        return call.Optional(7) is null ? result : Quantised(call, result, 7, 8);
    }

    /// <summary>The result's scale first, then three operands for each part.</summary>
    public static FloatNode Concat(OperatorCall call)
    {
        var parts = Enumerable.Range(0, Math.Max(0, (call.Inputs.Count - 2) / 3)).Select(part => Real(call, 3 * part + 2, 3 * part + 3, 3 * part + 4));
        return Quantised(call, RearrangementOperators.Concat(With(call, [.. parts])), 0, 1);
    }

    public static FloatNode Add(OperatorCall call) => Quantised(call, ElementwiseOperators.Add(Pair(call)), 6, 7);

    public static FloatNode Multiply(OperatorCall call) => Quantised(call, ElementwiseOperators.Multiply(Pair(call)), 6, 7);

    /// <summary>An operator of one operand between integers and integers.</summary>
    public static FloatNode Unary(OperatorCall call, Func<OperatorCall, FloatNode> import)
    {
        if (call.Node.Int("channels_last", 0) != 0)
            throw call.Unsupported("its channels are the last axis");
        return Quantised(call, import(With(call, Real(call, 0, 1, 2))), 3, 4);
    }

    public static FloatNode ConvInteger(OperatorCall call) => OfIntegers(call, axis: 0, LinearOperators.Conv);

    public static FloatNode MatMulInteger(OperatorCall call) => OfIntegers(call, axis: -1, AttentionOperators.MatMul);

    /// <summary>(q - zero point) * scale, where the constants vary along an axis at most.</summary>
    public static Tensor Dequantised(OperatorCall call, Tensor tensor) =>
        Dequantised(call, tensor, call.Constant(1, "scale"), call.OptionalConstant(2, "zero point"), call.Node.Int("axis", 1));

    /// <summary>q = x / scale + zero point, rounded to nearest even and saturated.</summary>
    public static Tensor QuantisedConstant(OperatorCall call, Tensor tensor)
    {
        var scale = call.Constant(1, "scale");
        var zero = call.OptionalConstant(2, "zero point");
        var axis = Axis(call, tensor, scale, call.Node.Int("axis", 1));
        var (least, greatest) = Range(call, zero);
        var values = new double[tensor.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var channel = Channel(tensor, axis, i);
            var quotient = Math.Round(tensor.Values[i] / scale.Values[channel], MidpointRounding.ToEven);
            values[i] = Math.Clamp(quotient + (zero is null ? 0 : zero.Values[zero.Count == 1 ? 0 : channel]), least, greatest);
        }
        LinearOperators.Finite(call, values);
        return new Tensor(ElementKind.Integer, tensor.Shape, values);
    }

    /// <summary>The product of integers, of which the runtime multiplies the scales behind it.</summary>
    private static FloatNode OfIntegers(OperatorCall call, int axis, Func<OperatorCall, FloatNode> import)
    {
        var scheme = FloatMarked.SchemeOf(call.Input(0)) ?? throw call.Unsupported("its first factor is not quantised by the model");
        if (call.OptionalConstant(2, "zero point") is { } zero && (zero.Count != 1 || zero.Values[0] != scheme.ZeroPoint))
            throw call.Unsupported("the zero point of its first factor is another than that of its quantisation");
        var weights = call.Constant(1, "weights");
        var one = Tensor.Real([], [1 / scheme.Scale]);
        var real = new FloatConstant(call.Name, Dequantised(call, weights, one, call.OptionalConstant(3, "zero point"), axis));
        return import(With(call, new FloatMarked(call.Name, call.Operation, call.Input(0), null), real));
    }

    private static OperatorCall Pair(OperatorCall call) => With(call, Real(call, 0, 1, 2), Real(call, 3, 4, 5));

    /// <summary>The same node with other operands. Operators of ONNX Runtime's own set are imported as those of a standard set.</summary>
    private static OperatorCall With(OperatorCall call, params FloatNode?[] inputs) =>
        new(call.Node, inputs, call.Node.Domain.Length == 0 ? call.Opset : 13);

    /// <summary>An operand as the real numbers that its integers stand for.</summary>
    private static FloatNode Real(OperatorCall call, int value, int scale, int zero, int? axis = null)
    {
        var source = call.Input(value);
        if (source is FloatConstant)
            return Weights(call, value, scale, zero, axis ?? 1);
        var scheme = Scheme(call, scale, zero);
        if (FloatMarked.SchemeOf(source) is { } written)
        {
            return written.Scale == scheme.Scale && written.ZeroPoint == scheme.ZeroPoint
                ? new FloatMarked(call.Name, call.Operation, source, null)
                : throw call.Unsupported("it reads integers by another scale or zero point than they were written with");
        }
        var extent = source.Shape.Length == 0 ? throw call.BadShape("its input is a scalar") : source.Shape[^1];
        double[] factors = [.. Enumerable.Repeat(scheme.Scale, extent)];
        double[] shifts = [.. Enumerable.Repeat(-scheme.ZeroPoint * scheme.Scale, extent)];
        return new FloatAffine(call.Name, call.Operation, source, source.Shape.Length - 1, factors, shifts);
    }

    private static FloatConstant Weights(OperatorCall call, int value, int scale, int zero, int axis) =>
        new(call.Name, Dequantised(call, call.Constant(value, "weights"), call.Constant(scale, "scale"), call.OptionalConstant(zero, "zero point"), axis));

    /// <summary>A result that the file quantises: clamped to what its integers reach, where it could leave that.</summary>
    private static FloatMarked Quantised(OperatorCall call, FloatNode real, int scale, int zero)
    {
        var scheme = Scheme(call, scale, zero);
        return new FloatMarked(call.Name, call.Operation, Clamped(call, real, scheme), scheme);
    }

    private static FloatNode Clamped(OperatorCall call, FloatNode real, FileQuantisation scheme)
    {
        if (QuantisedRanges.Of(real) is var (least, greatest) && least >= scheme.Low - scheme.Scale && greatest <= scheme.High + scheme.Scale)
            return real;
        var clamp = new UnaryFunction.Clamp(scheme.Low, scheme.High) { IsMeasured = true };
        if (real is FloatInput input)
            input.Measured = input.Measured is var (low, high) ? (Math.Min(low, scheme.Low), Math.Max(high, scheme.High)) : (scheme.Low, scheme.High);
        return real switch
        {
            FloatUnary { Function: UnaryFunction.Clamp inner } unary when inner.Low < scheme.High && inner.High > scheme.Low =>
                new FloatUnary(unary.Name, $"{unary.Operation}+{call.Operation}", unary.Source, clamp with { Low = Math.Max(inner.Low, scheme.Low), High = Math.Min(inner.High, scheme.High) }),
            FloatUnary { Function: not UnaryFunction.Clamp } unary =>
                new FloatUnary(unary.Name, $"{unary.Operation}+{call.Operation}", unary.Source, new UnaryFunction.Chain(clamp, unary.Function)),
            _ => new FloatUnary(call.Name, call.Operation, real, clamp),
        };
    }

    private static FileQuantisation Scheme(OperatorCall call, int scale, int zero)
    {
        var (factor, point) = (Scale(call, scale), call.OptionalConstant(zero, "zero point"));
        if (point is { Count: not 1 })
            throw call.Unsupported("an activation has a zero point for each channel");
        var (least, greatest) = Range(call, point);
        return new FileQuantisation(factor, point?.Values[0] ?? 0, least, greatest);
    }

    private static double Scale(OperatorCall call, int index) => call.Constant(index, "scale") switch
    {
        { Count: not 1 } => throw call.Unsupported("an activation has a scale for each channel"),
        { Values: [var scale] } when scale > 0 && double.IsFinite(scale) => scale,
        _ => throw Refusal.Invalid($"a scale of {call.Node} is not positive"),
    };

    /// <summary>The integers of a zero point's type; unsigned bytes where there is none.</summary>
    private static (double Least, double Greatest) Range(OperatorCall call, Tensor? zero) => (zero?.Stored ?? Declared(call)) switch
    {
        OnnxType.UInt8 => (byte.MinValue, byte.MaxValue),
        OnnxType.Int8 => (sbyte.MinValue, sbyte.MaxValue),
        OnnxType.UInt16 => (ushort.MinValue, ushort.MaxValue),
        OnnxType.Int16 => (short.MinValue, short.MaxValue),
        OnnxType.Int32 => (int.MinValue, int.MaxValue),
        var other => throw call.Unsupported($"it quantises to {other}"),
    };

    private static OnnxType Declared(OperatorCall call) =>
        call.Node.Int("output_dtype", 0) is var number and not 0 ? TensorReader.ElementType(number) : OnnxType.UInt8;

    private static Tensor Dequantised(OperatorCall call, Tensor tensor, Tensor scale, Tensor? zero, long axisNumber)
    {
        if (call.Node.Int("block_size", 0) != 0)
            throw call.Unsupported("its scales are those of blocks");
        var axis = Axis(call, tensor, scale.Count > 1 ? scale : zero ?? scale, axisNumber);
        if (zero is not null && zero.Count != 1 && zero.Count != tensor.Shape[axis])
            throw Refusal.Invalid($"the zero points of {call.Node} are not one per channel");
        var values = new double[tensor.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var channel = Channel(tensor, axis, i);
            var offset = zero is null ? 0 : zero.Values[zero.Count == 1 ? 0 : channel];
            values[i] = (tensor.Values[i] - offset) * scale.Values[scale.Count == 1 ? 0 : channel];
        }
        return Tensor.Real(tensor.Shape, LinearOperators.Finite(call, values));
    }

    /// <summary>The axis along which parameters vary; -1 where they are one number.</summary>
    private static int Axis(OperatorCall call, Tensor tensor, Tensor parameters, long axisNumber)
    {
        if (parameters.Count == 1)
            return -1;
        var axis = call.Axis(axisNumber, tensor.Rank);
        return parameters.Count == tensor.Shape[axis]
            ? axis
            : throw Refusal.Invalid($"the scales of {call.Node} are {parameters.Count} for {tensor.Shape[axis]} channels");
    }

    private static int Channel(Tensor tensor, int axis, int element) =>
        axis < 0 ? 0 : element / Shapes.Count(tensor.Shape.AsSpan(axis + 1)) % tensor.Shape[axis];

    /// <summary>Integers at the scale of the sums that they are added to.</summary>
    private static FloatConstant Bias(OperatorCall call, Tensor bias, double inputScale, Tensor weightScale)
    {
        if (weightScale.Count != 1 && weightScale.Count != bias.Count)
            throw Refusal.Invalid($"the bias of {call.Node} has {bias.Count} numbers for {weightScale.Count} channels");
        var values = bias.Values.Select((value, i) => value * inputScale * weightScale.Values[weightScale.Count == 1 ? 0 : i]);
        return new FloatConstant(call.Name, Tensor.Real(bias.Shape, LinearOperators.Finite(call, [.. values])));
    }
}
