using Aivm.Compiler.Import;

namespace Aivm.Compiler.Classical;

/// <summary>
/// Reads the parallel lists of ai.onnx.ml tree ensembles, as XGBoost, LightGBM and scikit-learn exporters write them, into
/// trees whose shape is proved: every child exists, is reached once, and no path returns.
/// </summary>
internal static class TreeEnsembleReader
{
    public const int MaxTrees = 1 << 16;

    /// <param name="prefix">What the leaf lists begin with: <c>class</c> or <c>target</c>.</param>
    /// <param name="features">How many features a split may name.</param>
    /// <param name="ids">Targets that the file may name.</param>
    /// <param name="targets">Scores of the ensemble: as many as <paramref name="ids"/>, or 1 when all leaves add to the same.</param>
    public static IReadOnlyList<Tree> Read(OperatorCall call, string prefix, int features, int ids, int targets)
    {
        var lists = new NodeLists(call);
        var leaves = ReadLeaves(call, prefix, ids, targets);
        var trees = new List<Tree>();
        for (var start = 0; start < lists.Count; start = lists.EndOfTree(start))
        {
            if (trees.Count == MaxTrees)
                throw Refusal.TooLarge($"{call.Node} has more than {MaxTrees} trees");
            trees.Add(ReadTree(call, lists, start, lists.EndOfTree(start), leaves, features));
        }
        if (leaves.Count > 0)
            throw Refusal.Invalid($"{call.Node} gives a value to a node that is no leaf of any tree");
        if (trees.Count == 0)
            throw Refusal.Invalid($"{call.Node} has no trees");
        return trees;
    }

    /// <summary>What the scores start from, one number for each; empty where the file names none.</summary>
    public static double[] BaseValues(OperatorCall call) => Finite(call, Numbers(call, "base_values"), "base value");

    /// <summary>The values of all leaves.</summary>
    public static double[] Weights(OperatorCall call, string prefix) => Finite(call, Numbers(call, prefix + "_weights"), "leaf");

    /// <summary>The different targets that the leaves add to, as the file numbers them.</summary>
    public static IReadOnlyList<long> DistinctTargets(OperatorCall call, string prefix) => [.. Ids(call, prefix + "_ids").Distinct().Order()];

    private static Dictionary<(long Tree, long Node), SortedDictionary<int, double>> ReadLeaves(OperatorCall call, string prefix, int idLimit, int targets)
    {
        var trees = Ids(call, prefix + "_treeids");
        var nodes = Ids(call, prefix + "_nodeids");
        var ids = Ids(call, prefix + "_ids");
        var weights = Weights(call, prefix);
        if (trees.Count != weights.Length || nodes.Count != weights.Length || ids.Count != weights.Length)
            throw Refusal.Invalid($"the {prefix} lists of {call.Node} differ in length");
        var leaves = new Dictionary<(long, long), SortedDictionary<int, double>>();
        for (var i = 0; i < weights.Length; i++)
        {
            if (ids[i] < 0 || ids[i] >= idLimit)
                throw Refusal.Invalid($"{call.Node} adds to the score {ids[i]} of {idLimit}");
            if (!leaves.TryGetValue((trees[i], nodes[i]), out var values))
                leaves.Add((trees[i], nodes[i]), values = []);
            if (!values.TryAdd(targets == 1 ? 0 : (int)ids[i], weights[i]))
                throw Refusal.Invalid($"a leaf of {call.Node} adds to the score {ids[i]} twice");
        }
        return leaves;
    }

    private static Tree ReadTree(
        OperatorCall call, NodeLists lists, int start, int end, Dictionary<(long, long), SortedDictionary<int, double>> leaves, int features)
    {
        var places = new Dictionary<long, int>();
        for (var i = start; i < end; i++)
        {
            if (!places.TryAdd(lists.NodeIds[i], i - start))
                throw Refusal.Invalid($"tree {lists.TreeIds[i]} of {call.Node} has the node {lists.NodeIds[i]} twice");
        }

        var nodes = new TreeNode[end - start];
        var parents = new int[nodes.Length];
        for (var i = 0; i < nodes.Length; i++)
        {
            nodes[i] = ReadNode(call, lists, start + i, places, leaves, features);
            if (nodes[i] is not TreeNode.Split split)
                continue;
            parents[split.True]++;
            parents[split.False]++;
        }
        // One parent each, and a root that reaches them all: no cycle is left.
        if (parents[0] != 0 || parents.AsSpan(1).ContainsAnyExcept(1) || Reached(nodes) != nodes.Length)
            throw Refusal.Invalid($"tree {lists.TreeIds[start]} of {call.Node} is no tree from its first node");
        return new Tree(nodes);
    }

