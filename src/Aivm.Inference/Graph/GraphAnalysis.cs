using System.Text;
using Aivm.Primitives;

namespace Aivm.Inference;

/// <summary>The validator: a graph that passed it runs without a fault on every input, within the work and memory stated here.</summary>
public sealed class GraphAnalysis
{
    /// <summary>Every linear accumulator stays below this: (sum|w| * max|x| + |b|) * 2^(S - s) + 2^(S-1).</summary>
    public const long AccumulatorBound = 1L << 29;

    /// <summary>Every s64 accumulator stays below this.</summary>
    public const long WideBound = 1L << 62;

    public const int MaxInputs = 16;
    public const int MaxNodes = 4096;
    public const int MaxOutputs = 16;
    public const int MaxRank = 6;
    public const int MaxElements = 1 << 24;
    public const int MaxOutputElements = 1 << 17;
    public const int MaxNameBytes = 128;
    public const int MaxClasses = 65535;
    public const int MaxDecimals = 18;

    /// <summary>What any node takes when it is prepared, besides its constants.</summary>
    private const int NodeBytes = 2048;

    /// <summary>What the name of a class takes, besides two bytes for each of its own.</summary>
    private const int NameBytes = 64;

    private readonly ValueInfo[] _values;
    private readonly bool[] _used;
    private readonly ulong[] _gasByValue;
    private readonly ModelLimits _limits;
    private readonly LoadMeter _load;
    private Int128 _gas = GasTable.Run;
    private Int128 _macs;

    private GraphAnalysis(int values, ModelLimits limits, LoadMeter load) =>
        (_values, _used, _gasByValue, _limits, _load) = (new ValueInfo[values], new bool[values], new ulong[values], limits, load);

    /// <summary>By value number.</summary>
    public ReadOnlySpan<ValueInfo> Values => _values;

    /// <summary>By value number: the gas of the node that yields it, rounded up; 0 for inputs. The parts add up to no less than the whole.</summary>
    public ReadOnlySpan<ulong> GasByValue => _gasByValue;

    /// <summary>Multiply-accumulates of one run.</summary>
    public ulong Macs { get; private set; }

    /// <summary>Of one run.</summary>
    public ulong Gas { get; private set; }

    /// <summary>A bound on one run's workspace: 8 bytes for each element of each value, and the operators' scratch.</summary>
    public long MemoryBytes { get; private set; }

    /// <summary>A bound on what a prepared model holds besides its container: weights, tables, trees, and what every node and name takes.</summary>
    public long PreparedBytes { get; private set; }

    public static bool TryAnalyse(Graph graph, out GraphAnalysis analysis, out Error error) =>
        TryAnalyse(graph, ModelLimits.OffChain, out analysis, out error);

    /// <summary>
    /// Errors: <c>graph-reference</c>, <c>graph-type</c>, <c>graph-shape</c>, <c>graph-field</c> (a field out of its range),
    /// <c>graph-bound</c> (an accumulator might overflow), <c>graph-name</c>, <c>graph-unused</c>,
    /// <c>limit-size</c>, <c>limit-memory</c>, <c>limit-macs</c>, <c>limit-load</c>.
    /// </summary>
    public static bool TryAnalyse(Graph graph, ModelLimits limits, out GraphAnalysis analysis, out Error error) =>
        TryAnalyse(graph, limits, new LoadMeter(limits.LoadGas), out analysis, out error);

    /// <param name="load">What decoding took.</param>
    internal static bool TryAnalyse(Graph graph, ModelLimits limits, LoadMeter load, out GraphAnalysis analysis, out Error error)
    {
        analysis = null!;
        error = CheckCounts(graph)!;
        if (error is not null)
            return false;
        var candidate = new GraphAnalysis(graph.ValueCount, limits, load);
        error = (candidate.CheckInputs(graph) ?? candidate.CheckNodes(graph) ?? candidate.CheckOutputs(graph))!;
        if (error is not null)
            return false;
        analysis = candidate;
        return true;
    }

    private static Error? CheckCounts(Graph graph)
    {
        if (graph.Inputs.Length is < 1 or > MaxInputs)
            return new("limit-size", $"{graph.Inputs.Length} inputs; 1 to {MaxInputs}");
        if (graph.Nodes.Length > MaxNodes)
            return new("limit-size", $"{graph.Nodes.Length} nodes; at most {MaxNodes}");
        return graph.Outputs.Length is < 1 or > MaxOutputs ? new("limit-size", $"{graph.Outputs.Length} outputs; 1 to {MaxOutputs}") : null;
    }

