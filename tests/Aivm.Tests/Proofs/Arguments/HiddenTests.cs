using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Arguments;

public sealed class HiddenTests
{
    private static readonly Ext4[] Values = ArgumentRun.Uniform(new Random(1), 4);

    private static (ProverChannel Channel, Ext4[] Pads, Hidden[] Sent) Send()
    {
        var layout = new PadLayout();
        layout.Skip(Values.Length);
        layout.NextProduct(2, 1);
        layout.NextProduct(3, 3);
        var random = new Random(2);
        var pads = Pads.Draw(layout, () => ArgumentRun.Uniform(random));
        var channel = new ProverChannel(new Transcript("hidden"), new ProofWriter(), pads);
        return (channel, pads, Array.ConvertAll(Values, channel.Send));
    }

    [Fact]
    public void Sums_and_multiples_mean_those_of_the_values()
    {
        var (_, pads, sent) = Send();
        Assert.Equal(Values, Array.ConvertAll(sent, hidden => hidden.Value(pads)));
        var form = sent[3] - sent[0].Times(Values[1]) + sent[3] + Hidden.Of(Values[2]);
        Assert.Equal(Values[3] + Values[3] - (Values[0] * Values[1]) + Values[2], form.Value(pads));
        Assert.Equal([0, 3], form.Terms.ToArray().Select(term => term.Pad));
    }

    [Fact]
    public void Products_mean_those_of_the_values_also_of_one_with_itself()
    {
        var (channel, pads, sent) = Send();
        Assert.Equal(Values[2] * Values[1], channel.Product(sent[2], sent[1]).Value(pads));
        Assert.Equal(Values[3] * Values[3], channel.Product(sent[3], sent[3]).Value(pads));
        Assert.Equal([new PadProduct(2, 1, 4), new PadProduct(3, 3, 5)], channel.Layout.Products);
        Assert.Null(channel.CheckOpenly(pads));
    }

    [Fact]
    public void What_was_computed_has_no_product()
    {
        var (channel, _, sent) = Send();
        Assert.Throws<ArgumentException>(() => channel.Product(sent[0] + sent[1], sent[2]));
    }

    [Fact]
    public void Pads_of_another_order_are_a_bug_of_the_prover()
    {
        var (channel, _, sent) = Send();
        Assert.Throws<InvalidOperationException>(() => channel.Product(sent[0], sent[1]));
    }

    [Fact]
    public void A_constraint_that_breaks_is_named()
    {
        var (channel, pads, sent) = Send();
        channel.RequireZero(sent[0] - Hidden.Of(Values[0]), "holds");
        channel.RequireZero(sent[1] - Hidden.Of(Values[0]), "breaks");
        Assert.Null(channel.Failure);
        Assert.Contains("breaks", channel.CheckOpenly(pads)?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_constraint_without_pads_breaks_at_once()
    {
        var (channel, _, _) = Send();
        channel.RequireZero(Hidden.Of(Ext4.One), "known");
        Assert.Contains("known", channel.Failure?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_product_pad_that_is_none_is_found()
    {
        var (channel, pads, sent) = Send();
        channel.Product(sent[2], sent[1]);
        pads[4] += Ext4.One;
        Assert.Contains("product of pads", channel.CheckOpenly(pads)?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Soundness_of_the_largest_lookup_sum_is_above_100_bits()
    {
        var terms = ArgumentSoundness.Logup(1 << LogupGkr.MaxVariables, 1 << 19, 4);
        Assert.Equal([101, 114], terms.Select(term => term.Bits));
        Assert.Equal(118, ArgumentSoundness.ProductSumcheck("sum", 22).Bits);
    }
}
