using System.Numerics;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>
/// A model whose weights stay with its owner: everybody sees its architecture, and a commitment to the weights. Its container is
/// "AIVP", u8 version = 1, the root (32 bytes), and the container of the architecture (<see cref="Skeleton"/>); its hash is the container's Keccak hash.
/// </summary>
/// <param name="Root">Of the first commitment. Proofs may rest on a later one to the same weights.</param>
public sealed record PrivateModel(Hash256 Hash, Hash256 Root, Graph Architecture, GraphAnalysis Analysis)
{
    private const byte Version = 1;
    private const int HeaderBytes = 5 + Hash256.Size;

    private static ReadOnlySpan<byte> Magic => "AIVP"u8;

    /// <summary>Whether bytes claim to be a private model's container.</summary>
    public static bool Is(ReadOnlySpan<byte> container) => container.StartsWith(Magic);

    /// <param name="graph">With the weights, which the container leaves out.</param>
    public static byte[] Encode(Graph graph, Hash256 root) => [.. Magic, Version, .. root.Span, .. Container.Encode(Skeleton(graph))];

    /// <summary>Errors: <c>container-magic</c>, <c>container-version</c>, <c>container-malformed</c> (an architecture with weights), and those of a public container.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> container, ModelLimits limits, out PrivateModel model, out Error error)
    {
        model = null!;
        if (!TryReadRoot(container, out var root, out error))
            return false;
        if (!Container.TryDecode(container[HeaderBytes..], limits, out var architecture, out error)
            || !GraphAnalysis.TryAnalyse(architecture, limits, out var analysis, out error))
            return false;
        if (!IsArchitecture(architecture, out error))
            return false;
        model = new PrivateModel(Keccak.Hash(container), root, architecture, analysis);
        return true;
    }

    /// <summary>The root that the container begins with. Errors: <c>container-magic</c>, <c>container-version</c>.</summary>
    public static bool TryReadRoot(ReadOnlySpan<byte> container, out Hash256 root, out Error error)
    {
        (root, error) = (default, null!);
        if (!Is(container) || container.Length < HeaderBytes)
            error = new("container-magic", "A private model begins with AIVP, its version and the root of its weights.");
        else if (container[Magic.Length] != Version)
            error = new("container-version", $"Version {container[Magic.Length]} of a private model; this release reads version {Version}.");
        else
            root = new Hash256(container.Slice(Magic.Length + 1, Hash256.Size));
        return error is null;
    }

    /// <summary>The container of the architecture, within one whose root was read.</summary>
    public static ReadOnlySpan<byte> ArchitectureOf(ReadOnlySpan<byte> container) => container[HeaderBytes..];

    /// <summary>Whether a graph shows no weights. Errors: <c>container-malformed</c>.</summary>
    public static bool IsArchitecture(Graph graph, out Error error)
    {
        error = graph.Nodes.All(IsHidden)
            ? null!
            : new("container-malformed", "The architecture of a private model has what is no bound in place of its numbers.");
        return error is null;
    }

    private static bool IsHidden(GraphNode node) => node switch
    {
        ConvNode n => IsHidden(n.Weights, n.Bias),
        DenseNode n => IsHidden(n.Weights, n.Bias),
        WideDenseNode n => IsBound(n.Weights) && IsBound(n.Bias),
        QuantiseNode n when HidesMultipliers(n) => IsBound(n.Multipliers) && IsBound(n.Offsets),
        TreeEnsembleNode n => HidesTrees(n),
        EmbeddingNode n when HidesRows(n) => n.Table[0] >= 0 && n.Table.ToArray().All(bound => bound == n.Table[0]),
        _ => true,
    };

    /// <summary>Whether rows are private: of 8 or 16 bits, as compiled embeddings are.</summary>
    internal static bool HidesRows(EmbeddingNode node) => node.Table.Type is ElementType.S8 or ElementType.S16;

    /// <summary>Whether all splits look alike, and all leaves but those that are a tree by themselves.</summary>
    private static bool HidesTrees(TreeEnsembleNode node)
    {
        var bound = LeafBoundOf(node);
        return bound is null
            || (node.Leaves.Type == ElementType.S64 && long.IsPow2(bound.Value)
                && node.Splits.ToArray().All(word => word is TreeSplit.Leaf or HiddenSplit)
                && LeavesOfTrees(node).All(leaf => node.Leaves[leaf] == bound));
    }

    private const int HiddenSplit = 0;

    /// <summary>The bound B of an architecture's leaves, which lie within [-B, B); null where no tree has a split.</summary>
    internal static long? LeafBoundOf(TreeEnsembleNode node) => LeavesOfTrees(node) is var leaves && leaves.Any() ? node.Leaves[leaves.First()] : null;

