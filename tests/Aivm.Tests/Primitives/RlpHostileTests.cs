using Aivm.Primitives;
using CsCheck;

namespace Aivm.Tests.Primitives;

/// <summary>
/// Every document has one encoding: whatever the reader accepts, written again, gives the same bytes. A second, naive encoder after the
/// Yellow Paper's definition stands beside the writer.
/// </summary>
public sealed class RlpHostileTests
{
    private const int MaxDepth = 64;

    /// <summary>Bytes, or a list of nodes when <see cref="Items"/> is set.</summary>
    private sealed record Node(byte[] Bytes, Node[]? Items);

    private static readonly Gen<byte[]> Bytes = Gen.OneOf(
        Gen.Byte.Array[0, 3],
        Gen.Byte.Array[53, 58],
        Gen.Byte.Array[254, 258],
        Gen.OneOf<byte>(0, 1, 0x7F, 0x80, 0x81, 0xB7, 0xB8, 0xBF, 0xC0, 0xF7, 0xF8, 0xFF).Array[1]);

    private static readonly Gen<Node> Document = NodeOf(depth: 3);

    private static Gen<Node> NodeOf(int depth)
    {
        var leaf = Bytes.Select(bytes => new Node(bytes, null));
        return depth == 0 ? leaf : Gen.Frequency((1, leaf), (2, NodeOf(depth - 1).Array[0, 5].Select(items => new Node([], items))));
    }

    [Fact]
    public void Documents_round_trip_and_agree_with_the_definition() =>
        Document.Sample(node =>
        {
            var encoded = Write(node);
            Assert.Equal(Define(node), encoded);
            Assert.True(TryRead(encoded, out var read));
            Assert.Equal(encoded, Define(read!));
        }, iter: 2_000, threads: 1);

    [Fact]
    public void Lists_with_announced_lengths_are_written_alike() =>
        Document.Where(node => node.Items is not null).Sample(node =>
        {
            var payload = node.Items!.Sum(item => Define(item).Length);
            var writer = new RlpWriter(capacity: 1);
            writer.WriteListHeader(payload);
            foreach (var item in node.Items!)
                writer.WriteRaw(Define(item));
            Assert.Equal(Define(node), writer.ToArray());
            Assert.Equal(writer.Length, Rlp.LengthOfList(payload));
        }, iter: 500, threads: 1);

    [Fact]
    public void A_truncated_document_is_refused_at_every_byte() =>
        Document.Sample(node =>
        {
            var encoded = Write(node);
            for (var length = 0; length < encoded.Length; length++)
                Assert.False(TryRead(encoded.AsSpan(0, length), out _));
        }, iter: 100, threads: 1);

    [Fact]
    public void A_byte_after_a_document_is_refused() =>
        Gen.Select(Document, Gen.Byte).Sample((node, extra) => Assert.False(TryRead([.. Write(node), extra], out _)), iter: 500, threads: 1);

    [Fact]
    public void Whatever_is_accepted_has_no_second_encoding() =>
        Gen.Select(Document, Gen.Int[0, int.MaxValue], Gen.Byte).Sample((node, position, replacement) =>
        {
            var mutated = Write(node);
            mutated[position % mutated.Length] = replacement;
            if (TryRead(mutated, out var read))
                Assert.Equal(mutated, Define(read!));
        }, iter: 5_000, threads: 1);

    [Fact]
    public void Short_inputs_are_each_accepted_or_refused_as_the_definition_says()
    {
        // Every input of one and two bytes, and every three-byte input with a prefix that can say three bytes.
        var accepted = 0;
        for (var first = 0; first < 256; first++)
        {
            accepted += Check([(byte)first]);
            for (var second = 0; second < 256; second++)
            {
                accepted += Check([(byte)first, (byte)second]);
                for (var third = 0; first is 0x82 or 0xC2 or 0xB8 or 0xF8 && third < 256; third++)
                    accepted += Check([(byte)first, (byte)second, (byte)third]);
            }
        }
        // One byte: 128 small bytes, no bytes, the empty list. Two: 128 bytes from 0x80 on, 130 lists of one. Three: 65,536 pairs of bytes;
        // lists of one two-byte item (258) or of two one-byte items (130 squared).
        Assert.Equal(130 + (128 + 130) + 65_536 + 258 + 130 * 130, accepted);

        static int Check(byte[] input)
        {
            if (!TryRead(input, out var read))
                return 0;
            Assert.Equal(input, Define(read!));
            return 1;
        }
    }

    /// <summary>Each is complete, were its form allowed: zeros follow for what the header announces.</summary>
    [Theory]
    [InlineData("8100", 0, "a byte below 0x80 with a prefix")]
    [InlineData("817f", 0, "a byte below 0x80 with a prefix")]
    [InlineData("b800", 0, "a long form of no bytes")]
    [InlineData("b801ff", 0, "a long form of one byte")]
    [InlineData("b837", 55, "a long form of 55 bytes")]
    [InlineData("b90038", 56, "a length with a leading zero")]
    [InlineData("ba000100", 256, "a length with a leading zero")]
    [InlineData("f800", 0, "a long form of the empty list")]
    [InlineData("f837", 55, "a long form of a short list")]
    [InlineData("f90038", 56, "a length with a leading zero")]
    [InlineData("bbffffffff", 300, "a length beyond the data")]
    [InlineData("bb80000000", 300, "a length beyond what fits an int")]
    [InlineData("bc0000000038", 56, "a length of five bytes")]
    [InlineData("bc0100000000", 300, "a length of five bytes")]
    [InlineData("bfffffffffffffffff", 300, "a length of eight bytes")]
    [InlineData("ffffffffffffffffff", 300, "a list's length of eight bytes")]
    [InlineData("", 0, "nothing at all")]
    public void Non_canonical_forms_are_refused(string header, int zeros, string what)
    {
        var reader = new RlpReader([.. Hex.Decode(header), .. new byte[zeros]]);
        Assert.False(reader.TryReadItem(out _), what);
        Assert.False(reader.TryReadBytes(out _), what);
        Assert.False(reader.TryReadList(out _), what);
        Assert.Equal(header.Length / 2 + zeros, reader.Rest.Length);
    }

