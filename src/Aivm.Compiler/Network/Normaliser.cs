using Aivm.Compiler.Classical;
using Aivm.Inference;

namespace Aivm.Compiler.Network;

/// <summary>
/// Joins operations that integers compute as one: affine maps into the weights before or behind them, activations into the layer
/// that feeds them, padding into windows. One pass, operands first; the function computed stays the same.
/// </summary>
internal sealed class Normaliser
{
    private const long MaxScaledWeights = 1L << 27;
    private const int LongestOperation = 200;

    /// <summary>Steps that are followed back through what only moves elements about.</summary>
    private const int MaxSteps = 16;
    private const string AndMore = "+...";

    private readonly Dictionary<FloatNode, int> _uses;
    private readonly Dictionary<FloatNode, FloatNode> _replaced = [];
    private readonly HashSet<FloatNode> _outputs;
    private readonly Dictionary<FloatNode, FloatNode?> _conditions = [];
    private long _scaledWeights;

    private Normaliser(FloatGraph graph)
    {
        _uses = graph.Uses();
        _outputs = [.. graph.Outputs.Select(output => output.Node)];
    }

    public static FloatGraph Run(FloatGraph graph)
    {
        var normaliser = new Normaliser(graph);
        foreach (var node in graph.Order())
        {
            for (var i = 0; i < node.Inputs.Length; i++)
                node.Inputs[i] = normaliser._replaced[node.Inputs[i]];
            var simple = normaliser.Simplify(node);
            normaliser._replaced.Add(node, simple);
            normaliser._uses[simple] = normaliser._uses[node];
        }
        return new FloatGraph(graph.Inputs, [.. graph.Outputs.Select(output => output with { Node = normaliser._replaced[output.Node] })]);
    }

    private FloatNode Simplify(FloatNode node) => node switch
    {
        FloatReshape { Source: FloatReshape inner } reshape => Simplify(new FloatReshape(reshape.Name, reshape.Operation, reshape.Shape, inner.Source)),
        FloatReshape { Source: FloatConstant constant } reshape => new FloatConstant(constant.Name, constant.Value.Reshaped(reshape.Shape)),
        FloatReshape reshape when reshape.Shape.AsSpan().SequenceEqual(reshape.Source.Shape) => reshape.Source,
        FloatReshape or FloatTranspose or FloatGather when node.Source is FloatAffine scale && IsNormalised(scale.Source) && KeepsLastAxis(node) => AheadOf(scale, node),
        FloatMarked mark => mark.Source,
        // The input itself is clamped where it is quantised.
        FloatUnary { Function: UnaryFunction.Clamp { IsMeasured: true }, Source: FloatInput { Measured: not null } input } when IsOnlyReader(input) => Clamped(input),
        FloatAffine { Operation: FloatAffine.CastOperation } cast => cast.Source,
        FloatAffine affine when IsScale(affine) && TryScale(affine.Source, affine.Scale[0]) => affine.Source,
        FloatAffine affine => Behind(affine),
        // Trees see to missing values themselves; nothing else takes any.
        FloatImputer imputer => imputer.Source,
        FloatNormalise { Map: null, Source: FloatAffine { Source: FloatInput } map } normalise when IsOnlyReader(map) && map.Axis == map.Shape.Length - 1 =>
            new FloatNormalise(normalise.Name, $"{map.Operation}+{normalise.Operation}", map.Source, normalise.Norm, map),
        FloatGather { Source: FloatDense { Activation: null } dense } gather when IsShareOf(gather, dense) => Share(gather, dense),
        FloatMatMul product => AttentionRules.Transposed(product),
        FloatSoftmax { Source: FloatWhere where } softmax when AttentionRules.Masked(where) is { } mask => new FloatSoftmax(softmax.Name, softmax.Operation, mask),
        FloatSoftmax { Source: FloatSum sum } softmax when AttentionRules.Masked(sum, _conditions) is { } mask => new FloatSoftmax(softmax.Name, softmax.Operation, mask),
        FloatUnary unary => Fused(unary),
        FloatLinear { Source: FloatAffine affine } linear when IsOnlyReader(affine) || IsNormalised(affine.Source) => InFront(linear, affine),
        FloatConv { Source: FloatPad { Value: 0 } pad } conv when IsOnlyReader(pad) => Padded(conv, pad),
        FloatAveragePool { Source: FloatPad { Value: 0 } pad } pool when IsOnlyReader(pad) && !pool.ExcludesPadding && StillTouches(pool.Window, pad) => Padded(pool, pad),
        FloatMaxPool { Source: FloatPad pad } pool when IsOnlyReader(pad) && IsNeverMaximum(pad) && StillTouches(pool.Window, pad) => Padded(pool, pad),
        _ => node,
    };

    /// <summary>A long chain of maps would scale a large layer once for each.</summary>
    private void Spend(int weights)
    {
        _scaledWeights += weights;
        if (_scaledWeights > MaxScaledWeights)
            throw Refusal.TooLarge($"joining its maps into its layers scales more than {MaxScaledWeights} weights");
    }

