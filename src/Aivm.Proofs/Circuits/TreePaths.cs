using System.Collections.Immutable;
using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>
/// A tree ensemble by its edges. Each edge has a test, <c>v + c >= 0</c>: for the true side of "rank &lt;= r", v = -rank and c = r; for the false side, v = rank
/// and c = -r - 1. A missing feature has the rank -1 for splits that send it to the true side, and one above all others for the rest. So v is one of
/// few numbers of a sample, two for each feature and each way of missing, and a test is the code <c>variant * Spacing + c</c>.
/// </summary>
/// <remarks>
/// With the sample's numbers <c>variant * Spacing - v</c> in a table, code - gap is one of them only if gap = v + c for the code's own variant:
/// |c|, |v| and gap together are less than Spacing. The test is then that gap is not negative, which a range check shows.
/// </remarks>
internal sealed class TreePaths
{
    private readonly List<(int Parent, bool IsTrue)> _splits = [];
    private readonly List<(int Parent, bool IsTrue, int FirstValue, int Values)> _leaves = [];
    private readonly List<(TreeSplit Split, int TrueChild, int FalseChild)> _nodes = [];
    private readonly Dictionary<(int Feature, bool MissingTrue), int> _variants = [];
    private readonly long[] _base;
    private Constant _values;

    /// <param name="mostRank">Numbers are those of any rank up to it; 0 where they are those of the nearest rank that tests tell apart.</param>
    public TreePaths(TreeEnsembleNode node, int mostRank = 0)
    {
        MaxGap = mostRank;
        (_base, _values) = (node.Base.ToArray(), node.Leaves);
        foreach (var word in node.Splits.ToArray())
            if (word != TreeSplit.Leaf)
            {
                var split = TreeSplit.Unpack((int)word);
                _variants.TryAdd((split.Feature, split.MissingTrue), 1 + (2 * _variants.Count));
                MaxGap = Math.Max(MaxGap, split.Rank + 1);
            }
        Spacing = SpacingOf(MaxGap);
        if (Fits)
            Trees = Read(node);
    }

    /// <summary>Of trees whose tests and leaves only their owner knows: any split may test any feature, at any rank.</summary>
    /// <param name="architecture">As <see cref="PrivateModel"/> shows it.</param>
    /// <param name="mostRank">The largest rank that a feature may have, unless it is missing.</param>
    public TreePaths(TreeEnsembleNode architecture, int features, int mostRank)
    {
        MaxGap = mostRank + 1;
        (_base, _values) = (architecture.Base.ToArray(), architecture.Leaves);
        _variants.EnsureCapacity(2 * features);
        for (var feature = 0; feature < features; feature++)
            foreach (var missingTrue in (bool[])[false, true])
                _variants.Add((feature, missingTrue), 1 + (2 * _variants.Count));
        Spacing = SpacingOf(MaxGap);
        if (Fits)
            Trees = Read(architecture);
    }

    /// <summary>Tells a prover the splits and the leaves. A split at a rank that no feature has is one at the largest: all but missing features pass both.</summary>
    public void Reveal(TreeEnsembleNode node)
    {
        _values = node.Leaves;
        var next = 0;
        foreach (var word in node.Splits.ToArray())
            if (word != TreeSplit.Leaf)
            {
                var split = TreeSplit.Unpack((int)word);
                _nodes[next] = _nodes[next] with { Split = split with { Rank = Math.Min(split.Rank, MaxGap - 1) } };
                next++;
            }
    }

    private static long SpacingOf(int maxGap) => 4L << Storage.BitLength(maxGap);

    private ImmutableArray<Tree> Read(TreeEnsembleNode node)
    {
        var (trees, next, leaf) = (new List<Tree>(), 0, 0);
        foreach (var shape in node.Trees)
        {
            if (Read(node, shape, ref next, ref leaf) is var tree && tree.Depth > 0)
                trees.Add(tree);
        }
        return [.. trees.OrderByDescending(tree => tree.Depth)];
    }

    /// <param name="Root">The number of its first split.</param>
    /// <param name="Depth">Edges of its longest path, at least 1.</param>
    internal readonly record struct Tree(int Root, int Depth, int FirstTarget, int TargetCount);

    /// <summary>The deepest first; those of a single leaf are part of <see cref="Base"/>.</summary>
    public ImmutableArray<Tree> Trees { get; } = [];

    public ReadOnlySpan<long> Base => _base;

