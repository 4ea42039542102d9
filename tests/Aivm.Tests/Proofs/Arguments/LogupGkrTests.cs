using Aivm.Primitives;
using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Arguments;

public sealed class LogupGkrTests
{
    public static TheoryData<int, int> Sizes => new()
    {
        { 1, 1 }, { 2, 1 }, { 1, 2 }, { 3, 1 }, { 4, 3 }, { 5, 4 }, { 9, 7 }, { 17, 15 }, { 30, 3 }, { 3, 60 }, { 100, 29 },
        { 200, 56 }, { 250, 9 }, { 511, 1 }, { 512, 1 }, { 500, 300 }, { 40, 1000 }, { 1000, 24 }, { 1030, 25 }, { 1500, 600 },
        { 2047, 1 }, { 2040, 9 }, { 4000, 97 }, { 4100, 5000 }, { 9000, 100 }, { 6000, 16000 }, { 30000, 2768 }, { 33000, 500 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_sum_that_is_zero_is_proved_and_ends_at_the_leaves(int lookups, int rows)
    {
        var example = new LookupExample(lookups + (7 * rows), lookups, rows);
        var pads = ArgumentRun.PadsOf(example.Layout, new Random(5));
        var proof = example.Prove(pads);
        Assert.Null(Verify(example, proof, pads, out var claim));
        Assert.Equal(example.Variables, claim.Point.Length);
        var numerators = example.Numerators.Select(n => Ext4.From(n)).ToArray();
        Assert.Equal(ArgumentRun.Evaluate(numerators, claim.Point), claim.Numerator.Value(pads));
        Assert.Equal(ArgumentRun.Evaluate(example.Denominators, claim.Point, Ext4.One), claim.Denominator.Value(pads));
    }

    private static Error? Verify(LookupExample example, byte[] proof, Ext4[] pads, out LogupClaim claim)
    {
        LogupClaim? result = null;
        var error = ArgumentRun.Verify(proof, pads, channel => result = LogupGkr.Verify(channel, example.Variables));
        claim = result!;
        return error;
    }
}
