using System.Collections.Immutable;
using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>
/// Trees whose splits and leaves are private. Everybody sees which split leads to which; the oracle of weights holds of each edge its code and, where it leads to
/// a leaf, the leaf's values. Edges lie split by split, the true one first, in rectangles as wide as those of tables, so that rows of tables read them as they
/// lie.
/// </summary>
/// <param name="Values">By target of a tree, limb by limb.</param>
internal sealed record HiddenTrees(TreePaths Paths, Storage Codes, Storage[] Values, LimbCut Cut)
{
    /// <summary>In place of a parent where a row is for no path. No child has this number.</summary>
    public const int NoParent = -1;

    /// <summary>In place of a split where an edge leads to none. No parent has this number, so that a path which takes the edge ends there.</summary>
    public const int NoSplit = -2;

    /// <summary>Rows of a rectangle for all edges.</summary>
    public static int PositionsOf(TreePaths paths) => ((2 * paths.SplitCount) + Circuit.TableColumns - 1) / Circuit.TableColumns;

    /// <summary>Edges, and cells behind the last.</summary>
    public int Cells => Codes.Positions * Circuit.TableColumns;

    public bool IsEdge(int cell) => cell < 2 * Paths.SplitCount;

    /// <summary>The split that an edge comes from; <see cref="NoParent"/> where there is no edge.</summary>
    public int ParentAt(int cell) => IsEdge(cell) ? cell / 2 : NoParent;

    /// <summary>What an edge leads to: a split, or a leaf as its complement.</summary>
    public int ChildAt(int cell) => Paths.ChildOf(cell / 2, isTrue: cell % 2 == 0);

    public bool LeadsToLeaf(int cell) => IsEdge(cell) && ChildAt(cell) < 0;

    /// <summary>A prover's: behind the last edge, those of any split.</summary>
    public int CodeAt(int cell)
    {
        var isTrue = cell % 2 == 0;
        if (IsEdge(cell))
            return Paths.CodeOf(cell / 2, isTrue);
        var any = Paths.CodesOf(test: 0, rank: 0);
        return isTrue ? any.True : any.False;
    }

    /// <summary>Tells a prover the trees, and writes them to their cells.</summary>
    public void Reveal(TreeEnsembleNode node, int[] cells)
    {
        Paths.Reveal(node);
        for (var cell = 0; cell < Cells; cell++)
        {
            cells[Codes.Base + cell] = CodeAt(cell);
            for (var column = 0; column < Values.Length && LeadsToLeaf(cell); column++)
                cells[Values[column].Base + cell] = LimbAt(cell, column);
        }
    }

    /// <summary>Of the leaf that an edge leads to.</summary>
    public int LimbAt(int cell, int column) => (int)Cut.LimbOf(Paths.ValueOf(~ChildAt(cell), column / Cut.Count), column % Cut.Count);
}

/// <summary>
/// Rows (child, parent, code) of all edges; before them the roots, which lead to themselves, the last as often as it takes to fill up. Codes are private.
/// </summary>
internal sealed class HiddenSplitTable(HiddenTrees trees) : LookupTable
{
    private int FirstEdge { get; } = (trees.Paths.Trees.Length + Circuit.TableColumns - 1) & -Circuit.TableColumns;

    public override int EntryWork => 10;

    public override int Rows => FirstEdge + trees.Cells;

    public override int Columns => 3;

    public override ImmutableArray<HiddenColumn> Hidden => [new(Column: 2, FirstEdge, trees.Codes)];

    public override int Entry(int row, int column)
    {
        var cell = row - FirstEdge;
        return (column, cell) switch
        {
            (2, _) => 0,
            (_, < 0) => trees.Paths.Trees[Math.Min(row, trees.Paths.Trees.Length - 1)].Root,
            (1, _) => trees.ParentAt(cell),
            _ => SplitAt(cell),
        };
    }

    private int SplitAt(int cell) => trees.IsEdge(cell) && !trees.LeadsToLeaf(cell) ? trees.ChildAt(cell) : HiddenTrees.NoSplit;

    public override int RowOf(ReadOnlySpan<int> tuple)
    {
        var (child, parent, code) = (tuple[0], tuple[1], tuple[2]);
        if (parent < 0 || parent >= trees.Paths.SplitCount)
            return -1;
        if (child == parent)
            return code == 0 ? RootAt(child) : -1;
        var cell = (2 * parent) + (trees.Paths.CodeOf(parent, isTrue: true) == code ? 0 : 1);
        return SplitAt(cell) == child && trees.CodeAt(cell) == code ? FirstEdge + cell : -1;
    }

    private int RootAt(int split)
    {
        for (var tree = 0; tree < trees.Paths.Trees.Length; tree++)
            if (trees.Paths.Trees[tree].Root == split)
                return tree;
        return -1;
    }
}

/// <summary>Rows (parent, code, values) of all edges, where what leads to no leaf has no parent. Codes and values are private.</summary>
internal sealed class HiddenLeafTable(HiddenTrees trees) : LookupTable
{
    public override int Rows => trees.Cells;

    public override int Columns => LeafTable.Leading + trees.Values.Length;

    public override ImmutableArray<HiddenColumn> Hidden =>
        [new(Column: 1, 0, trees.Codes), .. trees.Values.Select((place, column) => new HiddenColumn(LeafTable.Leading + column, 0, place))];

    public override int Entry(int row, int column) => column > 0 ? 0 : trees.LeadsToLeaf(row) ? trees.ParentAt(row) : HiddenTrees.NoParent;

    public override int RowOf(ReadOnlySpan<int> tuple)
    {
        if (tuple[0] < 0 || tuple[0] >= trees.Paths.SplitCount)
            return -1;
        var cell = (2 * tuple[0]) + (trees.Paths.CodeOf(tuple[0], isTrue: true) == tuple[1] ? 0 : 1);
        if (!trees.LeadsToLeaf(cell) || trees.CodeAt(cell) != tuple[1])
            return -1;
        for (var column = 0; column < trees.Values.Length; column++)
            if (trees.LimbAt(cell, column) != tuple[LeafTable.Leading + column])
                return -1;
        return cell;
    }
}

/// <summary>Rows (true edge's code, false edge's code) of all tests that a split may have: of its two edges one passes and the other does not.</summary>
internal sealed class SplitCodeTable(TreePaths paths) : LookupTable
{
    private int Ranks => paths.MaxGap;

    public override int EntryWork => 10;

    public override int Rows => checked(paths.TestCount * Ranks);

    public override int Columns => 2;

    public override int Entry(int row, int column) =>
        paths.CodesOf(row / Ranks, row % Ranks) is var codes && column == 0 ? codes.True : codes.False;

    public override void CopyColumn(int column, Span<int> rows)
    {
        for (var first = 0; first < rows.Length; first += Ranks)
        {
            var (ofTrue, ofFalse) = paths.CodesOf(first / Ranks, 0);
            for (var rank = 0; rank < Ranks; rank++)
                rows[first + rank] = column == 0 ? ofTrue + rank : ofFalse - rank;
        }
    }

    public override int RowOf(ReadOnlySpan<int> tuple)
    {
        var variant = tuple[0] / paths.Spacing;
        var (test, rank) = ((int)(variant - 1) / 2, (int)(tuple[0] % paths.Spacing));
        return variant % 2 == 1 && test < paths.TestCount && rank >= 0 && rank < Ranks && paths.CodesOf(test, rank) == (tuple[0], tuple[1])
            ? (test * Ranks) + rank
            : -1;
    }
}