    /// <summary>The largest v + c of an edge that is taken, or one more: also the rank that stands for any above all tests.</summary>
    public int MaxGap { get; }

    public long Spacing { get; }

    /// <summary>Variants, the first of which has v = 0: that of steps that stay where they are.</summary>
    public int VariantCount => 1 + (2 * _variants.Count);

    public int SplitCount => _splits.Count;

    public int LeafCount => _leaves.Count;

    /// <summary>Of the edge that leads to a split; a root's leads from itself, and its test always holds.</summary>
    public (int Parent, int Code) EdgeToSplit(int split) =>
        _splits[split] is var (parent, isTrue) && parent != split ? (parent, CodeOf(parent, isTrue)) : (split, 0);

    public (int Parent, int Code) EdgeToLeaf(int leaf) => (_leaves[leaf].Parent, CodeOf(_leaves[leaf].Parent, _leaves[leaf].IsTrue));

    /// <summary>What a split's edge leads to: a split, or a leaf as its complement.</summary>
    public int ChildOf(int split, bool isTrue) => isTrue ? _nodes[split].TrueChild : _nodes[split].FalseChild;

    /// <summary>The code of an edge.</summary>
    public int CodeOf(int split, bool isTrue) => CodeOf(_nodes[split].Split, isTrue);

    /// <summary>0 for a target that the leaf's tree does not have.</summary>
    public long ValueOf(int leaf, int target) => target < _leaves[leaf].Values ? _values[_leaves[leaf].FirstValue + target] : 0;

    /// <summary>Ways to test: a feature, and what becomes of it where it is missing.</summary>
    public int TestCount => _variants.Count;

    /// <summary>The codes of both edges of a split.</summary>
    /// <param name="test">Below <see cref="TestCount"/>.</param>
    public (int True, int False) CodesOf(int test, int rank) =>
        checked(((int)((((2 * test) + 1) * Spacing) + rank), (int)((((2 * test) + 2) * Spacing) - rank - 1)));

    /// <summary>Reads a tree's preorder.</summary>
    private Tree Read(TreeEnsembleNode node, TreeShape shape, ref int next, ref int leaf)
    {
        var (root, depth, open) = (SplitCount, 0, new Stack<(int Split, bool InFalse)>());
        for (var end = next + shape.Nodes; next < end; next++)
        {
            (int Parent, bool IsTrue) edge = open.TryPeek(out var above) ? (above.Split, !above.InFalse) : (SplitCount, true);
            var word = node.Splits[next];
            if (open.Count > 0)
                SetChild(above.Split, above.InFalse, word == TreeSplit.Leaf ? ~LeafCount : SplitCount);
            if (word != TreeSplit.Leaf)
            {
                open.Push((SplitCount, false));
                _splits.Add(edge);
                _nodes.Add((TreeSplit.Unpack((int)word), 0, 0));
                continue;
            }
            if (open.Count == 0)
                for (var target = 0; target < shape.TargetCount; target++)
                    _base[shape.FirstTarget + target] += node.Leaves[leaf + target];
            else
                _leaves.Add((edge.Parent, edge.IsTrue, leaf, shape.TargetCount));
            leaf += shape.TargetCount;
            depth = Math.Max(depth, open.Count);
            while (open.TryPop(out var ended))
                if (!ended.InFalse)
                {
                    open.Push((ended.Split, true));
                    break;
                }
        }
        return new Tree(root, depth, shape.FirstTarget, shape.TargetCount);
    }

    private void SetChild(int split, bool isFalse, int child) =>
        _nodes[split] = isFalse ? _nodes[split] with { FalseChild = child } : _nodes[split] with { TrueChild = child };

    private int CodeOf(TreeSplit split, bool isTrue) =>
        CodesOf((_variants[(split.Feature, split.MissingTrue)] - 1) / 2, split.Rank) is var codes && isTrue ? codes.True : codes.False;

    /// <summary>Whether codes stay far below p; no tree is read where they do not.</summary>
    public bool Fits => VariantCount * Spacing < GraphAnalysis.AccumulatorBound;

    private int RankOf(long rank, bool missingTrue) => rank == ElementTypes.MissingRank ? (missingTrue ? -1 : MaxGap) : (int)Math.Min(rank, MaxGap);

