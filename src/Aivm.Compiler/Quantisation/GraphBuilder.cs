using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>Collects the nodes of the integer graph and what is to be reported of each.</summary>
internal sealed class GraphBuilder(IReadOnlyList<GraphInput> inputs)
{
    /// <summary>Bytes allocated after which what nobody reads any more is given back. By itself the runtime waits until that is as much as what is read.</summary>
    private const long GarbageBudget = 128L << 20;

    private readonly List<GraphNode> _nodes = [];
    private readonly List<(LayerReport Report, int Value)> _layers = [];
    private readonly List<(Constant Value, int Number)> _constants = [];
    private readonly Dictionary<(int Number, Shape Shape), int> _expanded = [];
    private long _collectedAt = GC.GetTotalAllocatedBytes();

    /// <summary>Adds a node; returns the number of its value.</summary>
    public int Add(GraphNode node)
    {
        if (_nodes.Count == GraphAnalysis.MaxNodes)
            throw Refusal.TooLarge($"the compiled graph has more than {GraphAnalysis.MaxNodes} nodes");
        _nodes.Add(node);
        if (GC.GetTotalAllocatedBytes() - _collectedAt > GarbageBudget)
        {
            GC.Collect();
            _collectedAt = GC.GetTotalAllocatedBytes();
        }
        return inputs.Count + _nodes.Count - 1;
    }

    /// <summary>A constant as a value; equal ones are one.</summary>
    public int Constant(Constant value)
    {
        var known = _constants.Find(other => other.Value.Type == value.Type && other.Value.Shape == value.Shape && other.Value.Bytes.SequenceEqual(value.Bytes));
        if (known.Value is not null)
            return known.Number;
        _constants.Add((value, Add(new ConstantNode { Value = value })));
        return _constants[^1].Number;
    }

    /// <summary>A value repeated along its axes of extent 1 until it has a shape; the same value and shape give the same result.</summary>
    public int Expanded(int number, Shape from, Shape shape)
    {
        if (_expanded.TryGetValue((number, shape), out var known))
            return known;
        var result = number;
        for (var axis = 0; axis < shape.Rank; axis++)
        {
            if (from[axis] != shape[axis])
                result = Add(new GatherNode { Source = result, Axis = axis, Indices = Inference.Constant.S32([shape[axis]], new int[shape[axis]]) });
        }
        return _expanded[(number, shape)] = result;
    }

    /// <summary>The value under another shape of as many elements.</summary>
    public Value Reshaped(Value value, Shape shape)
    {
        if (value.Shape == shape)
            return value;
        return value with { Number = Add(new ReshapeNode { Source = value.Number, Shape = shape }), Shape = shape };
    }

    /// <summary>Reports the layer that made a value.</summary>
    public Value Reported(FloatNode node, Value source, Value result, int? shift = null)
    {
        var deviation = Deviation.Of(result);
        var macs = node is FloatLinear or FloatMatMul ? (ulong)Work.Of(node) : 0;
        var report = new LayerReport(
            node.Name, node.Operation, _nodes[^1].Operator.ToString(), result.Type.ToString(), source.Exponent, result.Exponent, shift, macs, 0,
            deviation?.Rms, deviation?.Max, deviation?.Signal);
        _layers.Add((report, inputs.Count + _nodes.Count - 1));
        return result;
    }

    /// <summary>The reports, each with the gas of the nodes that were added since the one before.</summary>
    public IReadOnlyList<LayerReport> Layers(ReadOnlySpan<ulong> gasByValue)
    {
        var reports = new List<LayerReport>();
        var first = 0;
        foreach (var (report, value) in _layers)
        {
            var gas = 0UL;
            foreach (var part in gasByValue[first..(value + 1)])
                gas += part;
            reports.Add(report with { Gas = gas });
            first = value + 1;
        }
        return reports;
    }

    public Graph Finish(IEnumerable<GraphOutput> outputs) => new()
    {
        Inputs = [.. inputs],
        Nodes = [.. _nodes],
        Outputs = [.. outputs],
    };
}
