namespace Aivm.Proofs;

/// <summary>A weight for each cell of a grid, as a product: the weight of cell (p, c) is Rows[FirstRow + p] * Columns[FirstColumn + c].</summary>
internal readonly record struct GridWeights(ExtArray Rows, int FirstRow, ExtArray Columns, int FirstColumn)
{
    public Ext4 Row(int position) => Rows[FirstRow + position];

    public Ext4 Column(int channel) => Columns[FirstColumn + channel];

    /// <summary>The sum of the weights of all cells.</summary>
    public Ext4 Sum(int positions, int channels) => SumOfRows(positions) * SumOfColumns(channels);

    /// <summary>The factors of the first channels, for who keeps them.</summary>
    public ExtArray CopyColumns(int channels)
    {
        var copy = new ExtArray(channels);
        for (var c = 0; c < channels; c++)
            copy[c] = Column(c);
        return copy;
    }

    public Ext4 SumOfColumns(int channels) => SumOf(Columns, FirstColumn, channels);

    public Ext4 SumOfRows(int positions) => SumOf(Rows, FirstRow, positions);

    private static Ext4 SumOf(ExtArray array, int first, int count)
    {
        var sum = Ext4.Zero;
        for (var i = 0; i < count; i++)
            sum += array[first + i];
        return sum;
    }
}

/// <summary>eq(r, ·) of a point, in tables of the low and of the high bits of an index, made when they are asked for.</summary>
internal sealed class EqPoint : IDisposable
{
    /// <summary>Any index splits here when it is looked up alone.</summary>
    internal const int SplitBits = 8;

    /// <summary>A row alone costs about so many times what one of a table does.</summary>
    internal const int SplitFactor = 8;

    private readonly Ext4[] _point;
    private readonly ExtArray?[] _low;
    private readonly ExtArray?[] _middle;
    private readonly ExtArray?[] _high;
    private readonly Dictionary<(int Bits, int First, int Count), ExtArray> _rows = [];

    public EqPoint(ReadOnlySpan<Ext4> point)
    {
        _point = point.ToArray();
        (_low, _middle, _high) = (new ExtArray?[point.Length + 1], new ExtArray?[point.Length + 1], new ExtArray?[point.Length + 1]);
    }

    public ReadOnlySpan<Ext4> Coordinates => _point;

    /// <summary>The factors of a rectangle's cells: eq of (p, c) is their product.</summary>
    public GridWeights Of(Storage storage)
    {
        var (bits, first) = (storage.ChannelBits, storage.Base >> storage.ChannelBits);
        // Of few rows among many their own factors are less work than all of them.
        return _high[bits] is null && (long)storage.Positions * SplitFactor < 1L << (_point.Length - bits)
            ? new(Rows(bits, first, storage.Positions), 0, Low(bits), 0)
            : new(High(bits), first, Low(bits), 0);
    }

    private ExtArray Rows(int bits, int first, int count)
    {
        if (_rows.TryGetValue((bits, first, count), out var rows))
            return rows;
        rows = new ExtArray(count);
        for (var i = 0; i < count; i++)
            rows[i] = AtBlock(first + i, bits);
        return _rows[(bits, first, count)] = rows;
    }

    /// <summary>eq of the places within a block of 2^bits indices.</summary>
    public ExtArray Places(int bits) => Low(bits);

    /// <summary>eq of the number of a block of 2^bits indices.</summary>
    public Ext4 AtBlock(int block, int bits)
    {
        var split = Math.Min(bits + SplitBits, _point.Length);
        var middle = _middle[bits] ??= Table(_point.AsSpan(bits, split - bits));
        return middle[block & ((1 << (split - bits)) - 1)] * High(split)[block >> (split - bits)];
    }

    public Ext4 At(int index)
    {
        var bits = Math.Min(SplitBits, _point.Length);
        return Low(bits)[index & ((1 << bits) - 1)] * High(bits)[index >> bits];
    }

    private ExtArray Low(int bits) => _low[bits] ??= Table(_point.AsSpan(0, bits));

    private ExtArray High(int bits) => _high[bits] ??= Table(_point.AsSpan(bits));

    private static ExtArray Table(ReadOnlySpan<Ext4> point)
    {
        var table = new ExtArray(1 << point.Length);
        ExtKernels.EqTable(point, Ext4.One, table);
        return table;
    }

    public void Dispose()
    {
        foreach (var table in _low)
            table?.Dispose();
        foreach (var table in (IEnumerable<ExtArray?>)[.. _middle, .. _high])
            table?.Dispose();
        foreach (var rows in _rows.Values)
            rows.Dispose();
    }
}

/// <summary>What each address holds when a term is evaluated: a term is linear in it.</summary>
internal abstract class Assignment
{
    /// <summary>What terms with private weights leave open: they evaluate to these forms of the weights, beside the number that they return.</summary>
    public List<WeightForm> Forms { get; } = [];

    public abstract Ext4 At(int address);

    /// <summary>The cells of a storage as products of a factor for the position and one for the channel.</summary>
    public virtual bool TryFactor(Storage storage, out GridWeights factors)
    {
        factors = default;
        return false;
    }
}

/// <summary>Committed cells hold eq(r, address), public numbers 0: evaluates the coefficient vector of a term at r.</summary>
internal sealed class PointAssignment(EqPoint point) : Assignment
{
    public EqPoint Point => point;

    public override Ext4 At(int address) => PublicAddress.Is(address) ? Ext4.Zero : point.At(address);

    public override bool TryFactor(Storage storage, out GridWeights factors)
    {
        factors = PublicAddress.Is(storage.Base) ? default : point.Of(storage);
        return !PublicAddress.Is(storage.Base);
    }
}

/// <summary>Committed cells hold 0, public numbers themselves: the part of a term that both sides know.</summary>
internal sealed class PublicAssignment(Felt[] values) : Assignment
{
    public override Ext4 At(int address) => PublicAddress.Is(address) ? values[address - PublicAddress.First] : Ext4.Zero;
}
