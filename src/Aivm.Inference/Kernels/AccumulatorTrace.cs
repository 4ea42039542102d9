using System.Collections.Immutable;
using Aivm.Primitives;

namespace Aivm.Inference;

/// <summary>Accumulators of a node, as a run's kernels leave them: one for each element of the node's value.</summary>
/// <param name="channelsLast">[position, channel] rather than the value's own order; of [C, H, W] only.</param>
internal delegate void AccumulatorVisitor(int value, ReadOnlySpan<int> accumulators, bool channelsLast);

/// <summary>
/// Runs a model and shows the exact sums that its nodes requantise, which a run itself never stores: each such node gets a twin that ends in S32
/// without shifts. Provers commit to them.
/// </summary>
internal sealed class AccumulatorTrace
{
    private static readonly Requantise Raw = Requantise.Raw([0]);

    private readonly Plan _plan;
    private readonly (int Value, int Node, Tensor Place)[] _twins;

    private AccumulatorTrace(Plan plan, (int, int, Tensor)[] twins) => (_plan, _twins) = (plan, twins);

    /// <summary>Errors: those of <see cref="GraphAnalysis"/>; a twin can take a graph over its limits.</summary>
    public static bool TryCreate(Graph graph, SimdLevel level, out AccumulatorTrace trace, out Error error)
    {
        var nodes = ImmutableArray.CreateBuilder<GraphNode>();
        var twins = new List<(int Value, int Node)>();
        var renumbered = new int[graph.ValueCount];
        for (var i = 0; i < renumbered.Length; i++)
        {
            renumbered[i] = i < graph.Inputs.Length ? i : graph.Inputs.Length + nodes.Count;
            if (i < graph.Inputs.Length)
                continue;
            var node = graph.Nodes[i - graph.Inputs.Length];
            nodes.Add(Copy(node, renumbered, null));
            if (RequantiseOf(node) is not null)
            {
                twins.Add((i, nodes.Count));
                nodes.Add(Copy(node, renumbered, Raw));
            }
        }
        var outputs = graph.Outputs.Select(output => output with { Source = renumbered[output.Source] });
        var traced = new Graph { Inputs = graph.Inputs, Nodes = nodes.ToImmutable(), Outputs = [.. outputs] };
        trace = null!;
        if (!GraphAnalysis.TryAnalyse(traced, ModelLimits.OffChain with { AllowsUnused = true }, out var analysis, out error))
            return false;
        var values = twins.Select(twin => graph.Inputs.Length + twin.Node).ToArray();
        var plan = PlanBuilder.Build(traced, analysis, level, values, out var places);
        trace = new AccumulatorTrace(plan, [.. twins.Select((twin, i) => (twin.Value, twin.Node, places[i]))]);
        return true;
    }

    private static Requantise? RequantiseOf(GraphNode node) => node switch
    {
        ConvNode n => n.Requantise,
        DenseNode n => n.Requantise,
        MatMulNode n => n.Requantise,
        AddNode n => n.Requantise,
        RescaleNode n => n.Requantise,
        MultiplyNode n => n.Requantise,
        AveragePoolNode n => n.Requantise,
        SumNode n => n.Requantise,
        _ => null,
    };

