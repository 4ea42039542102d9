using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Commitments;

public sealed unsafe class OracleOpeningTests
{
    public static TheoryData<int> Openings => [0, 1, 3];

    [Theory]
    [MemberData(nameof(Openings))]
    public void The_value_at_a_point_is_opened(int openings)
    {
        foreach (var cells in (int[])[1, 2, 3, 17, 64, 65, 100, 256, 1000, 1024, 4097, 20000])
        {
            using var opening = new Opening(cells, openings);
            var (proof, value) = opening.Open();
            Assert.Equal(opening.Value(), value);
            Assert.Equal((null, value), opening.Verify(proof));
        }
    }

    [Theory]
    [MemberData(nameof(Openings))]
    public void A_flipped_bit_anywhere_is_refused(int openings)
    {
        using var opening = new Opening(300, openings);
        var (proof, _) = opening.Open();
        for (var i = 0; i < proof.Length; i++)
        {
            proof[i] ^= (byte)(1 << (i % 8));
            Assert.NotNull(opening.Verify(proof).Error);
            proof[i] ^= (byte)(1 << (i % 8));
        }
        Assert.Null(opening.Verify(proof).Error);
    }

    [Theory]
    [MemberData(nameof(Openings))]
    public void A_proof_cut_or_prolonged_anywhere_is_refused(int openings)
    {
        using var opening = new Opening(300, openings);
        var (proof, _) = opening.Open();
        for (var length = 0; length < proof.Length; length++)
            Assert.Equal("proof-truncated", opening.Verify(proof.AsMemory(0, length)).Error?.Code);
        Assert.Equal("proof-trailing", opening.Verify(proof.Append((byte)0).ToArray()).Error?.Code);
    }

    [Theory]
    [MemberData(nameof(Openings))]
    public void An_element_that_is_not_canonical_is_refused(int openings)
    {
        using var opening = new Opening(300, openings);
        var (proof, _) = opening.Open();
        // A committed combination's root is no element.
        for (var i = 0; i < (opening.Shape.Combination is null ? 256 : Ext4.Bytes); i += sizeof(uint))
        {
            var altered = proof.ToArray();
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(
                altered.AsSpan(i), System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(proof.AsSpan(i)) + 0x78000001);
            Assert.Equal("proof-malformed", opening.Verify(altered).Error?.Code);
        }
    }

    [Theory]
    [MemberData(nameof(Openings))]
    public void A_proof_of_another_transcript_or_oracle_is_refused(int openings)
    {
        using var opening = new Opening(1000, openings);
        using var elsewhere = new Opening(1000, openings) { Context = "elsewhere" };
        using var other = new Opening(1000, openings, seed: 2);
        var (proof, _) = opening.Open();
        elsewhere.Root = opening.Root;
        Assert.Equal("proof-rejected", elsewhere.Verify(proof).Error?.Code);
        Assert.Equal("proof-rejected", other.Verify(proof).Error?.Code);
    }

    [Theory]
    [MemberData(nameof(Openings))]
    public void A_row_that_is_no_codeword_is_refused(int openings)
    {
        for (var row = 0; row < 4; row++)
        {
            using var opening = new Opening(1000, openings);
            var wrong = opening.Shape.UniqueRadius + 1;
            for (var i = 0; i < wrong; i++)
                opening.Matrix.Row(row)[i] ^= 1;
            opening.Recommit();
            Assert.Equal(
                opening.Shape.Combination is null ? "An opened column does not fit the combination of rows." : "The proof fails at: an opening's combination of rows.",
                opening.Verify(opening.Open().Proof).Error?.Message);
        }
    }

    [Fact]
    public void A_mask_that_is_no_codeword_is_refused()
    {
        using var opening = new Opening(1000, openings: 1);
        Assert.True(opening.Shape.Masked);
        for (var i = 0; i <= opening.Shape.UniqueRadius; i++)
            opening.Matrix.Row(opening.Shape.Rows + 3)[i] ^= 1;
        opening.Recommit();
        Assert.Equal("An opened column does not fit the combination of rows.", opening.Verify(opening.Open().Proof).Error?.Message);
    }

    [Fact]
    public void More_openings_than_hide_are_not_made()
    {
        using var opening = new Opening(100, openings: 3);
        for (var i = 0; i < 3; i++)
            opening.Open();
        Assert.Throws<InvalidOperationException>(() => opening.Open());
    }
}
