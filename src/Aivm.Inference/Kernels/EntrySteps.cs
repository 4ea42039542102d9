using System.Numerics;

namespace Aivm.Inference;

/// <summary>See <see cref="QuantiseNode"/>.</summary>
internal sealed unsafe class QuantiseStep : Step
{
    private readonly QuantiseNode _node;
    private readonly Tensor _source;
    private readonly Tensor _destination;
    private readonly long[] _multipliers;

    // By channel: the offset with the rounding term, where 64 bits hold it.
    private readonly long[] _offsets;

    // By channel: the largest |x| whose product and sum stay within 64 bits; -1 where none does.
    private readonly long[] _narrow;

    // The results for 0 to 255, when that is all an input can be.
    private readonly short[]? _byteResults;

    public QuantiseStep(QuantiseNode node, Tensor source, Tensor destination)
    {
        (_node, _source, _destination) = (node, source, destination);
        (_multipliers, _offsets) = (node.Multipliers.ToArray(), node.Offsets.ToArray());
        _narrow = new long[_multipliers.Length];
        for (var c = 0; c < _narrow.Length; c++)
        {
            var offset = _offsets[c] + (node.Shift == 0 ? Int128.Zero : Int128.One << (node.Shift - 1));
            var fits = Int128.Abs(offset) < 1L << 62;
            (_offsets[c], _narrow[c]) = fits ? ((long)offset, ((1L << 62) - 1) / Math.Max(1, Magnitudes.Of(_multipliers[c]))) : (0, -1);
        }
        if (source.Info.Min < 0 || source.Info.Max > 255 || _multipliers.Length != 1 || node.Output == ElementType.S64)
            return;
        _byteResults = new short[256];
        for (var x = 0; x < _byteResults.Length; x++)
            _byteResults[x] = (short)node.Map(x, channel: 0);
    }

    public override void Run(byte* memory)
    {
        var from = new ReadOnlySpan<long>(memory + _source.Block.Offset, (int)_source.Elements);
        var to = memory + _destination.Block.Offset;
        switch (_destination.Type)
        {
            case ElementType.S8:
                Run(from, new Span<sbyte>(to, from.Length));
                break;
            case ElementType.S16:
                Run(from, new Span<short>(to, from.Length));
                break;
            default:
                Run(from, new Span<long>(to, from.Length));
                break;
        }
    }

    private void Run<T>(ReadOnlySpan<long> from, Span<T> to)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (_byteResults is not null)
        {
            for (var i = 0; i < to.Length; i++)
                to[i] = T.CreateTruncating(_byteResults[from[i]]);
            return;
        }
        var channel = 0;
        for (var i = 0; i < to.Length; i++)
        {
            to[i] = T.CreateTruncating(Map(from[i], channel));
            if (++channel == _multipliers.Length)
                channel = 0;
        }
    }

    private long Map(long x, int channel)
    {
        var limit = _narrow[channel];
        if (x < -limit || x > limit)
            return _node.Map(x, channel);
        var scaled = unchecked((x * _multipliers[channel]) + _offsets[channel]) >> _node.Shift;
        return Math.Clamp(scaled, ElementTypes.MinOf(_destination.Type), ElementTypes.MaxOf(_destination.Type));
    }
}

/// <summary>See <see cref="ClampNode"/>.</summary>
internal sealed unsafe class ClampStep(ClampNode node, Tensor source, Tensor destination) : Step
{
    public override void Run(byte* memory)
    {
        var from = (long*)(memory + source.Block.Offset);
        var to = (long*)(memory + destination.Block.Offset);
        for (var i = 0L; i < source.Elements; i++)
            to[i] = Math.Clamp(from[i], node.Low, node.High);
    }
}

/// <summary>See <see cref="RankNode"/>.</summary>
internal sealed unsafe class RankStep(RankNode node, Tensor source, Tensor destination) : Step
{
    private readonly int[] _counts = [.. node.Counts];
    private readonly PinnedArray _thresholds = PinnedArray.Of(node.Thresholds);

    public override void Run(byte* memory)
    {
        var from = (long*)(memory + source.Block.Offset);
        var to = (ushort*)(memory + destination.Block.Offset);
        var thresholds = (long*)_thresholds.Pointer;
        for (var feature = 0; feature < _counts.Length; feature++)
        {
            var count = _counts[feature];
            to[feature] = from[feature] == ElementTypes.MissingInput ? ElementTypes.MissingRank : (ushort)CountUpTo(thresholds, count, from[feature]);
            thresholds += count;
        }
    }

    /// <summary>How many of the ascending thresholds are at most x.</summary>
    private static int CountUpTo(long* thresholds, int count, long x)
    {
        var (low, high) = (0, count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (thresholds[middle] <= x)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
