using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>What turns values into decisions: linear scores over raw inputs, softmax, the largest.</summary>
internal static class ScoreLowering
{
    /// <summary>Linear and tree scores are Q24.</summary>
    public const int ScoreExponent = 24;

    /// <summary>A feature's share of a score, clamped to this many bits: |w * x| below 2^22.</summary>
    private const int ShareBits = 46;

    /// <summary>Precision of a feature that several scores weigh: its largest share is met within 2^-21.</summary>
    private const int FeatureExponent = 20;

    /// <summary>Bits of the largest weight of such a feature.</summary>
    private const int WeightBits = 18;

    private const int FeatureBits = 38;

    /// <summary>Entries of the softmax's exponential reach to e^-22.</summary>
    private const int SoftmaxReach = 22;

    private const int InnerReach = 12;

    private const int FinalExponent = 24;
    private const int InnerExponent = 14;

    /// <summary>Scores w * x + b of raw inputs, as <see cref="ElementType.S64"/>.</summary>
    public static Value Linear(GraphBuilder builder, FloatScores scores, Value source)
    {
        var reals = Lowering.EachSample(source.Reals, row => FloatInterpreter.Run(scores, [row]));
        if (source.Port is not { Unit: var unit })
            return Combined(builder, scores, source, reals);
        source = builder.Reshaped(source, [scores.FanIn]);
        return scores.Channels == 1 || IsMirrored(scores)
            ? Mirrored(builder, scores, source, unit, reals)
            : Several(builder, scores, source, unit, reals);
    }

    public static Value Softmax(GraphBuilder builder, FloatSoftmax softmax, Value source, Readers readers)
    {
        // Probabilities that weigh other values have 14 bits, and what is smaller than half of one is 0.
        var isFinal = readers.AreFinal(softmax);
        var (reach, exponent, type) = isFinal ? (SoftmaxReach, FinalExponent, ElementType.S32) : (InnerReach, InnerExponent, ElementType.S16);
        var step = source.Type == ElementType.S64 ? 7 : 6;
        var shift = Math.Max(0, source.Exponent - step);
        if (shift > 31 || source.Exponent < -10)
            throw Refusal.Operator(softmax, "its input's scale is out of range");
        var count = (int)Math.Ceiling(reach * ExactMath.PowerOfTwo(source.Exponent - shift)) + 1;
        var entries = new int[Math.Max(count, 2)];
        for (var i = 0; i < entries.Length - 1; i++)
            entries[i] = (int)Math.Floor(ExactMath.Exp(-i * ExactMath.PowerOfTwo(shift - source.Exponent)) * (1 << 30) + 0.5);
        var node = new SoftmaxNode
        {
            Source = builder.Reshaped(source, Lowering.Natural(softmax.Shape)).Number,
            Shift = shift,
            Entries = Constant.S32([entries.Length], entries),
            OutputExponent = exponent,
        };
        var reals = Lowering.EachSample(source.Reals, row => FloatInterpreter.Run(softmax, [row]));
        var integers = isFinal ? null : Lowering.EachSample(source.Integers!, row => RowArithmetic.Softmax(node, softmax.Shape[^1], row));
        return builder.Reported(softmax, source, new Value(
            builder.Add(node), Lowering.Natural(softmax.Shape), type, exponent, 0, 1 << exponent, reals, integers));
    }

    public static Value ArgMax(GraphBuilder builder, FloatArgMax label, Value source)
    {
        var shape = label.Source.Shape;
        var drops = shape.Length > 1 && shape[0] == 1 && label.Axis > 0;
        source = builder.Reshaped(source, drops ? Lowering.Natural(shape) : [.. shape]);
        var axis = drops ? label.Axis - 1 : label.Axis;
        var number = builder.Add(new ArgMaxNode { Source = source.Number, Axis = axis });
        var reals = Lowering.EachSample(source.Reals, row => FloatInterpreter.Run(label, [row]));
        return builder.Reported(label, source, new Value(
            number, new Shape(source.Shape.Dimensions.RemoveAt(axis)), ElementType.S32, 0, 0, source.Shape[axis] - 1, reals, null));
    }

    /// <summary>Two rows that are each other's negative: what exporters write for two classes.</summary>
    private static bool IsMirrored(FloatScores scores) =>
        scores.Channels == 2
        && scores.Bias[0] == -scores.Bias[1]
        && Enumerable.Range(0, scores.FanIn).All(i => scores.Weights[i] == -scores.Weights[scores.FanIn + i]);

