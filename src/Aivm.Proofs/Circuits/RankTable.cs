using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>
/// Rows (feature, rank, limbs of the lower end, limbs of the upper end): what has rank r among a feature's thresholds lies from threshold r - 1 to one less
/// than threshold r; what the numbers lie between ends the first and the last interval. No number lies in two of them. Where numbers may be missing each
/// feature has one row more, of that number alone.
/// </summary>
internal sealed class RankTable : LookupTable
{
    private readonly RankNode _node;
    private readonly ValueInfo _numbers;

    /// <summary>By feature, and behind the last one.</summary>
    private readonly int[] _firstRows;

    public RankTable(RankNode node, ValueInfo numbers)
    {
        (_node, _numbers) = (node, numbers);
        _firstRows = new int[node.Counts.Length + 1];
        for (var feature = 0; feature < node.Counts.Length; feature++)
            _firstRows[feature + 1] = _firstRows[feature] + node.Counts[feature] + Further;
        (Lowest, Highest) = (numbers.MayBeMissing ? ElementTypes.MissingInput : numbers.Min, numbers.Max);
        for (var feature = 0; feature < node.Counts.Length; feature++)
            if (node.Counts[feature] > 0)
                (Lowest, Highest) = (Math.Min(Lowest, IntervalOf(feature, 0).Upper), Math.Max(Highest, IntervalOf(feature, node.Counts[feature]).Lower));
        Ends = LimbCut.OfEntry(Lowest, Highest);
    }

    /// <summary>No end is lower.</summary>
    public long Lowest { get; }

    /// <summary>No end is higher.</summary>
    public long Highest { get; }

    /// <summary>Columns before the ends.</summary>
    public const int Leading = 2;

    /// <summary>How both ends are cut.</summary>
    public LimbCut Ends { get; }

    /// <summary>Rows of a feature without thresholds.</summary>
    private int Further => _numbers.MayBeMissing ? 2 : 1;

    public override int Rows => _firstRows[^1];

    public override int Columns => Leading + (2 * Ends.Count);

    public override int EntryWork => 20;

    /// <summary>The row of a feature and a rank; -1 where there is none.</summary>
    public int RowOf(int feature, long rank) => rank == ElementTypes.MissingRank
        ? _numbers.MayBeMissing ? _firstRows[feature + 1] - 1 : -1
        : rank >= 0 && rank <= _node.Counts[feature] ? _firstRows[feature] + (int)rank : -1;

    /// <summary>What has a rank.</summary>
    public (long Lower, long Upper) IntervalOf(int feature, long rank)
    {
        if (rank == ElementTypes.MissingRank)
            return (ElementTypes.MissingInput, ElementTypes.MissingInput);
        var first = FirstThreshold(feature);
        return (
            rank == 0 ? _numbers.Min : _node.Thresholds[first + (int)rank - 1],
            rank == _node.Counts[feature] ? _numbers.Max : _node.Thresholds[first + (int)rank] - 1);
    }

    /// <summary>Rows are thresholds, and further ones of each feature.</summary>
    private int FirstThreshold(int feature) => _firstRows[feature] - (feature * Further);

    public long RankOf(int feature, long number) => EntryMaps.RankOf(_node, feature, FirstThreshold(feature), number);

    public override int Entry(int row, int column)
    {
        var feature = Array.BinarySearch(_firstRows, row) is var found && found >= 0 ? found : ~found - 1;
        return Entry(feature, row - _firstRows[feature], column);
    }

    private int Entry(int feature, int number, int column)
    {
        if (column == 0)
            return feature;
        var rank = number > _node.Counts[feature] ? ElementTypes.MissingRank : number;
        if (column == 1)
            return rank;
        var (lower, upper) = IntervalOf(feature, rank);
        column -= Leading;
        return (int)(column < Ends.Count ? Ends.LimbOf(lower, column) : Ends.LimbOf(upper, column - Ends.Count));
    }

    public override void CopyColumn(int column, Span<int> rows)
    {
        for (var (feature, row) = (0, 0); feature < _node.Counts.Length; feature++)
            for (; row < _firstRows[feature + 1]; row++)
                rows[row] = Entry(feature, row - _firstRows[feature], column);
    }

    public override int RowOf(ReadOnlySpan<int> tuple)
    {
        if (tuple[0] < 0 || tuple[0] >= _node.Counts.Length || RowOf(tuple[0], tuple[1]) is var row && row < 0)
            return -1;
        for (var column = Leading; column < Columns; column++)
            if (Entry(tuple[0], row - _firstRows[tuple[0]], column) != tuple[column])
                return -1;
        return row;
    }
}
