using Aivm.Compiler.Import;

namespace Aivm.Compiler.Classical;

/// <summary>Reads the TreeEnsemble of operator set 5: splits and leaves in lists of their own, trees named by their roots.</summary>
internal static class TreeTensorReader
{
    private static readonly SplitMode[] Modes = [SplitMode.LessOrEqual, SplitMode.Less, SplitMode.GreaterOrEqual, SplitMode.Greater];
    private static readonly string[] OtherModes = ["BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER"];

    public static IReadOnlyList<Tree> Read(OperatorCall call, int features, int targets)
    {
        var roots = Ids(call, "tree_roots");
        if (roots.Count == 0)
            throw Refusal.Invalid($"{call.Node} has no trees");
        if (roots.Count > TreeEnsembleReader.MaxTrees)
            throw Refusal.TooLarge($"{call.Node} has more than {TreeEnsembleReader.MaxTrees} trees");
        var lists = new Lists(call, features, targets);
        return [.. roots.Select(lists.TreeFrom)];
    }

    private static IReadOnlyList<long> Ids(OperatorCall call, string attribute) => call.Node.Ints(attribute) ?? [];

    private sealed class Lists
    {
        private readonly OperatorCall _call;
        private readonly int _features;
        private readonly int _targets;
        private readonly IReadOnlyList<long> _featureIds;
        private readonly IReadOnlyList<long> _missing;
        private readonly IReadOnlyList<long> _leafTargets;
        private readonly double[] _modes;
        private readonly double[] _thresholds;
        private readonly double[] _weights;
        private readonly (IReadOnlyList<long> Nodes, IReadOnlyList<long> AreLeaves) _true;
        private readonly (IReadOnlyList<long> Nodes, IReadOnlyList<long> AreLeaves) _false;
        private readonly bool[] _reached;

        public Lists(OperatorCall call, int features, int targets)
        {
            (_call, _features, _targets) = (call, features, targets);
            _featureIds = Ids(call, "nodes_featureids");
            _missing = Ids(call, "nodes_missing_value_tracks_true");
            _leafTargets = Ids(call, "leaf_targetids");
            _modes = Tensor("nodes_modes");
            _thresholds = Tensor("nodes_splits");
            _weights = Tensor("leaf_weights");
            _true = (Ids(call, "nodes_truenodeids"), Ids(call, "nodes_trueleafs"));
            _false = (Ids(call, "nodes_falsenodeids"), Ids(call, "nodes_falseleafs"));
            int[] lengths = [_modes.Length, _thresholds.Length, _true.Nodes.Count, _true.AreLeaves.Count, _false.Nodes.Count, _false.AreLeaves.Count];
            if (lengths.Any(length => length != _featureIds.Count) || (_missing.Count != 0 && _missing.Count != _featureIds.Count))
                throw Refusal.Invalid($"the node lists of {call.Node} differ in length");
            if (_leafTargets.Count != _weights.Length)
                throw Refusal.Invalid($"the leaf lists of {call.Node} differ in length");
            if (!_weights.All(double.IsFinite))
                throw Refusal.Invalid($"a leaf of {call.Node} is not finite");
            _reached = new bool[_featureIds.Count];
        }

        /// <summary>The tree below a root, each split before its children. A split that two paths reach is refused; a leaf may be shared.</summary>
        public Tree TreeFrom(long root)
        {
            var nodes = new List<TreeNode?> { null };
            var open = new Stack<(long Split, int Place)>([(root, 0)]);
            while (open.TryPop(out var at))
            {
                if (at.Split < 0 || at.Split >= _reached.Length)
                    throw Refusal.Invalid($"{_call.Node} names the node {at.Split} of {_reached.Length}");
                var split = (int)at.Split;
                if (_reached[split])
                    throw Refusal.Invalid($"{_call.Node} reaches its node {split} twice");
                _reached[split] = true;
                var whenTrue = Child(_true, split, nodes, open);
                var whenFalse = Child(_false, split, nodes, open);
                nodes[at.Place] = TreeEnsembleReader.Split(
                    _call, _featureIds[split], _features, Mode(_modes[split]), _thresholds[split], _missing.Count > 0 && _missing[split] != 0, whenTrue, whenFalse);
            }
            return new Tree([.. nodes.Select(node => node!)]);
        }

        private int Child((IReadOnlyList<long> Nodes, IReadOnlyList<long> AreLeaves) branch, int split, List<TreeNode?> nodes, Stack<(long, int)> open)
        {
            var place = nodes.Count;
            nodes.Add(null);
            if (branch.AreLeaves[split] != 0)
                nodes[place] = Leaf(branch.Nodes[split]);
            else
                open.Push((branch.Nodes[split], place));
            return place;
        }

        private TreeNode.Leaf Leaf(long leaf)
        {
            if (leaf < 0 || leaf >= _weights.Length)
                throw Refusal.Invalid($"{_call.Node} names the leaf {leaf} of {_weights.Length}");
            var target = _leafTargets[(int)leaf];
            return target >= 0 && target < _targets
                ? new TreeNode.Leaf([((int)target, _weights[(int)leaf])])
                : throw Refusal.Invalid($"{_call.Node} adds to the score {target} of {_targets}");
        }

        private SplitMode Mode(double mode)
        {
            var number = Array.IndexOf([0.0, 1, 2, 3, 4, 5, 6], mode);
            if (number < 0)
                throw Refusal.Invalid($"{_call.Node} has a split of the mode {mode}");
            return number < Modes.Length
                ? Modes[number]
                : throw _call.Unsupported($"its splits of mode {OtherModes[number - Modes.Length]} are no comparisons of order");
        }

        private double[] Tensor(string attribute) =>
            _call.Node.Tensor(attribute)?.Values ?? throw Refusal.Invalid($"{_call.Node} lacks its {attribute}");
    }
}