    /// <summary>
    /// One score, or a score and its negative: the entry map itself multiplies by the weights, in 128 bits, so that each feature's
    /// share is met within 2^-25; the layer then only adds.
    /// </summary>
    private static Value Mirrored(GraphBuilder builder, FloatScores scores, Value source, double unit, double[][] reals)
    {
        var last = scores.Channels - 1;
        double[] units = [.. Enumerable.Range(0, scores.FanIn).Select(i => scores.Weights[last * scores.FanIn + i] * unit * ExactMath.PowerOfTwo(ScoreExponent))];
        var shares = Clamped(builder, scores, source, units, ShareBits);
        sbyte[] signs = [.. Enumerable.Range(0, scores.Weights.Length).Select(i => (sbyte)(i / scores.FanIn == last ? 1 : -1))];
        long[] bias = [.. scores.Bias.Select(value => Fixed(scores, value, ScoreExponent))];
        var node = new WideDenseNode
        {
            Source = shares.Number,
            Weights = Constant.S8([scores.Channels, scores.FanIn], signs),
            Bias = Constant.S64([scores.Channels], bias),
        };
        var bound = (long)Math.Min(scores.FanIn * ExactMath.PowerOfTwo(ShareBits) + bias.Max(Math.Abs), ExactMath.PowerOfTwo(62));
        return builder.Reported(scores, source, new Value(
            builder.Add(node), [scores.Channels], ElementType.S64, ScoreExponent, -bound, bound, reals, null));
    }

    /// <summary>Several scores: each feature at the scale that its largest weight asks for, then integer weights, then Q24.</summary>
    private static Value Several(GraphBuilder builder, FloatScores scores, Value source, double unit, double[][] reals)
    {
        var exponents = new int[scores.FanIn];
        for (var i = 0; i < exponents.Length; i++)
        {
            var largest = Enumerable.Range(0, scores.Channels).Max(c => Math.Abs(scores.Weights[c * scores.FanIn + i]));
            exponents[i] = largest == 0 ? 0 : FeatureExponent - ExactMath.Headroom(largest, 1);
        }
        double[] units = [.. exponents.Select(exponent => unit * ExactMath.PowerOfTwo(exponent))];
        var features = Clamped(builder, scores, source, units, FeatureBits);
        var weights = new int[scores.Weights.Length];
        for (var i = 0; i < weights.Length; i++)
            weights[i] = (int)Fixed(scores, scores.Weights[i], FeatureExponent + WeightBits - exponents[i % scores.FanIn]);
        var node = new WideDenseNode
        {
            Source = features.Number,
            Weights = Constant.S32([scores.Channels, scores.FanIn], weights),
            Bias = Constant.S64([scores.Channels], [.. scores.Bias.Select(value => Fixed(scores, value, FeatureExponent + WeightBits))]),
        };
        var rescaled = QuantiseNode.Scale(builder.Add(node), ElementType.S64, 1, FeatureExponent + WeightBits - ScoreExponent);
        var bound = 1L << 48;
        return builder.Reported(scores, source, new Value(
            builder.Add(rescaled), [scores.Channels], ElementType.S64, ScoreExponent, -bound, bound, reals, null));
    }

    /// <summary>Integer combinations of scores: a score and what is left to its complement.</summary>
    private static Value Combined(GraphBuilder builder, FloatScores scores, Value source, double[][] reals)
    {
        if (scores.Weights.Any(weight => weight is not (-1 or 0 or 1)))
            throw Refusal.Operator(scores, "it weighs the scores of another model");
        var node = new WideDenseNode
        {
            Source = source.Number,
            Weights = Constant.S8([scores.Channels, scores.FanIn], [.. scores.Weights.Select(weight => (sbyte)weight)]),
            Bias = Constant.S64([scores.Channels], [.. scores.Bias.Select(value => Fixed(scores, value, source.Exponent))]),
        };
        var bound = (long)Math.Min((double)source.Magnitude * scores.FanIn + ExactMath.PowerOfTwo(source.Exponent + 1), ExactMath.PowerOfTwo(62));
        return builder.Reported(scores, source, new Value(
            builder.Add(node), [scores.Channels], ElementType.S64, source.Exponent, -bound, bound, reals, null));
    }

    private static Value Clamped(GraphBuilder builder, FloatScores scores, Value source, double[] units, int bits)
    {
        var quantise = EntryMap.Quantise(source.Number, ElementType.S64, units, new double[units.Length], multiplierBits: 61)
            ?? throw Refusal.Operator(scores, "its weights are out of range");
        var clamp = new ClampNode { Source = builder.Add(quantise), Low = -(1L << bits), High = 1L << bits };
        return source with { Number = builder.Add(clamp) };
    }

    private static long Fixed(FloatScores scores, double value, int exponent)
    {
        var scaled = Math.Floor(value * ExactMath.PowerOfTwo(exponent) + 0.5);
        return Math.Abs(scaled) < 1L << 60 ? (long)scaled : throw Refusal.Operator(scores, $"its parameter {value} is out of range");
    }
}
