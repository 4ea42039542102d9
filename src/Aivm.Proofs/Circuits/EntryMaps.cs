using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>One sample's elements of a value from those of another.</summary>
internal delegate void EntryMap(ReadOnlySpan<long> source, Span<long> result);

/// <summary>
/// Operators that verifiers compute themselves where the source is public: what stands between a model's public input and its first layer, and linear
/// models as a whole. They cost a proof nothing.
/// </summary>
internal static class EntryMaps
{
    /// <summary>Products that a verifier computes for one layer, at most.</summary>
    private const int MaxProducts = 1 << 16;

    /// <summary>The map, or null where the operator has none.</summary>
    public static EntryMap? Of(GraphNode node, ValueInfo source) => node switch
    {
        QuantiseNode n when IsOfBytes(n, source) => OfBytes(n),
        QuantiseNode n => EachOf((x, element) => n.Map(x, element % n.Multipliers.Count)),
        ClampNode n => EachOf((x, _) => Math.Clamp(x, n.Low, n.High)),
        TableNode n => EachOf((x, _) => n.Entries[(int)(Math.Clamp(x, n.Low, (long)n.Low + n.Entries.Count - 1) - n.Low)]),
        InterpolateNode n => EachOf((x, _) => Interpolate(n, x)),
        RankNode n => (from, to) => Rank(n, from, to),
        EmbeddingNode n => (from, to) => Embed(n, from, to),
        WideDenseNode n when source.Shape.Elements / source.Shape.Last * n.Weights.Count <= MaxProducts => (from, to) => Multiply(n, from, to),
        NormaliseNode n => (from, to) => Normalise(n, source.Shape.Last, from, to),
        ArgMaxNode n => (from, to) => FindLargest(from, source.Shape, n.Axis, to),
        _ => null,
    };

    /// <summary>What one sample's map takes at most, where that is not a step for each number.</summary>
    public static long? WorkOf(GraphNode node, ValueInfo source) => node switch
    {
        QuantiseNode n when IsOfBytes(n, source) => source.Shape.Elements * VerificationWork.Number,
        WideDenseNode n => (source.Shape.Elements * VerificationWork.Step) + (source.Shape.Elements / source.Shape.Last * n.Weights.Count * VerificationWork.WideProduct),
        NormaliseNode => source.Shape.Elements * WideSteps * VerificationWork.Step,
        _ => null,
    };

    /// <summary>Steps that a division in 128 bits takes, with the rest of a normalisation.</summary>
    private const int WideSteps = 6;

    private static bool IsOfBytes(QuantiseNode node, ValueInfo source) => source.Min >= 0 && source.Max <= byte.MaxValue && node.Multipliers.Count == 1;

    /// <param name="function">Of an element and its number.</param>
    private static EntryMap EachOf(Func<long, int, long> function) => (from, to) =>
    {
        for (var i = 0; i < to.Length; i++)
            to[i] = function(from[i], i);
    };

    /// <summary>An image's bytes take 256 values, and an image has more of them.</summary>
    private static EntryMap OfBytes(QuantiseNode node)
    {
        var values = new long[byte.MaxValue + 1];
        for (var x = 0; x < values.Length; x++)
            values[x] = node.Map(x, channel: 0);
        return (from, to) =>
        {
            for (var i = 0; i < to.Length; i++)
                to[i] = values[from[i]];
        };
    }

    private static void Rank(RankNode node, ReadOnlySpan<long> from, Span<long> to)
    {
        var first = 0;
        for (var feature = 0; feature < to.Length; feature++)
        {
            to[feature] = RankOf(node, feature, first, from[feature]);
            first += node.Counts[feature];
        }
    }

    /// <param name="first">The number of the feature's first threshold.</param>
    internal static long RankOf(RankNode node, int feature, int first, long x)
    {
        if (x == ElementTypes.MissingInput)
            return ElementTypes.MissingRank;
        var (low, high) = (0, node.Counts[feature]);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = node.Thresholds[first + middle] <= x ? (middle + 1, high) : (low, middle);
        }
        return low;
    }

    private static void Embed(EmbeddingNode node, ReadOnlySpan<long> from, Span<long> to)
    {
        var width = to.Length / from.Length;
        for (var i = 0; i < to.Length; i++)
            to[i] = node.Table[checked(((int)from[i / width] * width) + (i % width))];
    }

    /// <summary>The analysis bounds every sum of magnitudes by 2^62.</summary>
    private static void Multiply(WideDenseNode node, ReadOnlySpan<long> from, Span<long> to)
    {
        var (inputs, outputs) = (node.Weights.Shape[1], node.Bias.Count);
        for (var i = 0; i < to.Length; i++)
        {
            var (row, output) = (i / outputs, i % outputs);
            to[i] = node.Bias[output];
            for (var j = 0; j < inputs; j++)
                to[i] += node.Weights[(output * inputs) + j] * from[(row * inputs) + j];
        }
    }

    private static void Normalise(NormaliseNode node, int length, ReadOnlySpan<long> from, Span<long> to)
    {
        for (var first = 0; first < to.Length; first += length)
        {
            var row = from.Slice(first, length);
            var norm = NormOf(node.Norm, row);
            for (var i = 0; i < length; i++)
                to[first + i] = norm == 0 ? 0 : Divide((Int128)(norm < 0 ? -row[i] : row[i]) << node.OutputExponent, Math.Abs(norm));
        }
    }

    /// <summary>The analysis bounds every norm by 2^62.</summary>
    private static long NormOf(Norm norm, ReadOnlySpan<long> row)
    {
        var (largest, sum, squares) = (long.MinValue, 0L, Int128.Zero);
        foreach (var x in row)
            (largest, sum, squares) = (Math.Max(largest, x), norm == Norm.L1 ? sum + Math.Abs(x) : 0, squares + ((Int128)x * x));
        return norm switch
        {
            Norm.L1 => sum,
            Norm.L2 => (long)CircuitBuilder.RootOf(squares),
            _ => largest,
        };
    }

    /// <summary>Rounded, and brought into 32 bits.</summary>
    private static long Divide(Int128 number, long divisor)
    {
        var (quotient, rest) = Int128.DivRem(number + (divisor / 2), divisor);
        return (long)Int128.Clamp(rest < 0 ? quotient - 1 : quotient, -int.MaxValue, int.MaxValue);
    }

    internal static long Interpolate(InterpolateNode node, long x)
    {
        var (last, step) = (node.Entries.Count - 1, 1L << node.Shift);
        var t = (long)(Int128.Clamp(x, node.Low, node.Low + ((Int128)last * step)) - node.Low);
        var (i, f) = ((int)(t >> node.Shift), t & (step - 1));
        return f == 0 ? node.Entries[i] : (long)((((Int128)node.Entries[i] * (step - f)) + ((Int128)node.Entries[i + 1] * f) + (step / 2)) >> node.Shift);
    }

    private static void FindLargest(ReadOnlySpan<long> from, Shape shape, int axis, Span<long> to)
    {
        var (length, inner) = (shape[axis], to.Length);
        for (var i = 0; i < axis; i++)
            inner /= shape[i];
        for (var i = 0; i < to.Length; i++)
        {
            var (first, label) = ((i / inner * length * inner) + (i % inner), 0);
            for (var j = 1; j < length; j++)
                label = from[first + (j * inner)] > from[first + (label * inner)] ? j : label;
            to[i] = label;
        }
    }
}