    private Error? CheckInputs(Graph graph)
    {
        for (var i = 0; i < graph.Inputs.Length; i++)
        {
            var input = graph.Inputs[i];
            if ((CheckName(input.Name) ?? CheckShape(input.Shape)) is { } fault)
                return At($"input {i}", fault);
            for (var j = 0; j < i; j++)
                if (graph.Inputs[j].Name == input.Name)
                    return new("graph-name", $"two inputs are called {input.Name}");
            switch (input.Format)
            {
                case InputFormat.Fixed(var decimals, var allowsMissing):
                    if (decimals is < 0 or > MaxDecimals)
                        return new("graph-field", $"input {i}: {decimals} decimals; 0 to {MaxDecimals}");
                    _values[i] = new(ElementType.S64, input.Shape, long.MinValue + 1, long.MaxValue, allowsMissing);
                    break;
                case InputFormat.Index(var count):
                    if (count < 1)
                        return new("graph-field", $"input {i}: one of {count}; at least 1 is needed");
                    _values[i] = new(ElementType.S64, input.Shape, 0, count - 1);
                    break;
                default:
                    _values[i] = new(ElementType.S64, input.Shape, 0, 255);
                    break;
            }
            if (TakeMemory(8 * (Int128)input.Shape.Elements) is { } over)
                return over;
            _gas += input.Shape.Elements * (Int128)GasTable.Port;
        }
        return null;
    }

    private Error? CheckNodes(Graph graph)
    {
        for (var i = 0; i < graph.Nodes.Length; i++)
            if (CheckNode(graph.Nodes[i], graph.Inputs.Length + i) is { } fault)
                return At($"node {i} ({graph.Nodes[i].Operator})", fault);
        return null;
    }

    private Error? CheckNode(GraphNode node, int number)
    {
        var sources = new ValueInfo[node.Sources.Length];
        for (var s = 0; s < sources.Length; s++)
        {
            var source = node.Sources[s];
            if (source < 0 || source >= number)
                return new("graph-reference", $"it reads value {source}; values below {number} are ready");
            (_used[source], sources[s]) = (true, _values[source]);
            if (sources[s].MayBeMissing && !node.ReadsMissing)
                return new("graph-type", $"value {source} may be missing, which only ranks can express");
        }
        if (CheckConstants(node) is { } constantFault)
            return constantFault;
        var inferred = node.Infer(sources);
        if (inferred.Fault is not null)
            return inferred.Fault;
        _values[number] = inferred.Value;
        return CheckShape(inferred.Value.Shape) ?? TakeWork(number, node.Measure(sources, inferred.Value), LayoutGas(node, sources));
    }

    private Error? CheckConstants(GraphNode node)
    {
        // Before the elements are looked at: a constant that many nodes share is looked at many times.
        if (TakePrepared(NodeBytes + node.PreparedBytes) is { } over)
            return over;
        if (!_load.TryTake(node.PreparedChannels, GasTable.LoadChannel))
            return new("limit-load", _load.Refusal);
        foreach (var constant in node.Constants)
        {
            if (CheckShape(constant.Shape) is { } fault)
                return fault;
            if (constant.IsAsymmetric)
                return new("graph-field", $"a constant of {constant.Type} is below {ElementTypes.MinOf(constant.Type)}; the range is symmetric");
            if (constant.Type == ElementType.Rank)
                return new("graph-type", "a constant holds ranks");
        }
        return null;
    }

    private Error? TakePrepared(Int128 bytes)
    {
        PreparedBytes = (long)Int128.Min(PreparedBytes + bytes, long.MaxValue);
        if (PreparedBytes > _limits.MemoryBytes)
            return new("limit-memory", $"prepared weights of {PreparedBytes} bytes; at most {_limits.MemoryBytes}");
        return _load.TryTake(bytes, GasTable.PrepareByte) ? null : new("limit-load", _load.Refusal);
    }

    /// <summary>Kernels want their sources in one of two layouts.</summary>
    private static Int128 LayoutGas(GraphNode node, ReadOnlySpan<ValueInfo> sources)
    {
        var gas = Int128.Zero;
        for (var s = node.SourcesInAnyLayout; s < sources.Length; s++)
            if (sources[s].Shape.HasLayouts)
                gas += sources[s].Shape.Elements * (Int128)(GasTable.Layout + (ElementTypes.SizeOf(sources[s].Type) * GasTable.LayoutByte));
        return gas;
    }

