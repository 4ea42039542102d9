using Aivm.Primitives;
using CsCheck;

namespace Aivm.Tests.Primitives;

/// <summary>
/// The reader takes exactly what the writer gives: for random types, whatever it accepts encodes back to the same bytes, so no offset can
/// be shared, skipped or turned around, and nothing grows while it is decoded.
/// </summary>
public sealed class AbiHostileTests
{
    private static readonly string[] Elementary =
        ["uint256", "uint64", "uint32", "uint8", "int64", "bool", "address", "bytes32", "bytes3", "bytes", "string", "int64[]"];

    private static readonly Gen<AbiType> Type = TypeText(depth: 3).Select(AbiType.Parse);

    private static Gen<string> TypeText(int depth) =>
        depth == 0
            ? Gen.OneOf(Elementary)
            : Gen.Frequency(
                (2, Gen.OneOf(Elementary)),
                (1, TypeText(depth - 1).Select(element => element + "[]")),
                (1, Gen.Select(TypeText(depth - 1), Gen.Int[1, 3]).Select((element, count) => $"{element}[{count}]")),
                (2, TypeText(depth - 1).Array[1, 4].Select(fields => $"({string.Join(',', fields)})")));

    /// <summary>Some values of some types; the values follow from the seed.</summary>
    private static readonly Gen<(AbiType[] Types, object[] Values)> Arguments =
        Gen.Select(Type.Array[1, 4], Gen.Int).Select((types, seed) =>
        {
            var random = new Random(seed);
            return (types, types.Select(type => Example(type, random)).ToArray());
        });

    [Fact]
    public void Values_of_random_types_round_trip() =>
        Arguments.Sample(arguments =>
        {
            var encoded = Encode(arguments.Types, arguments.Values);
            Assert.True(TryDecode(arguments.Types, encoded, out var decoded));
            Assert.Equal(encoded, Encode(arguments.Types, decoded));
            Assert.Equal(arguments.Values, decoded);
        }, iter: 2_000, threads: 1);

    [Fact]
    public void Data_truncated_at_any_byte_or_followed_by_any_byte_is_refused() =>
        Arguments.Sample(arguments =>
        {
            var encoded = Encode(arguments.Types, arguments.Values);
            for (var length = 0; length < encoded.Length; length++)
                Assert.False(TryDecode(arguments.Types, encoded[..length], out _));
            Assert.False(TryDecode(arguments.Types, [.. encoded, 0], out _));
            Assert.False(TryDecode(arguments.Types, [.. encoded, .. new byte[32]], out _));
        }, iter: 50, threads: 1);

    [Fact]
    public void Whatever_is_accepted_has_no_second_encoding() =>
        Gen.Select(Arguments, Gen.Int[0, int.MaxValue], Gen.OneOf<byte>(0, 1, 2, 0x20, 0x40, 0x60, 0x80, 0xFF)).Sample((arguments, position, replacement) =>
        {
            var mutated = Encode(arguments.Types, arguments.Values);
            mutated[position % mutated.Length] = replacement;
            if (TryDecode(arguments.Types, mutated, out var decoded))
                Assert.Equal(mutated, Encode(arguments.Types, decoded));
        }, iter: 5_000, threads: 1);

    [Fact]
    public void Announced_lengths_beyond_the_data_are_refused_before_anything_is_allocated()
    {
        foreach (var length in (UInt256[])[2, 33, int.MaxValue, uint.MaxValue, 1ul << 32, ulong.MaxValue, UInt256.One << 255, UInt256.MaxValue])
        {
            byte[] data = [.. Word(32), .. Word(length), .. Word(0)];
            Assert.False(new AbiReader(data).TryReadInt64Array(int.MaxValue, out _));
            Assert.False(new AbiReader(data).TryEnterArray(out var count));
            Assert.Equal(0, count);
            if (length > 32)
                Assert.False(new AbiReader(data).TryReadBytes(out _));
        }
    }

