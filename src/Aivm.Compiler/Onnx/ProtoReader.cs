using System.Buffers.Binary;
using System.Text;

namespace Aivm.Compiler.Onnx;

/// <summary>
/// Reads one Protocol Buffers message field by field, without copying. A generated parser would allocate an object
/// of hundreds of bytes for every two bytes of hostile input; this one lets the caller count before it allocates.
/// </summary>
internal struct ProtoReader(ReadOnlyMemory<byte> message)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlyMemory<byte> _rest = message;
    private WireType _type;

    /// <summary>The number of the field that <see cref="Next"/> stopped at.</summary>
    public int Field { get; private set; }

    /// <summary>Moves to the next field; its value must then be read or skipped. False at the end of the message.</summary>
    public bool Next()
    {
        if (_rest.IsEmpty)
            return false;
        var tag = ReadVarint();
        var number = tag >> 3;
        if (number is 0 or > 0x1FFFFFFF)
            throw Refusal.Corrupt("a field has an impossible number");
        Field = (int)number;
        _type = (WireType)(int)(tag & 7);
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
                Take(8);
                break;
            case WireType.Bytes:
                Bytes();
                break;
            case WireType.Fixed32:
                Take(4);
                break;
            default:
                throw Refusal.Corrupt($"field {Field} has an unknown wire type");
        }
    }

    public long Int64()
    {
        Expect(WireType.Varint);
        return unchecked((long)ReadVarint());
    }

    public float Float()
    {
        Expect(WireType.Fixed32);
        return BinaryPrimitives.ReadSingleLittleEndian(Take(4).Span);
    }

    public ReadOnlyMemory<byte> Bytes()
    {
        Expect(WireType.Bytes);
        var length = ReadVarint();
        if (length > (ulong)_rest.Length)
            throw Refusal.Corrupt($"field {Field} is longer than the message around it");
        return Take((int)length);
    }

    public string String()
    {
        try
        {
            return StrictUtf8.GetString(Bytes().Span);
        }
        catch (DecoderFallbackException)
        {
            throw Refusal.Corrupt($"field {Field} is not UTF-8 text");
        }
    }

    /// <summary>A repeated integer: packed, or one element of it.</summary>
    public void Int64s(List<long> values, int limit)
    {
        if (_type != WireType.Bytes)
        {
            Append(values, Int64(), limit);
            return;
        }
        var packed = new ProtoReader(Bytes());
        while (!packed._rest.IsEmpty)
            Append(values, unchecked((long)packed.ReadVarint()), limit);
    }

    /// <summary>A repeated float: packed, or one element of it.</summary>
    public void Floats(List<float> values, int limit)
    {
        if (_type != WireType.Bytes)
        {
            Append(values, Float(), limit);
            return;
        }
        var packed = Bytes().Span;
        if (packed.Length % 4 != 0)
            throw Refusal.Corrupt($"field {Field} holds a broken list of floats");
        for (var i = 0; i < packed.Length; i += 4)
            Append(values, BinaryPrimitives.ReadSingleLittleEndian(packed[i..]), limit);
    }

    /// <summary>A repeated double: packed, or one element of it.</summary>
    public void Doubles(List<double> values, int limit)
    {
        if (_type != WireType.Bytes)
        {
            Expect(WireType.Fixed64);
            Append(values, BinaryPrimitives.ReadDoubleLittleEndian(Take(8).Span), limit);
            return;
        }
        var packed = Bytes().Span;
        if (packed.Length % 8 != 0)
            throw Refusal.Corrupt($"field {Field} holds a broken list of doubles");
        for (var i = 0; i < packed.Length; i += 8)
            Append(values, BinaryPrimitives.ReadDoubleLittleEndian(packed[i..]), limit);
    }

    private readonly void Append<T>(List<T> values, T value, int limit)
    {
        if (values.Count == limit)
            throw Refusal.TooLarge($"field {Field} lists more than {limit} values");
        values.Add(value);
    }

    private readonly void Expect(WireType type)
    {
        if (_type != type)
            throw Refusal.Corrupt($"field {Field} has the wrong wire type");
    }

    private ulong ReadVarint()
    {
        var bytes = _rest.Span;
        var value = 0UL;
        for (var i = 0; i < 10; i++)
        {
            if (i == bytes.Length)
                throw Refusal.Corrupt("it ends within a number");
            var part = bytes[i];
            if (i == 9 && part > 1)
                break;
            value |= (ulong)(part & 0x7F) << (7 * i);
            if (part < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return value;
            }
        }
        throw Refusal.Corrupt("a number has more than 64 bits");
    }

    private ReadOnlyMemory<byte> Take(int length)
    {
        if (length > _rest.Length)
            throw Refusal.Corrupt($"it ends within field {Field}");
        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}

internal enum WireType
{
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    Fixed32 = 5,
}
