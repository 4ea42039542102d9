using Aivm.Inference;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>What a dishonest prover writes into the cells of products, softmax and normalisations, and the site that notices.</summary>
public sealed class RowFaultTests
{
    private static readonly Constant Exponentials = Constant.S32([41], [.. Enumerable.Range(0, 41).Select(i => i == 40 ? 0 : (1 << 30) >> (i / 2))]);

    private static Model Softmax() => SmallCircuits.OverCommitted([1, 3], new SoftmaxNode { Source = 2, Shift = 2, Entries = Exponentials, OutputExponent = 6 });

    private const int FarStep = 2402;

    /// <summary>Elements one apart have scores within the table's reach of 4096, elements two apart have not.</summary>
    private static Model FarSoftmax() => SmallCircuits.OverCommitted(
        [1, 3],
        new RescaleNode { Source = 2, Factor = FarStep, Requantise = Requantise.Raw([0]) },
        new SoftmaxNode
        {
            Source = 3,
            Shift = 2,
            Entries = Constant.S32([1025], [.. Enumerable.Range(0, 1025).Select(i => i == 1024 ? 0 : 1_000_000_000 / (i + 1))]),
            OutputExponent = 6,
        });

    /// <summary>The rows of the clamp are all that bounds a quotient, and its identity counts on them: what a neighbour looks up must not widen them.</summary>
    [Fact]
    public void A_normalised_quotient_lies_where_its_identity_has_it_whatever_else_is_looked_up()
    {
        var normalised = new LayerNormNode { Source = 2, Centred = true, Fraction = 12, Epsilon = 175_921_856, OutputExponent = 12 };
        var witness = SmallCircuits.Fill(
            SmallCircuits.OverCommitted([1, 256], normalised, new RescaleNode { Source = 3, Factor = 6000, Requantise = Requantise.To(ElementType.S16, 12) }),
            1, [.. Enumerable.Range(0, 256).Select(i => i == 7 ? 127L : -1)]);
        var (clamp, neighbour) = (witness.Circuit.Lookups.Single(site => site.Name == "value 3, clamp").TableOf(0), witness.Circuit.Gadgets.OfType<RequantiseGadget>().Single(gadget => gadget.Value == 4).FunctionSite.TableOf(0));
        Assert.Equal((2 * CircuitBuilder.LargestQuotient(normalised, 256)) + 1, clamp.Rows);
        Assert.True(((FunctionTable)neighbour).Low < -short.MaxValue);
    }

    private static Model LayerNorm() => SmallCircuits.OverCommitted(
        [1, 4], new LayerNormNode { Source = 2, Centred = true, Fraction = 4, Epsilon = 3, OutputExponent = 5 });

    [Fact]
    public void No_cell_can_be_changed_alone()
    {
        SmallCircuits.AssertEveryCellCounts(SmallCircuits.Fill(Softmax(), 1, [5, -3, 2]));
        SmallCircuits.AssertEveryCellCounts(SmallCircuits.Fill(Softmax(), 1, [5, 5, -127]));
        SmallCircuits.AssertEveryCellCounts(SmallCircuits.Fill(FarSoftmax(), 1, [5, 4, 3]));
        SmallCircuits.AssertEveryCellCounts(SmallCircuits.Fill(LayerNorm(), 1, [5, -3, 2, 100]));
        SmallCircuits.AssertEveryCellCounts(SmallCircuits.Fill(LayerNorm(), 1, [0, 0, 0, 0]));
        SmallCircuits.AssertEveryCellCounts(SmallCircuits.Fill(
            SmallCircuits.OverCommitted([2, 2], new MatMulNode { Left = 2, Right = 2, Requantise = Requantise.To(ElementType.S8, 6) }), 1, [5, -3, 2, 100]));
        SmallCircuits.AssertEveryCellCounts(SmallCircuits.Fill(SmallCircuits.OverCommitted([2, 3], new MaxNode { Source = 2 }), 1, [5, -3, 5, 0, 0, 1]));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(6)]
    [InlineData(-3)]
    public void The_largest_score_is_an_element_and_no_element_is_larger(int largest)
    {
        var witness = SmallCircuits.Fill(Softmax(), 1, [5, -3, 2]);
        var gadget = witness.Gadget<SoftmaxGadget>();
        witness.Set(gadget.Largest, 0, 0, largest);
        if (largest == -3)
        {
            witness.Set(gadget.Chosen, 0, 0, 0);
            witness.Set(gadget.Chosen, 0, 1, 1);
        }
        Assert.Contains(WitnessFaults.Of(witness), name => name.Contains(largest == -3 ? "exponential" : "largest", StringComparison.Ordinal));
    }