    [Fact]
    public void Offsets_that_are_not_the_next_tail_are_refused()
    {
        foreach (var offset in (UInt256[])[0, 1, 31, 33, 64, 96, 128, uint.MaxValue, ulong.MaxValue, UInt256.MaxValue, UInt256.MaxValue - 31])
        {
            byte[] data = [.. Word(offset), .. Word(1), .. Word(7), .. Word(0)];
            var reader = new AbiReader(data.AsSpan(0, 96));
            Assert.False(reader.TryReadInt64Array(10, out _) && reader.TryEnd(), offset.ToString());
        }
    }

    [Fact]
    public void Two_values_cannot_share_a_tail()
    {
        byte[] shared = [.. Word(64), .. Word(64), .. Word(1), .. Word(7)];
        var reader = new AbiReader(shared);
        Assert.True(reader.TryReadInt64Array(10, out _));
        Assert.False(reader.TryReadInt64Array(10, out _));
    }

    [Fact]
    public void Tails_in_another_order_are_refused()
    {
        byte[] reversed = [.. Word(128), .. Word(64), .. Word(1), .. Word(7), .. Word(1), .. Word(8)];
        var reader = new AbiReader(reversed);
        Assert.False(reader.TryReadInt64Array(10, out _) && reader.TryReadInt64Array(10, out _));
    }

    [Fact]
    public void An_array_whose_elements_all_point_at_one_another_is_refused()
    {
        // Each level announces 16 elements that share the next level: 16^n leaves, were sharing allowed.
        var data = new List<byte>(Word(32));
        for (var level = 0; level < 6; level++)
        {
            data.AddRange(Word(16));
            for (var i = 0; i < 16; i++)
                data.AddRange(Word(16 * 32));
        }
        data.AddRange(Word(0));
        var reads = 0;
        var reader = new AbiReader(data.ToArray());
        Assert.False(TryReadAll(ref reader, ref reads));
        Assert.True(reads < 10);

        static bool TryReadAll(ref AbiReader reader, ref int reads)
        {
            reads++;
            if (!reader.TryEnterArray(out var count))
                return false;
            for (var i = 0; i < count; i++)
            {
                if (!TryReadAll(ref reader, ref reads))
                    return false;
            }
            return reader.TryLeave();
        }
    }

    [Fact]
    public void Nesting_beyond_the_limit_is_refused()
    {
        var data = new List<byte>();
        for (var level = 0; level < 20; level++)
            data.AddRange(Word(32));
        var reader = new AbiReader(data.ToArray());
        var depth = 0;
        while (reader.TryEnterTuple())
            depth++;
        Assert.Equal(AbiType.MaxDepth, depth);
    }

    [Fact]
    public void Padding_must_be_clean()
    {
        Assert.False(new AbiReader(Word(2)).TryReadBool(out _));
        Assert.False(new AbiReader(Word(1ul << 32)).TryReadUInt32(out _));
        Assert.False(new AbiReader(Word(UInt256.One << 64)).TryReadUInt64(out _));
        Assert.False(new AbiReader(Word(UInt256.One << 160)).TryReadAddress(out _));
        Assert.False(new AbiReader(Word(256)).TryReadUInt(8, out _));
        Assert.False(new AbiReader(Word(UInt256.One << (255 - 24))).TryReadFixedBytes(3, out _));
        Assert.False(new AbiReader(Word(ulong.MaxValue)).TryReadInt64(out _), "-1 in 64 bits, not sign-extended");
        Assert.False(new AbiReader(Word(1ul << 63)).TryReadInt64(out _), "2^63 is no int64");
        Assert.False(new AbiReader(Word(-(UInt256)(1ul << 63) - 1)).TryReadInt64(out _), "-2^63 - 1 is no int64");
        Assert.True(new AbiReader(Word(-(UInt256)(1ul << 63))).TryReadInt64(out var lowest) && lowest == long.MinValue);

        byte[] dirty = [.. Word(32), .. Word(1), .. Word(UInt256.MaxValue)];
        Assert.False(new AbiReader(dirty).TryReadBytes(out _));
    }