    /// <summary>The operators that a node came from; those of a long chain are not all listed.</summary>
    private static string Operations(FloatNode first, FloatNode second) =>
        first.Operation.Length <= LongestOperation ? $"{first.Operation}+{second.Operation}"
        : first.Operation.EndsWith(AndMore, StringComparison.Ordinal) ? first.Operation
        : first.Operation + AndMore;

    private static FloatInput Clamped(FloatInput input)
    {
        input.IsClamped = true;
        return input;
    }

    private bool IsOnlyReader(FloatNode source) => _uses.GetValueOrDefault(source) == 1;

    /// <summary>An affine map behind a layer goes into the layer's weights, behind another affine map into that.</summary>
    private FloatNode Behind(FloatAffine affine)
    {
        var source = affine.Source;
        if (!IsOnlyReader(source))
            return affine;
        var operation = Operations(source, affine);
        switch (source)
        {
            case FloatConv { Activation: null } conv when affine.Axis == 1:
                return new FloatConv(conv.Name, operation, conv.Shape, conv.Source, Scaled(conv, affine), Moved(conv, affine), conv.Window, conv.Groups);
            case FloatDense { Activation: null } dense when affine.Axis == dense.Shape.Length - 1:
                return new FloatDense(dense.Name, operation, dense.Shape, dense.Source, Scaled(dense, affine), Moved(dense, affine));
            case FloatAffine first when first.Axis == affine.Axis:
                return new FloatAffine(
                    first.Name, operation, first.Source, first.Axis,
                    [.. first.Scale.Select((scale, c) => scale * affine.Scale[c])],
                    [.. first.Shift.Select((shift, c) => shift * affine.Scale[c] + affine.Shift[c])]);
            default:
                return affine;
        }
    }

    private double[] Scaled(FloatLinear layer, FloatAffine affine)
    {
        Spend(layer.Weights.Length);
        var weights = new double[layer.Weights.Length];
        for (var i = 0; i < weights.Length; i++)
            weights[i] = layer.Weights[i] * affine.Scale[i / layer.FanIn];
        return weights;
    }

    private static double[] Moved(FloatLinear layer, FloatAffine affine) =>
        [.. layer.Bias.Select((bias, c) => bias * affine.Scale[c] + affine.Shift[c])];

    /// <summary>An affine map in front of a layer: w * (x * scale + shift) + b = (w * scale) * x + (w * shift + b).</summary>
    private FloatNode InFront(FloatLinear layer, FloatAffine affine)
    {
        var conv = layer as FloatConv;
        var channelAxis = conv is null ? affine.Shape.Length - 1 : 1;
        if (affine.Axis != channelAxis)
            return layer;
        // Padding holds zeros in front of the map: a shift would not reach it.
        if (conv is not null && conv.Window.Padding != Padding.None && affine.Shift.Any(shift => shift != 0))
            return layer;
        var area = conv is null ? 1 : conv.Window.Kernel.Height * conv.Window.Kernel.Width;
        var perGroup = conv is null ? layer.FanIn : layer.FanIn / area;
        var outputsPerGroup = conv is null ? layer.Channels : layer.Channels / conv.Groups;
        Spend(layer.Weights.Length);
        var weights = new double[layer.Weights.Length];
        double[] bias = [.. layer.Bias];
        for (var i = 0; i < weights.Length; i++)
        {
            var output = i / layer.FanIn;
            var channel = output / outputsPerGroup * perGroup + i % layer.FanIn / area;
            weights[i] = layer.Weights[i] * affine.Scale[channel];
            bias[output] += layer.Weights[i] * affine.Shift[channel];
        }
        var operation = Operations(affine, layer);
        return layer switch
        {
            FloatConv => new FloatConv(layer.Name, operation, layer.Shape, affine.Source, weights, bias, conv!.Window, conv.Groups),
            FloatScores => new FloatScores(layer.Name, operation, affine.Source, weights, bias),
            _ => new FloatDense(layer.Name, operation, layer.Shape, affine.Source, weights, bias),
        };
    }

    /// <summary>
    /// An activation moves into the layer in front of it. A clamp also passes a max pool, since both keep order. A curve that ends
    /// the model stays apart: there it is interpolated from full accumulators.
    /// </summary>
    private FloatNode Fused(FloatUnary unary)
    {
        var isClamp = unary.Function is UnaryFunction.Clamp;
        if (!IsOnlyReader(unary.Source) || (!isClamp && _outputs.Contains(unary)))
            return unary;
        if (unary.Source is FloatReshape reshape)
        {
            var inside = new FloatUnary(unary.Name, unary.Operation, reshape.Source, unary.Function);
            _uses[inside] = 1;
            var simple = Simplify(inside);
            _uses[simple] = 1;
            return new FloatReshape(unary.Name, reshape.Operation, unary.Shape, simple);
        }
        var layer = unary.Source is FloatMaxPool pool && isClamp && IsOnlyReader(pool.Source) ? pool.Source : unary.Source;
        if (layer is not FloatActivated { Activation: null } activated || layer is FloatScores)
            return unary;
        activated.Activation = unary.Function;
        activated.Operation = Operations(activated, unary);
        return unary.Source;
    }

