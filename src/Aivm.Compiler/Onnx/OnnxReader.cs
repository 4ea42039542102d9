using System.Collections.Immutable;
using System.Text.Json;

namespace Aivm.Compiler.Onnx;

/// <summary>
/// Decodes an ONNX file (the wire format of <c>onnx.proto3</c>) under limits that are checked before memory is taken.
/// Fields that carry no meaning for a compiler (documentation, metadata, intermediate shapes) are skipped.
/// </summary>
internal static class OnnxReader
{
    public const int MaxFileSize = 128 << 20;
    public const int MaxNodes = 1 << 16;

    /// <summary>How deep branches lie in branches.</summary>
    public const int MaxDepth = 8;

    public const int MaxInitialisers = 1 << 16;
    public const int MaxValues = 1024;
    public const int MaxAttributes = 64;
    public const int MaxNodeNames = 4096;

    /// <summary>Most elements of one list attribute; the tables of a tree ensemble are such lists.</summary>
    public const int MaxListLength = 1 << 22;

    /// <summary>Most characters of the metadata's list of class names.</summary>
    public const int MaxClassNames = 1 << 20;

    /// <summary>Most texts in one list attribute; equal ones share their memory.</summary>
    public const int MaxTexts = 1 << 20;

    public static OnnxModel Read(ReadOnlyMemory<byte> file)
    {
        if (file.IsEmpty)
            throw Refusal.Corrupt("it is empty");
        if (file.Length > MaxFileSize)
            throw Refusal.TooLarge($"it has {file.Length} bytes, at most {MaxFileSize} are supported");

        var producer = "";
        OnnxGraph? graph = null;
        IReadOnlyList<string> classes = [];
        var opsets = ImmutableSortedDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        var reader = new ProtoReader(file);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 2:
                    producer = reader.String();
                    break;
                case 7:
                    if (graph is not null)
                        throw Refusal.Corrupt("it holds two graphs");
                    graph = ReadGraph(new ProtoReader(reader.Bytes()), depth: 0);
                    break;
                case 8:
                    ReadOpset(new ProtoReader(reader.Bytes()), opsets);
                    break;
                case 25:
                    RequireOwnDomain(new ProtoReader(reader.Bytes()));
                    break;
                case 14:
                    classes = ReadClasses(new ProtoReader(reader.Bytes())) ?? classes;
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        return graph is null
            ? throw Refusal.Corrupt("it holds no graph")
            : new OnnxModel(producer, opsets.ToImmutable(), classes, graph);
    }

    /// <summary>A file may define operators, but not another meaning for a standard one. A call of its own ones is refused where it stands.</summary>
    private static void RequireOwnDomain(ProtoReader reader)
    {
        var (name, domain) = ("", "");
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    name = reader.String();
                    break;
                case 10:
                    domain = reader.String();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        if (domain is "" or "ai.onnx" or "ai.onnx.ml")
            throw Refusal.Input("unsupported-operator", $"The file defines the standard operator '{name}' in a way of its own: export without functions.");
    }

    private static void ReadOpset(ProtoReader reader, ImmutableSortedDictionary<string, long>.Builder opsets)
    {
        var domain = "";
        var version = 0L;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    domain = reader.String();
                    break;
                case 2:
                    version = reader.Int64();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        domain = domain == "ai.onnx" ? "" : domain;
        if (opsets.Count == MaxValues)
            throw Refusal.TooLarge($"it imports more than {MaxValues} operator sets");
        if (!opsets.TryAdd(domain, version))
            throw Refusal.Invalid($"the operator set '{domain}' is imported twice");
    }

    /// <summary>An entry of the file's metadata, when it lists the names of classes.</summary>
    private static string[]? ReadClasses(ProtoReader reader)
    {
        string key = "", value = "";
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    key = reader.String();
                    break;
                case 2:
                    value = reader.String();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        if (key != "classes" || value.Length > MaxClassNames)
            return null;
        try
        {
            using var json = JsonDocument.Parse(value, new JsonDocumentOptions { MaxDepth = 2 });
            return json.RootElement.ValueKind == JsonValueKind.Array && json.RootElement.EnumerateArray().All(name => name.ValueKind == JsonValueKind.String)
                ? [.. json.RootElement.EnumerateArray().Select(name => name.GetString()!)]
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Metadata is free text: what is no list of names is none.
            return null;
        }
    }

