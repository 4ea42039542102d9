using System.Collections.Immutable;
using Aivm.Primitives;

namespace Aivm.Inference;

/// <summary>
/// The canonical bytes of a graph, version 1 (docs/spec/aivm-q.md):
/// magic, version, the constants' types and shapes, inputs, nodes, outputs, the constants' data. One encoding per graph; every byte is consumed.
/// </summary>
public static class Container
{
    public const byte Version = 1;

    public const int MaxConstants = 16384;

    private static ReadOnlySpan<byte> Magic => "AIVQ"u8;

    /// <summary>The bytes of a graph.</summary>
    /// <exception cref="ArgumentException">The graph breaks a rule of <see cref="GraphAnalysis"/>.</exception>
    public static byte[] Encode(Graph graph)
    {
        if (!GraphAnalysis.TryAnalyse(graph, out _, out var error))
            throw new ArgumentException(error.ToString(), nameof(graph));
        var body = new GraphWriter();
        WriteBody(body, graph);
        if (body.Constants.Count > MaxConstants)
            throw new ArgumentException($"{body.Constants.Count} constants; at most {MaxConstants}", nameof(graph));

        var container = new GraphWriter();
        container.Raw(Magic);
        container.Byte(Version);
        container.UInt16(body.Constants.Count);
        foreach (var constant in body.Constants)
        {
            container.Type(constant.Type);
            container.Shape(constant.Shape);
        }
        container.Raw(body.Bytes);
        foreach (var constant in body.Constants)
            container.Raw(constant.Bytes);
        return container.Bytes.ToArray();
    }

    /// <summary>Reads a graph, whose rules are <see cref="GraphAnalysis"/>'s to check.</summary>
    /// <param name="error"><c>limit-container</c>, <c>limit-load</c>, <c>container-magic</c>, <c>container-version</c>, <c>container-truncated</c>, <c>container-trailing</c>, <c>container-malformed</c>.</param>
    public static bool TryDecode(ReadOnlySpan<byte> container, ModelLimits limits, out Graph graph, out Error error) =>
        TryDecode(container, limits, new LoadMeter(limits.LoadGas), out graph, out error);

    /// <param name="load">Takes what decoding takes, before it is done.</param>
    internal static bool TryDecode(ReadOnlySpan<byte> container, ModelLimits limits, LoadMeter load, out Graph graph, out Error error)
    {
        graph = null!;
        if (container.Length > limits.ContainerBytes)
        {
            error = new Error("limit-container", $"a container of {container.Length} bytes; at most {limits.ContainerBytes}");
            return false;
        }
        var header = new GraphReader(container, []);
        Take(ref header, load, container.Length, GasTable.LoadByte);
        var constants = ReadConstants(ref header, load, container);
        if (header.Fault is not null)
        {
            error = header.Fault;
            return false;
        }
        var data = 0;
        foreach (var constant in constants)
            data += constant.Bytes.Length;
        var body = new GraphReader(container[^header.Remaining..^data], constants);
        var candidate = ReadBody(ref body, load);
        if (!body.End())
        {
            error = body.Fault!;
            return false;
        }
        graph = candidate;
        error = null!;
        return true;
    }

    /// <summary>The constants' types and shapes stand at the front, their data at the end.</summary>
    private static Constant[] ReadConstants(ref GraphReader reader, LoadMeter load, ReadOnlySpan<byte> container)
    {
        if (!reader.Raw(Magic.Length).SequenceEqual(Magic))
            reader.Fail("container-magic", "no AIVM-Q container: it does not start with AIVQ");
        var version = reader.Byte();
        if (version != Version)
            reader.Fail("container-version", $"container version {version}; this is version {Version}");
        var count = reader.UInt16();
        if (count > MaxConstants)
            reader.Fail("container-malformed", $"{count} constants; at most {MaxConstants}");
        Take(ref reader, load, count, GasTable.LoadConstant);

        var headers = new List<(ElementType Type, Shape Shape)>();
        var bytes = Int128.Zero;
        for (var i = 0; i < count && reader.Fault is null; i++)
        {
            headers.Add((reader.Type(), reader.Shape()));
            bytes += headers[i].Shape.Elements * (Int128)ElementTypes.SizeOf(headers[i].Type);
            if (headers[i].Shape.Elements is < 1 or > GraphAnalysis.MaxElements)
                reader.Fail("container-malformed", $"a constant of shape {headers[i].Shape}");
        }
        if (reader.Fault is null && bytes > reader.Remaining)
            reader.Fail("container-truncated", "the container ends inside its constants");
        if (reader.Fault is not null)
            return [];

        var constants = new Constant[headers.Count];
        var data = container[^(int)bytes..];
        for (var i = 0; i < constants.Length; i++)
        {
            var length = (int)headers[i].Shape.Elements * ElementTypes.SizeOf(headers[i].Type);
            constants[i] = Constant.FromBytes(headers[i].Type, headers[i].Shape, data[..length]);
            data = data[length..];
        }
        return constants;
    }

    private static void WriteBody(GraphWriter writer, Graph graph)
    {
        writer.UInt16(graph.Inputs.Length);
        foreach (var input in graph.Inputs)
            WriteInput(writer, input);
        writer.UInt16(graph.Nodes.Length);
        foreach (var node in graph.Nodes)
        {
            writer.Byte((byte)node.Operator);
            node.Write(writer);
        }
        writer.UInt16(graph.Outputs.Length);
        foreach (var output in graph.Outputs)
            WriteOutput(writer, output);
    }

    private static void Take(ref GraphReader reader, LoadMeter load, int count, long price)
    {
        if (!load.TryTake(count, price))
            reader.Fail("limit-load", load.Refusal);
    }