    /// <summary>
    /// Scale and bias behind a normalisation pass what only moves whole rows about: the layer there takes them in, and if there are
    /// several each does.
    /// </summary>
    private FloatNode AheadOf(FloatAffine scale, FloatNode mover)
    {
        FloatNode moved = mover switch
        {
            FloatReshape => new FloatReshape(mover.Name, mover.Operation, mover.Shape, scale.Source),
            FloatTranspose transpose => new FloatTranspose(mover.Name, mover.Operation, scale.Source, transpose.Permutation),
            _ => new FloatGather(mover.Name, mover.Operation, scale.Source, ((FloatGather)mover).Axis, ((FloatGather)mover).Indices),
        };
        _uses[moved] = 1;
        return new FloatAffine(scale.Name, scale.Operation, moved, moved.Shape.Length - 1, scale.Scale, scale.Shift);
    }

    /// <summary>Rows of a normalisation, wherever they were moved to.</summary>
    private static bool IsNormalised(FloatNode node)
    {
        for (var steps = 0; steps < MaxSteps && node is FloatReshape or FloatTranspose or FloatGather; steps++)
            node = node.Source;
        return node is FloatLayerNorm;
    }

    private static bool KeepsLastAxis(FloatNode mover) => mover switch
    {
        FloatTranspose transpose => transpose.Permutation[^1] == transpose.Shape.Length - 1,
        FloatGather gather => gather.Axis < gather.Shape.Length - 1,
        _ => mover.Shape.Length > 0 && mover.Shape[^1] == mover.Source.Shape[^1],
    };

    /// <summary>One factor for all elements, as the division by the root of a head's size.</summary>
    private static bool IsScale(FloatAffine affine) =>
        affine.Scale[0] > 0 && !affine.Scale.AsSpan().ContainsAnyExcept(affine.Scale[0]) && !affine.Shift.AsSpan().ContainsAnyExcept(0);

    /// <summary>Multiplies the weights that a value comes from, through products and what moves elements about.</summary>
    private bool TryScale(FloatNode node, double factor)
    {
        for (var steps = 0; steps < MaxSteps && node is FloatReshape or FloatTranspose or FloatGather or FloatMatMul && IsOnlyReader(node); steps++)
            node = node.Source;
        if (node is not FloatLinear { Activation: null } layer || node is FloatScores || !IsOnlyReader(node) || _outputs.Contains(node))
            return false;
        Spend(layer.Weights.Length);
        for (var i = 0; i < layer.Weights.Length; i++)
            layer.Weights[i] *= factor;
        for (var c = 0; c < layer.Channels; c++)
            layer.Bias[c] *= factor;
        return true;
    }

    /// <summary>Whether a choice of a layer's outputs can be a layer of its own: together the shares have no more weights than the whole.</summary>
    private bool IsShareOf(FloatGather gather, FloatDense dense) =>
        gather.Axis == dense.Shape.Length - 1 && (long)gather.Indices.Length * _uses[dense] <= dense.Channels;

    /// <summary>Queries, keys and values that one matrix yields are layers of their own: each has its scale.</summary>
    private static FloatDense Share(FloatGather gather, FloatDense dense) => new(
        gather.Name, Operations(dense, gather), gather.Shape, dense.Source,
        [.. gather.Indices.SelectMany(row => dense.Weights.AsSpan(row * dense.FanIn, dense.FanIn).ToArray())],
        [.. gather.Indices.Select(row => dense.Bias[row])]);

    private static FloatConv Padded(FloatConv conv, FloatPad pad) =>
        new(conv.Name, Operations(pad, conv), conv.Shape, pad.Source, conv.Weights, conv.Bias, Joined(conv.Window, pad), conv.Groups);

    private static FloatAveragePool Padded(FloatAveragePool pool, FloatPad pad) =>
        new(pool.Name, Operations(pad, pool), pool.Shape, pad.Source, Joined(pool.Window, pad), excludesPadding: false);

    private static FloatMaxPool Padded(FloatMaxPool pool, FloatPad pad) =>
        new(pool.Name, Operations(pad, pool), pool.Shape, pad.Source, Joined(pool.Window, pad));

    private static Window Joined(Window window, FloatPad pad) => window with
    {
        Padding = new Padding(
            window.Padding.Top + pad.Padding.Top, window.Padding.Left + pad.Padding.Left,
            window.Padding.Bottom + pad.Padding.Bottom, window.Padding.Right + pad.Padding.Right),
    };

    private static bool StillTouches(Window window, FloatPad pad) => Joined(window, pad).AlwaysTouches(pad.Source.Shape[2], pad.Source.Shape[3]);

    /// <summary>Padding that a max pool would never pick: minus infinity, or zeros around what is never negative.</summary>
    private static bool IsNeverMaximum(FloatPad pad) =>
        pad.Value <= float.MinValue || (pad.Value == 0 && pad.Source is FloatActivated { Activation: UnaryFunction.Clamp { Low: >= 0 } });
}
