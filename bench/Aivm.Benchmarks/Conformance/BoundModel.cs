using Aivm.Compiler.Onnx;

namespace Aivm.Benchmarks.Conformance;

/// <summary>
/// Makes inputs of a model constant. Many cases feed weights, shapes or axes as inputs, which real models hold as initialisers:
/// an initialiser with an input's name takes its place.
/// </summary>
internal static class BoundModel
{
    private const int Graph = 7;
    private const int GraphInitialiser = 5;
    private const int TensorName = 8;

    /// <summary>Names of the graph's inputs that no initialiser defines, in order.</summary>
    public static IReadOnlyList<string> Inputs(byte[] model)
    {
        var graph = OnnxReader.Read(model).Graph;
        return [.. graph.Inputs.Select(input => input.Name).Where(name => !graph.Initialisers.ContainsKey(name))];
    }

    /// <param name="tensors">By name of an input: an encoded <c>TensorProto</c>.</param>
    public static byte[] Bind(byte[] model, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> tensors)
    {
        var bound = new MemoryStream();
        for (var position = 0; position < model.Length;)
        {
            var start = position;
            var tag = ReadVarint(model, ref position);
            var length = (tag & 7) switch
            {
                0 => 0,
                1 => 8,
                2 => (int)ReadVarint(model, ref position),
                _ => 4,
            };
            if ((tag & 7) == 0)
                ReadVarint(model, ref position);
            if (tag >> 3 == Graph)
                WriteField(bound, Graph, WithInitialisers(model.AsSpan(position, length), tensors));
            else
                bound.Write(model, start, position + length - start);
            position += length;
        }
        return bound.ToArray();
    }

    private static byte[] WithInitialisers(ReadOnlySpan<byte> graph, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> tensors)
    {
        var joined = new MemoryStream();
        joined.Write(graph);
        foreach (var (name, tensor) in tensors)
            WriteField(joined, GraphInitialiser, Named(tensor, name));
        return joined.ToArray();
    }

    /// <summary>The last of several names counts.</summary>
    private static byte[] Named(ReadOnlyMemory<byte> tensor, string name)
    {
        var named = new MemoryStream();
        named.Write(tensor.Span);
        WriteField(named, TensorName, System.Text.Encoding.UTF8.GetBytes(name));
        return named.ToArray();
    }

    private static void WriteField(MemoryStream stream, int field, byte[] bytes)
    {
        WriteVarint(stream, ((ulong)field << 3) | 2);
        WriteVarint(stream, (ulong)bytes.Length);
        stream.Write(bytes);
    }

    private static void WriteVarint(MemoryStream stream, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            stream.WriteByte((byte)((value & 0x7F) | 0x80));
        stream.WriteByte((byte)value);
    }

    private static ulong ReadVarint(byte[] bytes, ref int position)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var part = bytes[position++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return value;
        }
    }
}