    /// <summary>The node with its sources renumbered, and another end where one is given.</summary>
    private static GraphNode Copy(GraphNode node, int[] numbers, Requantise? end) => node switch
    {
        ReshapeNode n => new ReshapeNode { Source = numbers[n.Source], Shape = n.Shape },
        TransposeNode n => new TransposeNode { Source = numbers[n.Source], Permutation = n.Permutation },
        ConcatNode n => new ConcatNode { Parts = [.. n.Parts.Select(part => numbers[part])], Axis = n.Axis },
        GatherNode n => new GatherNode { Source = numbers[n.Source], Axis = n.Axis, Indices = n.Indices },
        ConstantNode => node,
        EmbeddingNode n => new EmbeddingNode { Source = numbers[n.Source], Table = n.Table },
        QuantiseNode n => new QuantiseNode { Source = numbers[n.Source], Output = n.Output, Multipliers = n.Multipliers, Offsets = n.Offsets, Shift = n.Shift },
        ClampNode n => new ClampNode { Source = numbers[n.Source], Low = n.Low, High = n.High },
        RankNode n => new RankNode { Source = numbers[n.Source], Counts = n.Counts, Thresholds = n.Thresholds },
        ConvNode n => new ConvNode
        {
            Source = numbers[n.Source],
            Weights = n.Weights,
            Bias = n.Bias,
            Window = n.Window,
            Groups = n.Groups,
            Requantise = end ?? n.Requantise,
        },
        DenseNode n => new DenseNode { Source = numbers[n.Source], Weights = n.Weights, Bias = n.Bias, Requantise = end ?? n.Requantise },
        MatMulNode n => new MatMulNode { Left = numbers[n.Left], Right = numbers[n.Right], TransposesRight = n.TransposesRight, Requantise = end ?? n.Requantise },
        AddNode n => new AddNode
        {
            Left = numbers[n.Left],
            Right = numbers[n.Right],
            LeftFactor = n.LeftFactor,
            RightFactor = n.RightFactor,
            Requantise = end ?? n.Requantise,
        },
        RescaleNode n => new RescaleNode { Source = numbers[n.Source], Factor = n.Factor, Requantise = end ?? n.Requantise },
        TableNode n => new TableNode { Source = numbers[n.Source], Low = n.Low, Entries = n.Entries },
        InterpolateNode n => new InterpolateNode { Source = numbers[n.Source], Low = n.Low, Shift = n.Shift, Entries = n.Entries },
        MultiplyNode n => new MultiplyNode { Left = numbers[n.Left], Right = numbers[n.Right], Requantise = end ?? n.Requantise },
        CompareNode n => new CompareNode { Left = numbers[n.Left], Right = numbers[n.Right], Comparison = n.Comparison },
        WhereNode n => new WhereNode { Condition = numbers[n.Condition], Left = numbers[n.Left], Right = numbers[n.Right] },
        MaxPoolNode n => new MaxPoolNode { Source = numbers[n.Source], Window = n.Window },
        AveragePoolNode n => new AveragePoolNode
        {
            Source = numbers[n.Source],
            Window = n.Window,
            Multiplier = n.Multiplier,
            ExcludesPadding = n.ExcludesPadding,
            Requantise = end ?? n.Requantise,
        },
        SumNode n => new SumNode { Source = numbers[n.Source], Multiplier = n.Multiplier, Requantise = end ?? n.Requantise },
        MaxNode n => new MaxNode { Source = numbers[n.Source] },
        SoftmaxNode n => new SoftmaxNode { Source = numbers[n.Source], Shift = n.Shift, Entries = n.Entries, OutputExponent = n.OutputExponent },
        LayerNormNode n => new LayerNormNode
        {
            Source = numbers[n.Source],
            Centred = n.Centred,
            Fraction = n.Fraction,
            Epsilon = n.Epsilon,
            OutputExponent = n.OutputExponent,
        },
        NormaliseNode n => new NormaliseNode { Source = numbers[n.Source], Norm = n.Norm, OutputExponent = n.OutputExponent },
        WideDenseNode n => new WideDenseNode { Source = numbers[n.Source], Weights = n.Weights, Bias = n.Bias },
        TreeEnsembleNode n => new TreeEnsembleNode
        {
            Source = numbers[n.Source],
            Targets = n.Targets,
            Trees = n.Trees,
            Splits = n.Splits,
            Leaves = n.Leaves,
            Base = n.Base,
        },
        ArgMaxNode n => new ArgMaxNode { Source = numbers[n.Source], Axis = n.Axis },
        _ => throw new InvalidOperationException($"No trace for {node.Operator}."),
    };

    /// <param name="input">All inputs' elements, in order: those of a run that <see cref="Model.TryRun(ReadOnlySpan{long}, Span{long}, out Error)"/> accepted.</param>
    public unsafe void Run(ReadOnlySpan<long> input, AccumulatorVisitor visit)
    {
        var workspace = WorkspacePool.Shared.Take(_plan.WorkspaceBytes);
        foreach (var tensor in _plan.Inputs)
        {
            var values = new Span<long>(workspace.Pointer + tensor.Block.Offset, (int)tensor.Elements);
            input[..values.Length].CopyTo(values);
            input = input[values.Length..];
        }
        var next = 0;
        foreach (var (value, node, place) in _twins)
        {
            for (; next < _plan.NodeStarts[node + 1]; next++)
                _plan.Steps[next].Run(workspace.Pointer);
            visit(value, new ReadOnlySpan<int>(workspace.Pointer + place.Block.Offset, (int)place.Elements), place.Layout == Layout.ChannelsLast);
        }
        WorkspacePool.Shared.Return(workspace);
    }
}
