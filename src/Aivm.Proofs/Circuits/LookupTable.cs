using System.Collections.Immutable;
using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>
/// Rows of a few small integers that both sides know. A lookup says that its tuple is one of them. Rows are numbered by one column or two:
/// row = sum over the indexing columns of stride * (entry - low), so that a prover finds the row of a tuple, and no two rows are alike.
/// </summary>
internal abstract class LookupTable
{
    /// <summary>Distinct among a circuit's tables: entry number 0 of every tuple, so that no row answers for another table.</summary>
    public int Tag { get; internal set; }

    /// <summary>The number of its first row among the rows of all tables.</summary>
    public int FirstRow { get; internal set; }

    public abstract int Rows { get; }

    /// <summary>Entries of a row besides the tag.</summary>
    public abstract int Columns { get; }

    /// <summary>Nanoseconds that writing an entry takes, at most.</summary>
    public virtual int EntryWork => 3;

    public abstract int Entry(int row, int column);

    /// <summary>All entries of a column, row by row.</summary>
    public virtual void CopyColumn(int column, Span<int> rows)
    {
        for (var row = 0; row < rows.Length; row++)
            rows[row] = Entry(row, column);
    }

    /// <summary>first, first + 1, …</summary>
    private protected static void Count(int first, Span<int> rows)
    {
        for (var row = 0; row < rows.Length; row++)
            rows[row] = first + row;
    }

    /// <summary>The only row that a tuple can be, or -1.</summary>
    public abstract int RowOf(ReadOnlySpan<int> tuple);

    /// <summary>Entries that addresses hold, so that each statement has its own: <see cref="Entry"/> is 0 there.</summary>
    public virtual IEnumerable<(int Row, int Column, int Address)> Stated => [];

    /// <summary>Columns of committed weights: <see cref="Entry"/> is 0 there. The table then begins a row of <see cref="Circuit.TableGrid"/>.</summary>
    public virtual ImmutableArray<HiddenColumn> Hidden => [];
}

/// <summary>Rows from the first on hold a rectangle of committed weights, <see cref="Circuit.TableColumns"/> wide, cell by cell.</summary>
/// <param name="FirstRow">A multiple of <see cref="Circuit.TableColumns"/>.</param>
internal readonly record struct HiddenColumn(int Column, int FirstRow, Storage Place);

/// <summary>0 … 2^bits - 1.</summary>
internal sealed class RangeTable(int bits) : LookupTable
{
    public int Bits { get; } = bits;

    public override int Rows => 1 << Bits;

    public override int Columns => 1;

    public override int Entry(int row, int column) => row;

    public override int RowOf(ReadOnlySpan<int> tuple) => tuple[0] >= 0 && tuple[0] < Rows ? tuple[0] : -1;
}

/// <summary>Low … High.</summary>
internal sealed class IntervalTable(long low, long high) : LookupTable
{
    public override int Rows { get; } = (int)(high - low + 1);

    public override int Columns => 1;

    public override int Entry(int row, int column) => (int)low + row;

    public override int RowOf(ReadOnlySpan<int> tuple) => tuple[0] >= low && tuple[0] <= high ? (int)(tuple[0] - low) : -1;
}

/// <summary>Rows of one or two weights of 8 bits, and the sum of their magnitudes.</summary>
/// <param name="weights">1 or 2.</param>
internal sealed class MagnitudeTable(int weights) : LookupTable
{
    private static readonly int Most = (int)ElementTypes.MaxOf(ElementType.S8);
    private static readonly int Numbers = (2 * Most) + 1;

    public int Weights => weights;

    public override int Rows => weights == 1 ? Numbers : Numbers * Numbers;

    public override int Columns => weights + 1;

    public override int EntryWork => 10;

    public override int Entry(int row, int column)
    {
        var (first, second) = (row % Numbers - Most, row / Numbers - Most);
        return column == weights ? Math.Abs(first) + (weights == 1 ? 0 : Math.Abs(second)) : column == 0 ? first : second;
    }

    public override int RowOf(ReadOnlySpan<int> tuple)
    {
        var row = 0;
        for (var k = weights - 1; k >= 0; k--)
        {
            if (tuple[k] < -Most || tuple[k] > Most)
                return -1;
            row = (row * Numbers) + tuple[k] + Most;
        }
        return Entry(row, weights) == tuple[weights] ? row : -1;
    }
}

/// <summary>The pairs (q, f(q)) of a function over an interval that grows while a circuit is built.</summary>
internal sealed class FunctionTable(Func<int, int> function) : LookupTable
{
    private int _low;
    private int _high = -1;
    private int[]? _values;

    public int Low => _low;

    public override int Rows => checked(_high - _low + 1);

    /// <summary>The rows that <see cref="Cover"/> would add.</summary>
    public int Growth(int low, int high) => Rows == 0 ? high - low + 1 : Math.Max(0, _low - low) + Math.Max(0, high - _high);

    public override int Columns => 2;

    /// <summary>f(Low), f(Low + 1), …</summary>
    public int[] Values => _values ??= [.. Enumerable.Range(_low, Rows).Select(function)];

    /// <summary>Widens the interval so that it holds both ends.</summary>
    public void Cover(int low, int high)
    {
        (_low, _high) = _high < _low ? (low, high) : (Math.Min(_low, low), Math.Max(_high, high));
        _values = null;
    }

    public override int Entry(int row, int column) => column == 0 ? _low + row : Values[row];

    public override void CopyColumn(int column, Span<int> rows)
    {
        if (column == 0)
            Count(_low, rows);
        else
            Values.CopyTo(rows);
    }

    public override int RowOf(ReadOnlySpan<int> tuple)
    {
        var row = (long)tuple[0] - _low;
        return row >= 0 && row < Rows && Values[(int)row] == tuple[1] ? (int)row : -1;
    }
}

/// <summary>The pairs (rank, 0) up to the largest rank, and that of a missing feature: (65535, 1).</summary>
internal sealed class MissingTable(int largest) : LookupTable
{
    public override int Rows => largest + 2;

    public override int Columns => 2;

    public override int Entry(int row, int column) => (row <= largest, column) switch
    {
        (true, 0) => row,
        (true, _) => 0,
        (_, 0) => ElementTypes.MissingRank,
        _ => 1,
    };

    public override int RowOf(ReadOnlySpan<int> tuple) => tuple[1] switch
    {
        0 when tuple[0] >= 0 && tuple[0] <= largest => tuple[0],
        1 when tuple[0] == ElementTypes.MissingRank => largest + 1,
        _ => -1,
    };
}

/// <summary>The pairs (0, 0 … 2^bits - 1), and (1, 0): a number of so many bits, which is zero where a flag is set.</summary>
internal sealed class UnlessTable(int bits) : LookupTable
{
    public override int Rows => (1 << bits) + 1;

    public override int Columns => 2;

    public override int Entry(int row, int column) => (row >> bits, column) switch
    {
        (0, 0) => 0,
        (0, _) => row,
        (_, 0) => 1,
        _ => 0,
    };

    public override int RowOf(ReadOnlySpan<int> tuple) => tuple[0] switch
    {
        0 when tuple[1] >= 0 && tuple[1] >> bits == 0 => tuple[1],
        1 when tuple[1] == 0 => 1 << bits,
        _ => -1,
    };
}