    private static TreeNode ReadNode(
        OperatorCall call, NodeLists lists, int at, Dictionary<long, int> places, Dictionary<(long, long), SortedDictionary<int, double>> leaves, int features)
    {
        if (lists.Modes[at] == "LEAF")
        {
            leaves.Remove((lists.TreeIds[at], lists.NodeIds[at]), out var values);
            return new TreeNode.Leaf(values is null ? [] : [.. values.Select(value => (value.Key, value.Value))]);
        }
        SplitMode mode = lists.Modes[at] switch
        {
            "BRANCH_LT" => SplitMode.Less,
            "BRANCH_LEQ" => SplitMode.LessOrEqual,
            "BRANCH_GT" => SplitMode.Greater,
            "BRANCH_GTE" => SplitMode.GreaterOrEqual,
            var other => throw call.Unsupported($"its splits of mode {other} are no comparisons of order"),
        };
        if (!places.TryGetValue(lists.TrueIds[at], out var whenTrue) || !places.TryGetValue(lists.FalseIds[at], out var whenFalse))
            throw Refusal.Invalid($"tree {lists.TreeIds[at]} of {call.Node} names a child that it lacks");
        return Split(call, lists.Features[at], features, mode, lists.Thresholds[at], lists.MissingTrue(at), whenTrue, whenFalse);
    }

    /// <summary>A split, when its feature exists and its threshold is a number.</summary>
    public static TreeNode.Split Split(OperatorCall call, long feature, int features, SplitMode mode, double threshold, bool missingTrue, int whenTrue, int whenFalse)
    {
        if (feature < 0 || feature >= features)
            throw Refusal.Invalid($"{call.Node} splits on the feature {feature} of {features}");
        if (double.IsNaN(threshold))
            throw call.Unsupported("a threshold is not a number");
        return new TreeNode.Split((int)feature, mode, threshold, missingTrue, whenTrue, whenFalse);
    }

    private static int Reached(TreeNode[] nodes)
    {
        var reached = 0;
        var open = new Stack<int>([0]);
        while (reached <= nodes.Length && open.TryPop(out var at))
        {
            reached++;
            if (nodes[at] is TreeNode.Split split)
            {
                open.Push(split.True);
                open.Push(split.False);
            }
        }
        return reached;
    }

    private static IReadOnlyList<long> Ids(OperatorCall call, string attribute) => call.Node.Ints(attribute) ?? [];

    /// <summary>A list of float32, or the tensor of float64 that operator set 3 allows in its place.</summary>
    private static double[] Numbers(OperatorCall call, string attribute)
    {
        var floats = call.Node.Floats(attribute) ?? [];
        if (call.Node.Tensor(attribute + "_as_tensor") is not { } tensor)
            return [.. floats.Select(value => (double)value)];
        return floats.Count == 0 ? tensor.Values : throw Refusal.Invalid($"{call.Node} has {attribute} twice");
    }

    private static double[] Finite(OperatorCall call, double[] values, string what) =>
        values.All(double.IsFinite) ? values : throw Refusal.Invalid($"a {what} of {call.Node} is not finite");

    /// <summary>The lists with one element per node, of equal lengths.</summary>
    private sealed class NodeLists
    {
        private readonly IReadOnlyList<long> _missing;

        public NodeLists(OperatorCall call)
        {
            TreeIds = Ids(call, "nodes_treeids");
            NodeIds = Ids(call, "nodes_nodeids");
            Features = Ids(call, "nodes_featureids");
            TrueIds = Ids(call, "nodes_truenodeids");
            FalseIds = Ids(call, "nodes_falsenodeids");
            Thresholds = Numbers(call, "nodes_values");
            Modes = call.Node.Texts("nodes_modes") ?? [];
            _missing = Ids(call, "nodes_missing_value_tracks_true");
            int[] lengths = [NodeIds.Count, Features.Count, TrueIds.Count, FalseIds.Count, Thresholds.Length, Modes.Count];
            if (lengths.Any(length => length != TreeIds.Count) || (_missing.Count != 0 && _missing.Count != TreeIds.Count))
                throw Refusal.Invalid($"the node lists of {call.Node} differ in length");
        }

        public int Count => TreeIds.Count;

        public IReadOnlyList<long> TreeIds { get; }

        public IReadOnlyList<long> NodeIds { get; }

        public IReadOnlyList<long> Features { get; }

        public IReadOnlyList<long> TrueIds { get; }

        public IReadOnlyList<long> FalseIds { get; }

        public double[] Thresholds { get; }

        public IReadOnlyList<string> Modes { get; }

        public bool MissingTrue(int at) => _missing.Count > 0 && _missing[at] != 0;

        /// <summary>A tree's nodes follow each other; its first is the root.</summary>
        public int EndOfTree(int start)
        {
            var end = start + 1;
            while (end < Count && TreeIds[end] == TreeIds[start])
                end++;
            return end;
        }
    }
}
