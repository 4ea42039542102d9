using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>What a dishonest prover writes into private inputs and what entry maps make of them, and the site that notices.</summary>
public sealed class EntryFaultTests
{
    [Fact]
    public void No_cell_can_be_changed_alone()
    {
        // At the ends themselves nothing hangs on the flags: either way a number is its own image.
        foreach (var x in (long[])[5, 99, 101, -99, -1L << 40, long.MaxValue, -long.MaxValue])
        {
            SmallCircuits.AssertEveryCellCounts(Fill(Clamped(), x));
            SmallCircuits.AssertEveryCellCounts(Fill(Scaled(), x));
        }
        foreach (var inputs in (long[][])[[-5, 7], [long.MinValue, 5], [0, long.MinValue], [long.MaxValue, 10]])
            SmallCircuits.AssertEveryCellCounts(Fill(SmallTrees.Model(1 << 20), inputs));
        foreach (var x in (long[])[0, 999_999, 4096])
            SmallCircuits.AssertEveryCellCounts(Fill(Indexed(), x));
    }

    [Fact]
    public void Nothing_is_missing_where_nothing_may_be()
    {
        var witness = Fill(Clamped(), -long.MaxValue);
        WriteInput(witness, long.MinValue);
        var rest = Number(witness, "present");
        Assert.Equal(0, witness.Get(rest, 0, 0));
        witness.Set(rest, 0, 0, -1);
        // What is made of it follows: it is one more below.
        var clamp = witness.Gadget<ClampGadget>();
        witness.Set(clamp.Below!.Number, 0, 0, witness.Get(clamp.Below.Number, 0, 0) + 1);
        WitnessRepair.Follow(witness.Circuit.Gadgets[0], witness);
        WitnessFaults.AssertOnly(witness, "input x, present, limb");
    }

    [Fact]
    public void An_index_is_below_its_count()
    {
        var witness = Fill(Indexed(), 999_999);
        WriteInput(witness, 1_000_000);
        witness.Set(Number(witness, "below its count"), 0, 0, -1);
        foreach (var gadget in witness.Circuit.Gadgets.OfType<SumGadget>().Where(gadget => gadget.Result.Checks.IsEmpty))
            WideFiller.Fill(gadget, witness);
        Assert.Contains("input x, below its count, limb 1", WitnessFaults.Of(witness));
        Assert.DoesNotContain(WitnessFaults.Of(witness), name => name.StartsWith("input x") && !name.Contains("below its count, limb"));
    }

    [Fact]
    public void Limbs_of_an_input_stay_within_12_bits()
    {
        var witness = Fill(Clamped(), 5000);
        var limbs = Assert.Single(witness.Circuit.Gadgets.OfType<PrivateInputGadget>()).Limbs;
        witness.Set(limbs[0], 0, 0, 5000);
        witness.Set(limbs[1], 0, 0, 0);
        Assert.Contains("input x, limb 0", WitnessFaults.Of(witness));
        witness.Set(limbs[0], 0, 0, 904 - 4096);
        witness.Set(limbs[1], 0, 0, 2);
        Assert.Contains("input x, limb 0", WitnessFaults.Of(witness));
    }

