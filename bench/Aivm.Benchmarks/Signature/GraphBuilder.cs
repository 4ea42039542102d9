using Aivm.Inference;

namespace Aivm.Benchmarks.Signature;

/// <summary>Puts a graph together with an input for it; whatever nothing reads is an output.</summary>
internal sealed class GraphBuilder(NumberStream numbers)
{
    private readonly List<GraphInput> _inputs = [];
    private readonly List<GraphNode> _nodes = [];
    private readonly List<long> _numbers = [];

    /// <summary>All inputs come before the first node.</summary>
    public int Input(Shape shape, InputFormat format, long low, long high)
    {
        _inputs.Add(new GraphInput($"x{_inputs.Count}", shape, format));
        var mayMiss = format is InputFormat.Fixed { AllowsMissing: true };
        for (var i = 0L; i < shape.Elements; i++)
            _numbers.Add(mayMiss && numbers.Next(8) == 0 ? ElementTypes.MissingInput : numbers.Between(low, high));
        return _inputs.Count - 1;
    }

    /// <summary>An input brought to the form that a layer reads.</summary>
    public int Quantised(Shape shape, SourceKind kind)
    {
        var input = kind == SourceKind.Byte ? Input(shape, new InputFormat.U8(), 0, 255) : Input(shape, new InputFormat.Fixed(2), -40_000, 40_000);
        return Add(kind switch
        {
            SourceKind.Byte => QuantiseNode.Scale(input, ElementType.S8, 127L << 20, 28),
            SourceKind.S8 => QuantiseNode.Scale(input, ElementType.S8, 5_000_001, 30),
            _ => QuantiseNode.Scale(input, ElementType.S16, 1_000_000_007, 34),
        });
    }

    public int Add(GraphNode node)
    {
        _nodes.Add(node);
        return _inputs.Count + _nodes.Count - 1;
    }

    public (Graph Graph, long[] Input) Finish()
    {
        var read = _nodes.SelectMany(node => node.Sources).ToHashSet();
        var outputs = Enumerable.Range(_inputs.Count, _nodes.Count)
            .Where(value => !read.Contains(value))
            .Select(value => new GraphOutput { Name = $"y{value}", Source = value, Kind = OutputKind.Values });
        return (new Graph { Inputs = [.. _inputs], Nodes = [.. _nodes], Outputs = [.. outputs] }, [.. _numbers]);
    }
}