    [Theory]
    [InlineData("c181")]
    [InlineData("c2b838")]
    [InlineData("c3c281")]
    public void An_item_cut_off_by_its_lists_end_is_refused(string list) => Assert.False(TryRead([.. Hex.Decode(list), .. new byte[100]], out _));

    [Fact]
    public void Numbers_with_leading_zeros_or_too_many_bytes_are_refused_and_nothing_is_consumed()
    {
        foreach (var encoded in (string[])["00", "820001", "8900ffffffffffffffff", "890100000000000000ff", "c0", "c101", ""])
        {
            var reader = new RlpReader(Hex.Decode(encoded));
            Assert.False(reader.TryReadUInt64(out _), encoded);
            Assert.Equal(encoded.Length / 2, reader.Rest.Length);
        }
        var wide = new RlpReader([0xA1, 1, .. new byte[32]]);
        Assert.False(wide.TryReadUInt256(out _));
        Assert.Equal(34, wide.Rest.Length);
    }

    [Fact]
    public void Fixed_sizes_are_exact_and_only_a_recipient_may_be_absent()
    {
        var writer = new RlpWriter();
        writer.Write(new byte[19]);
        writer.Write((Address?)null);
        writer.Write(Address.Zero);
        writer.Write(Hash256.Zero);
        var reader = new RlpReader(writer.Written);
        Assert.False(reader.TryReadAddress(out _));
        Assert.False(reader.TryReadOptionalAddress(out _));
        Assert.False(reader.TryReadHash(out _));
        Assert.True(reader.TryReadBytes(out _));
        Assert.False(reader.TryReadAddress(out _));
        Assert.True(reader.TryReadOptionalAddress(out var absent));
        Assert.Null(absent);
        Assert.True(reader.TryReadOptionalAddress(out var present));
        Assert.Equal(Address.Zero, present);
        Assert.False(reader.TryReadList(out _));
        Assert.True(reader.TryReadHash(out _));
        Assert.True(reader.End);
        Assert.False(reader.TryReadItem(out _));
    }

    [Fact]
    public void Deep_nesting_costs_the_reader_nothing_until_somebody_descends()
    {
        var encoded = Array.Empty<byte>();
        for (var depth = 0; depth < 5_000; depth++)
        {
            var writer = new RlpWriter();
            writer.WriteListHeader(encoded.Length);
            writer.WriteRaw(encoded);
            encoded = writer.ToArray();
        }
        var reader = new RlpReader(encoded);
        Assert.True(reader.TryReadItem(out var item));
        Assert.Equal(encoded.Length, item.Length);
        Assert.False(TryRead(encoded, out _), "the test's own reader stops at its depth");
    }

    [Fact]
    public void The_bytes_of_a_mixed_document_are_frozen()
    {
        var writer = new RlpWriter();
        var outer = writer.BeginList();
        for (var i = 0ul; i < 40; i++)
        {
            var inner = writer.BeginList();
            writer.Write(i * i * i * i * i * i);
            writer.Write(UInt256.MaxValue >> (int)(6 * i));
            writer.Write(new byte[2 * i]);
            writer.Write(i % 2 == 0 ? null : Address.Parse("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"));
            writer.Write(Keccak.Hash([(byte)i]));
            writer.EndList(inner);
        }
        writer.EndList(outer);
        Assert.Equal("0xcac1783ef27f900a7e9d23814017126acb30218f2dfa0baa69ab112486a0a0d3", Keccak.Hash(writer.Written).ToString());
    }

    private static byte[] Write(Node node)
    {
        var writer = new RlpWriter(capacity: 0);
        Write(writer, node);
        return writer.ToArray();
    }

    private static void Write(RlpWriter writer, Node node)
    {
        if (node.Items is null)
        {
            writer.Write(node.Bytes);
            return;
        }
        var list = writer.BeginList();
        foreach (var item in node.Items)
            Write(writer, item);
        writer.EndList(list);
    }

    private static byte[] Define(Node node)
    {
        if (node.Items is null && node.Bytes is [< 0x80])
            return node.Bytes;
        var payload = node.Items is null ? node.Bytes : node.Items.SelectMany(Define).ToArray();
        var shortest = node.Items is null ? 0x80 : 0xC0;
        if (payload.Length <= 55)
            return [(byte)(shortest + payload.Length), .. payload];
        var length = new System.Numerics.BigInteger(payload.Length).ToByteArray(isUnsigned: true, isBigEndian: true);
        return [(byte)(shortest + 55 + length.Length), .. length, .. payload];
    }

    private static bool TryRead(ReadOnlySpan<byte> encoded, out Node? node)
    {
        var reader = new RlpReader(encoded);
        return TryReadNode(ref reader, MaxDepth, out node) && reader.End;
    }

    private static bool TryReadNode(ref RlpReader reader, int depth, out Node? node)
    {
        node = null;
        if (!reader.NextIsList)
        {
            if (!reader.TryReadBytes(out var bytes))
                return false;
            node = new Node(bytes.ToArray(), null);
            return true;
        }
        if (depth == 0 || !reader.TryReadList(out var items))
            return false;
        var nodes = new List<Node>();
        while (!items.End)
        {
            if (!TryReadNode(ref items, depth - 1, out var item))
                return false;
            nodes.Add(item!);
        }
        node = new Node([], [.. nodes]);
        return true;
    }
}
