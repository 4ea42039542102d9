using Aivm.Primitives;
using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Transcripts;

public class ProofReaderTests
{
    private static readonly Ext4 Element = new(Felt.From(1), Felt.From(-1), Felt.From(3), Felt.Zero);

    private static byte[] Sample()
    {
        var writer = new ProofWriter();
        writer.Write(7u);
        writer.Write(Blake3.Hash("root"u8));
        writer.Write(Felt.From(-5));
        writer.WriteCount(2);
        writer.Write([Element, Ext4.One]);
        writer.Write("tail"u8);
        return writer.ToArray();
    }

    private static bool ReadSample(ProofReader reader)
    {
        var elements = new Ext4[2];
        return reader.TryRead(out uint number) && number == 7
            && reader.TryRead(out Hash256 root) && root == Blake3.Hash("root"u8)
            && reader.TryRead(out Felt felt) && felt == Felt.From(-5)
            && reader.TryReadCount(maximum: 2, Ext4.Bytes, out var count) && count == 2
            && reader.TryRead(elements) && elements[0] == Element && elements[1] == Ext4.One
            && reader.TryReadBytes(4, out var tail) && tail.SequenceEqual("tail"u8)
            && reader.TryFinish();
    }

    [Fact]
    public void Reads_what_was_written() => Assert.True(ReadSample(new ProofReader(Sample())));

    [Fact]
    public void A_proof_cut_at_any_byte_is_refused()
    {
        var sample = Sample();
        for (var length = 0; length < sample.Length; length++)
        {
            var reader = new ProofReader(sample.AsMemory(0, length));
            Assert.False(ReadSample(reader));
            Assert.Equal("proof-truncated", reader.Error!.Code);
        }
    }

    [Fact]
    public void Bytes_after_the_proof_are_refused()
    {
        var reader = new ProofReader((byte[])[.. Sample(), 0]);
        Assert.False(ReadSample(reader));
        Assert.Equal("proof-trailing", reader.Error!.Code);
    }

    [Theory]
    [InlineData(Felt.Modulus)]
    [InlineData(0x7fffffffu)]
    [InlineData(uint.MaxValue)]
    public void An_element_not_below_the_modulus_is_refused(uint coefficient)
    {
        for (var place = 0; place < 4; place++)
        {
            var writer = new ProofWriter();
            for (var i = 0; i < 4; i++)
                writer.Write(i == place ? coefficient : 5u);
            var reader = new ProofReader(writer.ToArray());
            Assert.False(reader.TryRead(out Ext4 element));
            Assert.True(element.IsZero);
            Assert.Equal("proof-malformed", reader.Error!.Code);

            var elements = new Felt[4];
            Assert.False(new ProofReader(writer.ToArray()).TryRead(elements));
            Assert.All(elements, read => Assert.Equal(Felt.Zero, read));

            var extension = new Ext4[1];
            Assert.False(new ProofReader(writer.ToArray()).TryRead(extension));
            Assert.True(extension[0].IsZero);
        }
    }

    [Theory]
    [InlineData(3u, "proof-malformed")]
    [InlineData(0x80000000u, "proof-malformed")]
    [InlineData(uint.MaxValue, "proof-malformed")]
    [InlineData(2u, "proof-truncated")]
    public void A_count_past_its_limit_or_past_the_bytes_is_refused(uint count, string code)
    {
        var writer = new ProofWriter();
        writer.Write(count);
        writer.Write(Element);
        var reader = new ProofReader(writer.ToArray());
        Assert.False(reader.TryReadCount(maximum: 2, Ext4.Bytes, out var read));
        Assert.Equal(0, read);
        Assert.Equal(code, reader.Error!.Code);
    }

    [Fact]
    public void A_length_that_is_no_length_is_refused()
    {
        Assert.False(new ProofReader(Sample()).TryReadBytes(-1, out _));
        Assert.False(new ProofReader(Sample()).TryReadBytes(int.MaxValue, out _));
    }

    [Fact]
    public void Elements_of_kernels_and_words_come_back()
    {
        uint[] elements = [Felt.From(1).Montgomery, Felt.From(-1).Montgomery, 0];
        uint[] words = [uint.MaxValue, 0, 0x01020304];
        var writer = new ProofWriter();
        writer.WriteElements(elements);
        writer.WriteWords(words);
        Assert.Equal(1, writer.Written[0]);
        Assert.Equal([4, 3, 2, 1], writer.Written[^4..].ToArray());

        var reader = new ProofReader(writer.ToArray());
        var (readElements, readWords) = (new uint[3], new uint[3]);
        Assert.True(reader.TryReadElements(readElements) && reader.TryReadWords(readWords) && reader.TryFinish());
        Assert.Equal(elements, readElements);
        Assert.Equal(words, readWords);
    }

    [Fact]
    public void The_first_failure_stays_and_stops_everything()
    {
        var reader = new ProofReader(Sample());
        Assert.False(reader.Fail(ProofErrors.Rejected("first")));
        Assert.False(reader.Fail(ProofErrors.Rejected("second")));
        Assert.False(reader.TryRead(out uint number));
        Assert.Equal(0u, number);
        Assert.False(reader.TryReadBytes(0, out _));
        Assert.False(reader.TryFinish());
        Assert.Equal("first", reader.Error!.Message);
    }
}
