using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Transcripts;

[Collection(nameof(FieldSimd))]
public sealed class GrindingTests : IDisposable
{
    private readonly FieldLevel _chosen = FieldSimd.Level;

    private static readonly Ext4 Challenge = new(Felt.From(1), Felt.From(-2), Felt.From(3), Felt.From(-4));

    public void Dispose() => FieldSimd.Level = _chosen;

    /// <summary>As docs/spec/proofs.md says it, from BLAKE3 alone.</summary>
    private static bool IsDoneBySpecification(Ext4 challenge, uint nonce, int bits)
    {
        byte[] input = [.. Bytes(challenge.C0), .. Bytes(challenge.C1), .. Bytes(challenge.C2), .. Bytes(challenge.C3), .. new byte[16], .. BitConverter.GetBytes(nonce), .. new byte[28]];
        var hasher = new Blake3Hasher(Blake3.Hash("AIVM grinding"u8).Span);
        hasher.Append(input);
        var block = new byte[Blake3.BlockBytes];
        hasher.Finish().ReadBlock(0, block);
        return (BitConverter.ToUInt32(block) & ((1u << bits) - 1)) == 0;

        static byte[] Bytes(Felt coefficient) => BitConverter.GetBytes(coefficient.ToUInt32());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(12)]
    public void The_least_nonce_is_found_on_every_set_of_kernels(int bits)
    {
        var expected = 0u;
        while (!IsDoneBySpecification(Challenge, expected, bits))
            expected++;
        foreach (var level in Enum.GetValues<FieldLevel>().Where(FieldSimd.IsSupported))
        {
            FieldSimd.Level = level;
            Assert.Equal(expected, Grinding.Find(Challenge, bits));
        }
    }

    [Fact]
    public void A_nonce_is_good_for_its_challenge_alone()
    {
        for (var nonce = 0u; nonce < 2000; nonce++)
            Assert.Equal(IsDoneBySpecification(Challenge, nonce, 4), Grinding.IsDone(Challenge, nonce, 4));
        var found = Grinding.Find(Challenge, 12);
        var others = Enumerable.Range(1, 200).Count(i => Grinding.IsDone(Challenge + Ext4.From(i), found, 12));
        Assert.InRange(others, 0, 3);
    }

    [Fact]
    public void Positions_without_the_work_before_them_are_refused()
    {
        var writer = new ProofWriter();
        var challenge = new Transcript("grinding").NextChallenge();
        var idle = Enumerable.Range(0, 100).Select(nonce => (uint)nonce).First(nonce => !Grinding.IsDone(challenge, nonce, 12));
        writer.Write(idle);
        var reader = new ProofReader(writer.ToArray());

        Assert.False(reader.TryDrawPositions(new Transcript("grinding"), 4, 10, 12, out _));

        Assert.Equal("proof-rejected", reader.Error?.Code);
        Assert.Contains("work", reader.Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Positions_follow_from_the_nonce()
    {
        var challenge = new Transcript("grinding").NextChallenge();
        uint[] nonces = [.. Enumerable.Range(0, int.MaxValue).Select(nonce => (uint)nonce).Where(nonce => Grinding.IsDone(challenge, nonce, 6)).Take(2)];
        Assert.NotEqual(Drawn(nonces[0]), Drawn(nonces[1]));

        static int[] Drawn(uint nonce)
        {
            var writer = new ProofWriter();
            writer.Write(nonce);
            Assert.True(new ProofReader(writer.ToArray()).TryDrawPositions(new Transcript("grinding"), 8, 20, 6, out var positions));
            return positions;
        }
    }

    [Fact]
    public void A_proof_that_ends_before_its_nonce_is_truncated()
    {
        var reader = new ProofReader(new byte[3]);
        Assert.False(reader.TryDrawPositions(new Transcript("grinding"), 4, 10, 12, out _));
        Assert.Equal("proof-truncated", reader.Error?.Code);
    }
}