    private Error? TakeWork(int number, Work work, Int128 layouts)
    {
        _macs += work.Macs;
        if (_macs > _limits.Macs)
            return new("limit-macs", $"more than {_limits.Macs} multiply-accumulates");
        Macs = (ulong)_macs;
        var gas = work.Gas + layouts + GasTable.Node;
        _gas += gas;
        _gasByValue[number] = (ulong)Int128.Min(GasTable.ToGas(gas), ulong.MaxValue);
        return TakeMemory(work.Scratch + (8 * (Int128)_values[number].Shape.Elements));
    }

    private Error? TakeMemory(Int128 bytes)
    {
        MemoryBytes = (long)Int128.Min(MemoryBytes + bytes, long.MaxValue);
        return MemoryBytes > _limits.MemoryBytes ? new("limit-memory", $"a run needs {MemoryBytes} bytes; at most {_limits.MemoryBytes}") : null;
    }

    private Error? CheckOutputs(Graph graph)
    {
        var elements = 0L;
        for (var i = 0; i < graph.Outputs.Length; i++)
        {
            var output = graph.Outputs[i];
            if (CheckOutput(graph, output, i) is { } fault)
                return At($"output {i}", fault);
            elements += _values[output.Source].Shape.Elements;
        }
        if (elements > MaxOutputElements)
            return new("limit-size", $"{elements} output elements; at most {MaxOutputElements}");
        for (var i = graph.Inputs.Length; i < _used.Length; i++)
            if (!_used[i] && !_limits.AllowsUnused)
                return new("graph-unused", $"node {i - graph.Inputs.Length} yields a value that nothing reads");
        Gas = (ulong)Int128.Min(GasTable.ToGas(_gas + (elements * (Int128)GasTable.Port)), ulong.MaxValue);
        return null;
    }

    private Error? CheckOutput(Graph graph, GraphOutput output, int number)
    {
        if (CheckName(output.Name) is { } fault)
            return fault;
        for (var j = 0; j < number; j++)
            if (graph.Outputs[j].Name == output.Name)
                return new("graph-name", $"two outputs are called {output.Name}");
        if (output.Source < 0 || output.Source >= _values.Length)
            return new("graph-reference", $"it reads value {output.Source} of {_values.Length}");
        _used[output.Source] = true;
        var value = _values[output.Source];
        if (value.Type == ElementType.Rank || value.MayBeMissing)
            return new("graph-type", $"an output of {value.Type}, which may be missing or a rank");
        if (output.ClassNames.Length > MaxClasses)
            return new("limit-size", $"{output.ClassNames.Length} class names; at most {MaxClasses}");
        foreach (var name in output.ClassNames)
            if ((CheckName(name) ?? TakePrepared(NameBytes + (2 * Encoding.UTF8.GetByteCount(name)))) is { } nameFault)
                return nameFault;
        return output.Kind switch
        {
            OutputKind.Label => output.Exponent != 0 || value.Min < 0 || (output.ClassNames.Length > 0 && value.Max >= output.ClassNames.Length)
                ? new("graph-field", $"labels from {value.Min} to {value.Max} with exponent {output.Exponent} and {output.ClassNames.Length} class names")
                : null,
            OutputKind.Values => output.Exponent is < -64 or > 64 ? new("graph-field", $"an exponent of {output.Exponent}") : null,
            _ => new("graph-field", "an output is labels or values"),
        };
    }

    private static Error? CheckShape(Shape shape)
    {
        if (shape.Rank > MaxRank)
            return new("graph-shape", $"{shape.Rank} dimensions; at most {MaxRank}");
        foreach (var dimension in shape)
            if (dimension < 1)
                return new("graph-shape", $"a dimension of {dimension}");
        return shape.Elements > MaxElements ? new("limit-size", $"a tensor of shape {shape}; at most {MaxElements} elements") : null;
    }

    private static Error? CheckName(string name)
    {
        foreach (var character in name)
            if (char.IsControl(character) || character is '\u2028' or '\u2029' || (char.IsSurrogate(character) && !IsWellFormed(name)))
                return new("graph-name", "a name holds control characters or broken UTF-16");
        return Encoding.UTF8.GetByteCount(name) is < 1 or > MaxNameBytes ? new("graph-name", $"a name of {name.Length} characters; 1 to {MaxNameBytes} bytes") : null;
    }

    private static bool IsWellFormed(string name)
    {
        for (var i = 0; i < name.Length; i++)
            if (char.IsHighSurrogate(name[i]) && i + 1 < name.Length && char.IsLowSurrogate(name[i + 1]))
                i++;
            else if (char.IsSurrogate(name[i]))
                return false;
        return true;
    }

    private static Error At(string place, Error fault) => fault with { Message = $"{place}: {fault.Message}" };
}
