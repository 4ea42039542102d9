using System.Collections.Immutable;
using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>An embedding's numbers, row after row, in the oracle of weights: as wide as tables are, so that rows of a table read them as they lie.</summary>
internal sealed class HiddenRows(Storage place)
{
    private Constant? _numbers;

    public Storage Place => place;

    /// <summary>A prover's; 0 behind the last.</summary>
    public int At(int index) => _numbers is { } numbers
        ? index < numbers.Count ? (int)numbers[index] : 0
        : throw new InvalidOperationException("Committed rows are the prover's alone.");

    /// <summary>Tells a prover the numbers, and writes them to their cells.</summary>
    public void Reveal(Constant numbers, int[] cells)
    {
        _numbers = numbers;
        for (var i = 0; i < numbers.Count; i++)
            cells[place.Base + i] = (int)numbers[i];
    }
}

/// <summary>Rows (place among all numbers, number), the numbers being committed.</summary>
internal sealed class HiddenRowTable(HiddenRows rows) : LookupTable
{
    public override int Rows => rows.Place.Positions * Circuit.TableColumns;

    public override int Columns => 2;

    public override ImmutableArray<HiddenColumn> Hidden => [new(Column: 1, FirstRow: 0, rows.Place)];

    public override int Entry(int row, int column) => column == 0 ? row : 0;

    public override int RowOf(ReadOnlySpan<int> tuple) => tuple[0] >= 0 && tuple[0] < Rows && rows.At(tuple[0]) == tuple[1] ? tuple[0] : -1;
}
