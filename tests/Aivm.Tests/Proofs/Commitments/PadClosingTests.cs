using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Commitments;

public sealed unsafe class PadClosingTests
{
    private const string Proximity = "A column of pads fails the proximity test.";
    private const string Linear = "A column of pads fails the test of linear constraints.";
    private const string Products = "A column of pads fails the test of products.";

    [Fact]
    public void Constraints_that_hold_are_proved()
    {
        foreach (var pairs in (int[])[0, 1, 2, 5, 16, 17, 100, 300])
        {
            var closing = new Closing(pairs);
            Assert.Null(closing.Verify(closing.Prove()));
        }
    }

    [Fact]
    public void Each_constraint_that_is_broken_alone_is_refused()
    {
        const int Pairs = 20;
        for (var lie = 0; lie < Pairs; lie++)
        {
            var product = new Closing(Pairs) { Lie = i => i == lie ? (Ext4.One, default) : default };
            Assert.Equal(Linear, product.Verify(product.Prove())?.Message);
            var sum = new Closing(Pairs) { Lie = i => i == lie ? (default, Ext4.One) : default };
            Assert.Equal(Linear, sum.Verify(sum.Prove())?.Message);
        }
    }

    [Fact]
    public void Two_lies_that_cancel_are_refused()
    {
        var closing = new Closing(4) { Lie = i => i switch { 0 => (Ext4.One, default), 1 => (-Ext4.One, default), _ => default } };
        Assert.Equal(Linear, closing.Verify(closing.Prove())?.Message);
    }

    [Fact]
    public void Each_product_of_pads_that_is_none_is_refused()
    {
        const int Pairs = 20;
        for (var lie = 0; lie < Pairs; lie++)
        {
            var closing = new Closing(Pairs);
            var wrong = new PadLayout();
            foreach (var product in closing.Layout.Products)
            {
                wrong.Skip(2);
                if (product == closing.Layout.Products[lie])
                    wrong.Skip(1);
                else
                    wrong.NextProduct(product.Left, product.Right);
                wrong.Skip(2);
            }
            closing.PadsLaidOut = wrong;
            Assert.Equal(Products, closing.Verify(closing.Prove())?.Message);
        }
    }

    [Fact]
    public void Each_row_that_is_no_codeword_is_refused()
    {
        var expected = new HashSet<string> { Proximity, Linear, Products };
        var shape = new Closing(20).Shape;
        for (var row = 0; row < shape.Rows; row++)
        {
            var closing = new Closing(20);
            using var pads = PadCommitment.Commit(shape, closing.Layout, new SecretRandom());
            for (var i = 0; i < shape.CodeLength / 2; i++)
                pads.Matrix.Row(4 * row)[i] ^= 1;
            pads.Matrix.Commit();
            Assert.Contains(closing.Verify(closing.Prove(pads))!.Message, expected);
        }
    }

    [Fact]
    public void A_flipped_bit_anywhere_is_refused()
    {
        var closing = new Closing(5);
        var proof = closing.Prove();
        for (var i = 0; i < proof.Length; i++)
        {
            proof[i] ^= (byte)(1 << (i % 8));
            Assert.NotNull(closing.Verify(proof));
            proof[i] ^= (byte)(1 << (i % 8));
        }
        Assert.Null(closing.Verify(proof));
    }

    [Fact]
    public void A_proof_cut_or_prolonged_anywhere_is_refused()
    {
        var closing = new Closing(5);
        var proof = closing.Prove();
        for (var length = 0; length < proof.Length; length++)
            Assert.Equal("proof-truncated", closing.Verify(proof.AsMemory(0, length))?.Code);
        Assert.Equal("proof-trailing", closing.Verify(proof.Append((byte)0).ToArray())?.Code);
    }

    [Fact]
    public void Columns_of_another_proof_are_refused()
    {
        var closing = new Closing(20);
        var (proof, other) = (closing.Prove(), closing.Prove());
        var columns = closing.Shape.Queries * ((sizeof(uint) * closing.Shape.ColumnHeight) + ColumnHasher.SaltBytes);
        var start = 32 + (16 * ((20 * 4) + closing.Shape.MessageLength + closing.Shape.LinearLength - 1 + closing.Shape.QuotientLength));
        other.AsSpan(start, columns).CopyTo(proof.AsSpan(start));
        Assert.NotNull(closing.Verify(proof));
    }

    [Fact]
    public void Pads_of_another_size_are_refused()
    {
        var closing = new Closing(20);
        var proof = closing.Prove();
        foreach (var pairs in (int[])[100, 300])
            Assert.NotNull(new Closing(20) { Shape = new Closing(pairs).Shape }.Verify(proof));
    }

    [Fact]
    public void A_proof_of_another_transcript_is_refused() =>
        Assert.NotNull(new Closing(20) { Context = "elsewhere" }.Verify(new Closing(20).Prove()));
}
