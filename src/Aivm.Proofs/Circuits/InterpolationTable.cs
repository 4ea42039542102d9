using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>
/// Rows (index, digit, digit * step, entry, inside flags) of a table of entries T: step = T[index + 1] - T[index], and digit is one of an offset to the
/// next entry. Index -1 stands for all below the first entry: it has that entry, and like the last one the step 0. A flag is 0 only in that row (for
/// the lower end) or in the last one (for the upper end), where an element may lie further outside.
/// </summary>
internal sealed class InterpolationTable : LookupTable
{
    private readonly Constant _entries;
    private readonly int _digitBits;
    private readonly int _first;
    private readonly int _last;
    private readonly bool _flagsBelow;
    private readonly bool _flagsAbove;

    public InterpolationTable(Constant entries, int digitBits, int first, int last, bool flagsBelow, bool flagsAbove)
    {
        (_entries, _digitBits, _first, _last) = (entries, digitBits, first, last);
        (_flagsBelow, _flagsAbove) = (flagsBelow, flagsAbove);
        var (step, entry) = ((Low: 0L, High: 0L), (Low: long.MaxValue, High: long.MinValue));
        for (var index = first; index <= last; index++)
        {
            step = (Math.Min(step.Low, StepAt(index)), Math.Max(step.High, StepAt(index)));
            entry = (Math.Min(entry.Low, EntryAt(index)), Math.Max(entry.High, EntryAt(index)));
        }
        var digit = (1L << digitBits) - 1;
        Products = LimbCut.OfEntry(step.Low * digit, step.High * digit);
        Entries = LimbCut.OfEntry(entry.Low, entry.High);
    }

    public (int First, int Last) Indices => (_first, _last);

    public int DigitBits => _digitBits;

    public LimbCut Products { get; }

    public LimbCut Entries { get; }

    /// <summary>Columns before the products, the entry and the flags.</summary>
    public const int Leading = 2;

    public override int Rows => checked((_last - _first + 1) << _digitBits);

    public override int Columns => Leading + Products.Count + Entries.Count + (_flagsBelow ? 1 : 0) + (_flagsAbove ? 1 : 0);

    public override int EntryWork => 14;

    public long EntryAt(int index) => _entries[Math.Max(index, 0)];

    public long StepAt(int index) => index < 0 || index == _entries.Count - 1 ? 0 : _entries[index + 1] - _entries[index];

    public int InsideBelow(int index) => index >= 0 ? 1 : 0;

    public int InsideAbove(int index) => index < _entries.Count - 1 ? 1 : 0;

    public override int Entry(int row, int column)
    {
        var (index, digit) = (_first + (row >> _digitBits), row & ((1 << _digitBits) - 1));
        if (column < Leading)
            return column == 0 ? index : digit;
        column -= Leading;
        if (column < Products.Count)
            return (int)Products.LimbOf(digit * StepAt(index), column);
        column -= Products.Count;
        if (column < Entries.Count)
            return (int)Entries.LimbOf(EntryAt(index), column);
        return column == Entries.Count && _flagsBelow ? InsideBelow(index) : InsideAbove(index);
    }

    public override int RowOf(ReadOnlySpan<int> tuple)
    {
        if (tuple[0] < _first || tuple[0] > _last || tuple[1] < 0 || tuple[1] >> _digitBits != 0)
            return -1;
        var row = ((tuple[0] - _first) << _digitBits) + tuple[1];
        for (var column = Leading; column < Columns; column++)
            if (Entry(row, column) != tuple[column])
                return -1;
        return row;
    }
}
