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

    /// <summary>Most bits after the point of a weight of wide integers.</summary>
    private const int WeightBits = 30;

    /// <summary>Entries of the softmax's exponential reach to e^-22.</summary>
    private const int SoftmaxReach = 22;

    private const int InnerReach = 12;

    private const int FinalExponent = 24;
    private const int InnerExponent = 14;

    /// <summary>Scores w * x + b of raw inputs or of other wide integers, as <see cref="ElementType.S64"/>.</summary>
    public static Value Linear(GraphBuilder builder, FloatScores scores, Value source)
    {
        if (source.IsNarrow)
            throw Refusal.Operator(scores, $"it reads the result of {scores.Source}, which has 8 or 16 bits: linear models read the model's input, scaled, binarised or normalised");
        var reals = Lowering.EachSample(source.Reals, row => FloatInterpreter.Run(scores, [row]));
        if (source.Port is not { Unit: var unit })
            return Weighed(builder, scores, source, reals);
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
        if (!isFinal && source.Integers is null)
            throw Refusal.Operator(softmax, $"it reads the result of {softmax.Source}, which is a final score, and its own is not");
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
        var number = Label(builder, label, source, axis);
        var reals = Lowering.EachSample(source.Reals, row => FloatInterpreter.Run(label, [row]));
        return builder.Reported(label, source, new Value(
            number, new Shape(source.Shape.Dimensions.RemoveAt(axis)), ElementType.S32, 0, 0, source.Shape[axis] - 1, reals, null));
    }

    /// <summary>The smallest is the largest of the negatives, the last of equals the first in reverse.</summary>
    private static int Label(GraphBuilder builder, FloatArgMax label, Value source, int axis)
    {
        var number = source.Number;
        if (label.IsSmallest != source.Port?.Scale < 0)
        {
            number = builder.Add(source.Type == ElementType.S64
                ? QuantiseNode.Scale(number, ElementType.S64, -1, 0)
                : new RescaleNode { Source = number, Factor = -1, Requantise = source.IsNarrow ? Requantise.To(source.Type, 0) : Requantise.Raw([0]) });
        }
        if (!label.IsLast)
            return builder.Add(new ArgMaxNode { Source = number, Axis = axis });
        var extent = source.Shape[axis];
        var reversed = builder.Add(new GatherNode { Source = number, Axis = axis, Indices = Constant.S32([extent], [.. Enumerable.Range(0, extent).Reverse()]) });
        var place = builder.Add(new ArgMaxNode { Source = reversed, Axis = axis });
        Shape shape = [.. source.Shape.Dimensions.RemoveAt(axis)];
        Shape unit = [.. Enumerable.Repeat(1, shape.Rank)];
        var last = builder.Expanded(builder.Constant(Constant.S32(unit, [extent - 1])), unit, shape);
        return builder.Add(new AddNode { Left = last, Right = place, LeftFactor = 1, RightFactor = -1, Requantise = Requantise.Raw([0]) });
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

    /// <summary>Several scores: each reads the features once for itself, so that its shares are met as closely as those of a single one.</summary>
    private static Value Several(GraphBuilder builder, FloatScores scores, Value source, double unit, double[][] reals)
    {
        var all = builder.Add(new GatherNode
        {
            Source = source.Number,
            Axis = 0,
            Indices = Constant.S32([scores.Weights.Length], [.. Enumerable.Range(0, scores.Weights.Length).Select(i => i % scores.FanIn)]),
        });
        double[] units = [.. scores.Weights.Select(weight => weight * unit * ExactMath.PowerOfTwo(ScoreExponent))];
        var shares = Clamped(builder, scores, source with { Number = all, Shape = [units.Length] }, units, ShareBits);
        var sums = new WideDenseNode
        {
            Source = builder.Reshaped(shares, [scores.Channels, scores.FanIn]).Number,
            Weights = Constant.S8([1, scores.FanIn], [.. Enumerable.Repeat((sbyte)1, scores.FanIn)]),
            Bias = Constant.S64([1], [0]),
        };
        var magnitude = (long)Math.Min(scores.FanIn * ExactMath.PowerOfTwo(ShareBits), ExactMath.PowerOfTwo(61));
        var bias = new QuantiseNode
        {
            Source = builder.Reshaped(source with { Number = builder.Add(sums), Shape = [scores.Channels, 1] }, [scores.Channels]).Number,
            Output = ElementType.S64,
            Multipliers = Constant.S64([scores.Channels], [.. Enumerable.Repeat(1L, scores.Channels)]),
            Offsets = Constant.S64([scores.Channels], [.. scores.Bias.Select(value => Fixed(scores, value, ScoreExponent))]),
            Shift = 0,
        };
        return builder.Reported(scores, source, new Value(
            builder.Add(bias), [scores.Channels], ElementType.S64, ScoreExponent, -magnitude * 2, magnitude * 2, reals, null));
    }

    /// <summary>Weights of scores, or of other wide integers whose range is known.</summary>
    private static Value Weighed(GraphBuilder builder, FloatScores scores, Value source, double[][] reals)
    {
        source = builder.Reshaped(source, [scores.FanIn]);
        var largest = Enumerable.Range(0, scores.Channels).Max(c =>
            scores.Weights.AsSpan(c * scores.FanIn, scores.FanIn).ToArray().Sum(Math.Abs) * source.Magnitude + Math.Abs(scores.Bias[c]) * ExactMath.PowerOfTwo(source.Exponent));
        // Whole numbers need no finer scale, unless there is none at all.
        var areWhole = scores.Weights.All(weight => weight is -1 or 0 or 1) && source.Exponent > 0;
        var finer = areWhole || largest == 0 ? 0 : Math.Clamp(ExactMath.Headroom(largest, ExactMath.PowerOfTwo(61)), 0, WeightBits);
        long[] weights = [.. scores.Weights.Select(weight => Fixed(scores, weight, finer))];
        var node = new WideDenseNode
        {
            Source = source.Number,
            Weights = areWhole
                ? Constant.S8([scores.Channels, scores.FanIn], [.. weights.Select(weight => (sbyte)weight)])
                : Constant.S64([scores.Channels, scores.FanIn], weights),
            Bias = Constant.S64([scores.Channels], [.. scores.Bias.Select(value => Fixed(scores, value, source.Exponent + finer))]),
        };
        var bound = (long)Math.Min(largest * ExactMath.PowerOfTwo(finer) + scores.FanIn * (double)source.Magnitude + 1, ExactMath.PowerOfTwo(62));
        var result = new Value(builder.Add(node), [scores.Channels], ElementType.S64, source.Exponent + finer, -bound, bound, reals, null);
        return builder.Reported(scores, source, AtScoreExponent(builder, result));
    }

    /// <summary>Scores of another exponent times numbers plus others, such as the mean of trees.</summary>
    public static Value Affine(GraphBuilder builder, FloatAffine affine, Value source)
    {
        source = builder.Reshaped(source, Lowering.Natural(affine.Shape));
        double[] offsets = [.. affine.Shift.Select(shift => shift * ExactMath.PowerOfTwo(source.Exponent))];
        var node = EntryMap.Quantise(source.Number, ElementType.S64, affine.Scale, offsets, multiplierBits: 61)
            ?? throw Refusal.Operator(affine, "its scale is out of range");
        var bound = (long)Math.Min(source.Magnitude * affine.Scale.Max(Math.Abs) + offsets.Max(Math.Abs) + 1, ExactMath.PowerOfTwo(62));
        var reals = Lowering.EachSample(source.Reals, row => FloatInterpreter.Run(affine, [row]));
        return builder.Reported(affine, source, source with { Number = builder.Add(node), Type = ElementType.S64, Min = -bound, Max = bound, Reals = reals });
    }

    private static Value AtScoreExponent(GraphBuilder builder, Value value)
    {
        var shift = value.Exponent - ScoreExponent;
        if (shift <= 0)
            return value;
        var node = QuantiseNode.Scale(value.Number, ElementType.S64, 1, shift);
        return value with { Number = builder.Add(node), Exponent = ScoreExponent, Min = (value.Min >> shift) - 1, Max = (value.Max >> shift) + 1 };
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
