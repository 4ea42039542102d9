using System.Text;
using Aivm.Primitives;

namespace Aivm.Tests.Primitives;

/// <summary>The examples of Solidity's "Contract ABI Specification", byte for byte, written and read back.</summary>
public sealed class AbiTests
{
    private const string W69 = "0000000000000000000000000000000000000000000000000000000000000045";
    private const string W1 = "0000000000000000000000000000000000000000000000000000000000000001";

    [Fact]
    public void Static_arguments_are_encoded_as_in_the_specification()
    {
        var baz = new AbiFunction("baz", ["uint32 x", "bool y"], ["bool r"]);
        var call = baz.BeginCall().WriteUInt(69).WriteBool(true).ToArray();
        Assert.Equal("0xcdcd77c0" + W69 + W1, Hex.Encode(call));

        Assert.True(AbiSelector.TrySplit(call, out var selector, out var arguments));
        Assert.Equal(baz.Selector, selector);
        var reader = new AbiReader(arguments);
        Assert.True(reader.TryReadUInt32(out var x) && reader.TryReadBool(out var y) && y && reader.TryEnd());
        Assert.Equal(69u, x);
    }

    [Fact]
    public void Fixed_arrays_of_static_elements_are_encoded_in_place()
    {
        var bar = new AbiFunction("bar", ["bytes3[2]"], []);
        var call = bar.BeginCall().WriteFixedBytes("abc"u8).WriteFixedBytes("def"u8).ToArray();
        Assert.Equal("0xfce353f6"
            + "6162630000000000000000000000000000000000000000000000000000000000"
            + "6465660000000000000000000000000000000000000000000000000000000000", Hex.Encode(call));
    }

    [Fact]
    public void Bytes_and_arrays_are_encoded_in_the_tail()
    {
        var sam = new AbiFunction("sam", ["bytes", "bool", "uint[]"], []);
        Assert.Equal("sam(bytes,bool,uint256[])", sam.Signature);
        var call = sam.BeginCall().WriteBytes("dave"u8).WriteBool(true).BeginArray(3).WriteUInt(1).WriteUInt(2).WriteUInt(3).End().ToArray();
        Assert.Equal("0xa5643bf2"
            + "0000000000000000000000000000000000000000000000000000000000000060"
            + W1
            + "00000000000000000000000000000000000000000000000000000000000000a0"
            + "0000000000000000000000000000000000000000000000000000000000000004"
            + "6461766500000000000000000000000000000000000000000000000000000000"
            + "0000000000000000000000000000000000000000000000000000000000000003"
            + W1
            + "0000000000000000000000000000000000000000000000000000000000000002"
            + "0000000000000000000000000000000000000000000000000000000000000003", Hex.Encode(call));
    }

    [Fact]
    public void Dynamic_types_are_mixed_as_in_the_specification()
    {
        var f = new AbiFunction("f", ["uint256", "uint32[]", "bytes10", "bytes"], []);
        var call = f.BeginCall().WriteUInt(0x123).BeginArray(2).WriteUInt(0x456).WriteUInt(0x789).End()
            .WriteFixedBytes("1234567890"u8).WriteBytes("Hello, world!"u8).ToArray();
        Assert.Equal("0x8be65246"
            + "0000000000000000000000000000000000000000000000000000000000000123"
            + "0000000000000000000000000000000000000000000000000000000000000080"
            + "3132333435363738393000000000000000000000000000000000000000000000"
            + "00000000000000000000000000000000000000000000000000000000000000e0"
            + "0000000000000000000000000000000000000000000000000000000000000002"
            + "0000000000000000000000000000000000000000000000000000000000000456"
            + "0000000000000000000000000000000000000000000000000000000000000789"
            + "000000000000000000000000000000000000000000000000000000000000000d"
            + "48656c6c6f2c20776f726c642100000000000000000000000000000000000000", Hex.Encode(call));
    }

