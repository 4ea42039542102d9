namespace Aivm.Fuzz.Onnx;

/// <summary>The messages of <c>onnx.proto3</c> whose fields are messages themselves.</summary>
internal enum Message
{
    None,
    Model,
    Opset,
    Entry,
    Graph,
    Node,
    Attribute,
    Tensor,
    SparseTensor,
    Value,
    Type,
    TensorType,
    Shape,
    Dimension,
    Function,
}

/// <summary>A field of a message: a number, bytes, or a message of fields.</summary>
internal sealed class ProtoField
{
    public required int Number { get; set; }

    /// <summary>0 varint, 1 eight bytes, 2 bytes with their length, 5 four bytes.</summary>
    public required int Wire { get; set; }

    public ulong Varint { get; set; }

    public byte[] Bytes { get; set; } = [];

    public Message Message { get; init; }

    /// <summary>The parts of a message; null for a plain value.</summary>
    public List<ProtoField>? Fields { get; init; }

    /// <summary>What the length says more than it should.</summary>
    public long Lie { get; set; }
}

/// <summary>Reads an ONNX file as fields within fields, and writes it again.</summary>
internal static class ProtoTree
{
    private const int MaxDepth = 24;

    /// <summary>Null where the bytes are no message.</summary>
    public static List<ProtoField>? TryRead(ReadOnlySpan<byte> bytes, Message message, int depth = 0)
    {
        var fields = new List<ProtoField>();
        while (bytes.Length > 0)
        {
            if (!TryVarint(ref bytes, out var tag) || tag >> 3 is 0 or > 0xFFFF || TryField(ref bytes, message, (int)(tag >> 3), (int)(tag & 7), depth) is not { } field)
                return null;
            fields.Add(field);
        }
        return fields;
    }

    private static ProtoField? TryField(ref ReadOnlySpan<byte> bytes, Message message, int number, int wire, int depth)
    {
        if (wire == 0)
            return TryVarint(ref bytes, out var value) ? new ProtoField { Number = number, Wire = wire, Varint = value } : null;
        var length = wire switch { 1 => 8UL, 5 => 4UL, _ => ulong.MaxValue };
        if ((wire == 2 && !TryVarint(ref bytes, out length)) || length > (ulong)bytes.Length)
            return null;
        var content = bytes[..(int)length];
        bytes = bytes[(int)length..];
        var inner = wire == 2 && depth < MaxDepth ? Inside(message, number) : Message.None;
        return inner != Message.None && TryRead(content, inner, depth + 1) is { } fields
            ? new ProtoField { Number = number, Wire = wire, Message = inner, Fields = fields }
            : new ProtoField { Number = number, Wire = wire, Bytes = content.ToArray() };
    }

    private static Message Inside(Message message, int number) => (message, number) switch
    {
        (Message.Model, 7) => Message.Graph,
        (Message.Model, 8) => Message.Opset,
        (Message.Model, 14) => Message.Entry,
        (Message.Model, 25) => Message.Function,
        (Message.Graph, 1) => Message.Node,
        (Message.Graph, 5) => Message.Tensor,
        (Message.Graph, 11 or 12 or 13) => Message.Value,
        (Message.Graph, 15) => Message.SparseTensor,
        (Message.Node, 5) => Message.Attribute,
        (Message.Attribute, 5 or 10) => Message.Tensor,
        (Message.Attribute, 6 or 11) => Message.Graph,
        (Message.Attribute, 22 or 23) => Message.SparseTensor,
        (Message.SparseTensor, 1 or 2) => Message.Tensor,
        (Message.Tensor, 13) => Message.Entry,
        (Message.Value, 2) => Message.Type,
        (Message.Type, 1 or 8) => Message.TensorType,
        (Message.TensorType, 2) => Message.Shape,
        (Message.Shape, 1) => Message.Dimension,
        (Message.Function, 7) => Message.Node,
        (Message.Function, 9) => Message.Opset,
        _ => Message.None,
    };

    public static byte[] Write(List<ProtoField> fields)
    {
        var bytes = new List<byte>();
        foreach (var field in fields)
            Write(bytes, field);
        return [.. bytes];
    }

    private static void Write(List<byte> bytes, ProtoField field)
    {
        WriteVarint(bytes, ((ulong)(uint)field.Number << 3) | (uint)field.Wire);
        if (field.Wire == 0)
        {
            WriteVarint(bytes, field.Varint);
            return;
        }
        var content = field.Fields is null ? field.Bytes : Write(field.Fields);
        if (field.Wire == 2)
            WriteVarint(bytes, unchecked((ulong)(content.Length + field.Lie)));
        bytes.AddRange(content);
    }

    private static void WriteVarint(List<byte> bytes, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            bytes.Add((byte)((value & 0x7F) | 0x80));
        bytes.Add((byte)value);
    }

    private static bool TryVarint(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        value = 0;
        for (var i = 0; i < Math.Min(10, bytes.Length); i++)
        {
            value |= unchecked((ulong)(bytes[i] & 0x7F) << (7 * i));
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return true;
            }
        }
        return false;
    }
}
