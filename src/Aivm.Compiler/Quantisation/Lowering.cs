using Aivm.Compiler.Classical;
using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>
/// From real numbers to integers, node by node: each value is computed for every calibration sample in both, so that scales and
/// biases of a layer answer to the integers that it will really read.
/// </summary>
internal sealed class Lowering
{
    private readonly CompileOptions _options;
    private readonly CalibrationData _samples;
    private readonly GraphBuilder _builder;
    private readonly Precision _precision;
    private readonly Dictionary<FloatNode, Value> _values = [];
    private readonly Dictionary<FloatNode, int> _open = [];

    private Lowering(FloatGraph graph, CompileOptions options, CalibrationData samples, IReadOnlySet<int> wide)
    {
        _options = options;
        _samples = samples;
        _precision = new Precision(graph, wide);
        var format = options.Input is InputFormat.Fixed plain ? plain with { AllowsMissing = AllowsMissing(graph) } : options.Input;
        _builder = new GraphBuilder(new GraphInput(Text(graph.Input.Name), Natural(graph.Input.Shape), format));
    }

    /// <returns>The graph, found valid; its layers; and by output what real arithmetic yields for each sample.</returns>
    public static (Graph Graph, IReadOnlyList<LayerReport> Layers, IReadOnlyList<double[][]> Reference) Run(
        FloatGraph graph, CompileOptions options, CalibrationData samples, IReadOnlySet<int> wide, IProgress<CompileProgress>? progress)
    {
        var lowering = new Lowering(graph, options, samples, wide);
        var order = graph.Order();
        for (var i = 0; i < order.Count; i++)
        {
            progress?.Report(new CompileProgress("quantise", i, order.Count));
            lowering.Lower(order[i]);
        }
        var outputs = graph.Outputs.Select(lowering.Output).ToArray();
        double[][][] reference = [.. graph.Outputs.Select(output => lowering._values[output.Node].Reals)];
        var integers = lowering._builder.Finish(outputs);
        return GraphAnalysis.TryAnalyse(integers, ModelLimits.OffChain, out var analysis, out var fault)
            ? (integers, lowering._builder.Layers(analysis.GasByValue), reference)
            : throw Refusal.Input("unsupported-model", $"The model does not fit AIVM-Q: {fault.Message}.");
    }

    /// <summary>Whether the input may be missing: its only reader is a tree ensemble that says where missing values go.</summary>
    public static bool AllowsMissing(FloatGraph graph)
    {
        var readers = graph.Order().Where(node => node.Inputs.Contains(graph.Input)).ToArray();
        return readers.Length > 0 && readers.All(reader => reader is FloatTrees { Ensemble: var ensemble }
            && ensemble.Trees.Any(tree => tree.Nodes.Any(node => node is TreeNode.Split { MissingTrue: true })));
    }

    /// <summary>An ONNX shape without the batch axis.</summary>
    public static Shape Natural(int[] shape) => shape.Length > 1 && shape[0] == 1 ? [.. shape.AsSpan(1)] : [.. shape];

    private void Lower(FloatNode node)
    {
        _values.Add(node, node switch
        {
            FloatInput => new Value(0, _builder.Input.Shape, ElementType.S64, 0, 0, 0, _samples.Reals, null),
            FloatTrees trees => TreeLowering.Lower(_builder, trees, Raw(trees), _options),
            FloatScores scores when _values[scores.Source].Type == ElementType.S64 => ScoreLowering.Linear(_builder, scores, _values[scores.Source], _options),
            FloatLinear linear => LinearLowering.Lower(_builder, linear, Narrow(linear, 0), _precision, _samples.Seeded),
            FloatAffine affine when affine.Source is FloatInput && affine.Axis == affine.Shape.Length - 1 && affine.Axis > 0 => Entry(affine, _values[affine.Source], affine),
            FloatAffine affine => Affine(affine),
            FloatSum sum => SumLowering.Lower(_builder, sum, Narrow(sum, 0), Narrow(sum, 1), _precision),
            FloatUnary unary => Unary(unary),
            FloatMaxPool pool => PoolLowering.Maximum(_builder, pool, Narrow(pool, 0)),
            FloatAveragePool pool => PoolLowering.Average(_builder, pool, Narrow(pool, 0), _precision),
            FloatReshape reshape => _values[reshape.Source],
            FloatTranspose transpose => Transpose(transpose, Narrow(transpose, 0)),
            FloatSoftmax softmax => ScoreLowering.Softmax(_builder, softmax, _values[softmax.Source], _precision.Readers),
            FloatArgMax label => ScoreLowering.ArgMax(_builder, label, _values[label.Source]),
            FloatPad => throw Refusal.Operator(node, "its padding cannot join the layer behind it"),
            FloatConstant => throw Refusal.Operator(node, "a constant is read where only values that depend on the input may be"),
            _ => throw new InvalidOperationException($"{node} has no integer form."),
        });
        Release(node);
    }

    /// <summary>Lets go of the samples of values that nobody reads any more.</summary>
    private void Release(FloatNode node)
    {
        _open[node] = _precision.Readers.Count(node);
        foreach (var source in node.Inputs)
        {
            if (--_open[source] == 0)
                _values[source] = _values[source] with { Reals = [], Integers = null };
        }
    }

    /// <summary>An operand of S8 or S16; the model's input is quantised here.</summary>
    private Value Narrow(FloatNode reader, int operand)
    {
        var source = reader.Inputs[operand];
        var value = _values[source];
        if (value.Number == 0)
        {
            value = Entry(source, value, null);
            _values[source] = value;
        }
        return value.IsNarrow || value.Type == ElementType.S32 && reader is FloatSum
            ? value
            : throw Refusal.Operator(reader, $"it reads the result of {source}, which is a final score");
    }

