using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>Products of activations, masks, normalisation and what surrounds them.</summary>
internal static class AttentionLowering
{
    /// <summary>Bits that the scale behind a normalisation has; times 16 bits it stays far below the accumulator bound.</summary>
    private const int ScaleLimit = 4095;

    private const int MaxFraction = 16;
    private const int MaxNormExponent = 14;

    /// <summary>How much larger than in calibration a normalised number may be before it is cut off.</summary>
    private const double NormMargin = 1.25;

    /// <summary>A score at this exponent and below, e^-22 of the largest, lies above the number that stands for a masked one.</summary>
    private const int MaxMaskedExponent = 26;

    public static Value Product(GraphBuilder builder, FloatMatMul product, Value left, Value right, Precision precision)
    {
        left = builder.Reshaped(left, Matrices(product.Inputs[0].Shape));
        right = builder.Reshaped(right, Matrices(product.Inputs[1].Shape));
        if (Bound(product, left, right) >= GraphAnalysis.AccumulatorBound)
            right = Eight(builder, right);
        if (Bound(product, left, right) >= GraphAnalysis.AccumulatorBound)
            left = Eight(builder, left);
        var magnitude = Bound(product, left, right);
        if (magnitude >= GraphAnalysis.AccumulatorBound)
            throw Refusal.Operator(product, "its sums do not fit the accumulator bound of 2^29");

        var straight = Pairs(left.Reals, right.Reals, product.Run);
        var finish = Finish.Choose(null, straight, product, precision);
        var fine = left.Exponent + right.Exponent;
        var shift = finish.IsRaw ? 0 : Math.Clamp(fine - finish.BaseExponent, 0, MaxShift(magnitude));
        var requantise = finish.Requantise([(byte)shift], fine - shift);
        var (low, high) = finish.IsRaw ? (-magnitude, magnitude) : finish.Range(fine - shift);
        var node = new MatMulNode { Left = left.Number, Right = right.Number, TransposesRight = product.TransposesRight, Requantise = requantise };
        var integers = Pairs(left.Integers!, right.Integers!, (a, b) => FloatInterpreter.Map(product.Run(a, b), sum => LinearLowering.Requantised(sum, shift, requantise)));
        return builder.Reported(product, left, new Value(
            builder.Add(node), Matrices(product.Shape), requantise.Output, fine - shift, low, high, straight, integers), shift);
    }

    /// <summary>The finest fraction whose squares fit: it costs nothing, and the deviation keeps its bits where a row hardly varies.</summary>
    public static Value LayerNorm(GraphBuilder builder, FloatLayerNorm norm, Value source)
    {
        source = builder.Reshaped(source, Lowering.Natural(norm.Shape));
        var extent = norm.Shape[^1];
        var reals = Lowering.EachSample(source.Reals, norm.Run);
        var fraction = MaxFraction;
        while (fraction > 0 && (!Fits(source.Magnitude, fraction, extent) || Epsilon(norm, source, fraction) >= GraphAnalysis.WideBound))
            fraction--;
        if (!Fits(source.Magnitude, fraction, extent) || Epsilon(norm, source, fraction) >= GraphAnalysis.WideBound)
            throw Refusal.Operator(norm, "its squares do not fit 62 bits");
        var node = new LayerNormNode
        {
            Source = source.Number,
            Centred = norm.Centred,
            Fraction = fraction,
            Epsilon = Math.Max((long)Epsilon(norm, source, fraction), 1),
            OutputExponent = Math.Clamp(ExactMath.Headroom(NormMargin * Math.Max(Exponents.Largest(norm, reals), 1), short.MaxValue), 1, MaxNormExponent),
        };
        var limit = ElementTypes.MaxOf(ElementType.S16);
        var integers = Lowering.EachSample(source.Integers!, row => RowArithmetic.LayerNorm(node, extent, row));
        return builder.Reported(norm, source, new Value(builder.Add(node), source.Shape, ElementType.S16, node.OutputExponent, -limit, limit, reals, integers));
    }

    /// <summary>Scores in 32 bits, with a number in place of the masked ones that the softmax behind makes nothing of.</summary>
    public static Value Mask(GraphBuilder builder, FloatMask mask, Value scores, Value condition)
    {
        if (scores.Exponent > MaxMaskedExponent)
            throw Refusal.Operator(mask, "its scores are too small to mask them");
        if (scores.Integers is null || condition.Integers is null)
            throw Refusal.Operator(mask, "it masks a final score, or by one");
        scores = builder.Reshaped(scores, Lowering.Natural(mask.Shape));
        if (scores.Type != ElementType.S32)
            scores = scores with { Number = builder.Add(new RescaleNode { Source = scores.Number, Factor = 1, Requantise = Requantise.Raw([0]) }), Type = ElementType.S32 };
        const int Fill = -int.MaxValue;
        var fill = builder.Constant(Constant.S32([.. Enumerable.Repeat(1, scores.Shape.Rank)], [Fill]));
        var node = new WhereNode
        {
            Condition = Broadcast(builder, mask, condition),
            Left = scores.Number,
            Right = builder.Expanded(fill, [.. Enumerable.Repeat(1, scores.Shape.Rank)], scores.Shape),
        };
        return scores with
        {
            Number = builder.Add(node),
            Min = Fill,
            Reals = Pairs(scores.Reals, condition.Reals, (row, kept) => mask.Run(row, kept, FloatMask.Fill)),
            Integers = Pairs(scores.Integers!, condition.Integers!, (row, kept) => mask.Run(row, kept, Fill)),
        };
    }

