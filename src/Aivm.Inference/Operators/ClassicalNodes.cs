using System.Collections.Immutable;

namespace Aivm.Inference;

/// <summary>
/// Linear and logistic models: rows of [..., In] (S8 to S64) to S64 [..., Out]: y[o] = b[o] + sum over i of w[o, i] * x[i].
/// The bound is sum|w| * max|x| + |b| &lt; 2^62; raw inputs pass a <see cref="ClampNode"/> first.
/// </summary>
public sealed class WideDenseNode : GraphNode
{
    public required int Source { get; init; }

    /// <summary>S8 to S64 [Out, In].</summary>
    public required Constant Weights { get; init; }

    /// <summary>S64 [Out].</summary>
    public required Constant Bias { get; init; }

    public override Operator Operator => Operator.WideDense;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [Weights, Bias];
}

/// <summary>A tree's size, which is public: how many nodes, and which of the ensemble's scores its leaves add to.</summary>
/// <param name="Nodes">Splits and leaves together, 1 to 2^20.</param>
public readonly record struct TreeShape(int Nodes, int FirstTarget, int TargetCount);

/// <summary>
/// Scores of a tree ensemble over ranks ([F], see <see cref="RankNode"/>): S64 [Targets], y[t] = Base[t] + the leaves reached.
/// </summary>
public sealed class TreeEnsembleNode : GraphNode
{
    public required int Source { get; init; }

    public required int Targets { get; init; }

    public required ImmutableArray<TreeShape> Trees { get; init; }

    /// <summary>
    /// S32, one per node, tree after tree, each tree in preorder: a split, its true subtree, its false subtree. Packed by <see cref="TreeSplit"/>; -1 is a leaf.
    /// </summary>
    public required Constant Splits { get; init; }

    /// <summary>S32 or S64: for each leaf in order of the nodes, as many values as its tree has targets. Q24 by convention.</summary>
    public required Constant Leaves { get; init; }

    /// <summary>S64 [Targets].</summary>
    public required Constant Base { get; init; }

    public override Operator Operator => Operator.TreeEnsemble;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [Splits, Leaves, Base];
}

/// <summary>A split sends a sample to its true subtree when rank(feature) &lt;= <paramref name="Rank"/>, or when the feature is missing and <paramref name="MissingTrue"/>.</summary>
/// <param name="Feature">0 to 16382.</param>
/// <param name="Rank">The number of the threshold among the feature's thresholds, 0 to 65533.</param>
public readonly record struct TreeSplit(int Feature, int Rank, bool MissingTrue)
{
    public const int Leaf = -1;

    public const int MaxFeatures = 16383;

    /// <summary>feature * 2^17 + missing * 2^16 + rank.</summary>
    public int Pack() => (Feature << 17) | (MissingTrue ? 1 << 16 : 0) | Rank;

    /// <param name="word">Not negative.</param>
    public static TreeSplit Unpack(int word) => new(word >> 17, word & 0xFFFF, (word & (1 << 16)) != 0);
}
