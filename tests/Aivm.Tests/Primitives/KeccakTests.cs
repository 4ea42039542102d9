using System.Text;
using Aivm.Primitives;
using Org.BouncyCastle.Crypto.Digests;

namespace Aivm.Tests.Primitives;

public sealed class KeccakTests
{
    [Theory]
    [InlineData("", "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")]
    [InlineData("abc", "0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45")]
    public void Published_digests(string text, string digest) =>
        Assert.Equal(digest, Keccak.Hash(Encoding.ASCII.GetBytes(text)).ToString());

    [Fact]
    public void Agrees_with_BouncyCastle_at_every_length_around_the_block_boundaries()
    {
        var data = Enumerable.Range(0, 600).Select(i => (byte)(i * 31 % 251)).ToArray();
        for (var length = 0; length <= data.Length; length++)
        {
            var reference = new KeccakDigest(256);
            reference.BlockUpdate(data, 0, length);
            var expected = new byte[32];
            reference.DoFinal(expected, 0);
            Assert.Equal(expected, Keccak.Hash(data.AsSpan(0, length)).ToArray());
        }
    }
}