    /// <summary>The places of the values of all leaves but those that are a tree by themselves.</summary>
    private static IEnumerable<int> LeavesOfTrees(TreeEnsembleNode node)
    {
        var first = 0;
        foreach (var tree in node.Trees)
        {
            var values = (tree.Nodes + 1) / 2 * tree.TargetCount;
            for (var i = 0; i < values && tree.Nodes > 1; i++)
                yield return first + i;
            first += values;
        }
    }

    /// <summary>A bound B of numbers within [-B, B), in place of each of them: a power of two.</summary>
    private static bool IsBound(Constant numbers) =>
        numbers.Type == ElementType.S64 && long.IsPow2(numbers[0]) && numbers.ToArray().All(number => number == numbers[0]);

    /// <summary>Whether it multiplies features by weights of their own, as compiled linear models do.</summary>
    internal static bool HidesMultipliers(QuantiseNode node) => node.Output == ElementType.S64 && node.Multipliers.Count > 1;

    private static bool HasMagnitudes(Constant weights)
    {
        var row = weights.Count / weights.Shape[0];
        for (var o = 0; o < weights.Count; o += row)
            if (weights[o] < 0 || weights.Bytes.Slice(o, row).ContainsAnyExcept((byte)weights[o]))
                return false;
        return true;
    }

    private static bool IsHidden(Constant weights, Constant bias) =>
        HasMagnitudes(weights) && bias.ToArray().All(bound => bound >= 0);

    /// <summary>
    /// The architecture: the graph with a bound on the mean magnitude of an output's weights in place of each weight of Conv and Dense, and with each bias
    /// replaced by a bound on its magnitude, both of three significant bits; and with a power of two in place of each weight of a WideDense, another for its bias, and likewise for a Quantise that multiplies features by weights of
    /// their own; of trees the shapes, with a power of two in place of each leaf; in place of an embedding's numbers a bound on them all. Shapes, shifts, tables, thresholds and these bounds are public.
    /// </summary>
    public static Graph Skeleton(Graph graph) => new()
    {
        Inputs = graph.Inputs,
        Nodes = [.. graph.Nodes.Select(Hide)],
        Outputs = graph.Outputs,
    };

    /// <summary>The architecture, where its bounds hold of all numbers. Errors: <c>proof-unsupported</c>, <c>proof-work</c>.</summary>
    /// <param name="meter">Counts the work before it is done.</param>
    internal static bool TryBound(Graph graph, WorkMeter meter, out Graph architecture, out Error error)
    {
        (architecture, error) = (null!, null!);
        if (!meter.TryTake(graph.Nodes.Aggregate((Int128)0, (sum, node) => sum + BoundWorkOf(node))))
            error = new("proof-work", $"bounding the model's weights takes more than the limit: {meter.Work} so far");
        for (var i = 0; i < graph.Nodes.Length && error is null; i++)
            if (WideNumbersOf(graph.Nodes[i]).Any(numbers => numbers.Range() is var (low, high) && (low < -MaxBound || high >= MaxBound)))
                error = new("proof-unsupported", $"node {i} has weights beyond 2^{MaxBoundBits}, which no commitment holds");
        if (error is null)
            architecture = Skeleton(graph);
        return error is null;
    }

    // Nanoseconds a number of making bounds, measured by the benchmark proof-gas. A constant that several nodes share is bounded for each.
    private const int WeightWork = 1;
    private const int NumberWork = 20;
    private const int SplitWork = 20;
    private const int LeafWork = 100;
    private const int BoundedNodeWork = 1000;

    private static Int128 BoundWorkOf(GraphNode node) => BoundedNodeWork + (node switch
    {
        ConvNode n => ((Int128)n.Weights.Count * WeightWork) + ((Int128)n.Bias.Count * NumberWork),
        DenseNode n => ((Int128)n.Weights.Count * WeightWork) + ((Int128)n.Bias.Count * NumberWork),
        EmbeddingNode n when HidesRows(n) => (Int128)n.Table.Count * NumberWork,
        TreeEnsembleNode n => ((Int128)n.Splits.Count * SplitWork) + ((Int128)n.Leaves.Count * LeafWork),
        _ => WideNumbersOf(node).Aggregate((Int128)0, (sum, numbers) => sum + ((Int128)numbers.Count * NumberWork)),
    });

    /// <summary>Of the bounds in place of a node's numbers.</summary>
    internal static long BoundBytesOf(GraphNode node) => node switch
    {
        ConvNode n => n.Weights.Bytes.Length + (long)n.Bias.Bytes.Length,
        DenseNode n => n.Weights.Bytes.Length + (long)n.Bias.Bytes.Length,
        EmbeddingNode n => n.Table.Bytes.Length,
        TreeEnsembleNode n => n.Splits.Bytes.Length + (long)n.Leaves.Bytes.Length,
        _ => WideNumbersOf(node).Sum(numbers => (long)numbers.Bytes.Length),
    };

