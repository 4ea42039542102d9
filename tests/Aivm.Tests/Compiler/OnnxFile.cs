using System.Buffers.Binary;
using System.Text;

namespace Aivm.Tests.Compiler;

/// <summary>Writes small ONNX files for tests, field by field of <c>onnx.proto3</c>.</summary>
internal sealed class OnnxFile
{
    private readonly List<byte[]> _nodes = [];
    private readonly List<byte[]> _initialisers = [];
    private readonly List<byte[]> _inputs = [];
    private readonly List<byte[]> _outputs = [];
    private readonly List<byte[]> _imports = [];

    public long Opset { get; init; } = 13;

    public long ClassicalOpset { get; init; } = 2;

    public OnnxFile Input(string name, params long[] shape) => Add(_inputs, Value(name, 1, shape));

    /// <param name="type">The element type's number in the file format.</param>
    public OnnxFile TypedInput(string name, int type, params long[] shape) => Add(_inputs, Value(name, type, shape));

    public OnnxFile Output(string name, int type = 1) => Add(_outputs, Value(name, type, null));

    public OnnxFile TypedOutput(string name, int type, params long[] shape) => Add(_outputs, Value(name, type, shape));

    public OnnxFile Weights(string name, long[] shape, params float[] values) => Add(_initialisers, Tensor(name, shape, values));

    /// <param name="tensor">As <see cref="Tensor"/> and its kin write it.</param>
    public OnnxFile Initialiser(byte[] tensor) => Add(_initialisers, tensor);

    public OnnxFile Booleans(string name, long[] shape, params float[] values) =>
        Add(_initialisers, Join(Field(1, shape), Field(2, 9L), Field(8, name), Field(9, [.. values.Select(value => value != 0 ? (byte)1 : (byte)0)])));

    /// <summary>Another operator set than the two that every file imports.</summary>
    public OnnxFile Import(string domain, long version) => Add(_imports, Field(8, Join(Field(1, domain), Field(2, version))));

    public OnnxFile Integers(string name, params long[] values) =>
        Add(_initialisers, Join(Field(1, [values.LongLength]), Field(2, 7L), Field(7, values), Field(8, name)));

    public OnnxFile IntegerTensor(string name, long[] shape, params long[] values) =>
        Add(_initialisers, Join(Field(1, shape), Field(2, 7L), Field(7, values), Field(8, name)));

    /// <summary>An initialiser of int8.</summary>
    public OnnxFile Signed(string name, long[] shape, params sbyte[] values) =>
        Add(_initialisers, Join(Field(1, shape), Field(2, 3L), Field(8, name), Field(9, [.. values.Select(value => unchecked((byte)value))])));

