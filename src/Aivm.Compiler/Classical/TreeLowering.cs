using Aivm.Compiler.Network;
using Aivm.Compiler.Quantisation;
using Aivm.Inference;

namespace Aivm.Compiler.Classical;

/// <summary>Trees on ranks: every comparison of the file becomes one of integers, exactly.</summary>
internal static class TreeLowering
{
    public const int LeafExponent = 24;

    private const int MaxThresholds = 65534;
    private const int MaxDepth = 256;

    public static Value Lower(GraphBuilder builder, FloatTrees trees, Value source)
    {
        var ensemble = trees.Ensemble;
        if (ensemble.Features > TreeSplit.MaxFeatures)
            throw Refusal.Operator(trees, $"it has {ensemble.Features} features, at most {TreeSplit.MaxFeatures} are supported");
        if (source.Port is not { } port)
            throw Refusal.Operator(trees, $"it reads the result of {trees.Source}, not an input of the model");
        if (port.Scale <= 0)
            throw Refusal.Operator(trees, "its inputs are scaled by a number that is not positive");
        source = builder.Reshaped(source, [ensemble.Features]);
        var thresholds = new Thresholds(trees, port);
        var rank = builder.Add(new RankNode
        {
            Source = source.Number,
            Counts = [.. thresholds.Sorted.Select(list => list.Length)],
            Thresholds = Constant.S64([thresholds.Sorted.Sum(list => list.Length)], [.. thresholds.Sorted.SelectMany(list => list)]),
        });

        var shapes = new List<TreeShape>();
        var splits = new List<int>();
        var leaves = new List<long>();
        foreach (var tree in ensemble.Trees)
        {
            var (first, count) = Targets(tree);
            shapes.Add(new TreeShape(tree.Nodes.Count, first, count));
            Write(trees, tree, thresholds, first, count, splits, leaves);
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
        var targets = tree.Nodes.OfType<TreeNode.Leaf>().SelectMany(leaf => leaf.Values).Select(value => value.Target).DefaultIfEmpty(0);
        var (first, last) = (int.MaxValue, 0);
        foreach (var target in targets)
            (first, last) = (Math.Min(first, target), Math.Max(last, target));
        return (first, last - first + 1);
    }

    /// <summary>Preorder: a split, its true subtree, its false subtree.</summary>
    private static void Write(FloatTrees trees, Tree tree, Thresholds thresholds, int first, int count, List<int> splits, List<long> leaves)
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
            var (whenLess, otherwise, missingLess) = Ordered(split);
            splits.Add(new TreeSplit(split.Feature, thresholds.Rank(split), missingLess).Pack());
            open.Push((otherwise, at.Depth + 1));
            open.Push((whenLess, at.Depth + 1));
        }
    }

    /// <summary>"x > t" is the negation of "x &lt;= t", "x >= t" that of "x &lt; t"; a missing value fails each unless the file says it holds.</summary>
    private static (int WhenLess, int Otherwise, bool MissingLess) Ordered(TreeNode.Split split) =>
        split.Mode is SplitMode.Less or SplitMode.LessOrEqual
            ? (split.True, split.False, split.MissingTrue)
            : (split.False, split.True, !split.MissingTrue);

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
            foreach (var group in tree.Nodes.OfType<TreeNode.Leaf>().SelectMany(leaf => leaf.Values).GroupBy(value => value.Target))
                bounds[group.Key] += group.Max(value => Math.Abs(value.Value));
        }
        return (long)Math.Min((bounds.Max() + ensemble.Trees.Count) * ExactMath.PowerOfTwo(LeafExponent), ExactMath.PowerOfTwo(61));
    }

    /// <summary>The cut-offs of each feature, sorted.</summary>
    private sealed class Thresholds
    {
        private readonly Dictionary<(int Feature, float Threshold, bool Inclusive), long> _cuts = [];

        public Thresholds(FloatTrees trees, InputPort port)
        {
            var cutOff = new CutOff(port.Divisor, port.Scale);
            var lists = new SortedSet<long>[trees.Ensemble.Features];
            for (var feature = 0; feature < lists.Length; feature++)
                lists[feature] = [];
            foreach (var split in trees.Ensemble.Trees.SelectMany(tree => tree.Nodes).OfType<TreeNode.Split>())
            {
                if (_cuts.ContainsKey(Key(split)))
                    continue;
                var cut = cutOff.Find(split.Threshold, IsInclusive(split))
                    ?? throw Refusal.Operator(trees, $"its threshold {split.Threshold} is beyond 64-bit inputs with so many decimals: compile with fewer");
                _cuts.Add(Key(split), cut);
                lists[split.Feature].Add(cut);
            }
            Sorted = [.. lists.Select(list => list.ToArray())];
            if (Sorted.Any(list => list.Length > MaxThresholds))
                throw Refusal.Operator(trees, $"a feature has more than {MaxThresholds} thresholds");
            // The rank node wants at least one threshold in all.
            if (Sorted.All(list => list.Length == 0))
                throw Refusal.Operator(trees, "it has no split");
        }

        public long[][] Sorted { get; }

        public int Rank(TreeNode.Split split) => Array.BinarySearch(Sorted[split.Feature], _cuts[Key(split)]);

        private static (int, float, bool) Key(TreeNode.Split split) => (split.Feature, split.Threshold, IsInclusive(split));

        /// <summary>Whether the comparison's lesser side includes the threshold.</summary>
        private static bool IsInclusive(TreeNode.Split split) => split.Mode is SplitMode.LessOrEqual or SplitMode.Greater;
    }
}