    /// <summary>What a power of two bounds.</summary>
    private static Constant[] WideNumbersOf(GraphNode node) => node switch
    {
        WideDenseNode n => [n.Weights, n.Bias],
        QuantiseNode n when HidesMultipliers(n) => [n.Multipliers, n.Offsets],
        TreeEnsembleNode n => [n.Leaves],
        _ => [],
    };

    private static GraphNode Hide(GraphNode node) => node switch
    {
        ConvNode n => new ConvNode
        {
            Source = n.Source,
            Weights = Magnitudes(n.Weights),
            Bias = Bounds(n.Bias),
            Window = n.Window,
            Groups = n.Groups,
            Requantise = n.Requantise,
        },
        WideDenseNode n => new WideDenseNode { Source = n.Source, Weights = Bound(n.Weights), Bias = Bound(n.Bias) },
        QuantiseNode n when HidesMultipliers(n) => new QuantiseNode
        {
            Source = n.Source,
            Output = n.Output,
            Multipliers = Bound(n.Multipliers),
            Offsets = Bound(n.Offsets),
            Shift = n.Shift,
        },
        EmbeddingNode n when HidesRows(n) => new EmbeddingNode { Source = n.Source, Table = BoundOfRows(n.Table) },
        TreeEnsembleNode n => new TreeEnsembleNode
        {
            Source = n.Source,
            Targets = n.Targets,
            Trees = n.Trees,
            Splits = Constant.S32(n.Splits.Shape, [.. n.Splits.ToArray().Select(word => word == TreeSplit.Leaf ? TreeSplit.Leaf : HiddenSplit)]),
            Leaves = BoundOfLeaves(n),
            Base = n.Base,
        },
        DenseNode n => new DenseNode { Source = n.Source, Weights = Magnitudes(n.Weights), Bias = Bounds(n.Bias), Requantise = n.Requantise },
        _ => node,
    };

    /// <summary>In place of each weight an M for which the magnitudes of its output's n weights add up to n * M at most.</summary>
    private static Constant Magnitudes(Constant weights)
    {
        var magnitudes = new sbyte[weights.Count];
        var row = weights.Count / weights.Shape[0];
        for (var o = 0; o < weights.Count; o += row)
        {
            var sum = LinearWork.SumOfMagnitudes(weights.Bytes.Slice(o, row));
            magnitudes.AsSpan(o, row).Fill((sbyte)Math.Min(BoundOf((sum + row - 1) / row), ElementTypes.MaxOf(ElementType.S8)));
        }
        return Constant.S8(weights.Shape, magnitudes);
    }

    private static Constant Bound(Constant numbers)
    {
        var bounds = new long[numbers.Count];
        Array.Fill(bounds, BoundOf(numbers.Range()));
        return Constant.S64(numbers.Shape, bounds);
    }

    private static Constant BoundOfRows(Constant table)
    {
        var (low, high) = table.Range();
        var bound = Math.Min(BoundOf(Math.Max(-low, high)), ElementTypes.MaxOf(table.Type));
        var bounds = new short[table.Count];
        Array.Fill(bounds, (short)bound);
        return table.Type == ElementType.S8 ? Constant.S8(table.Shape, Array.ConvertAll(bounds, each => (sbyte)each)) : Constant.S16(table.Shape, bounds);
    }

    private static Constant BoundOfLeaves(TreeEnsembleNode node)
    {
        var (leaves, hidden) = (node.Leaves.ToArray(), LeavesOfTrees(node).ToArray());
        if (hidden.Length == 0)
            return node.Leaves;
        var bound = BoundOf((hidden.Min(leaf => leaves[leaf]), hidden.Max(leaf => leaves[leaf])));
        foreach (var leaf in hidden)
            leaves[leaf] = bound;
        return Constant.S64(node.Leaves.Shape, leaves);
    }

    /// <summary>The least power of two B with all numbers within [-B, B), or the largest that there is.</summary>
    private static long BoundOf((long Low, long High) range)
    {
        var bits = 0;
        while (bits < MaxBoundBits && (range.High >= 1L << bits || range.Low < -(1L << bits)))
            bits++;
        return 1L << bits;
    }

    /// <summary>No larger weight has a product with 1 that a model may have.</summary>
    private const int MaxBoundBits = 62;

    private const long MaxBound = 1L << MaxBoundBits;

    private static Constant Bounds(Constant bias) => Constant.S32(bias.Shape, [.. bias.ToArray().Select(BoundOf)]);

    private static int BoundOf(long bias)
    {
        var magnitude = Math.Abs(bias);
        var unit = 1L << Math.Max(0, BitOperations.Log2((ulong)magnitude) + 1 - SignificantBits);
        return (int)Math.Min((magnitude + unit - 1) / unit * unit, int.MaxValue);
    }

    private const int SignificantBits = 3;
}