    /// <summary>A sample's numbers variant * Spacing - v.</summary>
    public void WriteVariants(ReadOnlySpan<long> ranks, Span<long> numbers)
    {
        numbers[0] = 0;
        foreach (var ((feature, missingTrue), variant) in _variants)
        {
            var rank = RankOf(ranks[feature], missingTrue);
            numbers[variant] = (variant * Spacing) + rank;
            numbers[variant + 1] = ((variant + 1) * Spacing) - rank;
        }
    }

    /// <summary>By variant: its feature, the sign of the rank in variant * Spacing - v, and the rank that a missing one counts as. The first has no feature.</summary>
    public IEnumerable<(int Feature, int Sign, int Missing)> Variants()
    {
        yield return (-1, 0, 0);
        foreach (var ((feature, missingTrue), _) in _variants.OrderBy(variant => variant.Value))
            foreach (var sign in (int[])[1, -1])
                yield return (feature, sign, RankOf(ElementTypes.MissingRank, missingTrue));
    }

    /// <summary>The edge that a sample takes from a split: a split, or a leaf as its complement; its code, and by how much it passes the test.</summary>
    public (int Child, int Code, int Gap) Next(int split, Func<int, long> rankOf)
    {
        var (test, trueChild, falseChild) = _nodes[split];
        var rank = RankOf(rankOf(test.Feature), test.MissingTrue);
        var isTrue = rank <= test.Rank;
        return (isTrue ? trueChild : falseChild, CodeOf(test, isTrue), isTrue ? test.Rank - rank : rank - test.Rank - 1);
    }
}

/// <summary>Rows (split, parent, code).</summary>
internal sealed class SplitTable(TreePaths paths) : LookupTable
{
    public override int Rows => paths.SplitCount;

    public override int Columns => 3;

    public override int Entry(int row, int column) => column switch
    {
        0 => row,
        1 => paths.EdgeToSplit(row).Parent,
        _ => paths.EdgeToSplit(row).Code,
    };

    public override int RowOf(ReadOnlySpan<int> tuple) =>
        tuple[0] >= 0 && tuple[0] < Rows && paths.EdgeToSplit(tuple[0]) == (tuple[1], tuple[2]) ? tuple[0] : -1;
}

/// <summary>Rows (parent, code, values): a leaf's values limb by limb, with zeros behind the last.</summary>
internal sealed class LeafTable(TreePaths paths, int targets, LimbCut cut) : LookupTable
{
    private readonly Dictionary<(int Parent, int Code), int> _rows = Enumerable.Range(0, paths.LeafCount).ToDictionary(paths.EdgeToLeaf);

    public const int Leading = 2;

    public override int Rows => paths.LeafCount;

    public override int Columns => Leading + (targets * cut.Count);

    public override int Entry(int row, int column) => column switch
    {
        0 => paths.EdgeToLeaf(row).Parent,
        1 => paths.EdgeToLeaf(row).Code,
        _ => (int)cut.LimbOf(paths.ValueOf(row, (column - Leading) / cut.Count), (column - Leading) % cut.Count),
    };

    public override int RowOf(ReadOnlySpan<int> tuple)
    {
        if (!_rows.TryGetValue((tuple[0], tuple[1]), out var row))
            return -1;
        for (var column = Leading; column < Columns; column++)
            if (Entry(row, column) != tuple[column])
                return -1;
        return row;
    }
}

/// <summary>Rows (number, sample): the numbers of <see cref="TreePaths.WriteVariants"/>, which only a statement gives, or cells.</summary>
internal sealed class VariantTable(TreePaths paths, CircuitValue numbers, int samples) : LookupTable
{
    public override int Rows => samples * paths.VariantCount;

    public override int Columns => 2;

    public override int Entry(int row, int column) => column == 0 ? 0 : row / paths.VariantCount;

    public override int RowOf(ReadOnlySpan<int> tuple)
    {
        var variant = (tuple[0] + (paths.Spacing / 2)) / paths.Spacing;
        return tuple[0] >= 0 && variant < paths.VariantCount && tuple[1] >= 0 && tuple[1] < samples ? (int)((tuple[1] * paths.VariantCount) + variant) : -1;
    }

    public override IEnumerable<(int Row, int Column, int Address)> Stated
    {
        get
        {
            for (var row = 0; row < Rows; row++)
            {
                var (sample, variant) = (row / paths.VariantCount, row % paths.VariantCount);
                yield return (row, 0, numbers.Addresses[variant] + (sample * numbers.Strides[variant]));
            }
        }
    }
}
