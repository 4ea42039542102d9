using System.Collections.Immutable;

namespace Aivm.Compiler.Onnx;

/// <summary>An ONNX file as decoded, before its operators are understood.</summary>
/// <param name="Classes">Names of the classes that the file's metadata lists under <c>classes</c>, as a JSON array; empty when it does not.</param>
internal sealed record OnnxModel(string Producer, ImmutableSortedDictionary<string, long> Opsets, IReadOnlyList<string> Classes, OnnxGraph Graph);

internal sealed record OnnxGraph(
    IReadOnlyList<OnnxNode> Nodes,
    IReadOnlyDictionary<string, Tensor> Initialisers,
    IReadOnlyList<OnnxValue> Inputs,
    IReadOnlyList<OnnxValue> Outputs)
{
    /// <summary>Names that its nodes and outputs read, its own and those of the graph around it.</summary>
    public IEnumerable<string> Reads => Nodes.SelectMany(node => node.Reads).Concat(Outputs.Select(output => output.Name));
}

/// <summary>A declared input or output of the graph.</summary>
/// <param name="Kind">What the value is: a tensor of some element type, or a name such as <c>sequence</c>.</param>
/// <param name="Extents">The declared shape, null where the file gives none; an unknown extent is -1.</param>
public sealed record OnnxValue(string Name, OnnxType? Kind, IReadOnlyList<long>? Extents);

/// <summary>Element types by their numbers in the file format.</summary>
public enum OnnxType
{
    Undefined = 0,
    Float = 1,
    UInt8 = 2,
    Int8 = 3,
    UInt16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    String = 8,
    Bool = 9,
    Float16 = 10,
    Double = 11,
    UInt32 = 12,
    UInt64 = 13,
    BFloat16 = 16,
}

internal sealed class OnnxNode(
    string domain, string operation, string name, IReadOnlyList<string> inputs, IReadOnlyList<string> outputs,
    IReadOnlyDictionary<string, OnnxAttribute> attributes)
{
    /// <summary>Empty for the standard operators, <c>ai.onnx.ml</c> for classical models.</summary>
    public string Domain { get; } = domain == "ai.onnx" ? "" : domain;

    public string Operation { get; } = operation;

    /// <summary>The node's own name, or that of its first output where it has none.</summary>
    public string Name { get; } = name.Length > 0 ? name : outputs.FirstOrDefault(output => output.Length > 0, "unnamed");

    /// <summary>Names of values; an optional input that is absent is empty.</summary>
    public IReadOnlyList<string> Inputs { get; } = inputs;

    public IReadOnlyList<string> Outputs { get; } = outputs;

    public bool Has(string attribute) => attributes.ContainsKey(attribute);

    public long Int(string attribute, long absent) => Find(attribute, OnnxAttributeType.Int)?.Int ?? absent;

    public double Float(string attribute, double absent) => Find(attribute, OnnxAttributeType.Float)?.Float ?? absent;

    public string Text(string attribute, string absent) => Find(attribute, OnnxAttributeType.String)?.Text ?? absent;

    /// <summary>Null where the attribute is absent, as all of the lists.</summary>
    public IReadOnlyList<long>? Ints(string attribute) => Find(attribute, OnnxAttributeType.Ints)?.Ints;

    public IReadOnlyList<float>? Floats(string attribute) => Find(attribute, OnnxAttributeType.Floats)?.Floats;

    public IReadOnlyList<string>? Texts(string attribute) => Find(attribute, OnnxAttributeType.Strings)?.Texts;

    public Tensor? Tensor(string attribute) => Find(attribute, OnnxAttributeType.Tensor)?.Tensor;

    public OnnxGraph? Graph(string attribute) => Find(attribute, OnnxAttributeType.Graph)?.Graph;

    /// <summary>Everything that the node may read: its inputs, and what the graphs inside it name.</summary>
    public IEnumerable<string> Reads =>
        Inputs.Concat(attributes.Values.SelectMany(attribute => attribute.Graph?.Reads ?? []));

    public override string ToString() => $"{(Domain.Length > 0 ? Domain + "." : "")}{Operation} '{Name}'";

    private OnnxAttribute? Find(string attribute, OnnxAttributeType type)
    {
        if (!attributes.TryGetValue(attribute, out var found))
            return null;
        return found.Type == type
            ? found
            : throw Refusal.Invalid($"the attribute {attribute} of {this} is of type {found.Type}, not {type}");
    }
}

/// <summary>Attribute types by their numbers in the file format.</summary>
internal enum OnnxAttributeType
{
    Float = 1,
    Int = 2,
    String = 3,
    Tensor = 4,
    Graph = 5,
    Floats = 6,
    Ints = 7,
    Strings = 8,
    Tensors = 9,
    Graphs = 10,
    SparseTensor = 11,
    SparseTensors = 12,
    Type = 13,
    Types = 14,
}

internal sealed record OnnxAttribute(OnnxAttributeType Type)
{
    public double Float { get; init; }

    public long Int { get; init; }

    public string Text { get; init; } = "";

    public Tensor? Tensor { get; init; }

    public OnnxGraph? Graph { get; init; }

    public IReadOnlyList<float> Floats { get; init; } = [];

    public IReadOnlyList<long> Ints { get; init; } = [];

    public IReadOnlyList<string> Texts { get; init; } = [];
}
