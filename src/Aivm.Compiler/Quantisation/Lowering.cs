using Aivm.Compiler.Classical;
using Aivm.Compiler.Import;
using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>
/// From real numbers to integers, node by node: each value is computed for every calibration sample in both, so that scales and
/// biases of a layer answer to the integers that it will really read.
/// </summary>
internal sealed class Lowering
{
    private const int FewSamples = 2;

    private readonly CalibrationData _samples;
    private readonly GraphBuilder _builder;
    private readonly Precision _precision;
    private readonly Dictionary<FloatNode, Value> _values = [];
    private readonly Dictionary<FloatNode, Value> _entries = [];
    private readonly Dictionary<FloatNode, int> _open = [];
    private double? _loss;

    private Lowering(FloatGraph graph, CalibrationData samples, IReadOnlySet<FloatNode> wide)
    {
        _samples = samples;
        _precision = new Precision(graph, wide) { Seeded = samples.Seeded };
        _builder = new GraphBuilder([.. samples.Ports.Select(port => new GraphInput(Text(port.Node.Name), Natural(port.Node.Shape), port.Format))]);
        foreach (var port in samples.Ports)
            _values.Add(port.Node, Raw(port));
    }

    /// <param name="wide">See <see cref="Precision"/>.</param>
    public static Lowered Run(FloatGraph graph, CalibrationData samples, IReadOnlySet<FloatNode> wide, IProgress<CompileProgress>? progress)
    {
        var lowering = new Lowering(graph, samples, wide);
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
            ? new Lowered(integers, lowering._builder.Layers(analysis.GasByValue), reference, lowering._loss)
            : throw Refusal.DoesNotFit(fault);
    }

    /// <summary>An ONNX shape without the batch axis.</summary>
    public static Shape Natural(int[] shape) => shape.Length > 1 && shape[0] == 1 ? [.. shape.AsSpan(1)] : [.. shape];

    private void Lower(FloatNode node)
    {
        _values[node] = node switch
        {
            FloatInput => _values[node],
            FloatTrees trees => TreeLowering.Lower(_builder, trees, _values[trees.Source]),
            FloatBinary binary => FeatureLowering.Binary(_builder, binary, _values[binary.Source]),
            FloatNormalise normalise => FeatureLowering.Normalise(_builder, normalise, _values[normalise.Source]),
            FloatScores scores => ScoreLowering.Linear(_builder, scores, _values[scores.Source]),
            FloatLinear linear => LinearLowering.Lower(_builder, linear, Narrow(linear, 0), _precision, _samples.Seeded),
            FloatAffine affine when affine.Source is FloatInput && affine.Axis == affine.Shape.Length - 1 && affine.Axis > 0 => Entry(affine, _values[affine.Source], affine),
            FloatAffine affine when _values[affine.Source] is { Type: ElementType.S64, Port: null } scores && affine.Axis == affine.Shape.Length - 1 => ScoreLowering.Affine(_builder, affine, scores),
            FloatAffine affine when (affine.Axis == affine.Shape.Length - 1 && affine.Axis > 1) || Shapes.Count(affine.Shape.AsSpan(0, affine.Axis)) != 1 => AttentionLowering.Affine(_builder, affine, Narrow(affine, 0), _precision),
            FloatAffine affine => Affine(affine),
            FloatSum sum => SumLowering.Lower(_builder, sum, Narrow(sum, 0), Narrow(sum, 1), _precision),
            FloatUnary unary => Unary(unary),
            FloatMaxPool pool => PoolLowering.Maximum(_builder, pool, Narrow(pool, 0)),
            FloatAveragePool pool => PoolLowering.Average(_builder, pool, Narrow(pool, 0), _precision),
            FloatReshape reshape => _values[reshape.Source],
            FloatTranspose transpose => Transpose(transpose, Narrow(transpose, 0)),
            FloatSoftmax softmax => ScoreLowering.Softmax(_builder, softmax, Entered(softmax.Source), _precision.Readers),
            FloatMatMul product => AttentionLowering.Product(_builder, product, Narrow(product, 0), Narrow(product, 1), _precision),
            FloatLayerNorm norm => AttentionLowering.LayerNorm(_builder, norm, Narrow(norm, 0)),
            FloatMask mask => AttentionLowering.Mask(_builder, mask, _values[mask.Source], Narrow(mask, 1)),
            FloatGather gather => AttentionLowering.Gather(_builder, gather, Chosen(gather)),
            FloatEmbedding embedding => AttentionLowering.Embedding(_builder, embedding, _values[embedding.Source], _precision),
            FloatConstant constant => AttentionLowering.Fixed(_builder, constant, _samples.Count, _precision),
            FloatArgMax label => ScoreLowering.ArgMax(_builder, label, _values[label.Source]),
            FloatPad pad => PadLowering.Lower(_builder, pad, Narrow(pad, 0)),
            FloatConcat concat => CombinationLowering.Concat(_builder, concat, [.. concat.Inputs.Select(Entered)], _precision),
            FloatProduct product => CombinationLowering.Product(_builder, product, Narrow(product, 0), Narrow(product, 1), _precision),
            FloatCompare compare => CombinationLowering.Compare(_builder, compare, Narrow(compare, 0), Narrow(compare, 1)),
            FloatThreshold threshold => ThresholdLowering.Lower(_builder, threshold, Compared(threshold)),
            FloatWhere where => CombinationLowering.Where(_builder, where, Narrow(where, 0), Entered(where.Inputs[1]), Entered(where.Inputs[2]), _precision),
            FloatReduce reduce => ReductionLowering.Lower(_builder, reduce, Narrow(reduce, 0), _precision),
            _ => throw new InvalidOperationException($"{node} has no integer form."),
        };
        if (_precision.Readers.AreDecisive(node) || _precision.Readers.AreOutputs(node))
            Weigh(Deviation.Of(_values[node]));
        Release(node);
    }

