namespace Aivm.Compiler.Onnx;

/// <summary>
/// Reads one Protocol Buffers message of a file field by field, as <see cref="ProtoReader"/> does in memory. What is skipped is never read, so that the file
/// may be larger than memory.
/// </summary>
/// <param name="file">Stands where the message begins; can be sought in.</param>
/// <param name="end">Where the message ends.</param>
internal sealed class ProtoFileReader(Stream file, long end)
{
    private WireType _type;

    /// <summary>The number of the field that <see cref="Next"/> stopped at.</summary>
    public int Field { get; private set; }

    /// <summary>Moves to the next field; its value must then be read or skipped. False at the end of the message.</summary>
    public bool Next()
    {
        if (file.Position >= end)
            return false;
        var tag = ReadVarint();
        var number = tag >> 3;
        if (number is 0 or > 0x1FFFFFFF)
            throw Refusal.Corrupt("a field has an impossible number");
        (Field, _type) = ((int)number, (WireType)(int)(tag & 7));
        return true;
    }

    public void Skip()
    {
        switch (_type)
        {
            case WireType.Varint:
                ReadVarint();
                break;
            case WireType.Fixed64:
                Step(8);
                break;
            case WireType.Bytes:
                Step(Length());
                break;
            case WireType.Fixed32:
                Step(4);
                break;
            default:
                throw Refusal.Corrupt($"field {Field} has an unknown wire type");
        }
    }

    /// <summary>The message in this field; it is read to its end before this one goes on.</summary>
    public ProtoFileReader Message()
    {
        var length = Length();
        return new ProtoFileReader(file, file.Position + length);
    }

    public byte[] Bytes(int limit)
    {
        var length = Length();
        if (length > limit)
            throw Refusal.TooLarge($"field {Field} has {length} bytes, at most {limit} are supported");
        var bytes = new byte[length];
        file.ReadExactly(bytes);
        return bytes;
    }

    private long Length()
    {
        if (_type != WireType.Bytes)
            throw Refusal.Corrupt($"field {Field} has the wrong wire type");
        var length = ReadVarint();
        return length <= (ulong)(end - file.Position) ? (long)length : throw Refusal.Corrupt($"field {Field} is longer than the message around it");
    }

    private void Step(long length)
    {
        if (length > end - file.Position)
            throw Refusal.Corrupt($"it ends within field {Field}");
        file.Seek(length, SeekOrigin.Current);
    }

    private ulong ReadVarint()
    {
        var value = 0UL;
        for (var i = 0; i < 10; i++)
        {
            var part = file.Position < end ? file.ReadByte() : -1;
            if (part < 0)
                throw Refusal.Corrupt("it ends within a number");
            if (i == 9 && part > 1)
                break;
            value |= (ulong)(part & 0x7F) << (7 * i);
            if (part < 0x80)
                return value;
        }
        throw Refusal.Corrupt("a number has more than 64 bits");
    }
}