    [Fact]
    public void A_score_below_the_largest_cannot_be_chosen_whatever_follows()
    {
        // All distances are taken from -3 as the honest prover would: -3 - 5 is not negative modulo p alone.
        var witness = SmallCircuits.Fill(Softmax(), 1, [5, -3, 2]);
        var gadget = witness.Gadget<SoftmaxGadget>();
        witness.Set(gadget.Largest, 0, 0, -3);
        witness.Set(gadget.Chosen, 0, 0, 0);
        witness.Set(gadget.Chosen, 0, 1, 1);
        for (var c = 0; c < 3; c++)
            witness.Set(gadget.Offset!, 0, c, (-3 - new[] { 5, -3, 2 }[c]) & 3);
        Assert.Contains(WitnessFaults.Of(witness), name => name.EndsWith("exponential", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void A_probability_off_by_one_leaves_a_remainder_out_of_range(int change)
    {
        var witness = SmallCircuits.Fill(Softmax(), 1, [5, -3, 2]);
        var gadget = witness.Gadget<QuotientGadget>();
        ShiftQuotient(witness, gadget, 0, 1, change);
        AssertOnly(witness, "remainder", "slack");
    }

    /// <param name="epsilon">Where it is small, quotients may leave S16, and a table clamps them.</param>
    [Theory]
    [InlineData(1, 45_035_995_136)]
    [InlineData(-1, 45_035_995_136)]
    [InlineData(1, 3)]
    [InlineData(-1, 3)]
    public void A_quotient_off_by_one_leaves_a_remainder_out_of_range_in_two_limbs_too(int change, long epsilon)
    {
        var witness = RowCircuitTests.ManyQuotients(epsilon);
        var gadget = witness.Gadget<QuotientGadget>();
        Assert.Equal(epsilon == 3, gadget.Clamped is not null);
        ShiftQuotient(witness, gadget, 7, 3, change);
        if (gadget.Clamped is { } clamped)
            witness.Set(clamped, 7, 3, (long)witness.Get(gadget.Quotient, 7, 3));
        // Three times the element, times 4: what the shift behind it takes off.
        var part = Assert.Single(witness.Circuit.Gadgets.OfType<RequantiseGadget>(), next => next.Value == 4).Parts[0];
        witness.Set(part, 7, 3, witness.Get(part, 7, 3) + (12 * change));
        AssertOnly(witness, "remainder", "slack");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void What_a_shift_of_16_bits_takes_off_is_below_the_shift(int change)
    {
        var witness = RowCircuitTests.ManyQuotients();
        var gadget = Assert.Single(witness.Circuit.Gadgets.OfType<RequantiseGadget>(), gadget => gadget.Value == 4);
        witness.Set(gadget.Result, 7, 3, witness.Get(gadget.Result, 7, 3) + change);
        witness.Set(gadget.Parts[0], 7, 3, witness.Get(gadget.Parts[0], 7, 3) - (change << 16));
        AssertOnly(witness, "bits from 0");
    }

    /// <summary>quotient + change, and remainder and slack as the identities then demand.</summary>
    private static void ShiftQuotient(Witness witness, QuotientGadget gadget, int row, int channel, int change)
    {
        var divisor = witness.Get(gadget.Divisor, row, 0);
        witness.Set(gadget.Quotient, row, channel, witness.Get(gadget.Quotient, row, channel) + change);
        witness.Set(gadget.Remainder, row, channel, witness.Get(gadget.Remainder, row, channel) - (change * divisor));
        witness.Set(gadget.Slack, row, channel, witness.Get(gadget.Slack, row, channel) + (change * divisor));
        WitnessRepair.Carry(witness.Circuit.Gadgets, witness);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void A_root_off_by_one_leaves_a_remainder_out_of_range(int change)
    {
        var witness = SmallCircuits.Fill(LayerNorm(), 1, [5, -3, 2, 100]);
        var gadget = witness.Gadget<LayerNormGadget>();
        var root = witness.Get(gadget.Root, 0, 0);
        var rest = witness.Get(gadget.RootRest, 0, 0) - (((root + change) * (root + change)) - (root * root));
        witness.Set(gadget.Root, 0, 0, root + change);
        witness.Set(gadget.RootRest, 0, 0, rest);
        witness.Set(gadget.RootSlack, 0, 0, (2 * (root + change)) - rest);
        WitnessRepair.Carry(witness.Circuit.Gadgets, witness);
        Assert.Contains(WitnessFaults.Of(witness), name => name.Contains(change > 0 ? "rest of the root" : "slack of the root", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void A_mean_off_by_one_leaves_a_rest_out_of_range(int change)
    {
        var witness = SmallCircuits.Fill(LayerNorm(), 1, [5, -3, 2, 100]);
        var gadget = witness.Gadget<LayerNormGadget>();
        var mean = witness.Get(gadget.Mean!, 0, 0) + change;
        witness.Set(gadget.Mean!, 0, 0, mean);
        witness.Set(gadget.Rest!, 0, 0, witness.Get(gadget.Rest!, 0, 0) - (4 * change));
        witness.Set(gadget.MeanSquare!, 0, 0, mean * mean);
        WitnessRepair.Carry(witness.Circuit.Gadgets, witness);
        Assert.Contains(WitnessFaults.Of(witness), name => name.EndsWith("rest of the mean", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void A_variance_off_by_one_leaves_a_rest_out_of_range(int change)
    {
        var witness = SmallCircuits.Fill(LayerNorm(), 1, [5, -3, 2, 100]);
        var gadget = witness.Gadget<LayerNormGadget>();
        witness.Set(gadget.Variance, 0, 0, witness.Get(gadget.Variance, 0, 0) + change);
        witness.Set(gadget.VarianceRest, 0, 0, witness.Get(gadget.VarianceRest, 0, 0) - (4 * change));
        witness.Set(gadget.RootRest, 0, 0, witness.Get(gadget.RootRest, 0, 0) + change);
        witness.Set(gadget.RootSlack, 0, 0, witness.Get(gadget.RootSlack, 0, 0) - change);
        WitnessRepair.Carry(witness.Circuit.Gadgets, witness);
        Assert.Contains(WitnessFaults.Of(witness), name => name.EndsWith("rest of the variance", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void An_exponential_off_by_one_leaves_a_rest_out_of_range(int change)
    {
        var witness = SmallCircuits.Fill(Softmax(), 1, [5, -4, 2]);
        var gadget = witness.Gadget<SoftmaxGadget>();
        var rounded = gadget.Rounded!;
        witness.Set(rounded, 0, 1, witness.Get(rounded, 0, 1) + change);
        witness.Set(gadget.Low, 0, 1, witness.Get(gadget.Low, 0, 1) + change);
        Assert.Contains(WitnessFaults.Of(witness), name => name.EndsWith("rest", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void An_index_and_its_offset_shifted_against_each_other_are_noticed(int change)
    {
        var witness = SmallCircuits.Fill(Softmax(), 1, [5, -4, 2]);
        var gadget = witness.Gadget<SoftmaxGadget>();
        witness.Set(gadget.Offset!, 0, 1, witness.Get(gadget.Offset!, 0, 1) - (4 * change));
        Assert.Contains(WitnessFaults.Of(witness), name => name.Contains("offset", StringComparison.Ordinal));
    }

    /// <summary>The flag set as the row demands, or as the number does.</summary>
    [Theory]
    [InlineData(0, "exponential")]
    [InlineData(1, "above")]
    public void A_distance_within_the_table_leaves_nothing_above(int flag, string site)
    {
        // The exponential would be that of a nearer element.
        var witness = SmallCircuits.Fill(FarSoftmax(), 1, [5, 4, 3]);
        var gadget = witness.Gadget<SoftmaxGadget>();
        Assert.Equal(1, witness.Get(gadget.Above!.Flag, 0, 1));
        SetIndex(witness, gadget, 1, index: 30, flag);
        Assert.Equal([site], Own(witness));
    }

    [Theory]
    [InlineData(0, "exponential")]
    [InlineData(1, "above")]
    public void A_distance_beyond_the_table_has_the_last_exponential(int flag, string site)
    {
        var witness = SmallCircuits.Fill(FarSoftmax(), 1, [5, 4, 3]);
        var gadget = witness.Gadget<SoftmaxGadget>();
        Assert.Equal(0, witness.Get(gadget.Above!.Flag, 0, 2));
        SetIndex(witness, gadget, 2, index: 7, flag);
        Assert.Equal([site], Own(witness));
    }

    [Fact]
    public void A_distance_within_the_table_is_not_said_to_be_beyond()
    {
        // The last row would take what is left modulo p: less than nothing.
        var witness = SmallCircuits.Fill(FarSoftmax(), 1, [5, 4, 3]);
        var gadget = witness.Gadget<SoftmaxGadget>();
        SetIndex(witness, gadget, 1, gadget.Table.Last, flag: 0);
        Assert.Equal(["above"], Own(witness));
    }

    /// <summary>An element's row of the table, with all that follows for its exponential.</summary>
    private static void SetIndex(Witness witness, SoftmaxGadget gadget, int channel, int index, int flag)
    {
        var table = gadget.Table;
        var offset = (long)witness.Get(gadget.Offset!, 0, channel);
        witness.Set(gadget.Above!.Number, 0, channel, (channel * FarStep) - offset - ((long)index << table.Shift));
        witness.Set(gadget.Above.Flag, 0, channel, flag);
        for (var part = 0; part < gadget.Steps.Length; part++)
            witness.Set(gadget.Steps[part], 0, channel, table.PartOf(index, 2 + part));
        var rounded = ((table.PartOf(index, 2) * offset) + (1L << (table.Shift - 1))) >> table.Shift;
        witness.Set(gadget.Rounded!, 0, channel, rounded);
        witness.Set(gadget.Low, 0, channel, table.PartOf(index, 0) + rounded + (table.PartOf(index, 3) * offset));
        witness.Set(gadget.High, 0, channel, table.PartOf(index, 1) + (table.PartOf(index, 4) * offset));
    }

    /// <summary>What the exponentials' own sites notice, without sums and quotients that no longer fit; limbs count as one.</summary>
    private static string[] Own(Witness witness) =>
        [.. WitnessFaults.Of(witness).SelectMany(name => name.Split(", ")).Where(name => name is "exponential" or "rest" or "offset" or "rounded" or "above").Distinct()];

    [Theory]
    [InlineData(4)]
    [InlineData(6)]
    public void The_largest_of_a_row_is_one_of_its_elements(int largest)
    {
        var witness = SmallCircuits.Fill(SmallCircuits.OverCommitted([1, 3], new MaxNode { Source = 2 }), 1, [5, -3, 2]);
        var gadget = witness.Gadget<MaxGadget>();
        witness.Set(gadget.Largest, 0, 0, largest);
        for (var c = 0; c < 3; c++)
            witness.Set(gadget.Gap, 0, c, largest - new[] { 5, -3, 2 }[c]);
        Assert.Contains(WitnessFaults.Of(witness), name => name.EndsWith("the chosen is the largest", StringComparison.Ordinal));
    }

    /// <summary>Sites of these names alone notice, besides the stated output.</summary>
    private static void AssertOnly(Witness witness, params string[] names)
    {
        var faults = WitnessFaults.Of(witness);
        Assert.NotEmpty(faults);
        Assert.All(faults, fault => Assert.True(fault.StartsWith("output", StringComparison.Ordinal) || names.Any(name => fault.Contains(name, StringComparison.Ordinal)), fault));
    }
}