    [Fact]
    public void A_string_that_is_not_utf8_is_refused()
    {
        foreach (var bytes in (byte[][])[[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82], [0xF4, 0x90, 0x80, 0x80]])
            Assert.False(new AbiReader(new AbiWriter(1).WriteBytes(bytes).ToArray()).TryReadString(out _));
    }

    [Fact]
    public void An_array_longer_than_its_reader_allows_is_refused()
    {
        var encoded = new AbiWriter(1).WriteInt64Array([1, 2, 3]).ToArray();
        Assert.False(new AbiReader(encoded).TryReadInt64Array(2, out _));
        Assert.True(new AbiReader(encoded).TryReadInt64Array(3, out _));
    }

    [Fact]
    public void Leaving_before_every_element_was_read_is_refused()
    {
        var encoded = new AbiWriter(1).BeginArray(2).WriteString("a").WriteString("b").End().ToArray();
        var reader = new AbiReader(encoded);
        Assert.True(reader.TryEnterArray(out _));
        Assert.True(reader.TryReadString(out _));
        Assert.False(reader.TryEnd());
        Assert.False(reader.TryLeave());
        Assert.True(reader.TryReadString(out _));
        Assert.False(reader.TryReadString(out _), "the head ends where the first tail begins");
    }

    [Fact]
    public void The_bytes_of_a_mixed_call_are_frozen()
    {
        var function = new AbiFunction("seal", ["bytes32 hash", "string name", "(uint64,address,bytes)[] entries"], []);
        Assert.Equal("seal(bytes32,string,(uint64,address,bytes)[])", function.Signature);
        var writer = function.BeginCall().WriteHash(Keccak.Hash([])).WriteString("künstlich").BeginArray(5);
        for (var i = 0ul; i < 5; i++)
            writer.BeginTuple(3).WriteUInt(i).WriteAddress(Address.Zero).WriteBytes(new byte[16 * i]).End();
        Assert.Equal("0x10d0f54ff5f0bf6420599c4306beb2c16cbe2a5e51cfb6efae79ae3eaae07361", Keccak.Hash(writer.End().ToArray()).ToString());
    }

    private static byte[] Word(UInt256 value) => value.ToHash256().ToArray();

    private static object Example(AbiType type, Random random) => type.Kind switch
    {
        AbiKind.UnsignedInteger => new UInt256((ulong)random.NextInt64(), (ulong)random.NextInt64(), 1, ulong.MaxValue) >> (256 - type.Size),
        AbiKind.SignedInteger => random.NextInt64(long.MinValue, long.MaxValue),
        AbiKind.Address => new Address(Some(random, Address.Size)),
        AbiKind.Bool => random.Next(2) == 1,
        AbiKind.FixedBytes => Some(random, type.Size),
        AbiKind.Bytes => Some(random, random.Next(70)),
        AbiKind.String => string.Concat(Enumerable.Repeat("aé€😀", random.Next(12))),
        AbiKind.Tuple => type.Components.Select(component => Example(component, random)).ToArray(),
        AbiKind.FixedArray => Enumerable.Range(0, type.Size).Select(_ => Example(type.Element!, random)).ToArray(),
        AbiKind.Array => Enumerable.Range(0, random.Next(4)).Select(_ => Example(type.Element!, random)).ToArray(),
        _ => throw new NotSupportedException(type.Name),
    };

