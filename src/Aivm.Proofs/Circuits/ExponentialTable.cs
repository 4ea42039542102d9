using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>
/// The rows (i, T0, T1, s0, s1, s2) of a softmax's exponentials: T[i] = T0 + 2^12 T1, and the step to the next entry, T[i + 1] - T[i] or 0 from the last one
/// on, is s0 + 2^k (s1 + 2^12 s2) with s0 in [0, 2^k) and s1 in [-2^11, 2^11). Where all s are 0 they have no column. A table that ends with the last entry
/// has one column more, which is 0 in that row alone: there a distance may be any longer one.
/// </summary>
internal sealed class ExponentialTable : LookupTable
{
    private const int LimbBits = WideNumber.LimbBits;

    private readonly long[] _entries;
    private readonly int _shift;
    private readonly bool _endsWithLast;
    private readonly (int Low, int High)[] _intervals;
    private int _rows;

    public ExponentialTable(Constant entries, int shift, bool endsWithLast)
    {
        (_entries, _shift, _endsWithLast) = (entries.ToArray(), shift, endsWithLast);
        Steps = shift == 0 || entries.Count == 1 ? 0 : 3;
        _intervals = [.. Enumerable.Range(0, 2 + Steps).Select(FindInterval)];
    }

    public int Shift => _shift;

    public int Last => _entries.Length - 1;

    /// <summary>How many of s0, s1, s2 there are: none, or all.</summary>
    public int Steps { get; }

    public override int Rows => _rows;

    public override int Columns => 3 + Steps + (_endsWithLast ? 1 : 0);

    /// <summary>Takes rows up to the index of a distance.</summary>
    public void Cover(long distance) => _rows = Math.Max(_rows, checked((int)(distance >> _shift) + 1));

    /// <summary>1 where no distance is longer than index and offset say.</summary>
    public int InsideAt(int index) => index < Last ? 1 : 0;

    public long EntryAt(int index) => _entries[Math.Min(index, Last)];

    private long StepAt(int index) => index < Last ? _entries[index + 1] - _entries[index] : 0;

    /// <summary>T0, T1, or s0, s1, s2.</summary>
    public int PartOf(int index, int part) => (int)(part switch
    {
        0 => EntryAt(index) & ((1 << LimbBits) - 1),
        1 => EntryAt(index) >> LimbBits,
        2 => StepAt(index) & ((1L << _shift) - 1),
        3 => MiddleOf(StepAt(index)),
        _ => ((StepAt(index) >> _shift) - MiddleOf(StepAt(index))) >> LimbBits,
    });

    /// <summary>s1: the next 12 bits, with a sign.</summary>
    private long MiddleOf(long step) => ((step >> _shift) + HalfLimb & ((1 << LimbBits) - 1)) - HalfLimb;

    private const int HalfLimb = 1 << (LimbBits - 1);

    /// <summary>Where a part lies over all entries.</summary>
    public (int Low, int High) IntervalOf(int part) => _intervals[part];

    private (int Low, int High) FindInterval(int part)
    {
        var (low, high) = (int.MaxValue, int.MinValue);
        for (var i = 0; i <= Last; i++)
        {
            var number = PartOf(i, part);
            (low, high) = (Math.Min(low, number), Math.Max(high, number));
        }
        return (low, high);
    }

    public override int Entry(int row, int column) => column switch
    {
        0 => row,
        _ when column == 3 + Steps => InsideAt(row),
        _ => PartOf(row, column - 1),
    };

    /// <summary>From the last entry on all rows are alike but for their index.</summary>
    public override void CopyColumn(int column, Span<int> rows)
    {
        if (column == 0)
        {
            Count(0, rows);
            return;
        }
        var own = Math.Min(rows.Length, Last + 1);
        base.CopyColumn(column, rows[..own]);
        if (own < rows.Length)
            rows[own..].Fill(Entry(own, column));
    }

    public override int RowOf(ReadOnlySpan<int> tuple)
    {
        if (tuple[0] < 0 || tuple[0] >= Rows)
            return -1;
        for (var column = 1; column < Columns; column++)
            if (tuple[column] != Entry(tuple[0], column))
                return -1;
        return tuple[0];
    }
}
