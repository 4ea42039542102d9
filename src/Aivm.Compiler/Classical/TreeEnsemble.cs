using Aivm.Compiler.Network;

namespace Aivm.Compiler.Classical;

/// <summary>How a split compares the feature x with its threshold t; the sample goes to the true branch when it holds.</summary>
internal enum SplitMode
{
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// <summary>A node of a tree: a split, or a leaf.</summary>
internal abstract record TreeNode
{
    /// <param name="Threshold">A number, maybe infinite.</param>
    internal sealed record Split(int Feature, SplitMode Mode, double Threshold, bool MissingTrue, int True, int False) : TreeNode
    {
        /// <summary>Whether a number below the threshold goes to the true branch.</summary>
        public bool LesserTrue => Mode is SplitMode.Less or SplitMode.LessOrEqual;

        /// <summary>Whether the lesser side includes the threshold.</summary>
        public bool IsInclusive => Mode is SplitMode.LessOrEqual or SplitMode.Greater;

        /// <summary>Whether x lies on the lesser side; x is a number.</summary>
        public bool IsLesser(double x) => IsInclusive ? x <= Threshold : x < Threshold;

        public bool Takes(double x) => double.IsNaN(x) ? MissingTrue : IsLesser(x) == LesserTrue;
    }

    /// <param name="Values">Additions to the scores, by target, ascending.</param>
    internal sealed record Leaf(IReadOnlyList<(int Target, double Value)> Values) : TreeNode;
}

/// <summary>A tree; its root is node 0, and every node but the root is the child of exactly one.</summary>
internal sealed record Tree(IReadOnlyList<TreeNode> Nodes)
{
    public IEnumerable<TreeNode.Split> Splits => Nodes.OfType<TreeNode.Split>();

    public IEnumerable<TreeNode.Leaf> Leaves => Nodes.OfType<TreeNode.Leaf>();
}

/// <summary>A sum of trees: scores[t] = Base[t] + the values of the leaves that the sample reaches.</summary>
/// <param name="Features">What each feature is; null for one that no split reads.</param>
internal sealed record TreeEnsemble(IReadOnlyList<FeaturePath?> Features, int Targets, IReadOnlyList<double> Base, IReadOnlyList<Tree> Trees)
{
    /// <summary>Whether missing values have a meaning: some split says where they go, or they are replaced on the way; and nothing on the way refuses them.</summary>
    public bool TakesMissing { get; } =
        Features.All(path => path?.TakesMissing != false)
        && (Features.Any(path => path?.Steps.Any(step => step is FeatureStep.Impute) == true) || Trees.Any(tree => tree.Splits.Any(split => split.MissingTrue)));

    /// <summary>The scores of a sample of the input.</summary>
    public double[] Scores(double[] sample)
    {
        double[] scores = [.. Base];
        foreach (var tree in Trees)
        {
            var node = tree.Nodes[0];
            while (node is TreeNode.Split split)
                node = tree.Nodes[split.Takes(Feature(split.Feature, sample)) ? split.True : split.False];
            foreach (var (target, value) in ((TreeNode.Leaf)node).Values)
                scores[target] += value;
        }
        return scores;
    }

    private double Feature(int feature, double[] sample)
    {
        var path = Features[feature]!;
        return path.At(sample[path.Element]);
    }
}

/// <summary>The scores of a tree ensemble, [1, targets], from the model's input.</summary>
internal sealed class FloatTrees(string name, string operation, FloatInput input, TreeEnsemble ensemble)
    : FloatNode(name, operation, [1, ensemble.Targets], input)
{
    public TreeEnsemble Ensemble { get; } = ensemble;
}
