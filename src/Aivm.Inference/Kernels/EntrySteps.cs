namespace Aivm.Inference;

/// <summary>See <see cref="QuantiseNode"/>.</summary>
internal sealed unsafe class QuantiseStep : Step
{
    private readonly QuantiseNode _node;
    private readonly Tensor _source;
    private readonly Tensor _destination;

    // The results for 0 to 255, when that is all an input can be.
    private readonly short[]? _byteResults;

    public QuantiseStep(QuantiseNode node, Tensor source, Tensor destination)
    {
        (_node, _source, _destination) = (node, source, destination);
        if (source.Info.Min < 0 || source.Info.Max > 255 || node.Multipliers.Count != 1 || node.Output == ElementType.S64)
            return;
        _byteResults = new short[256];
        for (var x = 0; x < _byteResults.Length; x++)
            _byteResults[x] = (short)node.Map(x, channel: 0);
    }

    public override void Run(byte* memory)
    {
        var from = (long*)(memory + _source.Block.Offset);
        var to = memory + _destination.Block.Offset;
        var elements = _source.Elements;
        if (_byteResults is null)
        {
            var channels = _node.Multipliers.Count;
            for (var i = 0L; i < elements; i++)
                Elements.Store(to, _destination.Type, i, _node.Map(from[i], channels == 1 ? 0 : (int)(i % channels)));
        }
        else if (_destination.Type == ElementType.S8)
        {
            for (var i = 0L; i < elements; i++)
                ((sbyte*)to)[i] = unchecked((sbyte)_byteResults[from[i]]);
        }
        else
        {
            for (var i = 0L; i < elements; i++)
                ((short*)to)[i] = _byteResults[from[i]];
        }
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
