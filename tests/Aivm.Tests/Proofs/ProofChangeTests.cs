using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs;

/// <summary>Whole proofs of each kind, changed in one place: every check of the verifier reaches its verdict.</summary>
public sealed class ProofChangeTests
{
    private static readonly ProofParameters FewQueries = ProofParameters.Toy with { QueryBits = 6 };

    public static TheoryData<string> Kinds => [.. SmallProof.Kinds, "private-trees"];

    /// <summary>In a column that is opened, by its Merkle tree; elsewhere the challenges are others, and paths at other positions may be longer than what is left.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_bit_flipped_in_any_word_is_refused(string kind)
    {
        var proof = CircuitKinds.Make(kind, FewQueries);
        var (bytes, columns) = (proof.Bytes.ToArray(), proof.Columns());
        for (var at = 0; at < bytes.Length; at += sizeof(uint))
        {
            bytes[at + (at / 4 % 4)] ^= (byte)(1 << (at / 16 % 8));
            var held = FieldMemory.HeldWords;
            AssertRefused(proof, bytes, columns.Exists(opened => at >= opened.Start && at < opened.End) ? [RefusedBy.Tree] : [.. RefusedBy.Any, ProofErrors.Truncated.Message]);
            Assert.Equal(held, FieldMemory.HeldWords);
            bytes[at + (at / 4 % 4)] ^= (byte)(1 << (at / 16 % 8));
        }
        var before = FieldMemory.HeldWords;
        Assert.Null(proof.Verify(bytes));
        Assert.Equal(before, FieldMemory.HeldWords);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_proof_that_is_cut_at_any_byte_or_goes_on_is_refused(string kind)
    {
        var proof = CircuitKinds.Make(kind, FewQueries);
        for (var length = 0; length < proof.Bytes.Length; length++)
            Assert.Equal(ProofErrors.Truncated, proof.Verify(proof.Bytes.AsMemory(0, length)));
        Assert.Equal(ProofErrors.Trailing, proof.Verify((byte[])[.. proof.Bytes, 0]));
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
            AssertRefused(proof, [.. bytes[..at], .. next, .. message, .. bytes[(at + 32)..]], RefusedBy.Any);
            AssertRefused(proof, [.. bytes[..at], .. bytes[(at + 16)..], .. new byte[16]], RefusedBy.Any);
            AssertRefused(proof, [.. bytes[..at], .. message, .. bytes[at..^16]], RefusedBy.Any);
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
                AssertRefused(proof, swapped, [RefusedBy.Tree]);
                AssertRefused(proof, repeated, [RefusedBy.Tree]);
                // Both proofs commit to the same weights from the same seed, and may happen to open the same position of them.
                if (!foreign.AsSpan().SequenceEqual(proof.Bytes))
                    AssertRefused(proof, foreign, [RefusedBy.Tree]);
            }
    }

    /// <summary>A statement that was not proved has other challenges, so that other columns would have to be opened.</summary>
    [Theory]
    [InlineData("public")]
    [InlineData("products")]
    [InlineData("rows")]
    public void Samples_of_a_batch_are_not_exchanged(string kind)
    {
        var proof = (SmallProof.RunProof)CircuitKinds.Make(kind, ProofParameters.Toy);
        var statement = proof.Statement;
        var (inputs, outputs) = (Exchanged(statement.Inputs), Exchanged(statement.Outputs));
        foreach (var other in (ProofStatement[])[statement with { Inputs = inputs }, statement with { Outputs = outputs }, statement with { Inputs = inputs, Outputs = outputs }])
        {
            Assert.Contains((proof with { Statement = other }).Verify(proof.Bytes)?.Message, RefusedBy.Any);
            AssertUnproved(proof.Shape.Circuit, statement, other);
        }
    }

    /// <summary>Both samples first to last, and the second first.</summary>
    private static long[] Exchanged(ReadOnlyMemory<long> numbers)
    {
        var half = numbers.Length / 2;
        Assert.False(numbers.Span[..half].SequenceEqual(numbers.Span[half..]));
        return [.. numbers.Span[half..], .. numbers.Span[..half]];
    }

    /// <summary>The cells of one statement, offered for another one: where nothing is hidden the check has a name. Both changes together are a run of their own, of other cells.</summary>
    private static void AssertUnproved(Circuit circuit, ProofStatement ran, ProofStatement claimed)
    {
        var shape = new ProofShape(circuit, ProofParameters.Toy, hiding: false);
        Assert.True(ProofProver.TryCreate(shape, circuit.Graph, null, threads: 1, out var prover, out var error), error?.ToString());
        using (prover)
        {
            Assert.True(ProofVerifier.TryVerify(shape, ran, prover.Prove(ran, prover.Fill(ran)), out error), error?.ToString());
            Assert.False(ProofVerifier.TryVerify(shape, claimed, prover.Prove(claimed, prover.Fill(ran)), out error));
            Assert.Equal($"The proof fails at: {ProofChecks.Cells}.", error.Message);
        }
    }

    private static void AssertRefused(SmallProof proof, byte[] changed, string[] checks) => RefusedBy.AssertOneOf(checks, proof.Verify(changed));
}