    [Fact]
    public void Nested_arrays_are_encoded_and_read_as_in_the_specification()
    {
        var g = new AbiFunction("g", ["uint256[][]", "string[]"], []);
        var call = g.BeginCall()
            .BeginArray(2)
                .BeginArray(2).WriteUInt(1).WriteUInt(2).End()
                .BeginArray(1).WriteUInt(3).End()
            .End()
            .BeginArray(3).WriteString("one").WriteString("two").WriteString("three").End()
            .ToArray();
        Assert.Equal("0x2289b18c"
            + "0000000000000000000000000000000000000000000000000000000000000040"
            + "0000000000000000000000000000000000000000000000000000000000000140"
            + "0000000000000000000000000000000000000000000000000000000000000002"
            + "0000000000000000000000000000000000000000000000000000000000000040"
            + "00000000000000000000000000000000000000000000000000000000000000a0"
            + "0000000000000000000000000000000000000000000000000000000000000002"
            + "0000000000000000000000000000000000000000000000000000000000000001"
            + "0000000000000000000000000000000000000000000000000000000000000002"
            + "0000000000000000000000000000000000000000000000000000000000000001"
            + "0000000000000000000000000000000000000000000000000000000000000003"
            + "0000000000000000000000000000000000000000000000000000000000000003"
            + "0000000000000000000000000000000000000000000000000000000000000060"
            + "00000000000000000000000000000000000000000000000000000000000000a0"
            + "00000000000000000000000000000000000000000000000000000000000000e0"
            + "0000000000000000000000000000000000000000000000000000000000000003"
            + "6f6e650000000000000000000000000000000000000000000000000000000000"
            + "0000000000000000000000000000000000000000000000000000000000000003"
            + "74776f0000000000000000000000000000000000000000000000000000000000"
            + "0000000000000000000000000000000000000000000000000000000000000005"
            + "7468726565000000000000000000000000000000000000000000000000000000", Hex.Encode(call));

        var reader = new AbiReader(call.AsSpan(4));
        Assert.True(reader.TryEnterArray(out var outer));
        var sum = UInt256.Zero;
        for (var i = 0; i < outer; i++)
        {
            Assert.True(reader.TryEnterArray(out var inner));
            for (var j = 0; j < inner; j++)
            {
                Assert.True(reader.TryReadUInt256(out var value));
                sum += value;
            }
            Assert.True(reader.TryLeave());
        }
        Assert.True(reader.TryLeave());
        Assert.Equal(6ul, (ulong)sum);
        Assert.True(reader.TryEnterArray(out var count));
        var texts = new List<string>();
        for (var i = 0; i < count; i++)
        {
            Assert.True(reader.TryReadString(out var text));
            texts.Add(text);
        }
        Assert.True(reader.TryLeave());
        Assert.Equal(["one", "two", "three"], texts);
        Assert.True(reader.TryEnd());
    }

    [Fact]
    public void Signed_words_and_arrays_are_sign_extended()
    {
        long[] values = [0, 1, -1, long.MinValue, long.MaxValue];
        var encoded = new AbiWriter(2).WriteInt(-2).WriteInt64Array(values).ToArray();
        var reader = new AbiReader(encoded);
        Assert.True(reader.TryReadInt64(out var first));
        Assert.Equal(-2, first);
        Assert.True(reader.TryReadInt64Array(5, out var read));
        Assert.Equal(values, read);
        Assert.True(reader.TryEnd());

        var inPlace = new AbiReader(encoded);
        var buffer = new long[7];
        Assert.True(inPlace.TryReadInt64(out _));
        Assert.True(inPlace.TryReadInt64Array(buffer, out var count));
        Assert.True(inPlace.TryEnd());
        Assert.Equal(values, buffer[..count]);
        Assert.False(new AbiReader(new AbiWriter(1).WriteInt64Array(values).ToArray()).TryReadInt64Array(new long[4], out _));
    }

    [Fact]
    public void Every_byte_of_a_number_that_is_not_its_sign_is_refused()
    {
        foreach (var value in (long[])[0, 1, -1, long.MinValue, long.MaxValue])
        {
            var encoded = new AbiWriter(1).WriteInt64Array([7, value, -7]).ToArray();
            for (var i = 0; i < 24; i++)
            {
                var spoilt = encoded.ToArray();
                spoilt[(3 * 32) + i] ^= 0x10;
                Assert.False(new AbiReader(spoilt).TryReadInt64Array(3, out _));
            }
        }
    }

