using Aivm.Compiler.Network;
using Aivm.Compiler.Quantisation;
using Aivm.Inference;

namespace Aivm.Compiler.Classical;

/// <summary>Trees on ranks: every comparison of the file becomes one of integers, exactly.</summary>
internal static class TreeLowering
{
    public const int LeafExponent = 24;

    private const int MaxDepth = 256;

    public static Value Lower(GraphBuilder builder, FloatTrees trees, Value source)
    {
        var ensemble = trees.Ensemble;
        if (source.Shape.Elements > TreeSplit.MaxFeatures)
            throw Refusal.Operator(trees, $"the input has {source.Shape.Elements} features, at most {TreeSplit.MaxFeatures} are supported");
        source = builder.Reshaped(source, [(int)source.Shape.Elements]);
        var cuts = new TreeCuts(trees, source.Port!, source.Shape.Last);
        var rank = builder.Add(new RankNode
        {
            Source = source.Number,
            Counts = [.. cuts.Sorted.Select(list => list.Length)],
            Thresholds = Constant.S64([cuts.Sorted.Sum(list => list.Length)], [.. cuts.Sorted.SelectMany(list => list)]),
        });

        var shapes = new List<TreeShape>();
        var splits = new List<int>();
        var leaves = new List<long>();
        foreach (var tree in ensemble.Trees)
        {
            var (first, count) = Targets(tree);
            // Each leaf has a value for each of its tree's targets, whichever the file lists.
            if (leaves.Count + ((tree.Nodes.Count + 1) / 2 * (long)count) > GraphAnalysis.MaxElements)
                throw Refusal.TooLarge($"the leaves of {trees} hold more than {GraphAnalysis.MaxElements} values");
            shapes.Add(new TreeShape(tree.Nodes.Count, first, count));
            Write(trees, tree, cuts, first, count, splits, leaves);
        }
        var node = new TreeEnsembleNode
        {
            Source = rank,
            Targets = ensemble.Targets,
            Trees = [.. shapes],
            Splits = Constant.S32([splits.Count], [.. splits]),
            Leaves = leaves.All(leaf => leaf is >= int.MinValue and <= int.MaxValue)
                ? Constant.S32([leaves.Count], [.. leaves.Select(leaf => (int)leaf)])
                : Constant.S64([leaves.Count], [.. leaves]),
            Base = Constant.S64([ensemble.Targets], [.. ensemble.Base.Select(value => Leaf(trees, value))]),
        };
        var reals = Lowering.EachSample(source.Reals, ensemble.Scores);
        var bound = Bound(ensemble);
        return builder.Reported(trees, source, new Value(
            builder.Add(node), [ensemble.Targets], ElementType.S64, LeafExponent, -bound, bound, reals, null));
    }

    /// <summary>The targets that a tree's leaves add to, as a range.</summary>
    private static (int First, int Count) Targets(Tree tree)
    {
        var targets = tree.Leaves.SelectMany(leaf => leaf.Values).Select(value => value.Target).DefaultIfEmpty(0);
        var (first, last) = (int.MaxValue, 0);
        foreach (var target in targets)
            (first, last) = (Math.Min(first, target), Math.Max(last, target));
        return (first, last - first + 1);
    }

    /// <summary>Preorder: a split, its true subtree, its false subtree.</summary>
    private static void Write(FloatTrees trees, Tree tree, TreeCuts cuts, int first, int count, List<int> splits, List<long> leaves)
    {
        var open = new Stack<(int Node, int Depth)>([(0, 0)]);
        while (open.TryPop(out var at))
        {
            if (tree.Nodes[at.Node] is TreeNode.Leaf leaf)
            {
                splits.Add(TreeSplit.Leaf);
                var values = new long[count];
                foreach (var (target, value) in leaf.Values)
                    values[target - first] = Leaf(trees, value);
                leaves.AddRange(values);
                continue;
            }
            if (at.Depth == MaxDepth)
                throw Refusal.Operator(trees, $"a tree is deeper than {MaxDepth}");
            var split = (TreeNode.Split)tree.Nodes[at.Node];
            var cut = cuts.Of(split);
            splits.Add(new TreeSplit(cut.Element, cut.Rank, cut.MissingBelow).Pack());
            open.Push((cut.TrueBelow ? split.False : split.True, at.Depth + 1));
            open.Push((cut.TrueBelow ? split.True : split.False, at.Depth + 1));
        }
    }

    private static long Leaf(FloatTrees trees, double value)
    {
        var scaled = Math.Round(value * ExactMath.PowerOfTwo(LeafExponent), MidpointRounding.ToEven);
        return Math.Abs(scaled) < 1L << 60 ? (long)scaled : throw Refusal.Operator(trees, $"its leaf {value} is out of range");
    }

    private static long Bound(TreeEnsemble ensemble)
    {
        var bounds = ensemble.Base.Select(Math.Abs).ToArray();
        foreach (var tree in ensemble.Trees)
        {
            foreach (var group in tree.Leaves.SelectMany(leaf => leaf.Values).GroupBy(value => value.Target))
                bounds[group.Key] += group.Max(value => Math.Abs(value.Value));
        }
        return (long)Math.Min((bounds.Max() + ensemble.Trees.Count) * ExactMath.PowerOfTwo(LeafExponent), ExactMath.PowerOfTwo(61));
    }
}
