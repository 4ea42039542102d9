using System.Text;
using Aivm.Primitives;

namespace Aivm.Tests.Primitives;

public sealed class KeccakTests
{
    private static readonly byte[] Data = [.. Enumerable.Range(0, 600).Select(i => (byte)(i * 31 % 251))];

    [Theory]
    [InlineData("", "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")]
    [InlineData("abc", "0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45")]
    public void Published_digests(string text, string digest) =>
        Assert.Equal(digest, Keccak.Hash(Encoding.ASCII.GetBytes(text)).ToString());

    /// <summary>The hash of the digests of every prefix of the data, computed with the npm package @noble/hashes.</summary>
    [Fact]
    public void Agrees_with_another_implementation_at_every_length_around_the_block_boundaries()
    {
        var digests = new byte[(Data.Length + 1) * Hash256.Size];
        for (var length = 0; length <= Data.Length; length++)
            Keccak.Hash(Data.AsSpan(0, length), digests.AsSpan(length * Hash256.Size));
        Assert.Equal("0xfcd07d4fe4eb72b6eb24b68ee1f22fcf9d8e3ebfd6ae5161646433fd84706501", Keccak.Hash(digests).ToString());
    }

    [Fact]
    public void A_refused_call_leaves_nothing_behind_for_the_next()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Keccak.Hash(Data, new byte[Hash256.Size - 1]));
        Assert.Equal("0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470", Keccak.Hash([]).ToString());
    }

    [Fact]
    public void Hashing_allocates_nothing()
    {
        Keccak.Hash(Data);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            Keccak.Hash(Data);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
