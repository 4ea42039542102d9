using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>
/// The rows (i, T0, T1, s0, s1, s2) of a softmax's exponentials: T[i] = T0 + 2^12 T1, and the step to the next entry, T[i + 1] - T[i] or 0 from the last one
/// on, is s0 + 2^k (s1 + 2^12 s2) with s0 in [0, 2^k) and s1 in [-2^11, 2^11). Where all s are 0 they have no column. A table that ends with the last entry
/// has one column more, which is 0 in that row alone: there a distance may be any longer one.
/// </summary>
internal sealed class ExponentialTable(Constant entries, int shift, bool endsWithLast) : LookupTable
{
    private const int LimbBits = WideNumber.LimbBits;

    private int _rows;

    public int Shift => shift;

    public int Last => entries.Count - 1;

    /// <summary>How many of s0, s1, s2 there are: none, or all.</summary>
    public int Steps { get; } = shift == 0 || entries.Count == 1 ? 0 : 3;

    public override int Rows => _rows;

    public override int Columns => 3 + Steps + (endsWithLast ? 1 : 0);

    public override int EntryWork => 14;

    /// <summary>Takes rows up to the index of a distance.</summary>
    public void Cover(long distance) => _rows = Math.Max(_rows, checked((int)(distance >> shift) + 1));

    /// <summary>1 where no distance is longer than index and offset say.</summary>
    public int InsideAt(int index) => index < Last ? 1 : 0;

    public long EntryAt(int index) => entries[Math.Min(index, Last)];

    private long StepAt(int index) => index < Last ? entries[index + 1] - entries[index] : 0;

    /// <summary>T0, T1, or s0, s1, s2.</summary>
    public int PartOf(int index, int part)
    {
        var (entry, step) = (EntryAt(index), StepAt(index));
        var middle = ((step >> shift) + HalfLimb & ((1 << LimbBits) - 1)) - HalfLimb;
        return (int)(part switch
        {
            0 => entry & ((1 << LimbBits) - 1),
            1 => entry >> LimbBits,
            2 => step & ((1L << shift) - 1),
            3 => middle,
            _ => ((step >> shift) - middle) >> LimbBits,
        });
    }

    private const int HalfLimb = 1 << (LimbBits - 1);

    /// <summary>Where a part lies over all entries.</summary>
    public (int Low, int High) IntervalOf(int part)
    {
        var (low, high) = (int.MaxValue, int.MinValue);
        for (var i = 0; i <= Last; i++)
            (low, high) = (Math.Min(low, PartOf(i, part)), Math.Max(high, PartOf(i, part)));
        return (low, high);
    }

    public override int Entry(int row, int column) => column switch
    {
        0 => row,
        _ when column == 3 + Steps => InsideAt(row),
        _ => PartOf(row, column - 1),
    };

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
