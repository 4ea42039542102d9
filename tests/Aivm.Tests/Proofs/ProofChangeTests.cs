using Aivm.Proofs;

namespace Aivm.Tests.Proofs;

/// <summary>Whole proofs of each kind, changed in one place: every check of the verifier reaches its verdict.</summary>
public sealed class ProofChangeTests
{
    private static readonly ProofParameters FewQueries = ProofParameters.Toy with { QueryBits = 6 };

    public static TheoryData<string> Kinds => [.. SmallProof.Kinds, "private-trees"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_bit_flipped_in_any_word_is_refused(string kind)
    {
        var proof = CircuitKinds.Make(kind, FewQueries);
        var bytes = proof.Bytes.ToArray();
        for (var at = 0; at < bytes.Length; at += sizeof(uint))
        {
            bytes[at + (at / 4 % 4)] ^= (byte)(1 << (at / 16 % 8));
            var held = FieldMemory.HeldWords;
            Assert.Contains(proof.Verify(bytes)?.Code, (string[])["proof-rejected", "proof-malformed", "proof-truncated", "proof-trailing"]);
            Assert.Equal(held, FieldMemory.HeldWords);
            bytes[at + (at / 4 % 4)] ^= (byte)(1 << (at / 16 % 8));
        }
        var before = FieldMemory.HeldWords;
        Assert.Null(proof.Verify(bytes));
        Assert.Equal(before, FieldMemory.HeldWords);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_proof_that_is_cut_or_goes_on_is_refused(string kind)
    {
        var proof = CircuitKinds.Make(kind, FewQueries);
        for (var length = 0; length < proof.Bytes.Length; length += length < 64 || length > proof.Bytes.Length - 64 ? 1 : 13)
            Assert.Equal("proof-truncated", proof.Verify(proof.Bytes.AsMemory(0, length))?.Code);
        Assert.Equal("proof-trailing", proof.Verify((byte[])[.. proof.Bytes, 0])?.Code);
    }

    /// <summary>Messages of rounds and layers: exchanged with the next, left out with something at the end to make up for it, and said twice.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Messages_that_are_reordered_dropped_or_repeated_are_refused(string kind)
    {
        var proof = CircuitKinds.Make(kind, FewQueries);
        var bytes = proof.Bytes;
        for (var at = 64; at + 32 < proof.Columns()[0].Start; at += Ext4.Bytes)
        {
            byte[] message = bytes[at..(at + 16)], next = bytes[(at + 16)..(at + 32)];
            AssertRefused(proof, [.. bytes[..at], .. next, .. message, .. bytes[(at + 32)..]]);
            AssertRefused(proof, [.. bytes[..at], .. bytes[(at + 16)..], .. new byte[16]]);
            AssertRefused(proof, [.. bytes[..at], .. message, .. bytes[at..^16]]);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Columns_that_are_reordered_repeated_or_of_another_proof_are_refused(string kind)
    {
        var (proof, other) = (CircuitKinds.Make(kind, ProofParameters.Toy), CircuitKinds.Make(kind, ProofParameters.Toy).Bytes);
        foreach (var opened in proof.Columns())
            for (var column = 0; column + 1 < opened.Queries; column++)
            {
                byte[] swapped = [.. proof.Bytes], repeated = [.. proof.Bytes], foreign = [.. proof.Bytes];
                opened.Copy(proof.Bytes, column, swapped, column + 1);
                opened.Copy(proof.Bytes, column + 1, swapped, column);
                opened.Copy(proof.Bytes, column, repeated, column + 1);
                opened.Copy(other, column, foreign, column);
                AssertRefused(proof, swapped);
                AssertRefused(proof, repeated);
                // Both proofs commit to the same weights from the same seed, and may happen to open the same position of them.
                if (!foreign.AsSpan().SequenceEqual(proof.Bytes))
                    AssertRefused(proof, foreign);
            }
    }

    private static void AssertRefused(SmallProof proof, byte[] changed) => Assert.NotNull(proof.Verify(changed));
}
