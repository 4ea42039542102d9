using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Aivm.Primitives;

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

    internal override int PreparedChannels => Bias.Count;

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var x = sources[0];
        if (!x.IsInteger || Weights.Type == ElementType.Rank || Bias.Type != ElementType.S64)
            return Inferred.Type($"a wide dense layer of {x.Type} by {Weights.Type} with a bias of {Bias.Type}");
        if (x.Shape.Rank == 0 || Weights.Shape.Rank != 2 || Weights.Shape[1] != x.Shape.Last || Bias.Shape != [Weights.Shape[0]])
            return Inferred.Shape($"weights {Weights.Shape} with bias {Bias.Shape} for {x.Shape}");
        var largest = Int128.Zero;
        for (var o = 0; o < Bias.Count; o++)
        {
            // At most 2^24 terms below 2^63: the sum stays below 2^87, and is checked before it is multiplied.
            var sum = SumOfMagnitudes(o * x.Shape.Last, x.Shape.Last);
            var bound = sum >= GraphAnalysis.WideBound ? sum : (sum * x.Magnitude) + Magnitudes.Of(Bias[o]);
            if (bound >= GraphAnalysis.WideBound)
                return Inferred.Bound($"output {o} may reach {bound}: over 2^62");
            largest = Int128.Max(largest, bound);
        }
        return new ValueInfo(ElementType.S64, x.Shape.WithLast(Bias.Count), -(long)largest, (long)largest);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Int128 SumOfMagnitudes(int first, int count)
    {
        if (Weights.Type == ElementType.S8)
            return LinearWork.SumOfMagnitudes(Weights.Bytes.Slice(first, count));
        var sum = Int128.Zero;
        for (var i = first; i < first + count; i++)
            sum += Magnitudes.Of(Weights[i]);
        return sum;
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result)
    {
        var macs = result.Shape.Elements * (Int128)sources[0].Shape.Last;
        var rows = sources[0].Shape.Elements / sources[0].Shape.Last;
        return new(macs, (macs * GasTable.WideMac) + (result.Shape.Elements * (Int128)GasTable.Branch) + (rows * (Int128)GasTable.Row), sources[0].Shape.Last * (Int128)8);
    }

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Constant(Weights);
        writer.Constant(Bias);
    }

    internal static WideDenseNode Read(ref GraphReader reader) => new()
    {
        Source = reader.Value(),
        Weights = reader.Constant(),
        Bias = reader.Constant(),
    };
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

    /// <summary>Splits on a path, at most.</summary>
    public const int MaxDepth = 256;

    public const int MaxTreeNodes = 1 << 20;

    public const int MaxTargets = 1 << 16;

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var x = sources[0];
        if (x.Type != ElementType.Rank || Splits.Type != ElementType.S32 || Leaves.Type is not (ElementType.S32 or ElementType.S64) || Base.Type != ElementType.S64)
            return Inferred.Type($"trees over {x.Type} with splits {Splits.Type}, leaves {Leaves.Type}, base {Base.Type}");
        if (x.Shape.Rank != 1 || Splits.Shape.Rank != 1 || Leaves.Shape.Rank != 1 || Targets is < 1 or > MaxTargets || Base.Shape != [Targets])
            return Inferred.Shape($"{Targets} targets over {x.Shape} with base {Base.Shape}");
        var bounds = new Int128[Targets];
        for (var t = 0; t < Targets; t++)
            bounds[t] = Magnitudes.Of(Base[t]);
        var (node, leaf) = (0, 0);
        foreach (var tree in Trees)
        {
            if (CheckTree(tree, x.Shape[0], ref node, ref leaf, bounds) is { } fault)
                return fault;
        }
        if (node != Splits.Count || leaf != Leaves.Count)
            return Inferred.Shape($"{Splits.Count} nodes and {Leaves.Count} leaf values where the trees have {node} and {leaf}");
        var largest = Int128.Zero;
        foreach (var bound in bounds)
            largest = Int128.Max(largest, bound);
        return largest < GraphAnalysis.WideBound
            ? new ValueInfo(ElementType.S64, [Targets], -(long)largest, (long)largest)
            : Inferred.Bound($"a score may reach {largest}: over 2^62");
    }

    /// <summary>Prepared, each node knows where its false child and its leaf are, and leaves have 64 bits.</summary>
    internal override Int128 PreparedBytes => base.PreparedBytes + (8 * (Int128)Splits.Count) + (8 * (Int128)Leaves.Count) + (28 * (Int128)Trees.Length);

    internal override int PreparedChannels => Trees.Length;

    /// <summary>Walks one tree in preorder: every split opens two places, every leaf closes one, and the last node closes the last place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Error? CheckTree(TreeShape tree, int features, ref int node, ref int leaf, Int128[] bounds)
    {
        if (tree.Nodes is < 1 or > MaxTreeNodes || tree.Nodes > Splits.Count - node)
            return Inferred.Shape($"a tree of {tree.Nodes} nodes where {Splits.Count - node} are left");
        if (tree.FirstTarget < 0 || tree.TargetCount < 1 || tree.FirstTarget > Targets - tree.TargetCount)
            return Inferred.Shape($"a tree for {tree.TargetCount} of {Targets} targets from {tree.FirstTarget}");
        var largest = new long[tree.TargetCount];
        var walk = new TreeWalk();
        for (var i = 0; i < tree.Nodes; i++)
        {
            if (walk.Done)
                return Inferred.Field("a tree ends before its last node");
            var word = Splits[node++];
            if (word == TreeSplit.Leaf)
            {
                walk.Leaf();
                if (Leaves.Count - leaf < tree.TargetCount)
                    return Inferred.Shape("more leaves than leaf values");
                for (var t = 0; t < tree.TargetCount; t++)
                    largest[t] = Math.Max(largest[t], Magnitudes.Of(Leaves[leaf++]));
            }
            else
            {
                if (word < 0 || TreeSplit.Unpack((int)word) is var split && (split.Feature >= features || split.Rank >= RankNode.MaxThresholds))
                    return Inferred.Field($"a split {word} over {features} features");
                if (!walk.TrySplit(MaxDepth))
                    return Inferred.Field($"a path of more than {MaxDepth} splits");
            }
        }
        if (!walk.Done)
            return Inferred.Field("a tree has a split without its subtrees");
        for (var t = 0; t < tree.TargetCount; t++)
            bounds[tree.FirstTarget + t] += largest[t];
        return null;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result)
    {
        var (node, steps, targets) = (0, Int128.Zero, Int128.Zero);
        foreach (var tree in Trees)
        {
            var walk = new TreeWalk();
            for (var i = 0; i < tree.Nodes; i++)
            {
                if (Splits[node++] == TreeSplit.Leaf)
                    walk.Leaf();
                else
                    walk.TrySplit(MaxDepth);
            }
            steps += walk.Deepest;
            targets += tree.TargetCount;
        }
        var step = Splits.Count > NearNodes ? GasTable.FarBranch : GasTable.Branch;
        return new(0, (steps * step) + (targets * GasTable.Branch) + ((Targets + (Int128)sources[0].Shape.Elements) * GasTable.Move), sources[0].Shape.Elements * (Int128)4);
    }

    /// <summary>Nodes of an ensemble that the nearer caches hold.</summary>
    private const int NearNodes = 1 << 16;

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Count(Targets);
        writer.Count(Trees.Length);
        foreach (var tree in Trees)
        {
            writer.Count(tree.Nodes);
            writer.Count(tree.FirstTarget);
            writer.Count(tree.TargetCount);
        }
        writer.Constant(Splits);
        writer.Constant(Leaves);
        writer.Constant(Base);
    }

    internal static TreeEnsembleNode Read(ref GraphReader reader)
    {
        var (source, targets) = (reader.Value(), reader.Count(MaxTargets));
        var trees = new TreeShape[reader.Count(reader.Remaining / 12)];
        for (var i = 0; i < trees.Length; i++)
            trees[i] = new TreeShape(reader.Count(MaxTreeNodes), reader.Count(MaxTargets), reader.Count(MaxTargets));
        return new()
        {
            Source = source,
            Targets = targets,
            Trees = [.. trees],
            Splits = reader.Constant(),
            Leaves = reader.Constant(),
            Base = reader.Constant(),
        };
    }
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