    public static Value Gather(GraphBuilder builder, FloatGather gather, Value source)
    {
        var drops = gather.Axis > 0 && gather.Shape.Length > 1 && gather.Shape[0] == 1;
        source = builder.Reshaped(source, drops ? Lowering.Natural(gather.Source.Shape) : [.. gather.Source.Shape]);
        var node = new GatherNode
        {
            Source = source.Number,
            Axis = drops ? gather.Axis - 1 : gather.Axis,
            Indices = Constant.S32([gather.Indices.Length], gather.Indices),
        };
        return builder.Reported(gather, source, source with
        {
            Number = builder.Add(node),
            Shape = drops ? Lowering.Natural(gather.Shape) : [.. gather.Shape],
            Reals = Lowering.EachSample(source.Reals, gather.Run),
            Integers = source.Integers is null ? null : Lowering.EachSample(source.Integers, gather.Run),
        });
    }

    public static Value Embedding(GraphBuilder builder, FloatEmbedding embedding, Value numbers, Precision precision)
    {
        if (numbers.Type is not (ElementType.S32 or ElementType.S64) || numbers.Min < 0 || numbers.Max >= embedding.Rows)
            throw Refusal.Operator(embedding, $"its numbers are not known to lie within 0 and {embedding.Rows - 1}, as those of an index input do");
        numbers = builder.Reshaped(numbers, Lowering.Natural(embedding.Source.Shape));
        var (exponent, table) = Quantised(embedding, embedding.Table, precision.Of(embedding));
        var values = table.ToArray();
        var quantised = new FloatEmbedding(
            embedding.Name, embedding.Operation, embedding.Shape, embedding.Source, Tensor.Real(embedding.Table.Shape, [.. values.Select(value => (double)value)]));
        var result = new Value(
            builder.Add(new EmbeddingNode { Source = numbers.Number, Table = table }), [.. numbers.Shape.Dimensions, .. embedding.Table.Shape[1..]],
            table.Type, exponent, values.Min(), values.Max(), Lowering.EachSample(numbers.Reals, embedding.Look),
            Lowering.EachSample(numbers.Reals, quantised.Look));
        return builder.Reported(embedding, numbers, result);
    }

    /// <summary>A constant as a value: positions, masks.</summary>
    public static Value Fixed(GraphBuilder builder, FloatConstant constant, int samples, Precision precision)
    {
        var (exponent, quantised) = Quantised(constant, constant.Value, precision.Of(constant));
        var values = quantised.ToArray();
        double[] integers = [.. values.Select(value => (double)value)];
        return new Value(
            builder.Constant(quantised), quantised.Shape, quantised.Type, exponent, values.Min(), values.Max(),
            [.. Enumerable.Repeat(constant.Value.Values, samples)], [.. Enumerable.Repeat(integers, samples)]);
    }

    /// <summary>A map of an axis that no layer could take in: x * scale + shift, with 13 bits of scale and one rounding.</summary>
    public static Value Affine(GraphBuilder builder, FloatAffine affine, Value source, Precision precision)
    {
        var place = Along.Of(affine.Shape, affine.Axis);
        source = builder.Reshaped(source, place.Shape);
        var straight = Lowering.EachSample(source.Reals, row => FloatInterpreter.Run(affine, [row]));
        var channels = affine.Shape[affine.Axis];
        var inner = Shapes.Count(affine.Shape.AsSpan(affine.Axis + 1));
        var scaleExponent = Exponents.Choose(affine, [affine.Scale], ScaleLimit, highest: 40);
        var fine = source.Exponent + scaleExponent;
        double[] scale = [.. affine.Scale.Select(value => Exponents.Quantise(value, scaleExponent, ScaleLimit))];
        double[] shift = [.. affine.Shift.Select(value => Exponents.Quantise(value, fine, 1 << 28))];
        var finish = Finish.Choose(null, straight, affine, precision);
        var drop = finish.IsRaw ? 0 : Math.Clamp(fine - finish.BaseExponent, 0, Requantise.MaxShiftAllowed);
        var requantise = finish.Requantise([(byte)drop], fine - drop);

        Shape unit = [.. Enumerable.Range(0, source.Shape.Rank).Select(axis => axis == place.Axis ? channels : 1)];
        var factors = builder.Constant(Constant.S16(unit, [.. scale.Select(value => (short)value)]));
        var terms = builder.Constant(Constant.S32(unit, [.. shift.Select(value => (int)value)]));
        var product = builder.Add(new MultiplyNode
        {
            Left = source.Number,
            Right = builder.Expanded(factors, unit, source.Shape),
            Requantise = Requantise.Raw([0]),
        });
        var node = new AddNode { Left = product, Right = builder.Expanded(terms, unit, source.Shape), LeftFactor = 1, RightFactor = 1, Requantise = requantise };
        var magnitude = source.Magnitude * (long)scale.Max(Math.Abs) + (long)shift.Max(Math.Abs);
        if (magnitude >= GraphAnalysis.AccumulatorBound - (1 << 24))
            throw Refusal.Operator(affine, "its scale and shift lie too far apart");
        var (low, high) = finish.IsRaw ? (-magnitude, magnitude) : finish.Range(fine - drop);
        var integers = Lowering.EachSample(source.Integers!, row =>
            row.Select((value, i) => LinearLowering.Requantised(value * scale[i / inner % channels] + shift[i / inner % channels], drop, requantise)).ToArray());
        return builder.Reported(affine, source, new Value(
            builder.Add(node), source.Shape, requantise.Output, fine - drop, low, high, straight, integers), drop);
    }