    private void Weigh(Deviation? scores)
    {
        if (scores is not null)
            _loss = Math.Max(_loss ?? 0, scores.Relative);
    }

    /// <summary>Lets go of the samples of values that nobody reads any more.</summary>
    private void Release(FloatNode node)
    {
        _open[node] = _precision.Readers.Count(node);
        foreach (var source in node.Inputs)
        {
            if (--_open[source] == 0)
            {
                _values[source] = _values[source] with { Reals = [], Integers = null };
                _entries.Remove(source);
            }
        }
    }

    /// <summary>What a choice is made of: anything but an input of quantities, which is quantised first. Indices stay what they are.</summary>
    private Value Chosen(FloatGather gather) => _values[gather.Source] switch
    {
        { Port: null } value => value,
        { Port.Format: InputFormat.Index } value => value with { Port = null },
        _ => Narrow(gather, 0),
    };

    /// <summary>An operand of S8 or S16; an input of the model is quantised here.</summary>
    private Value Narrow(FloatNode reader, int operand)
    {
        var source = reader.Inputs[operand];
        var value = Entered(source);
        return value.IsNarrow || (value.Type == ElementType.S32 && reader is FloatSum)
            ? value
            : Alignment.Narrowed(_builder, reader, value, _precision.Of(source));
    }

    /// <summary>What is compared with constants stays as it is, unless its callers' order is not the model's.</summary>
    private Value Compared(FloatThreshold threshold) =>
        _values[threshold.Source] is { Port: null or { Scale: > 0 } } value ? value : Entered(threshold.Source);

    /// <summary>A value as it is, but an input of the model quantised.</summary>
    private Value Entered(FloatNode source)
    {
        var value = _values[source];
        if (value.Port is null)
            return value;
        return _entries[source] = _entries.TryGetValue(source, out var entered) ? entered : Entry(source, value, null);
    }

    /// <summary>An input as the callers wrote it.</summary>
    private Value Raw(InputPort port)
    {
        var (low, high) = port.Range ?? (-long.MaxValue, long.MaxValue);
        return new Value(port.Number, Natural(port.Node.Shape), ElementType.S64, 0, low, high, _samples.Reals(port), _samples.Numbers(port)) { Port = port };
    }

