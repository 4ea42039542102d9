using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs.Field;

namespace Aivm.Tests.Proofs.Arguments;

[Collection(nameof(FieldSimd))]
public sealed class ProductSumcheckTests
{
    private const string Check = "a product of vectors";

    public static TheoryData<int> Lengths => new() { 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 48, 64, 100, 255, 257, 1000, 1024, 4097 };

    [Theory]
    [MemberData(nameof(Lengths))]
    public void A_sum_with_base_elements_is_proved_and_ends_at_one_point(int length)
    {
        var (x, y, variables) = Vectors(length);
        var pads = ArgumentRun.PadsOf(Layout(variables), new Random(1));
        var proof = ProveBase(x, y, variables, Sum(x, y), pads);
        SumcheckClaim? claim = null;
        Assert.Null(ArgumentRun.Verify(proof, pads, channel => claim = ProductSumcheck.Verify(channel, Hidden.Of(Sum(x, y)), variables)));
        Assert.Equal(ArgumentRun.Evaluate(x, claim!.Point) * ArgumentRun.Evaluate(y, claim.Point), claim.Value.Value(pads));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void A_sum_of_products_is_proved_and_ends_in_both_factors(int length)
    {
        var (x, y, variables) = Vectors(length);
        var pads = ArgumentRun.PadsOf(LayoutOfBoth(variables), new Random(2));
        var (proof, error, point, xClaim, yClaim) = RunBoth(x, y, variables, Sum(x, y), pads);
        Assert.Null(error);
        Assert.Equal(ArgumentRun.Evaluate(x, point), xClaim.Value(pads));
        Assert.Equal(ArgumentRun.Evaluate(y, point), yClaim.Value(pads));
        Assert.Equal(((2 * variables) + 2) * Ext4.Bytes, proof.Length);
    }

    [Fact]
    public void A_wrong_sum_is_refused()
    {
        var (x, y, variables) = Vectors(100);
        var pads = ArgumentRun.PadsOf(LayoutOfBoth(variables), new Random(3));
        var error = RunBoth(x, y, variables, Sum(x, y) + Ext4.One, pads).Error;
        Assert.Equal("proof-rejected", error?.Code);
        Assert.Contains(Check, error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_sum_leaves_a_wrong_claim()
    {
        var (x, y, variables) = Vectors(100);
        var pads = ArgumentRun.PadsOf(Layout(variables), null);
        var proof = ProveBase(x, y, variables, Sum(x, y), pads);
        var wrong = Hidden.Of(Sum(x, y) + Ext4.One);
        SumcheckClaim? claim = null;
        Assert.Null(ArgumentRun.Verify(proof, pads, channel => claim = ProductSumcheck.Verify(channel, wrong, variables)));
        Assert.NotEqual(ArgumentRun.Evaluate(x, claim!.Point) * ArgumentRun.Evaluate(y, claim.Point), claim.Value.Value(pads));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(13)]
    [InlineData(64)]
    public void Every_change_of_a_message_is_refused(int length)
    {
        var (x, y, variables) = Vectors(length);
        var pads = ArgumentRun.PadsOf(LayoutOfBoth(variables), null);
        var proof = RunBoth(x, y, variables, Sum(x, y), pads).Proof;
        for (var element = 0; element < proof.Length / Ext4.Bytes; element++)
        {
            var error = ArgumentRun.Verify(
                ArgumentRun.Tamper(proof, element, Ext4.From(element + 1)), pads,
                channel => ProductSumcheck.VerifyBoth(channel, Hidden.Of(Sum(x, y)), variables, Check));
            Assert.Equal("proof-rejected", error?.Code);
        }
    }

    /// <summary>Vectors that threads share, and that are folded and summed piece by piece.</summary>
    [Theory]
    [InlineData(8_193)]
    [InlineData(20_001)]
    [InlineData(40_000)]
    public void Any_number_of_threads_gives_the_same_bytes(int length)
    {
        var (x, y, variables) = Vectors(length);
        var sum = Sum(x, y);
        var (pads, padsOfBoth) = (ArgumentRun.PadsOf(Layout(variables), new Random(5)), ArgumentRun.PadsOf(LayoutOfBoth(variables), new Random(6)));
        var (ofBase, ofBoth) = (ProveBase(x, y, variables, sum, pads), RunBoth(x, y, variables, sum, padsOfBoth).Proof);
        Assert.All((int[])[2, 3, 7], threads =>
        {
            Assert.Equal(ofBase, ProveBase(x, y, variables, sum, pads, threads));
            Assert.Equal(ofBoth, RunBoth(x, y, variables, sum, padsOfBoth, threads).Proof);
        });
    }

    [Fact]
    public void Every_level_gives_the_same_bytes()
    {
        var (x, y, variables) = Vectors(1000);
        var pads = ArgumentRun.PadsOf(Layout(variables), new Random(4));
        byte[]? expected = null;
        foreach (var level in Enum.GetValues<FieldLevel>().Where(FieldSimd.IsSupported))
            FieldLevels.At(level, () =>
            {
                var proof = ProveBase(x, y, variables, Sum(x, y), pads);
                Assert.Equal(expected ??= proof, proof);
            });
    }

    private static (Ext4[] X, Ext4[] Y, int Variables) Vectors(int length)
    {
        var random = new Random(length);
        var x = ArgumentRun.Uniform(random, length);
        var y = new Ext4[length];
        foreach (ref var element in y.AsSpan())
            element = ArgumentRun.Base(random);
        return (x, y, LogupGkr.Variables(length));
    }

    private static Ext4 Sum(Ext4[] x, Ext4[] y) => x.Zip(y, (a, b) => a * b).Aggregate(Ext4.Zero, (a, b) => a + b);

    private static PadLayout Layout(int variables)
    {
        var layout = new PadLayout();
        ProductSumcheck.Reserve(layout, variables);
        return layout;
    }

    private static PadLayout LayoutOfBoth(int variables)
    {
        var layout = new PadLayout();
        ProductSumcheck.ReserveBoth(layout, variables);
        return layout;
    }

    private static byte[] ProveBase(Ext4[] x, Ext4[] y, int variables, Ext4 sum, Ext4[] pads, int threads = 1)
    {
        using var left = ExtArray.Of(x);
        using var right = new FeltArray(y.Length);
        for (var i = 0; i < y.Length; i++)
            right[i] = y[i].C0;
        return ArgumentRun.Prove(pads, channel =>
        {
            var (claim, xValue, yValue) = ProductSumcheckProver.Prove(channel, Hidden.Of(sum), left, right, variables, threads);
            Assert.Equal(ArgumentRun.Evaluate(x, claim.Point), xValue);
            Assert.Equal(ArgumentRun.Evaluate(y, claim.Point), yValue);
        });
    }

    private static (byte[] Proof, Error? Error, Ext4[] Point, Hidden X, Hidden Y) RunBoth(
        Ext4[] x, Ext4[] y, int variables, Ext4 sum, Ext4[] pads, int threads = 1)
    {
        using var left = ExtArray.Of(x);
        using var right = ExtArray.Of(y);
        var proof = ArgumentRun.Prove(
            pads, channel => ProductSumcheckProver.ProveBoth(channel, Hidden.Of(sum), left, right, variables, Check, threads));
        (Ext4[] Point, Hidden X, Hidden Y) claims = ([], Hidden.Zero, Hidden.Zero);
        var error = ArgumentRun.Verify(
            proof, pads, channel => claims = ProductSumcheck.VerifyBoth(channel, Hidden.Of(sum), variables, Check));
        return (proof, error, claims.Point, claims.X, claims.Y);
    }
}