    private static (int Exponent, Constant Value) Quantised(FloatNode node, Tensor tensor, Width width)
    {
        var exponent = Exponents.Choose(node, [tensor.Values], width.Limit, highest: 40);
        double[] integers = [.. tensor.Values.Select(value => Exponents.Quantise(value, exponent, width.Limit))];
        var shape = node is FloatEmbedding ? [.. tensor.Shape] : Lowering.Natural(tensor.Shape);
        return (exponent, width.Type == ElementType.S8
            ? Constant.S8(shape, [.. integers.Select(value => (sbyte)value)])
            : Constant.S16(shape, [.. integers.Select(value => (short)value)]));
    }

    private static int Broadcast(GraphBuilder builder, FloatMask mask, Value condition)
    {
        int[] full = [.. Enumerable.Repeat(1, mask.Shape.Length - mask.Inputs[1].Shape.Length), .. mask.Inputs[1].Shape];
        condition = builder.Reshaped(condition, Lowering.Natural(mask.Shape).Rank < full.Length ? [.. full[1..]] : [.. full]);
        return builder.Expanded(condition.Number, condition.Shape, Lowering.Natural(mask.Shape));
    }

    /// <summary>The value in 8 bits.</summary>
    private static Value Eight(GraphBuilder builder, Value value)
    {
        if (value.Type == ElementType.S8)
            return value;
        var shift = value.Exponent - Math.Min(value.Exponent, ExactMath.Headroom(Math.Max(Largest(value.Reals), 1e-9), 127.499));
        var requantise = Requantise.To(ElementType.S8, Math.Min(shift, Requantise.MaxShiftAllowed));
        return value with
        {
            Number = builder.Add(new RescaleNode { Source = value.Number, Factor = 1, Requantise = requantise }),
            Type = ElementType.S8,
            Exponent = value.Exponent - requantise.MaxShift,
            Min = -127,
            Max = 127,
            Integers = Lowering.EachSample(value.Integers!, row => FloatInterpreter.Map(row, x => LinearLowering.Requantised(x, requantise.MaxShift, requantise))),
        };
    }

    private static double Largest(double[][] values) => values.Max(row => row.Max(Math.Abs));

    /// <summary>The largest sum of products. A row of probabilities adds up to one, however long it is.</summary>
    private static long Bound(FloatMatMul product, Value left, Value right)
    {
        var row = product.Depth * left.Magnitude;
        if (product.Inputs[0] is FloatSoftmax && left.Type == ElementType.S16)
            row = Math.Min(row, (1L << left.Exponent) + product.Depth / 2);
        return row * right.Magnitude;
    }

    /// <summary>The largest shift whose rounding term the accumulator still holds.</summary>
    private static int MaxShift(long magnitude)
    {
        var shift = Requantise.MaxShiftAllowed;
        while (shift > 0 && magnitude + (1L << (shift - 1)) >= GraphAnalysis.AccumulatorBound)
            shift--;
        return shift;
    }

    /// <summary>The bound that <see cref="LayerNormNode"/> is held to.</summary>
    private static bool Fits(long magnitude, int fraction, int extent)
    {
        var largest = ((Int128)magnitude << (fraction + 1)) + 1;
        return largest < 1L << 31 && (largest * largest * extent) + (extent / 2) < GraphAnalysis.WideBound;
    }

    private static double Epsilon(FloatLayerNorm norm, Value source, int fraction) =>
        Math.Floor(norm.Epsilon * ExactMath.PowerOfTwo(Math.Clamp(2 * (source.Exponent + fraction), -400, 400)) + 0.5);

    private static Shape Matrices(int[] shape) => shape.Length > 2 ? Lowering.Natural(shape) : [.. shape];

    private static double[][] Pairs(double[][] left, double[][] right, Func<double[], double[], double[]> map) =>
        Lowering.EachSample(Enumerable.Range(0, left.Length).ToArray(), s => map(left[s], right[s]));
}
