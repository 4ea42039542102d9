using System.Text;
using Aivm.Primitives;

namespace Aivm.Tests.Primitives;

public sealed class RlpTests
{
    private const string Lorem = "Lorem ipsum dolor sit amet, consectetur adipisicing elit";

    // The examples of the Ethereum wiki's RLP page.
    public static TheoryData<string, string> WikiBytes => new()
    {
        { "", "0x80" },
        { "dog", "0x83646f67" },
        { "\0", "0x00" },
        { "\x0f", "0x0f" },
        { "\x04\x00", "0x820400" },
        { Lorem, "0xb838" + Hex.Encode(Encoding.ASCII.GetBytes(Lorem))[2..] },
    };

    [Theory]
    [MemberData(nameof(WikiBytes))]
    public void Byte_strings_are_encoded_as_the_wiki_says(string text, string expected)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        var writer = new RlpWriter();
        writer.Write(bytes);
        Assert.Equal(expected, Hex.Encode(writer.Written));
        Assert.Equal(writer.Length, Rlp.LengthOf(bytes));
        var reader = new RlpReader(writer.Written);
        Assert.True(reader.TryReadBytes(out var read));
        Assert.Equal(bytes, read.ToArray());
        Assert.True(reader.End);
    }

    [Theory]
    [InlineData(0ul, "0x80")]
    [InlineData(15ul, "0x0f")]
    [InlineData(127ul, "0x7f")]
    [InlineData(128ul, "0x8180")]
    [InlineData(1024ul, "0x820400")]
    [InlineData(ulong.MaxValue, "0x88ffffffffffffffff")]
    public void Numbers_are_encoded_as_the_wiki_says(ulong value, string expected)
    {
        var writer = new RlpWriter(capacity: 0);
        writer.Write(value);
        Assert.Equal(expected, Hex.Encode(writer.Written));
        Assert.Equal(writer.Length, Rlp.LengthOf((UInt256)value));
        writer.Clear();
        writer.Write((UInt256)value);
        Assert.Equal(expected, Hex.Encode(writer.Written));
        var reader = new RlpReader(writer.Written);
        Assert.True(reader.TryReadUInt64(out var read));
        Assert.Equal(value, read);
    }

    [Fact]
    public void The_set_theoretical_representation_of_three_is_encoded_as_the_wiki_says()
    {
        var writer = new RlpWriter();
        var three = writer.BeginList();
        writer.EndList(writer.BeginList());
        var one = writer.BeginList();
        writer.EndList(writer.BeginList());
        writer.EndList(one);
        var two = writer.BeginList();
        writer.EndList(writer.BeginList());
        one = writer.BeginList();
        writer.EndList(writer.BeginList());
        writer.EndList(one);
        writer.EndList(two);
        writer.EndList(three);
        Assert.Equal("0xc7c0c1c0c3c0c1c0", Hex.Encode(writer.Written));
    }
}