    /// <summary>Weights drawn evenly from [-scale, scale], the same for the same name.</summary>
    public OnnxFile RandomWeights(string name, long[] shape, float scale)
    {
        var random = new Random(name.Sum(letter => letter));
        return Weights(name, shape, [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (float)(random.NextDouble() * 2 - 1) * scale)]);
    }

    public OnnxFile Node(string operation, string[] inputs, string[] outputs, params byte[][] attributes) => Node("", operation, inputs, outputs, attributes);

    public OnnxFile Node(string domain, string operation, string[] inputs, string[] outputs, params byte[][] attributes) =>
        Add(_nodes, Join([
            .. inputs.Select(input => Field(1, input)), .. outputs.Select(output => Field(2, output)),
            Field(3, operation.ToLowerInvariant() + _nodes.Count), Field(4, operation), .. attributes.Select(attribute => Field(5, attribute)), Field(7, domain)]));

    public byte[] Write() => Join(
        Field(1, 7L), Field(2, "tests"), Field(7, Graph()), Field(8, Join(Field(1, ""), Field(2, Opset))),
        Field(8, Join(Field(1, "ai.onnx.ml"), Field(2, ClassicalOpset))), Join([.. _imports]));

    /// <summary>A graph inside a node, as a branch is.</summary>
    public static byte[] Attribute(string name, OnnxFile graph) => Join(Field(1, name), Field(6, graph.Graph()), Field(20, 5L));

    private byte[] Graph() => Join([
        .. _nodes.Select(node => Field(1, node)), Field(2, "test"), .. _initialisers.Select(tensor => Field(5, tensor)),
        .. _inputs.Select(value => Field(11, value)), .. _outputs.Select(value => Field(12, value))]);

    public static byte[] Attribute(string name, long value) => Join(Field(1, name), Field(3, value), Field(20, 2L));

    public static byte[] Attribute(string name, float value) => Join(Field(1, name), Fixed(2, value), Field(20, 1L));

    public static byte[] Attribute(string name, string value) => Join(Field(1, name), Field(4, value), Field(20, 3L));

    public static byte[] Attribute(string name, long[] values) => Join([Field(1, name), .. values.Select(value => Field(8, value)), Field(20, 7L)]);

    public static byte[] Attribute(string name, float[] values) => Join([Field(1, name), .. values.Select(value => Fixed(7, value)), Field(20, 6L)]);

    public static byte[] Attribute(string name, string[] values) => Join([Field(1, name), .. values.Select(value => Field(9, value)), Field(20, 8L)]);

    /// <param name="tensor">As <see cref="Tensor"/> and its kin write it.</param>
    public static byte[] TensorAttribute(string name, byte[] tensor) => Join(Field(1, name), Field(5, tensor), Field(20, 4L));

    public static byte[] Doubles(string name, params double[] values)
    {
        var raw = new byte[8 * values.Length];
        for (var i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteDoubleLittleEndian(raw.AsSpan(8 * i), values[i]);
        return Join(Field(1, [values.LongLength]), Field(2, 11L), Field(8, name), Field(9, raw));
    }

    /// <param name="type">The element type's number in the file format: of integers of at most 32 bits.</param>
    public static byte[] IntegerTensor(string name, int type, long[] shape, params long[] values) =>
        Join(Field(1, shape), Field(2, (long)type), Field(5, values), Field(8, name));

    public static byte[] Bytes(string name, params byte[] values) => Join(Field(1, [values.LongLength]), Field(2, 2L), Field(8, name), Field(9, values));

    public static byte[] Tensor(string name, long[] shape, float[] values)
    {
        var raw = new byte[4 * values.Length];
        for (var i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(raw.AsSpan(4 * i), values[i]);
        return Join(Field(1, shape), Field(2, 1L), Field(8, name), Field(9, raw));
    }

    public static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(part => part)];

    public static byte[] Field(int number, long value) => [.. Varint((ulong)(number << 3)), .. Varint(unchecked((ulong)value))];

    public static byte[] Field(int number, string text) => Field(number, Encoding.UTF8.GetBytes(text));

    public static byte[] Field(int number, byte[] bytes) => [.. Varint((ulong)(number << 3 | 2)), .. Varint((ulong)bytes.Length), .. bytes];

    private static byte[] Field(int number, long[] packed) => Field(number, packed.SelectMany(value => Varint(unchecked((ulong)value))).ToArray());

    private static byte[] Fixed(int number, float value) => [.. Varint((ulong)(number << 3 | 5)), .. BitConverter.GetBytes(value)];

    private static byte[] Value(string name, int type, long[]? shape)
    {
        byte[][] extents = [.. (shape ?? []).Select(extent => Field(1, extent > 0 ? Field(1, extent) : Field(2, "N")))];
        var tensor = Join(Field(1, (long)type), shape is null ? [] : Field(2, Join(extents)));
        return Join(Field(1, name), Field(2, Field(1, tensor)));
    }

    private static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
            bytes.Add((byte)((value & 0x7F) | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }

    private OnnxFile Add(List<byte[]> list, byte[] item)
    {
        list.Add(item);
        return this;
    }
}
