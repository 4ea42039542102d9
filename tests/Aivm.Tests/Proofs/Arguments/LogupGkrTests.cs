using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Tests.Proofs.Field;

namespace Aivm.Tests.Proofs.Arguments;

[Collection(nameof(FieldSimd))]
public sealed class LogupGkrTests
{
    // Around whole vectors, chunks of 1,024, and powers of two; with many lookups, or many rows.
    public static TheoryData<int, int> Sizes => new()
    {
        { 1, 1 }, { 2, 1 }, { 1, 2 }, { 3, 1 }, { 4, 3 }, { 5, 4 }, { 9, 7 }, { 17, 15 }, { 30, 3 }, { 3, 60 }, { 100, 29 },
        { 200, 56 }, { 250, 9 }, { 511, 1 }, { 512, 1 }, { 500, 300 }, { 40, 1000 }, { 1000, 24 }, { 1030, 25 }, { 1500, 600 },
        { 2047, 1 }, { 2040, 9 }, { 4000, 97 }, { 4100, 5000 }, { 9000, 100 }, { 6000, 16000 }, { 30000, 2768 }, { 33000, 500 },
    };

    public static TheoryData<int, int> SmallSizes => new() { { 1, 1 }, { 3, 1 }, { 9, 7 }, { 20, 5 }, { 100, 29 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_sum_that_is_zero_is_proved_and_ends_at_the_leaves(int lookups, int rows)
    {
        var example = new LookupExample(lookups + (7 * rows), lookups, rows);
        var pads = ArgumentRun.PadsOf(example.Layout, new Random(5));
        Assert.Null(Verify(example, example.Prove(pads), pads, out var claim));
        Assert.Equal(example.Variables, claim.Point.Length);
        Assert.Equal(example.NumeratorAt(claim.Point), claim.Numerator.Value(pads));
        Assert.Equal(example.DenominatorAt(claim.Point), claim.Denominator.Value(pads));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(37)]
    [InlineData(5000)]
    public void Neutral_leaves_alone_are_proved(int count)
    {
        var example = LookupExample.Neutral(count);
        var pads = ArgumentRun.PadsOf(example.Layout, new Random(6));
        Assert.Null(Verify(example, example.Prove(pads), pads, out var claim));
        Assert.Equal(Ext4.Zero, claim.Numerator.Value(pads));
        Assert.Equal(Ext4.One, claim.Denominator.Value(pads));
    }

    [Theory]
    [InlineData(5000, 1000, 900)]
    [InlineData(5000, 1000, 0)]
    [InlineData(3000, 60, 2999)]
    public void Leading_ones_may_be_given_as_other_numerators(int lookups, int rows, int ones)
    {
        var example = new LookupExample(8, lookups, rows);
        var pads = ArgumentRun.PadsOf(example.Layout, null);
        var proof = example.Prove(pads);
        example.Ones = ones;
        Assert.Equal(proof, example.Prove(pads));
    }

    [Theory]
    [InlineData(700, 30)]
    [InlineData(40000, 3000)]
    [InlineData(33000, 40)]
    public void Every_level_and_number_of_threads_gives_the_same_bytes(int lookups, int rows)
    {
        var example = new LookupExample(9, lookups, rows);
        var pads = ArgumentRun.PadsOf(example.Layout, new Random(7));
        byte[]? expected = null;
        foreach (var level in Enum.GetValues<FieldLevel>().Where(FieldSimd.IsSupported))
            foreach (var threads in new[] { 1, 2, 3 })
                FieldLevels.At(level, () =>
                {
                    var proof = example.Prove(pads, threads);
                    Assert.Equal(expected ??= proof, proof);
                });
    }

    [Fact]
    public void Pads_are_laid_out_as_the_verifier_uses_them()
    {
        for (var variables = 0; variables <= 5; variables++)
        {
            var example = new LookupExample(variables, 1 << variables >> 1, (1 << variables) - (1 << variables >> 1));
            var pads = ArgumentRun.PadsOf(example.Layout, null);
            var channel = new VerifierChannel(new Transcript("layout"), new ProofReader(new byte[Ext4.Bytes * pads.Length]));
            LogupGkr.Verify(channel, variables);
            Assert.Equal(example.Layout.Count, channel.Layout.Count);
            Assert.Equal(example.Layout.Products, channel.Layout.Products);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void A_wrong_multiplicity_is_refused(int difference)
    {
        var example = new LookupExample(10, 300, 40);
        example.Numerators[300 + 17] += difference;
        AssertRefused(example, "the fractions' sum");
    }

    /// <summary>Why there must be fewer leaves than p: the field does not see the difference.</summary>
    [Theory]
    [InlineData(Felt.Modulus)]
    [InlineData(-(long)Felt.Modulus)]
    public void A_multiplicity_wrong_by_p_is_the_same_element(long difference)
    {
        var example = new LookupExample(10, 300, 40);
        example.Numerators[300 + 17] += difference;
        var pads = ArgumentRun.PadsOf(example.Layout, null);
        Assert.Null(Verify(example, example.Prove(pads), pads, out _));
        Assert.True(1L << LogupGkr.MaxVariables < Felt.Modulus);
    }

    [Fact]
    public void A_missing_row_is_refused()
    {
        var example = new LookupExample(11, 300, 40);
        var row = Enumerable.Range(300, 40).First(leaf => example.Numerators[leaf] != 0);
        (example.Numerators[row], example.Denominators[row]) = (0, Ext4.One);
        AssertRefused(example, "the fractions' sum");
    }

    [Fact]
    public void A_value_outside_of_the_table_is_refused()
    {
        var example = new LookupExample(12, 300, 40);
        example.Denominators[123] += Ext4.From(1 << 21);
        AssertRefused(example, "the fractions' sum");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(299)]
    [InlineData(339)]
    public void A_denominator_of_zero_is_refused(int leaf)
    {
        var example = new LookupExample(13, 300, 40);
        example.Denominators[leaf] = Ext4.Zero;
        AssertRefused(example, "a denominator is zero");
    }

    [Theory]
    [MemberData(nameof(SmallSizes))]
    public void Every_change_of_a_message_is_refused(int lookups, int rows)
    {
        var example = new LookupExample(14, lookups, rows);
        var random = new Random(8);
        var pads = ArgumentRun.PadsOf(example.Layout, null);
        var proof = example.Prove(pads);
        for (var element = 0; element < proof.Length / Ext4.Bytes; element++)
            foreach (var difference in new[] { Ext4.One, -Ext4.One, ArgumentRun.Uniform(random) })
                Assert.Equal("proof-rejected", Verify(example, ArgumentRun.Tamper(proof, element, difference), pads, out _)?.Code);
    }

    /// <summary>The last messages can be changed so that all constraints hold; what is claimed of the leaves is wrong then.</summary>
    [Fact]
    public void Freedom_in_the_last_messages_changes_the_claim()
    {
        var example = new LookupExample(15, 100, 29);
        var pads = ArgumentRun.PadsOf(example.Layout, null);
        var proof = example.Prove(pads);
        var last = (proof.Length / Ext4.Bytes) - 4;
        var (d0, d1) = (Element(proof, last + 2), Element(proof, last + 3));
        var forged = ArgumentRun.Tamper(ArgumentRun.Tamper(proof, last, d0), last + 1, -d1);
        Assert.Null(Verify(example, forged, pads, out var claim));
        Assert.NotEqual(example.NumeratorAt(claim.Point), claim.Numerator.Value(pads));
    }

    [Fact]
    public void Each_end_but_the_right_one_is_refused()
    {
        var example = new LookupExample(16, 20, 5);
        var pads = ArgumentRun.PadsOf(example.Layout, null);
        var proof = example.Prove(pads);
        for (var length = 0; length < proof.Length; length++)
            Assert.Equal("proof-truncated", Verify(example, proof[..length], pads, out _)?.Code);
        Assert.Equal("proof-trailing", Verify(example, [.. proof, 0], pads, out _)?.Code);
    }

    [Fact]
    public void A_number_that_is_no_element_is_refused()
    {
        var example = new LookupExample(17, 20, 5);
        var pads = ArgumentRun.PadsOf(example.Layout, null);
        var proof = example.Prove(pads);
        for (var at = 0; at < proof.Length; at += sizeof(uint))
        {
            var changed = proof.ToArray();
            BitConverter.TryWriteBytes(changed.AsSpan(at), Felt.Modulus);
            Assert.Equal("proof-malformed", Verify(example, changed, pads, out _)?.Code);
        }
    }

    private static void AssertRefused(LookupExample example, string check)
    {
        var pads = ArgumentRun.PadsOf(example.Layout, new Random(9));
        var error = Verify(example, example.Prove(pads), pads, out _);
        Assert.Equal("proof-rejected", error?.Code);
        Assert.Contains(check, error?.Message, StringComparison.Ordinal);
    }

    private static Ext4 Element(byte[] proof, int element)
    {
        var reader = new ProofReader(proof.AsMemory(element * Ext4.Bytes, Ext4.Bytes));
        Assert.True(reader.TryRead(out Ext4 value));
        return value;
    }

    private static Error? Verify(LookupExample example, byte[] proof, Ext4[] pads, out LogupClaim claim)
    {
        LogupClaim? result = null;
        var error = ArgumentRun.Verify(proof, pads, channel => result = LogupGkr.Verify(channel, example.Variables));
        claim = result!;
        return error;
    }
}