    /// <summary>Quantises an input, and an affine map right behind it in the same step.</summary>
    private Value Entry(FloatNode node, Value raw, FloatAffine? affine)
    {
        var reals = affine is null ? raw.Reals : EachSample(raw.Reals, row => FloatInterpreter.Run(affine, [row]));
        var port = raw.Port!;
        var width = port.Format is InputFormat.Index && affine is null ? Exact(node, raw) : _precision.Of(node);
        // Integers keep their values: a caller may well send larger ones than the samples hold.
        var finest = port.Format is InputFormat.Index or InputFormat.Fixed(0, _) && port.Node.Kind != ElementKind.Real && port.Scale == 1 && affine is null ? 0 : 40;
        var exponent = port.Format is InputFormat.Index && affine is null ? 0 : Exponents.Choose(node, reals, width.Limit, finest);
        var units = (affine?.Scale ?? [1]).Select(scale => scale * port.Scale * ExactMath.PowerOfTwo(exponent) / port.Divisor).ToArray();
        var offsets = (affine?.Shift ?? [0]).Select(shift => shift * ExactMath.PowerOfTwo(exponent)).ToArray();
        var (low, high) = _samples.Likely(port);
        // 16 bits that a layer multiplies must not reach 32767: its weights would lose precision to the accumulator bound.
        var isClamped = (width == Width.Operand && port.Range is null) || port.Clamp is not null;
        var source = isClamped ? _builder.Add(new ClampNode { Source = raw.Number, Low = low, High = high }) : raw.Number;
        var quantise = EntryMap.Quantise(source, width.Type, units, offsets) ?? throw Refusal.Operator(node, "its scale is out of range");
        var limit = ElementTypes.MaxOf(width.Type);
        var (min, max) = isClamped || port.Range is not null ? EntryMap.Range(quantise, low, high) : (-limit, limit);
        double[] Clamped(double[] row) => isClamped ? [.. row.Select(value => Math.Clamp(value, low, high))] : row;
        var integers = EachSample(raw.Integers!, row => EntryMap.Run(quantise, [.. Clamped(row).Select(OperatorCall.ToInteger)]));
        var result = new Value(_builder.Add(quantise), raw.Shape, width.Type, exponent, min, max, reals, integers);
        return _builder.Reported(node, raw, result, quantise.Shift);
    }

    /// <summary>The width that holds every number of an index.</summary>
    private static Width Exact(FloatNode node, Value raw) => raw.Max switch
    {
        <= 127 => Width.Eight,
        <= 32767 => Width.Sixteen,
        _ => throw Refusal.Operator(node, $"its numbers reach {raw.Max}, and what reads them takes 32767 at most"),
    };

    /// <summary>A map of channels that no layer could take in: a convolution of one weight per channel.</summary>
    private Value Affine(FloatAffine affine)
    {
        var source = Narrow(affine, 0);
        var inner = Shapes.Count(affine.Shape.AsSpan(affine.Axis + 1));
        var channels = affine.Shape[affine.Axis];
        var picture = new FloatReshape(affine.Name, "Reshape", [1, channels, 1, inner], affine.Source);
        var conv = new FloatConv(
            affine.Name, affine.Operation, picture.Shape, picture, affine.Scale, affine.Shift, new Window { Kernel = Extent.One }, channels);
        var result = LinearLowering.Lower(_builder, conv, source, _precision, _samples.Seeded, readBy: affine);
        return _builder.Reshaped(result, Natural(affine.Shape));
    }

    private Value Unary(FloatUnary unary)
    {
        var source = _values[unary.Source];
        if (source.Port is not null)
            source = Narrow(unary, 0);
        return CurveLowering.IsWide(unary, source)
            ? CurveLowering.Wide(_builder, unary, source)
            : CurveLowering.Narrow(_builder, unary, Alignment.Narrowed(_builder, unary, source, Width.Operand), _precision);
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
        var value = Entered(output.Node);
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
        // Waking threads takes longer than a few samples of a small model.
        if (samples.Length <= FewSamples)
            return [.. samples.Select(map)];
        var results = new TResult[samples.Length];
        Parallel.For(0, samples.Length, s => results[s] = map(samples[s]));
        return results;
    }
}