    private static byte[] Some(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Encode(AbiType[] types, object[] values)
    {
        var writer = new AbiWriter(types.Sum(type => type.HeadWords));
        for (var i = 0; i < types.Length; i++)
            Write(writer, types[i], values[i]);
        return writer.ToArray();
    }

    private static void Write(AbiWriter writer, AbiType type, object value)
    {
        switch (value)
        {
            case UInt256 number: writer.WriteUInt(number); break;
            case long number: writer.WriteInt(number); break;
            case bool flag: writer.WriteBool(flag); break;
            case Address address: writer.WriteAddress(address); break;
            case byte[] bytes when type.Kind == AbiKind.Bytes: writer.WriteBytes(bytes); break;
            case byte[] bytes when bytes.Length == Hash256.Size: writer.WriteHash(new Hash256(bytes)); break;
            case byte[] bytes: writer.WriteFixedBytes(bytes); break;
            case string text: writer.WriteString(text); break;
            case object[] items when type.Name == "int64[]": writer.WriteInt64Array(items.Cast<long>().ToArray()); break;
            case object[] items:
                var fields = FieldsOf(type, items.Length);
                if (type.Kind == AbiKind.Array)
                    writer.BeginArray(items.Length, type.Element!.HeadWords);
                else if (type.IsDynamic)
                    writer.BeginTuple(fields.Sum(field => field.HeadWords));
                for (var i = 0; i < items.Length; i++)
                    Write(writer, fields[i], items[i]);
                if (type.IsDynamic)
                    writer.End();
                break;
            default: throw new NotSupportedException(type.Name);
        }
    }

    private static AbiType[] FieldsOf(AbiType type, int count) =>
        type.Kind == AbiKind.Tuple ? [.. type.Components] : Enumerable.Repeat(type.Element!, count).ToArray();

    private static bool TryDecode(AbiType[] types, byte[] data, out object[] values)
    {
        values = new object[types.Length];
        var reader = new AbiReader(data);
        for (var i = 0; i < types.Length; i++)
        {
            if (!TryRead(ref reader, types[i], out values[i]))
                return false;
        }
        return reader.TryEnd();
    }

    private static bool TryRead(ref AbiReader reader, AbiType type, out object value)
    {
        bool read;
        switch (type.Kind)
        {
            case AbiKind.UnsignedInteger when type.Size == 64:
                (read, value) = (reader.TryReadUInt64(out var number), (UInt256)number);
                return read;
            case AbiKind.UnsignedInteger when type.Size == 32:
                (read, value) = (reader.TryReadUInt32(out var small), (UInt256)small);
                return read;
            case AbiKind.UnsignedInteger:
                (read, value) = (reader.TryReadUInt(type.Size, out var wide), wide);
                return read;
            case AbiKind.SignedInteger:
                (read, value) = (reader.TryReadInt64(out var signed), signed);
                return read;
            case AbiKind.Bool:
                (read, value) = (reader.TryReadBool(out var flag), flag);
                return read;
            case AbiKind.Address:
                (read, value) = (reader.TryReadAddress(out var address), address);
                return read;
            case AbiKind.FixedBytes when type.Size == Hash256.Size:
                (read, value) = (reader.TryReadHash(out var hash), hash.ToArray());
                return read;
            case AbiKind.FixedBytes:
                read = reader.TryReadFixedBytes(type.Size, out var fixedBytes);
                value = fixedBytes.ToArray();
                return read;
            case AbiKind.Bytes:
                read = reader.TryReadBytes(out var bytes);
                value = bytes.ToArray();
                return read;
            case AbiKind.String:
                (read, value) = (reader.TryReadString(out var text), text);
                return read;
            case AbiKind.Array when type.Name == "int64[]":
                read = reader.TryReadInt64Array(1_000, out var numbers);
                value = numbers.Cast<object>().ToArray();
                return read;
            default:
                return TryReadItems(ref reader, type, out value);
        }
    }

    private static bool TryReadItems(ref AbiReader reader, AbiType type, out object value)
    {
        value = Array.Empty<object>();
        var count = type.Kind == AbiKind.Tuple ? type.Components.Count : type.Size;
        if (type.Kind == AbiKind.Array ? !reader.TryEnterArray(out count) : type.IsDynamic && !reader.TryEnterTuple())
            return false;
        var fields = FieldsOf(type, count);
        var items = new object[count];
        for (var i = 0; i < count; i++)
        {
            if (!TryRead(ref reader, fields[i], out items[i]))
                return false;
        }
        value = items;
        return !type.IsDynamic || reader.TryLeave();
    }
}