    private Value Raw(FloatTrees trees) =>
        _values[trees.Source] is { Number: 0 } raw
            ? raw
            : throw Refusal.Operator(trees, $"it reads the result of {trees.Source}, not the model's input");

    /// <summary>Quantises the model's input, and an affine map right behind it in the same step.</summary>
    private Value Entry(FloatNode node, Value raw, FloatAffine? affine)
    {
        var reals = affine is null ? raw.Reals : EachSample(raw.Reals, row => FloatInterpreter.Run(affine, [row]));
        var width = _precision.Of(node);
        var exponent = Exponents.Choose(node, reals, width.Limit, highest: 40);
        var units = (affine?.Scale ?? [1]).Select(scale => scale * _options.Scale * ExactMath.PowerOfTwo(exponent) / CalibrationData.Decimals(_options.Input)).ToArray();
        var offsets = (affine?.Shift ?? [0]).Select(shift => shift * ExactMath.PowerOfTwo(exponent)).ToArray();
        var (low, high) = _options.Input is InputFormat.U8 ? (0, 255) : _samples.Likely;
        // 16 bits that a layer multiplies must not reach 32767: its weights would lose precision to the accumulator bound.
        var isBounded = width == Width.Operand;
        var source = isBounded && _options.Input is not InputFormat.U8 ? _builder.Add(new ClampNode { Source = 0, Low = low, High = high }) : 0;
        var quantise = EntryMap.Quantise(source, width.Type, units, offsets) ?? throw Refusal.Operator(node, "its scale is out of range");
        var limit = ElementTypes.MaxOf(width.Type);
        var (min, max) = isBounded ? EntryMap.Range(quantise, low, high) : (-limit, limit);
        var integers = EachSample(_samples.Integers, row => EntryMap.Run(quantise, row));
        var result = new Value(_builder.Add(quantise), raw.Shape, width.Type, exponent, min, max, reals, integers);
        return _builder.Reported(node, raw, result, quantise.Shift);
    }

    /// <summary>A map of channels that no layer could take in: a convolution of one weight per channel.</summary>
    private Value Affine(FloatAffine affine)
    {
        var source = Narrow(affine, 0);
        var inner = Shapes.Count(affine.Shape.AsSpan(affine.Axis + 1));
        var channels = affine.Shape[affine.Axis];
        if (Shapes.Count(affine.Shape.AsSpan(0, affine.Axis)) != 1)
            throw Refusal.Operator(affine, "it maps an axis behind others");
        var picture = new FloatReshape(affine.Name, "Reshape", [1, channels, 1, inner], affine.Source);
        var conv = new FloatConv(
            affine.Name, affine.Operation, picture.Shape, picture, affine.Scale, affine.Shift, new Window { Kernel = Extent.One }, channels);
        var result = LinearLowering.Lower(_builder, conv, source, _precision, _samples.Seeded, readBy: affine);
        return _builder.Reshaped(result, Natural(affine.Shape));
    }

    private Value Unary(FloatUnary unary)
    {
        var source = _values[unary.Source];
        if (source.Number == 0)
            source = Narrow(unary, 0);
        return source.IsNarrow ? CurveLowering.Narrow(_builder, unary, source, _precision) : CurveLowering.Wide(_builder, unary, source);
    }

    private Value Transpose(FloatTranspose node, Value source)
    {
        var drops = node.Shape.Length > 1 && node.Permutation[0] == 0 && node.Shape[0] == 1;
        source = _builder.Reshaped(source, drops ? Natural(node.Source.Shape) : [.. node.Source.Shape]);
        var number = _builder.Add(new TransposeNode
        {
            Source = source.Number,
            Permutation = drops ? [.. node.Permutation.Skip(1).Select(axis => axis - 1)] : [.. node.Permutation],
        });
        double[] Moved(double[] row) => FloatInterpreter.Transpose(node.Source.Shape, node.Permutation, row);
        var result = source with
        {
            Number = number,
            Shape = drops ? Natural(node.Shape) : [.. node.Shape],
            Reals = EachSample(source.Reals, Moved),
            Integers = EachSample(source.Integers!, Moved),
        };
        return _builder.Reported(node, source, result);
    }

    private GraphOutput Output(FloatOutput output)
    {
        var value = _values[output.Node];
        if (value.Number == 0)
            throw Refusal.Input("unsupported-output", $"The output '{output.Name}' is the input itself.");
        return new GraphOutput
        {
            Name = Text(output.Name),
            Source = _builder.Reshaped(value, Natural(output.Node.Shape)).Number,
            Kind = output.IsLabel ? OutputKind.Label : OutputKind.Values,
            Exponent = output.IsLabel ? 0 : value.Exponent,
            ClassNames = [.. output.Classes.Select(Text)],
        };
    }

    /// <summary>A name as the container allows it: 1 to 128 bytes without control characters.</summary>
    private static string Text(string name)
    {
        var text = new string([.. name.Where(letter => !char.IsControl(letter) && letter is not ('\u2028' or '\u2029'))]);
        while (System.Text.Encoding.UTF8.GetByteCount(text) > GraphAnalysis.MaxNameBytes)
            text = text[..^(char.IsLowSurrogate(text[^1]) && text.Length > 1 ? 2 : 1)];
        return text.Length == 0 ? "unnamed" : text;
    }

    /// <summary>Maps samples in parallel: each is computed alone, so the result does not depend on how many cores there are.</summary>
    public static TResult[] EachSample<TSample, TResult>(TSample[] samples, Func<TSample, TResult> map)
    {
        var results = new TResult[samples.Length];
        Parallel.For(0, samples.Length, s => results[s] = map(samples[s]));
        return results;
    }
}