    [Fact]
    public void Reverts_carry_solidity_reasons_and_custom_errors()
    {
        var revert = AbiRevert.Error("Not enough Ether provided.");
        Assert.Equal("0x08c379a0"
            + "0000000000000000000000000000000000000000000000000000000000000020"
            + "000000000000000000000000000000000000000000000000000000000000001a"
            + "4e6f7420656e6f7567682045746865722070726f76696465642e000000000000", Hex.Encode(revert));
        Assert.True(AbiRevert.TryReadError(revert, out var reason));
        Assert.Equal("Not enough Ether provided.", reason);

        Assert.Equal("0x4e487b71", Hex.Encode(AbiRevert.Panic(0x11).AsSpan(0, 4)));
        Assert.True(AbiRevert.TryReadPanic(AbiRevert.Panic(0x11), out var code));
        Assert.Equal(0x11ul, (ulong)code);
        Assert.Equal(0xcf479181u, new AbiError("InsufficientBalance", "uint256 available", "uint256 required").Selector);
    }

    [Fact]
    public void Events_are_named_by_the_hash_of_their_signature()
    {
        var transfer = new AbiEvent("Transfer", "address indexed from", "address indexed to", "uint256 value");
        Assert.Equal("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef", transfer.Topic.ToString());
        Assert.Equal(32, transfer.BeginData().WriteUInt(1).ToArray().Length);
    }

    [Theory]
    [InlineData("uint", "uint256", 1, false)]
    [InlineData("int64[]", "int64[]", 1, true)]
    [InlineData("(uint64,address)[]", "(uint64,address)[]", 1, true)]
    [InlineData("(uint64,address)[3]", "(uint64,address)[3]", 6, false)]
    [InlineData("(uint,(bytes32,int8)[2],bool)", "(uint256,(bytes32,int8)[2],bool)", 6, false)]
    [InlineData("(uint,string)", "(uint256,string)", 1, true)]
    [InlineData("string[2]", "string[2]", 1, true)]
    [InlineData("uint8[2][3]", "uint8[2][3]", 6, false)]
    public void Types_have_canonical_names_and_known_heads(string text, string name, int headWords, bool isDynamic)
    {
        var type = AbiType.Parse(text);
        Assert.Equal(name, type.Name);
        Assert.Equal(headWords, type.HeadWords);
        Assert.Equal(isDynamic, type.IsDynamic);
    }

    [Theory]
    [InlineData("")]
    [InlineData("uint7")]
    [InlineData("uint0")]
    [InlineData("uint08")]
    [InlineData("uint264")]
    [InlineData("bytes0")]
    [InlineData("bytes33")]
    [InlineData("()")]
    [InlineData("()[]")]
    [InlineData("uint[0]")]
    [InlineData("uint[-1]")]
    [InlineData("uint[")]
    [InlineData("uint]")]
    [InlineData("[]")]
    [InlineData("(uint")]
    [InlineData("uint)")]
    [InlineData("(uint,)")]
    [InlineData("(,uint)")]
    [InlineData("(uint)(uint)")]
    [InlineData("uint[65537]")]
    [InlineData("uint[60000][60000]")]
    [InlineData("uint[60000][]x")]
    [InlineData("fixed128x18")]
    [InlineData("Address")]
    [InlineData("uint256 ")]
    [InlineData("uint[][][][][][][][][]")]
    [InlineData("((((((((((uint))))))))))")]
    public void Text_that_is_no_bounded_type_is_refused(string text) => Assert.False(AbiType.TryParse(text, out _));

    [Fact]
    public void Deep_or_long_types_are_refused_before_they_cost_anything()
    {
        Assert.False(AbiType.TryParse(new string('(', 100_000), out _));
        Assert.False(AbiType.TryParse("uint" + string.Concat(Enumerable.Repeat("[]", 100_000)), out _));
        Assert.False(AbiType.TryParse("(" + string.Join(',', Enumerable.Repeat("uint", 1_000)) + ")", out _));
    }

    [Fact]
    public void A_writer_refuses_more_or_fewer_values_than_announced()
    {
        Assert.Throws<InvalidOperationException>(() => new AbiWriter(1).WriteUInt(1).WriteUInt(2));
        Assert.Throws<InvalidOperationException>(() => new AbiWriter(2).WriteUInt(1).ToArray());
        Assert.Throws<InvalidOperationException>(() => new AbiWriter(1).BeginArray(2).WriteUInt(1).End());
        Assert.Throws<InvalidOperationException>(() => new AbiWriter(1).BeginArray(1).WriteUInt(1).ToArray());
        Assert.Throws<EncoderFallbackException>(() => new AbiWriter(1).WriteString("\ud800"));
    }
}
