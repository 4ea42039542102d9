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
    /// <param name="Threshold">Finite.</param>
    internal sealed record Split(int Feature, SplitMode Mode, float Threshold, bool MissingTrue, int True, int False) : TreeNode
    {
        public bool Takes(float x)
        {
            if (float.IsNaN(x))
                return MissingTrue;
            return Mode switch
            {
                SplitMode.Less => x < Threshold,
                SplitMode.LessOrEqual => x <= Threshold,
                SplitMode.Greater => x > Threshold,
                _ => x >= Threshold,
            };
        }
    }

    /// <param name="Values">Additions to the scores, by target, ascending.</param>
    internal sealed record Leaf(IReadOnlyList<(int Target, double Value)> Values) : TreeNode;
}

/// <summary>A tree; its root is node 0, and every node but the root is the child of exactly one.</summary>
internal sealed record Tree(IReadOnlyList<TreeNode> Nodes);

/// <summary>A sum of trees: scores[t] = Base[t] + the values of the leaves that the sample reaches.</summary>
internal sealed record TreeEnsemble(int Features, int Targets, IReadOnlyList<double> Base, IReadOnlyList<Tree> Trees)
{
    /// <summary>The scores of a sample, compared as float32 as the file means it.</summary>
    public double[] Scores(double[] sample)
    {
        double[] scores = [.. Base];
        foreach (var tree in Trees)
        {
            var node = tree.Nodes[0];
            while (node is TreeNode.Split split)
                node = tree.Nodes[split.Takes((float)sample[split.Feature]) ? split.True : split.False];
            foreach (var (target, value) in ((TreeNode.Leaf)node).Values)
                scores[target] += value;
        }
        return scores;
    }
}

/// <summary>The scores of a tree ensemble, [1, F] to [1, targets].</summary>
internal sealed class FloatTrees(string name, string operation, FloatNode source, TreeEnsemble ensemble)
    : FloatNode(name, operation, [1, ensemble.Targets], source)
{
    public TreeEnsemble Ensemble { get; } = ensemble;
}
