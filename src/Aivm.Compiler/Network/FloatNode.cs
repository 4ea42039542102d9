using Aivm.Inference;

namespace Aivm.Compiler.Network;

/// <summary>An operation of the normalised model, in real numbers, with one result of a known shape. Shapes keep ONNX's batch axis, which is 1.</summary>
internal abstract class FloatNode(string name, string operation, int[] shape, params FloatNode[] inputs)
{
    /// <summary>The name of the ONNX node that it comes from.</summary>
    public string Name { get; } = name;

    /// <summary>The ONNX operators that it stands for, e.g. <c>Conv+BatchNormalization+Relu</c>.</summary>
    public string Operation { get; set; } = operation;

    public int[] Shape { get; } = shape;

    /// <summary>Where its operands come from; passes over the graph rewire them.</summary>
    public FloatNode[] Inputs { get; } = inputs;

    public FloatNode Source => Inputs[0];

    public int Count => Shapes.Count(Shape);

    public override string ToString() => $"{Operation} '{Name}'";
}

/// <summary>An input of the model in the units of the ONNX file.</summary>
internal sealed class FloatInput(string name, int[] shape, ElementKind kind = ElementKind.Real) : FloatNode(name, "Input", shape)
{
    public ElementKind Kind { get; } = kind;

    /// <summary>Whether the ONNX model's numbers are float16.</summary>
    public bool IsHalf { get; init; }

    /// <summary>Whether the file declares float64, in which its comparisons are then made.</summary>
    public bool IsDouble { get; init; }

    /// <summary>The range of the file's own quantisation of the input; null where it has none.</summary>
    public (double Low, double High)? Measured { get; set; }

    /// <summary>Whether nothing reads the input but clamped to that range.</summary>
    public bool IsClamped { get; set; }
}

internal sealed class FloatConstant(string name, Tensor value) : FloatNode(name, "Constant", value.Shape)
{
    public Tensor Value { get; } = value;
}

/// <summary>A node whose result may pass through an activation before anybody else sees it.</summary>
internal abstract class FloatActivated(string name, string operation, int[] shape, params FloatNode[] inputs)
    : FloatNode(name, operation, shape, inputs)
{
    public UnaryFunction? Activation { get; set; }

    /// <summary>Whether the next step of a sequence adds to it: rounding would add up, so that it has 16 bits whoever reads it.</summary>
    public bool IsState { get; set; }
}

/// <summary>Weights and bias by output channel. The result's channels are axis 1 of a convolution, the last axis of a dense layer.</summary>
internal abstract class FloatLinear(string name, string operation, int[] shape, FloatNode source, double[] weights, double[] bias)
    : FloatActivated(name, operation, shape, source)
{
    /// <summary>The layer's own copy: quantisation moves scale between layers.</summary>
    public double[] Weights { get; } = [.. weights];

    public double[] Bias { get; } = [.. bias];

    public int Channels => Bias.Length;

    /// <summary>Weights that a channel has.</summary>
    public int FanIn => Weights.Length / Channels;

    /// <summary>Channels of the source of a convolution, inputs of a dense layer.</summary>
    public virtual int InputChannels => FanIn;

    /// <summary>The channel of an element of the result.</summary>
    public abstract int ChannelOf(int index);

    /// <summary>The input channel that a weight multiplies.</summary>
    public virtual int InputOf(int weight) => weight % FanIn;

    /// <summary>The same layer with each channel multiplied by a factor.</summary>
    public FloatLinear Scaled(double[] factors)
    {
        var weights = Weights.Select((weight, i) => weight * factors[i / FanIn]);
        var bias = Bias.Select((value, c) => value * factors[c]);
        var scaled = With([.. weights], [.. bias]);
        scaled.Activation = Activation;
        return scaled;
    }

    protected abstract FloatLinear With(double[] weights, double[] bias);
}

/// <summary>[1, Cin, H, W] to [1, Cout, H', W']; weights [Cout, Cin / groups, kernel height, kernel width].</summary>
internal sealed class FloatConv(string name, string operation, int[] shape, FloatNode source, double[] weights, double[] bias, Window window, int groups)
    : FloatLinear(name, operation, shape, source, weights, bias)
{
    public Window Window { get; } = window;

    public int Groups { get; } = groups;

    public override int InputChannels => Source.Shape[1];

    public override int ChannelOf(int index) => index / (Shape[2] * Shape[3]);

    public override int InputOf(int weight)
    {
        var area = Window.Kernel.Height * Window.Kernel.Width;
        var group = weight / FanIn / (Channels / Groups);
        return (group * (InputChannels / Groups)) + (weight % FanIn / area);
    }

    protected override FloatLinear With(double[] weights, double[] bias) => new FloatConv(Name, Operation, Shape, Source, weights, bias, Window, Groups);
}

