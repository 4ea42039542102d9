using System.Numerics;

namespace Aivm.Proofs;

/// <summary>A weight for each cell of a grid, as a product: the weight of cell (p, c) is Rows[FirstRow + p] * Columns[FirstColumn + c].</summary>
internal readonly record struct GridWeights(ExtArray Rows, int FirstRow, ExtArray Columns, int FirstColumn)
{
    public Ext4 Row(int position) => Rows[FirstRow + position];

    public Ext4 Column(int channel) => Columns[FirstColumn + channel];

    /// <summary>The sum of the weights of all cells.</summary>
    public Ext4 Sum(int positions, int channels) => SumOfRows(positions) * SumOfColumns(channels);

    /// <summary>The factors of the first channels, for who keeps them.</summary>
    /// <param name="scale">They are multiplied by it.</param>
    public ExtArray CopyColumns(int channels, Ext4 scale) => Copy(Columns, FirstColumn, channels, scale);

    /// <summary>The factors of the first positions, for who keeps them.</summary>
    public ExtArray CopyRows(int positions) => Copy(Rows, FirstRow, positions, Ext4.One);

    public Ext4 SumOfColumns(int channels) => ExtKernels.Sum(Columns, FirstColumn, channels);

    public Ext4 SumOfRows(int positions) => ExtKernels.Sum(Rows, FirstRow, positions);

    private static ExtArray Copy(ExtArray array, int first, int count, Ext4 scale)
    {
        var copy = new ExtArray(count);
        ExtKernels.AddScaled(copy, 0, scale, array, first, count);
        return copy;
    }
}

/// <summary>eq(r, ·) of a point, in tables of the low and of the high bits of an index, made when they are asked for.</summary>
internal sealed class EqPoint : IDisposable
{
    /// <summary>Any index splits here when it is looked up alone.</summary>
    internal const int SplitBits = 8;

    /// <summary>A row alone costs about so many times what one of a table does.</summary>
    internal const int SplitFactor = 2;

    /// <summary>Elements of the memory in which rows lie one after another: asking for each would take longer than making most.</summary>
    private const int Slab = 1 << 11;

    private readonly Ext4[] _point;
    private readonly ExtArray?[] _low;
    private readonly ExtArray?[] _middle;
    private readonly ExtArray?[] _high;
    private readonly Dictionary<long, (ExtArray Rows, int First)>?[] _rows;
    private readonly long[] _rowsAlone;
    private readonly List<ExtArray> _slabs = [];
    private int _slabEnd;
    private Ext4[]? _indices;

    public EqPoint(ReadOnlySpan<Ext4> point)
    {
        _point = point.ToArray();
        (_low, _middle, _high) = (new ExtArray?[point.Length + 1], new ExtArray?[point.Length + 1], new ExtArray?[point.Length + 1]);
        (_rows, _rowsAlone) = (new Dictionary<long, (ExtArray, int)>?[point.Length + 1], new long[point.Length + 1]);
    }

    public ReadOnlySpan<Ext4> Coordinates => _point;

    /// <summary>The factors of a rectangle's cells: eq of (p, c) is their product.</summary>
    public GridWeights Of(Storage storage) => Of(storage.Base, storage.Positions, storage.Channels);

    /// <summary>The same of a rectangle's numbers.</summary>
    public GridWeights Of(int start, int count, int channels)
    {
        var bits = Storage.BitLength(channels - 1);
        var (rows, firstRow) = Blocks(start >> bits, count, bits);
        return new(rows, firstRow, Low(bits), 0);
    }

    /// <summary>The sum over so many blocks of 2^bits indices of eq of their numbers in this point times eq of the others' in another.</summary>
    public Ext4 DotOfBlocks(int first, EqPoint other, int firstOther, int count, int bits)
    {
        if (count == 1)
            return AtBlock(first, bits) * other.AtBlock(firstOther, bits);
        var ((rows, at), (otherRows, otherAt)) = (Blocks(first, count, bits), other.Blocks(firstOther, count, bits));
        return ExtKernels.Dot(rows, at, otherRows, otherAt, count);
    }

    /// <summary>eq of the numbers of neighbouring blocks of 2^bits indices.</summary>
    private (ExtArray Rows, int First) Blocks(int first, int count, int bits)
    {
        if (_high[bits] is { } all)
            return (all, first);
        var (known, key) = (_rows[bits] ??= [], ((long)first << 32) | (uint)count);
        if (known.TryGetValue(key, out var rows))
            return rows;
        // Of few rows among many their own factors are less work than all of them.
        _rowsAlone[bits] += count;
        return _rowsAlone[bits] * SplitFactor < 1L << (_point.Length - bits)
            ? known[key] = Rows(bits, first, count)
            : (High(bits), first);
    }