    private static OnnxGraph ReadGraph(ProtoReader reader, int depth)
    {
        var nodes = new List<OnnxNode>();
        var initialisers = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        var inputs = new List<OnnxValue>();
        var outputs = new List<OnnxValue>();
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    RequireRoom(nodes.Count, MaxNodes, "nodes");
                    nodes.Add(ReadNode(new ProtoReader(reader.Bytes()), depth));
                    break;
                case 5:
                    RequireRoom(initialisers.Count, MaxInitialisers, "initialisers");
                    var (name, tensor) = TensorReader.Read(new ProtoReader(reader.Bytes()));
                    if (!initialisers.TryAdd(name, tensor))
                        throw Refusal.Invalid($"the initialiser '{name}' is defined twice");
                    break;
                case 11:
                    RequireRoom(inputs.Count, MaxInitialisers + MaxValues, "inputs");
                    inputs.Add(ReadValue(new ProtoReader(reader.Bytes())));
                    break;
                case 12:
                    RequireRoom(outputs.Count, MaxValues, "outputs");
                    outputs.Add(ReadValue(new ProtoReader(reader.Bytes())));
                    break;
                case 15:
                    throw Refusal.Input("unsupported-tensor", "Sparse initialisers are not supported: export the model with dense weights.");
                default:
                    reader.Skip();
                    break;
            }
        }
        return new OnnxGraph(nodes, initialisers, inputs, outputs);
    }

    private static OnnxNode ReadNode(ProtoReader reader, int depth)
    {
        var inputs = new List<string>();
        var outputs = new List<string>();
        var attributes = new Dictionary<string, OnnxAttribute>(StringComparer.Ordinal);
        string name = "", operation = "", domain = "";
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    RequireRoom(inputs.Count, MaxNodeNames, "inputs of a node");
                    inputs.Add(reader.String());
                    break;
                case 2:
                    RequireRoom(outputs.Count, MaxNodeNames, "outputs of a node");
                    outputs.Add(reader.String());
                    break;
                case 3:
                    name = reader.String();
                    break;
                case 4:
                    operation = reader.String();
                    break;
                case 5:
                    RequireRoom(attributes.Count, MaxAttributes, "attributes of a node");
                    var (key, attribute) = ReadAttribute(new ProtoReader(reader.Bytes()), depth);
                    if (!attributes.TryAdd(key, attribute))
                        throw Refusal.Invalid($"{operation} '{name}' has the attribute {key} twice");
                    break;
                case 7:
                    domain = reader.String();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        return new OnnxNode(domain, operation, name, inputs, outputs, attributes);
    }

    private static (string Name, OnnxAttribute Attribute) ReadAttribute(ProtoReader reader, int depth)
    {
        var name = "";
        var type = 0L;
        var value = new OnnxAttribute(default(OnnxAttributeType));
        var floats = new List<float>();
        var ints = new List<long>();
        var texts = new List<string>();
        var distinct = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    name = reader.String();
                    break;
                case 2:
                    value = value with { Float = reader.Float() };
                    break;
                case 3:
                    value = value with { Int = reader.Int64() };
                    break;
                case 4:
                    value = value with { Text = reader.String() };
                    break;
                case 5:
                    value = value with { Tensor = TensorReader.Read(new ProtoReader(reader.Bytes())).Tensor };
                    break;
                case 6:
                    if (depth == MaxDepth)
                        throw Refusal.TooLarge($"branches lie deeper than {MaxDepth} in one another");
                    value = value with { Graph = ReadGraph(new ProtoReader(reader.Bytes()), depth + 1) };
                    break;
                case 7:
                    reader.Floats(floats, MaxListLength);
                    break;
                case 8:
                    reader.Int64s(ints, MaxListLength);
                    break;
                case 9:
                    RequireRoom(texts.Count, MaxTexts, $"texts in the attribute {name}");
                    var text = reader.String();
                    distinct.TryAdd(text, text);
                    texts.Add(distinct[text]);
                    break;
                case 20:
                    type = reader.Int64();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        if (type is < (long)OnnxAttributeType.Float or > (long)OnnxAttributeType.Types)
            throw Refusal.Corrupt($"the attribute '{name}' has the type {type}");
        return (name, value with { Type = (OnnxAttributeType)type, Floats = floats, Ints = ints, Texts = texts });
    }

    public static OnnxValue ReadValue(ProtoReader reader)
    {
        var name = "";
        OnnxType? kind = null;
        List<long>? extents = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    name = reader.String();
                    break;
                case 2:
                    (kind, extents) = ReadType(new ProtoReader(reader.Bytes()));
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        return new OnnxValue(name, kind, extents);
    }

    private static (OnnxType? Kind, List<long>? Extents) ReadType(ProtoReader reader)
    {
        OnnxType? kind = null;
        List<long>? extents = null;
        while (reader.Next())
        {
            if (reader.Field == 1)
                (kind, extents) = ReadTensorType(new ProtoReader(reader.Bytes()));
            else
                reader.Skip();
        }
        return (kind, extents);
    }

    private static (OnnxType Kind, List<long>? Extents) ReadTensorType(ProtoReader reader)
    {
        var kind = OnnxType.Undefined;
        List<long>? extents = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    kind = TensorReader.ElementType(reader.Int64());
                    break;
                case 2:
                    extents = ReadShape(new ProtoReader(reader.Bytes()));
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        return (kind, extents);
    }

    private static List<long> ReadShape(ProtoReader reader)
    {
        var extents = new List<long>();
        while (reader.Next())
        {
            if (reader.Field == 1)
            {
                RequireRoom(extents.Count, Shapes.MaxRank, "axes of a tensor");
                extents.Add(ReadExtent(new ProtoReader(reader.Bytes())));
            }
            else
            {
                reader.Skip();
            }
        }
        return extents;
    }

    /// <summary>-1 for an extent that the file leaves open, by name, by nothing, or (some exporters) by zero.</summary>
    private static long ReadExtent(ProtoReader reader)
    {
        var extent = -1L;
        while (reader.Next())
        {
            if (reader.Field == 1)
            {
                var value = reader.Int64();
                extent = value > 0 ? value : -1;
            }
            else
            {
                reader.Skip();
            }
        }
        return extent;
    }

    public static void RequireRoom(int count, int limit, string what)
    {
        if (count >= limit)
            throw Refusal.TooLarge($"more than {limit} {what}");
    }
}