    /// <summary>5 lies within -100 to 100; whatever else is claimed, something is below zero, or not zero beside its flag.</summary>
    [Theory]
    [InlineData(4, -1, 0, 1, 1, "below, limb")]
    [InlineData(6, 1, 0, 1, 1, "below, limb 0")]
    [InlineData(6, 1, 0, 0, 1, "inside, limb 0")]
    [InlineData(4, 0, 1, 1, 1, "above, limb 0")]
    [InlineData(4, 0, 1, 1, 0, "slack, limb 0")]
    [InlineData(100, 0, -95, 1, 0, "above, limb")]
    [InlineData(-100, -105, 0, 0, 1, "below, limb")]
    public void A_number_inside_is_clamped_to_itself(int result, int below, int above, int insideBelow, int insideAbove, string noticed)
    {
        var witness = Stating(Clamped(), 5, result);
        var gadget = witness.Gadget<ClampGadget>();
        witness.Set(gadget.Inside, 0, 0, result + 100);
        witness.Set(gadget.Slack!, 0, 0, 100 - result);
        witness.Set(gadget.Below!.Number, 0, 0, below);
        witness.Set(gadget.Above!.Number, 0, 0, above);
        witness.Set(gadget.Below.Flag, 0, 0, insideBelow);
        witness.Set(gadget.Above.Flag, 0, 0, insideAbove);
        WitnessRepair.Follow(gadget, witness);
        WitnessFaults.AssertOnly(witness, noticed);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void A_scaled_number_has_one_remainder(int change)
    {
        var model = Scaled();
        var output = new long[1];
        Assert.True(model.TryRun([1234], output, out _));
        var witness = Stating(model, 1234, output[0] + change);
        var gadget = witness.Gadget<ClampGadget>();
        witness.Set(gadget.Inside, 0, 0, witness.Get(gadget.Inside, 0, 0) + change);
        witness.Set(gadget.Slack!, 0, 0, witness.Get(gadget.Slack!, 0, 0) - change);
        witness.Set(gadget.Remainder!, 0, 0, witness.Get(gadget.Remainder!, 0, 0) - ((Int128)change << gadget.Shift));
        WitnessRepair.Follow(gadget, witness);
        WitnessFaults.AssertOnly(witness, "remainder, limb");
    }

    [Theory]
    [InlineData(7, 1, 2L, "from the lower end, limb")]
    [InlineData(7, 1, 0L, "to the upper end, limb")]
    [InlineData(7, 1, 65535L, "to the upper end, limb")]
    [InlineData(long.MinValue, 65535, 0L, "from the lower end, limb")]
    public void A_feature_has_one_rank(long x, int honest, long claimed, string noticed)
    {
        var witness = Fill(SmallTrees.Model(1 << 20), -5, x);
        var gadget = witness.Gadget<RankGadget>();
        Assert.Equal(honest, witness.Get(gadget.Rank, 0, 1));
        var (lower, upper) = gadget.Table.IntervalOf(1, claimed);
        witness.Set(gadget.Rank, 0, 1, claimed);
        witness.Set(gadget.Lower, 0, 1, lower);
        witness.Set(gadget.Upper, 0, 1, upper);
        witness.Set(gadget.FromLower, 0, 1, (Int128)x - lower);
        witness.Set(gadget.ToUpper, 0, 1, (Int128)upper - x);
        WitnessRepair.Follow(gadget, witness);
        var faults = WitnessFaults.Of(witness).Where(name => name.StartsWith("value 1")).ToList();
        Assert.NotEmpty(faults);
        Assert.All(faults, name => Assert.Contains(noticed, name));
    }

    [Fact]
    public void An_interval_is_that_of_its_feature_and_rank()
    {
        var witness = Fill(SmallTrees.Model(1 << 20), -5, 7);
        var gadget = witness.Gadget<RankGadget>();
        witness.Set(gadget.Rank, 0, 1, 2);
        Assert.Contains("value 1, interval", WitnessFaults.Of(witness));
        // Feature 0 has the rank 0 there, and other ends.
        witness.Set(gadget.Rank, 0, 1, 0);
        Assert.Contains("value 1, interval", WitnessFaults.Of(witness));
    }

    [Fact]
    public void Tests_of_trees_are_made_of_the_committed_ranks()
    {
        var witness = Fill(SmallTrees.Model(1 << 20), -5, 7);
        var gadget = witness.Gadget<VariantGadget>();
        witness.Set(gadget.Missing!, 0, 1, 1);
        Assert.Contains("value 2, missing", WitnessFaults.Of(witness));
        witness.Set(gadget.Missing!, 0, 1, 0);
        for (var variant = 0; variant < gadget.Paths.VariantCount; variant++)
        {
            var number = witness.Get(gadget.Numbers, 0, variant);
            witness.Set(gadget.Numbers, 0, variant, number + 1);
            Assert.Contains("value 2, numbers of tests", WitnessFaults.Of(witness));
            witness.Set(gadget.Numbers, 0, variant, number);
        }
        Assert.Empty(WitnessFaults.Of(witness));
    }

    [Fact]
    public void A_proof_is_refused_where_a_private_number_is_another()
    {
        var (model, inputs) = (SmallTrees.Model(1 << 20), new long[] { -5, 7 });
        var shape = new ProofShape(VectorCircuits.Build(model, 1, ProofPrivacy.Inputs), ProofParameters.Toy);
        var outputs = VectorCircuits.Run(model, 1, inputs);
        Assert.Null(PrivateRun.Verify(shape, model, inputs, outputs, _ => { }));
        // A row of cells that is not the committed numbers': its test is another one.
        Assert.Equal(PrivateRun.UnmetConstraints, PrivateRun.Verify(shape, model, inputs, outputs, witness => witness.Cells[witness.Gadget<VariantGadget>().Numbers.Base + 1]++));
        Assert.Equal(PrivateRun.UnmetConstraints, PrivateRun.Verify(shape, model, inputs, outputs, witness => witness.Cells[witness.Gadget<RankGadget>().Rank.Base + 1]++));
        Assert.Equal(PrivateRun.UnmetConstraints, PrivateRun.Verify(shape, model, inputs, [outputs[0] + 1], _ => { }));
    }

    private static Model Clamped() => SmallCircuits.Model(new GraphInput("x", [1], new InputFormat.Fixed(0)), new ClampNode { Source = 0, Low = -100, High = 100 });

    private static Model Scaled() => SmallCircuits.Model(new GraphInput("x", [1], new InputFormat.Fixed(0)), QuantiseNode.Scale(0, ElementType.S16, 3_000_001, 20));

    private static Model Indexed() => SmallCircuits.Model(new GraphInput("x", [1], new InputFormat.Index(1_000_000)), new ClampNode { Source = 0, Low = 0, High = 1L << 40 });

    private static Witness Fill(Model model, params long[] inputs) => SmallCircuits.Fill(model, 1, inputs, ProofPrivacy.Inputs);

    private static WideCells Number(Witness witness, string name) =>
        witness.Circuit.Gadgets.OfType<SumGadget>().Single(gadget => gadget.Result.Checks.Any(site => site.Name.Contains(name))).Result;

    private static void WriteInput(Witness witness, long number)
    {
        var gadget = Assert.Single(witness.Circuit.Gadgets.OfType<PrivateInputGadget>());
        for (var k = 0; k < gadget.Limbs.Length; k++)
            witness.Set(gadget.Limbs[k], 0, 0, gadget.Cut.LimbOf(number, k));
    }

    private static Witness Stating(Model model, long input, long output)
    {
        var circuit = VectorCircuits.Build(model, 1, ProofPrivacy.Inputs);
        Assert.True(circuit.TryCompute(new ProofStatement(model.Hash, Hash256.Zero, default, new[] { output }), out var numbers, out var error), error?.ToString());
        Assert.True(WitnessFiller.TryCreate(circuit, model.Graph, out var filler, out error), error?.ToString());
        return filler.Fill([input], numbers);
    }
}
