using Aivm.Inference;

namespace Aivm.Benchmarks.Gas;

/// <summary>What an operator reads.</summary>
internal enum SourceKind
{
    /// <summary>S8 that is never negative.</summary>
    Byte,
    S8,
    S16,
    S32,
    S64,
}

/// <summary>A value to be made: random, so that nothing predicts it.</summary>
/// <param name="Limit">The largest magnitude; 0 for the type's usual one.</param>
/// <param name="ChannelsLast">In the layout that convolutions and pools leave behind.</param>
internal sealed record Source(SourceKind Kind, Shape Shape, long Limit = 0, bool ChannelsLast = false);

/// <summary>Puts a case together: random inputs, brought to the forms that an operator reads, then the operator.</summary>
internal sealed class CaseBuilder
{
    private const int MostOutputs = 1 << 16;

    private readonly Random _random = new(1);
    private readonly List<GraphInput> _inputs = [];
    private readonly List<GraphNode> _nodes = [];
    private readonly List<ValueInfo> _values = [];
    private readonly List<long> _numbers = [];

    /// <param name="node">Given the values' numbers.</param>
    public static GasCase Create(string name, string price, ReadOnlySpan<Source> sources, Func<int[], GraphNode> node)
    {
        var builder = new CaseBuilder();
        foreach (var source in sources)
            builder.AddInput(source);
        var values = new int[sources.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = builder.Bring(i, sources[i]);
        var described = sources.ToArray().Select(source => $"{source.Kind} {source.Shape}{(source.ChannelsLast ? " channels last" : "")}");
        return builder.Finish($"{name} {string.Join(", ", described)}", price, node(values));
    }

    /// <summary>Over the ranks of an S64 input, three thresholds to a feature.</summary>
    public static GasCase CreateRanked(string name, string price, int features, Constant thresholds, Func<int, GraphNode> node)
    {
        var builder = new CaseBuilder();
        builder.AddInput(new Source(SourceKind.S64, [features]));
        return builder.Finish(name, price, node(builder.Add(new RankNode { Source = 0, Counts = [.. Enumerable.Repeat(3, features)], Thresholds = thresholds })));
    }

    /// <summary>Rows picked by an input of numbers.</summary>
    public static GasCase CreateEmbedding(ElementType type, int rows, int width, int count)
    {
        var builder = new CaseBuilder();
        builder.AddInput([count], new InputFormat.Index(rows), 0, rows - 1, () => builder._random.Next(rows));
        return builder.Finish($"of {count} rows of {width} {type}, {rows} in all", nameof(GasTable.Move), new EmbeddingNode { Source = 0, Table = CaseConstants.Of(type, [rows, width], 100) });
    }

    public static GasCase CreateConstant(Constant value)
    {
        var builder = new CaseBuilder();
        builder.AddInput(new Source(SourceKind.Byte, [1]));
        return builder.Finish($"{value.Type} {value.Shape}", nameof(GasTable.Move), new ConstantNode { Value = value });
    }

    private void AddInput(Source source)
    {
        var limit = LimitOf(source);
        if (source.Kind == SourceKind.Byte)
            AddInput(source.Shape, new InputFormat.U8(), 0, 255, () => _random.Next(256));
        else
            AddInput(source.Shape, new InputFormat.Fixed(0), long.MinValue + 1, long.MaxValue, () => _random.NextInt64(-limit, limit + 1));
    }

    private void AddInput(Shape shape, InputFormat format, long min, long max, Func<long> next)
    {
        _values.Add(new ValueInfo(ElementType.S64, shape, min, max));
        _inputs.Add(new GraphInput($"x{_inputs.Count}", shape, format));
        for (var i = 0L; i < shape.Elements; i++)
            _numbers.Add(next());
    }

    /// <returns>The number of a value as the source wants it.</returns>
    private int Bring(int input, Source source)
    {
        var value = source.Kind switch
        {
            SourceKind.Byte => Add(QuantiseNode.Scale(input, ElementType.S8, 1, 1)),
            SourceKind.S8 => Add(QuantiseNode.Scale(Clamped(), ElementType.S8, 1, 0)),
            SourceKind.S16 => Add(QuantiseNode.Scale(Clamped(), ElementType.S16, 1, 0)),
            SourceKind.S32 => Add(new RescaleNode { Source = Add(QuantiseNode.Scale(Clamped(), ElementType.S16, 1, 0)), Factor = 30, Requantise = Requantise.Raw([0]) }),
            _ => Clamped(),
        };
        return source.ChannelsLast ? ToChannelsLast(value, source) : value;

        int Clamped() => Add(new ClampNode { Source = input, Low = -LimitOf(source), High = LimitOf(source) });
    }

    /// <summary>[H, W, C] read as [C, H, W] is the same memory.</summary>
    private int ToChannelsLast(int value, Source source) => Add(new TransposeNode
    {
        Source = Add(new ReshapeNode { Source = value, Shape = [source.Shape[1], source.Shape[2], source.Shape[0]] }),
        Permutation = [2, 0, 1],
    });

    private int Add(GraphNode node)
    {
        ValueInfo[] sources = [.. node.Sources.Select(source => _values[source])];
        var inferred = node.Infer(sources);
        if (inferred.Fault is { } fault)
            throw new InvalidOperationException($"{node.Operator} of {string.Join(", ", sources.Select(source => $"{source.Type} {source.Shape}"))}: {fault}");
        _values.Add(inferred.Value);
        _nodes.Add(node);
        return _values.Count - 1;
    }

    private GasCase Finish(string name, string price, GraphNode measured)
    {
        var (result, position) = (Add(measured), _nodes.Count - 1);
        // A graph may return less than what is worth measuring: of a large result, one element.
        if (_values[result].Shape.Elements > MostOutputs)
            result = Add(new GatherNode { Source = Add(new ReshapeNode { Source = result, Shape = [(int)_values[result].Shape.Elements] }), Axis = 0, Indices = Constant.S32([1], [0]) });
        if (_values[result].Type == ElementType.Rank)
            result = Add(ReadRanks(result));
        var graph = new Graph
        {
            Inputs = [.. _inputs],
            Nodes = [.. _nodes],
            Outputs = [new GraphOutput { Name = "y", Source = result, Kind = OutputKind.Values }],
        };
        return new GasCase($"{measured.Operator} {name}".Replace("  ", " ", StringComparison.Ordinal), price, graph, position, [.. _numbers]);
    }

    /// <summary>A tree of one leaf: ranks are no output.</summary>
    private static TreeEnsembleNode ReadRanks(int source) => new()
    {
        Source = source,
        Targets = 1,
        Trees = [new TreeShape(1, 0, 1)],
        Splits = Constant.S32([1], [TreeSplit.Leaf]),
        Leaves = Constant.S32([1], [0]),
        Base = Constant.S64([1], [0]),
    };

    private static long LimitOf(Source source) => source.Limit != 0 ? source.Limit : source.Kind switch
    {
        SourceKind.S8 => 127,
        SourceKind.S16 or SourceKind.S32 => 32767,
        _ => 1L << 40,
    };
}