/// <summary>[..., In] to [..., Out]; weights [Out, In].</summary>
internal sealed class FloatDense(string name, string operation, int[] shape, FloatNode source, double[] weights, double[] bias)
    : FloatLinear(name, operation, shape, source, weights, bias)
{
    public override int ChannelOf(int index) => index % Channels;

    protected override FloatLinear With(double[] weights, double[] bias) => new FloatDense(Name, Operation, Shape, Source, weights, bias);
}

/// <summary>[1, In] to [1, Out] in wide integers, for linear and logistic models: what they read is raw, and their result is a decision.</summary>
internal sealed class FloatScores(string name, string operation, FloatNode source, double[] weights, double[] bias)
    : FloatLinear(name, operation, [1, bias.Length], source, weights, bias)
{
    public override int ChannelOf(int index) => index;

    protected override FloatLinear With(double[] weights, double[] bias) => new FloatScores(Name, Operation, Source, weights, bias);
}

/// <summary>y = x * scale[c] + shift[c], c the index along an axis.</summary>
internal sealed class FloatAffine(string name, string operation, FloatNode source, int axis, double[] scale, double[] shift)
    : FloatNode(name, operation, source.Shape, source)
{
    /// <summary>The operation of a map that only rounds.</summary>
    public const string CastOperation = "Cast";

    public int Axis { get; } = axis;

    public double[] Scale { get; } = scale;

    public double[] Shift { get; } = shift;

    /// <summary>Of a channel, what a runtime computes, rounding included; null where nothing has to know it. Made when asked for: rows may be long.</summary>
    public Func<int, Classical.FeatureStep>? Step { get; init; }

    /// <summary>The channel of an element.</summary>
    public int ChannelOf(int element) => element / Shapes.Count(Shape.AsSpan(Axis + 1)) % Scale.Length;
}

/// <summary>left + sign * right, both of one shape.</summary>
internal sealed class FloatSum(string name, string operation, FloatNode left, FloatNode right, int sign)
    : FloatActivated(name, operation, left.Shape, left, right)
{
    public int Sign { get; } = sign;
}

internal sealed class FloatUnary(string name, string operation, FloatNode source, UnaryFunction function)
    : FloatNode(name, operation, source.Shape, source)
{
    public UnaryFunction Function { get; } = function;
}

internal sealed class FloatMaxPool(string name, string operation, int[] shape, FloatNode source, Window window)
    : FloatNode(name, operation, shape, source)
{
    public Window Window { get; } = window;
}

internal sealed class FloatAveragePool(string name, string operation, int[] shape, FloatNode source, Window window, bool excludesPadding)
    : FloatActivated(name, operation, shape, source)
{
    public Window Window { get; } = window;

    public bool ExcludesPadding { get; } = excludesPadding;
}

/// <summary>The same elements in the same order.</summary>
internal sealed class FloatReshape(string name, string operation, int[] shape, FloatNode source)
    : FloatNode(name, operation, shape, source);

internal sealed class FloatTranspose(string name, string operation, FloatNode source, int[] permutation)
    : FloatNode(name, operation, [.. permutation.Select(axis => source.Shape[axis])], source)
{
    public int[] Permutation { get; } = permutation;
}

/// <summary>Rows and columns of a constant around [1, C, H, W].</summary>
internal sealed class FloatPad(string name, string operation, int[] shape, FloatNode source, Padding padding, double value)
    : FloatNode(name, operation, shape, source)
{
    public Padding Padding { get; } = padding;

    public double Value { get; } = value;
}

/// <summary>Over the last axis.</summary>
internal sealed class FloatSoftmax(string name, string operation, FloatNode source)
    : FloatNode(name, operation, source.Shape, source);

/// <summary>The index of the largest element along an axis, the lowest on a tie; the axis goes. Or of the smallest, or the highest index.</summary>
internal sealed class FloatArgMax(string name, string operation, FloatNode source, int axis)
    : FloatNode(name, operation, [.. source.Shape.Where((_, i) => i != axis)], source)
{
    public int Axis { get; } = axis;

    public bool IsSmallest { get; init; }

    public bool IsLast { get; init; }
}