    private (ExtArray Rows, int First) Rows(int bits, int first, int count)
    {
        var ((rows, start), split) = (Take(count), Math.Min(bits + SplitBits, _point.Length));
        var (middle, high, within) = (Middle(bits), High(split), (1 << (split - bits)) - 1);
        for (var (i, run) = (0, 0); i < count; i += run)
        {
            var block = first + i;
            run = Math.Min(count - i, within + 1 - (block & within));
            ExtKernels.AddScaled(rows, start + i, high[block >> (split - bits)], middle, block & within, run);
        }
        return (rows, start);
    }

    /// <summary>Room for so many rows, all 0.</summary>
    private (ExtArray Slab, int First) Take(int count)
    {
        if (_slabs.Count == 0 || _slabEnd + count > _slabs[^1].Length)
        {
            _slabs.Add(new ExtArray(Math.Max(Slab, count)));
            _slabEnd = 0;
        }
        _slabEnd += count;
        return (_slabs[^1], _slabEnd - count);
    }

    /// <summary>eq of the places within a block of 2^bits indices.</summary>
    public ExtArray Places(int bits) => Low(bits);

    /// <summary>eq of the number of a block of 2^bits indices.</summary>
    public Ext4 AtBlock(int block, int bits)
    {
        var (middle, inMiddle, high, inHigh) = FactorsAtBlock(block, bits);
        return middle[inMiddle] * high[inHigh];
    }

    /// <summary>The same as the product of an element of each of two tables.</summary>
    public (ExtArray Middle, int InMiddle, ExtArray High, int InHigh) FactorsAtBlock(int block, int bits)
    {
        var split = Math.Min(bits + SplitBits, _point.Length);
        return (Middle(bits), block & ((1 << (split - bits)) - 1), High(split), block >> (split - bits));
    }

    public Ext4 At(int index)
    {
        var bits = Math.Min(SplitBits, _point.Length);
        return Low(bits)[index & ((1 << bits) - 1)] * High(bits)[index >> bits];
    }

    /// <summary>The sum over so many indices from the first on, as the largest blocks that they are made of.</summary>
    public Ext4 SumOf(int first, int count)
    {
        var sum = Ext4.Zero;
        for (var end = first + count; first < end;)
        {
            var bits = Math.Min(BitOperations.TrailingZeroCount(first), int.Log2(end - first));
            sum += AtBlock(first >> bits, bits);
            first += 1 << bits;
        }
        return sum;
    }

    /// <summary>The sums over all i below an end of eq(r, i), and of i * eq(r, i).</summary>
    public (Ext4 Sum, Ext4 OfIndices) Below(int end)
    {
        if (end >> _point.Length != 0)
            return (Ext4.One, Indices[_point.Length]);
        var (sum, ofIndices, above) = (Ext4.Zero, Ext4.Zero, Ext4.One);
        for (var k = _point.Length - 1; k >= 0; k--)
        {
            var block = above * (Ext4.One - _point[k]);
            if ((end >> k & 1) == 0)
            {
                above = block;
                continue;
            }
            // All indices that agree with the end in the bits above, and have this one clear.
            sum += block;
            ofIndices += block * (Indices[k] + Felt.From(end >> (k + 1) << (k + 1)));
            above -= block;
        }
        return (sum, ofIndices);
    }

    /// <summary>By a number of bits: the sum over k below it of r_k 2^k, which is that of i * eq(r, i) over all numbers i of so many bits.</summary>
    private Ext4[] Indices => _indices ??= SumIndices();

    private Ext4[] SumIndices()
    {
        var sums = new Ext4[_point.Length + 1];
        for (var k = 0; k < _point.Length; k++)
            sums[k + 1] = sums[k] + (_point[k] * Felt.From(1L << k));
        return sums;
    }

    /// <summary>By a number of bits: the sum over all numbers i of so many bits of eq(r, i) eq(s, i).</summary>
    public Ext4[] Agreement(EqPoint other)
    {
        var products = new Ext4[Math.Min(_point.Length, other._point.Length) + 1];
        products[0] = Ext4.One;
        for (var k = 1; k < products.Length; k++)
        {
            var both = _point[k - 1] * other._point[k - 1];
            products[k] = products[k - 1] * (Ext4.One - _point[k - 1] - other._point[k - 1] + both + both);
        }
        return products;
    }

    private ExtArray Low(int bits) => _low[bits] ??= Table(_point.AsSpan(0, bits));

    /// <summary>Of the bits above, as many as a split leaves.</summary>
    private ExtArray Middle(int bits) => _middle[bits] ??= Table(_point.AsSpan(bits, Math.Min(SplitBits, _point.Length - bits)));

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
        foreach (var slab in _slabs)
            slab.Dispose();
    }
}

/// <summary>What each address holds when a term is evaluated: a term is linear in it.</summary>
internal abstract class Assignment
{
    /// <summary>What terms with committed weights leave open: they evaluate to these forms of the weights, beside the number that they return.</summary>
    public List<WeightForm> Forms { get; } = [];

    /// <summary>What the number that a term returns is multiplied by. Forms have this factor already.</summary>
    public Ext4 Scale { get; set; } = Ext4.One;

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

    /// <summary>What a view holds, position * Channels + channel.</summary>
    public FeltArray Numbers(GridView view) => view.Numbers(values);
}