    private static Graph ReadBody(ref GraphReader reader, LoadMeter load)
    {
        var inputs = ImmutableArray.CreateBuilder<GraphInput>();
        for (var n = ReadCount(ref reader, GraphAnalysis.MaxInputs); inputs.Count < n && reader.Fault is null;)
            inputs.Add(ReadInput(ref reader));
        var nodes = ImmutableArray.CreateBuilder<GraphNode>();
        var nodeCount = ReadCount(ref reader, GraphAnalysis.MaxNodes);
        Take(ref reader, load, nodeCount, GasTable.LoadNode);
        while (nodes.Count < nodeCount && reader.Fault is null)
        {
            if (ReadNode(ref reader) is { } node)
                nodes.Add(node);
        }
        var outputs = ImmutableArray.CreateBuilder<GraphOutput>();
        for (var n = ReadCount(ref reader, GraphAnalysis.MaxOutputs); outputs.Count < n && reader.Fault is null;)
            outputs.Add(ReadOutput(ref reader, load));
        return new() { Inputs = inputs.ToImmutable(), Nodes = nodes.ToImmutable(), Outputs = outputs.ToImmutable() };
    }

    private static int ReadCount(ref GraphReader reader, int limit)
    {
        var count = reader.UInt16();
        if (count > limit)
            reader.Fail("container-malformed", $"a count of {count} where at most {limit} is possible");
        return count;
    }

    private static void WriteInput(GraphWriter writer, GraphInput input)
    {
        writer.Text(input.Name);
        writer.Shape(input.Shape);
        switch (input.Format)
        {
            case InputFormat.Fixed(var decimals, var allowsMissing):
                writer.Byte(1);
                writer.Byte(decimals);
                writer.Flag(allowsMissing);
                break;
            case InputFormat.U8:
                writer.Byte(2);
                break;
            case InputFormat.Index(var count):
                writer.Byte(3);
                writer.Count(count);
                break;
        }
    }

    private static GraphInput ReadInput(ref GraphReader reader) => new(reader.Text(), reader.Shape(), ReadFormat(ref reader));

    private static InputFormat ReadFormat(ref GraphReader reader)
    {
        switch (reader.Byte())
        {
            case 1:
                return new InputFormat.Fixed(reader.Byte(), reader.Flag());
            case 2:
                return new InputFormat.U8();
            case 3:
                return new InputFormat.Index(reader.Count(int.MaxValue));
            case var tag:
                reader.Fail("container-malformed", $"input format {tag}");
                return new InputFormat.U8();
        }
    }

    private static GraphNode? ReadNode(ref GraphReader reader)
    {
        var code = (Operator)reader.Byte();
        switch (code)
        {
            case Operator.Reshape: return ReshapeNode.Read(ref reader);
            case Operator.Transpose: return TransposeNode.Read(ref reader);
            case Operator.Concat: return ConcatNode.Read(ref reader);
            case Operator.Gather: return GatherNode.Read(ref reader);
            case Operator.Constant: return ConstantNode.Read(ref reader);
            case Operator.Embedding: return EmbeddingNode.Read(ref reader);
            case Operator.Quantise: return QuantiseNode.Read(ref reader);
            case Operator.Clamp: return ClampNode.Read(ref reader);
            case Operator.Rank: return RankNode.Read(ref reader);
            case Operator.Conv: return ConvNode.Read(ref reader);
            case Operator.Dense: return DenseNode.Read(ref reader);
            case Operator.MatMul: return MatMulNode.Read(ref reader);
            case Operator.Add: return AddNode.Read(ref reader);
            case Operator.Rescale: return RescaleNode.Read(ref reader);
            case Operator.Table: return TableNode.Read(ref reader);
            case Operator.Interpolate: return InterpolateNode.Read(ref reader);
            case Operator.Multiply: return MultiplyNode.Read(ref reader);
            case Operator.Compare: return CompareNode.Read(ref reader);
            case Operator.Where: return WhereNode.Read(ref reader);
            case Operator.MaxPool: return MaxPoolNode.Read(ref reader);
            case Operator.AveragePool: return AveragePoolNode.Read(ref reader);
            case Operator.Sum: return SumNode.Read(ref reader);
            case Operator.Max: return MaxNode.Read(ref reader);
            case Operator.Softmax: return SoftmaxNode.Read(ref reader);
            case Operator.LayerNorm: return LayerNormNode.Read(ref reader);
            case Operator.Normalise: return NormaliseNode.Read(ref reader);
            case Operator.WideDense: return WideDenseNode.Read(ref reader);
            case Operator.TreeEnsemble: return TreeEnsembleNode.Read(ref reader);
            case Operator.ArgMax: return ArgMaxNode.Read(ref reader);
            default:
                reader.Fail("container-malformed", $"operator {(byte)code}");
                return null;
        }
    }

    private static void WriteOutput(GraphWriter writer, GraphOutput output)
    {
        writer.Text(output.Name);
        writer.Value(output.Source);
        writer.Byte((byte)output.Kind);
        writer.Byte(unchecked((byte)(sbyte)output.Exponent));
        writer.UInt16(output.ClassNames.Length);
        foreach (var name in output.ClassNames)
            writer.Text(name);
    }

    private static GraphOutput ReadOutput(ref GraphReader reader, LoadMeter load)
    {
        var output = new GraphOutput
        {
            Name = reader.Text(),
            Source = reader.Value(),
            Kind = (OutputKind)reader.Byte(),
            Exponent = unchecked((sbyte)(byte)reader.Byte()),
        };
        var names = ImmutableArray.CreateBuilder<string>();
        var count = reader.UInt16();
        Take(ref reader, load, count, GasTable.LoadName);
        while (names.Count < count && reader.Fault is null)
            names.Add(reader.Text());
        return output with { ClassNames = names.ToImmutable() };
    }
}
