using Aivm.Inference;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>What a dishonest prover writes into choices, comparisons, softmax and norms of numbers in limbs, and the site that notices.</summary>
public sealed class WideRowFaultTests
{
    private const long Step = 1L << 30;

    private static readonly Constant Exponentials = Constant.S32([41], [.. Enumerable.Range(0, 41).Select(i => i == 40 ? 0 : (1 << 30) >> (i / 2))]);

    [Fact]
    public void No_cell_can_be_changed_alone()
    {
        SmallCircuits.AssertEveryCellCounts(SmallCircuits.Fill(Largest(), 1, [5, -3, 2]));
        foreach (var comparison in Enum.GetValues<Comparison>())
            SmallCircuits.AssertEveryCellCounts(SmallCircuits.Fill(Compared(comparison), 1, [5, -3, 2]));
        SmallCircuits.AssertEveryCellCounts(SmallCircuits.Fill(Chosen(), 1, [5, 0, 2]));
        SmallCircuits.AssertEveryCellCounts(SmallCircuits.Fill(Softmax(12), 1, [5, 4, 5]));
        foreach (var norm in Enum.GetValues<Norm>())
            // The sign of 0 is either: nothing hangs on it in a sum of magnitudes.
            foreach (var inputs in (long[][])[[5, -3, 2], [-5, -3, -2], .. norm == Norm.L1 ? [] : (long[][])[[0, 0, 0], [0, -3, 0]]])
                SmallCircuits.AssertEveryCellCounts(SmallCircuits.Fill(Normalised(norm), 1, inputs));
    }

    [Theory]
    [InlineData(4, "the chosen is the largest")]
    [InlineData(6, "the chosen is the largest")]
    [InlineData(-3, "gap, limb")]
    public void The_largest_is_an_element_in_all_its_limbs_and_no_element_is_larger(int largest, string noticed)
    {
        var witness = SmallCircuits.Fill(Largest(), 1, [5, -3, 2]);
        var gadget = witness.Gadget<MaxGadget>();
        if (largest == -3)
        {
            witness.Set(gadget.Chosen, 0, 0, 0);
            witness.Set(gadget.Chosen, 0, 1, 1);
        }
        var cut = LimbCut.Of(-Step * 127, Step * 127);
        for (var k = 0; k < cut.Count; k++)
            witness.Set(gadget.Largest.Limbs[k], 0, 0, cut.LimbOf(largest * Step, k));
        for (var c = 0; c < 3; c++)
            witness.Set(gadget.Gap, 0, c, (largest - new[] { 5, -3, 2 }[c]) * Step);
        WitnessRepair.Carry(WitnessRepair.From(gadget, witness), witness);
        Assert.Contains(WitnessFaults.Of(witness), name => name.Contains(noticed, StringComparison.Ordinal));
    }

    /// <summary>5 against -3: greater. Whatever else is claimed, some difference is negative, or not 0 beside its flag.</summary>
    [Theory]
    [InlineData(1, 0, 0, "below, limb")]
    [InlineData(0, 0, 1, "above, limb")]
    [InlineData(1, 1, -1, "equal")]
    public void One_number_is_not_said_to_be_below_another_one(int isBelow, int isAbove, int isEqual, string noticed)
    {
        var witness = SmallCircuits.Fill(Compared(Comparison.Less), 1, [5, -3, 2]);
        var gadget = witness.Gadget<FarComparisonGadget>();
        var difference = gadget.Left.ValueAt(witness.Read, 0, 0) - gadget.Right.ValueAt(witness.Read, 0, 0);
        Assert.True(difference > 0);
        witness.Set(gadget.IsBelow, 0, 0, isBelow);
        witness.Set(gadget.IsAbove, 0, 0, isAbove);
        witness.Set(gadget.IsEqual, 0, 0, isEqual);
        witness.Set(gadget.Below, 0, 0, isBelow == 0 ? 0 : isAbove == 1 ? 5 : -difference - 1);
        witness.Set(gadget.Above, 0, 0, isBelow == 0 ? difference : isAbove == 1 ? difference + 5 : 0);
        WitnessRepair.Carry(WitnessRepair.From(gadget, witness), witness);
        AssertOwn(witness, "value 5", noticed);
    }

    [Fact]
    public void A_choice_takes_all_limbs_from_one_side()
    {
        var witness = SmallCircuits.Fill(Chosen(), 1, [5, 0, 2]);
        var choices = witness.Circuit.Gadgets.OfType<WhereGadget>().ToArray();
        Assert.True(choices.Length > 1);
        foreach (var choice in choices)
        {
            var (left, right) = (witness.Read(choice.Left.AddressOf(0, 0)), witness.Read(choice.Right.AddressOf(0, 0)));
            witness.Set(choice.Result, 0, 0, right);
            Assert.Equal(left != right, WitnessFaults.Of(witness).Contains("value 5"));
            witness.Set(choice.Result, 0, 0, left);
        }
        // The flag goes with the condition.
        witness.Set(choices[0].Flag, 0, 0, 0);
        Assert.Contains("value 5, condition", WitnessFaults.Of(witness));
    }

    [Fact]
    public void A_distance_in_limbs_is_what_index_offset_and_excess_make()
    {
        // 5 and 4 are 2^30 apart, far beyond the table; said to be within it.
        var witness = SmallCircuits.Fill(Softmax(12), 1, [5, 4, 5]);
        var gadget = witness.Gadget<SoftmaxGadget>();
        Assert.Equal(40, witness.Get(gadget.Index!, 0, 1));
        witness.Set(gadget.Index!, 0, 1, 39);
        witness.Set(gadget.Above!.Number, 0, 1, witness.Get(gadget.Above.Number, 0, 1) + 4096);
        WitnessRepair.Carry(WitnessRepair.From(gadget, witness), witness);
        Assert.Contains(WitnessFaults.Of(witness), name => name.EndsWith("exponential", StringComparison.Ordinal));
        witness.Set(gadget.Above.Flag, 0, 1, 1);
        Assert.Contains(WitnessFaults.Of(witness), name => name.Contains("above, limb", StringComparison.Ordinal));

        // Of two that are alike one is said to be further away.
        witness = SmallCircuits.Fill(Softmax(12), 1, [5, 4, 5]);
        gadget = witness.Gadget<SoftmaxGadget>();
        witness.Set(gadget.Index!, 0, 2, 1);
        WitnessRepair.Carry(WitnessRepair.From(gadget, witness), witness);
        Assert.Contains(WitnessFaults.Of(witness), name => name.Contains("distance", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Norm.L1)]
    [InlineData(Norm.L2)]
    [InlineData(Norm.Max)]
    public void A_norm_is_not_said_to_be_zero(Norm norm)
    {
        var witness = SmallCircuits.Fill(Normalised(norm), 1, [5, -3, 2]);
        var gadget = witness.Gadget<NormGadget>();
        witness.Set(gadget.IsZero, 0, 0, 1);
        Assert.Contains(WitnessFaults.Of(witness), name => name.Contains("norm, limb", StringComparison.Ordinal));
        witness.Set(gadget.Norm, 0, 0, 0);
        Assert.Contains(WitnessFaults.Of(witness), name => name.Contains("norm", StringComparison.Ordinal) && !name.Contains("limb", StringComparison.Ordinal));
    }

    /// <summary>Without the flag the divisor is 0, and no remainder is below it.</summary>
    [Theory]
    [InlineData(Norm.L1)]
    [InlineData(Norm.L2)]
    [InlineData(Norm.Max)]
    public void Nothing_is_divided_by_zero(Norm norm)
    {
        var witness = SmallCircuits.Fill(Normalised(norm), 1, [0, 0, 0]);
        var (gadget, quotient) = (witness.Gadget<NormGadget>(), witness.Gadget<QuotientGadget>());
        witness.Set(gadget.IsZero, 0, 0, 0);
        if (norm == Norm.Max)
            witness.Set(witness.Gadget<NormSignGadget>().Sign, 0, 0, 1);
        witness.Set(quotient.Divisor, 0, 0, 0);
        witness.Set(quotient.Odd, 0, 0, 0);
        for (var c = 0; c < 3; c++)
        {
            witness.Set(quotient.Quotient, 0, c, witness.Get(quotient.Quotient, 0, c) + 1);
            witness.Set(quotient.Slack, 0, c, -1);
        }
        WitnessRepair.Carry(WitnessRepair.From(gadget, witness), witness);
        Assert.Contains(WitnessFaults.Of(witness), name => name.Contains("slack, limb", StringComparison.Ordinal));
        Assert.DoesNotContain(WitnessFaults.Of(witness), name => name.Contains("norm", StringComparison.Ordinal) || name.Contains("divisor", StringComparison.Ordinal) || name.EndsWith("sign", StringComparison.Ordinal));
    }

    [Fact]
    public void A_negative_largest_element_changes_signs()
    {
        var witness = SmallCircuits.Fill(Normalised(Norm.Max), 1, [-5, -3, -2]);
        var gadget = witness.Gadget<NormSignGadget>();
        Assert.Equal(-1, witness.Get(gadget.Sign, 0, 0));
        foreach (var sign in (int[])[0, 1])
        {
            witness.Set(gadget.Sign, 0, 0, sign);
            Assert.Contains("value 4, sign", WitnessFaults.Of(witness));
        }
        // Both signs at once: plus and minus would grow together.
        witness = SmallCircuits.Fill(Normalised(Norm.Max), 1, [-5, -3, -2]);
        var signs = witness.Gadget<SignGadget>();
        witness.Set(signs.Plus, 0, 0, 1);
        witness.Set(signs.Minus, 0, 0, witness.Get(signs.Minus, 0, 0) + 1);
        Assert.Contains(WitnessFaults.Of(witness), name => name.Contains("plus, limb", StringComparison.Ordinal));
    }

    /// <summary>-5 by -1 at 2^30 is 5 * 2^30: beyond 32 bits.</summary>
    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void A_quotient_beyond_32_bits_is_the_largest_number_of_them(int change)
    {
        var witness = SmallCircuits.Fill(Normalised(Norm.Max, 30), 1, [-5, -1, -2]);
        var (outside, quotient) = (witness.Gadget<OutsideGadget>(), witness.Gadget<QuotientGadget>());
        Assert.Equal(0, witness.Get(outside.Above.Flag, 0, 0));
        var divisor = witness.Get(outside.Divisor, 0, 0);
        witness.Set(quotient.Quotient, 0, 0, witness.Get(quotient.Quotient, 0, 0) + change);
        witness.Set(outside.Slack, 0, 0, witness.Get(outside.Slack, 0, 0) - change);
        witness.Set(outside.Above.Number, 0, 0, witness.Get(outside.Above.Number, 0, 0) - (change * divisor));
        var result = witness.Circuit.Gadgets.OfType<SumGadget>().Single(gadget => gadget.Result.Checks.Any(site => site.Name.Contains("value 4, result", StringComparison.Ordinal))).Result;
        witness.Set(result, 0, 0, witness.Get(result, 0, 0) + change);
        WitnessRepair.Carry(WitnessRepair.From(outside, witness), witness);
        AssertOwn(witness, "value 4", change > 0 ? "limb" : "slack, limb");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void A_norm_off_by_one_leaves_a_rest_out_of_range(int change)
    {
        var witness = SmallCircuits.Fill(Normalised(Norm.L2), 1, [5, -3, 2]);
        var gadget = witness.Gadget<NormGadget>();
        var root = witness.Get(gadget.Norm, 0, 0);
        var rest = witness.Get(gadget.Rest!, 0, 0) - (((root + change) * (root + change)) - (root * root));
        witness.Set(gadget.Norm, 0, 0, root + change);
        witness.Set(gadget.Rest!, 0, 0, rest);
        witness.Set(gadget.Slack!, 0, 0, (2 * (root + change)) - rest);
        WitnessRepair.Carry(WitnessRepair.From(gadget, witness), witness);
        Assert.Contains(WitnessFaults.Of(witness), name => name.Contains(change > 0 ? "rest of the root, limb" : "slack of the root, limb", StringComparison.Ordinal));
    }

    [Fact]
    public void Pieces_of_an_element_stay_within_their_bits()
    {
        var witness = SmallCircuits.Fill(Normalised(Norm.L2), 1, [5, -3, 2]);
        var pieces = witness.Circuit.Gadgets.OfType<SumGadget>().First(gadget => gadget.Value == 4).Result;
        var bits = pieces.Cut.LimbBits;
        witness.Set(pieces.Limbs[0], 0, 0, witness.Get(pieces.Limbs[0], 0, 0) + (1 << bits));
        witness.Set(pieces.Limbs[1], 0, 0, witness.Get(pieces.Limbs[1], 0, 0) - 1);
        Assert.Contains(WitnessFaults.Of(witness), name => name.Contains("pieces, limb 0", StringComparison.Ordinal));
        Assert.DoesNotContain(WitnessFaults.Of(witness), name => name.EndsWith("pieces, last digit", StringComparison.Ordinal));
    }

    private static Model Largest() => SmallCircuits.OverCommitted([1, 3], SmallCircuits.Widened(2, 3, Step), new MaxNode { Source = 3 });

    private static Model Compared(Comparison comparison) => SmallCircuits.OverCommitted(
        [3], SmallCircuits.Widened(2, 3, Step), new GatherNode { Source = 3, Axis = 0, Indices = Constant.S32([3], [1, 0, 2]) },
        new CompareNode { Left = 3, Right = 4, Comparison = comparison });

    private static Model Chosen() => SmallCircuits.OverCommitted(
        [3], SmallCircuits.Widened(2, 3, Step + 12345), new ConstantNode { Value = Constant.S64([3], [7, -long.MaxValue, 1L << 40]) }, new WhereNode { Condition = 2, Left = 3, Right = 4 });

    private static Model Softmax(int shift) => SmallCircuits.OverCommitted(
        [1, 3], SmallCircuits.Widened(2, 3, Step), new SoftmaxNode { Source = 3, Shift = shift, Entries = Exponentials, OutputExponent = 6 });

    private static Model Normalised(Norm norm, int exponent = 8) => SmallCircuits.OverCommitted(
        [1, 3], SmallCircuits.Widened(2, 3, norm == Norm.L2 ? 100_000 : Step), new NormaliseNode { Source = 3, Norm = norm, OutputExponent = exponent });

    /// <summary>What a value's own sites notice is of one kind; outputs and what reads the value are at odds anyway.</summary>
    private static void AssertOwn(Witness witness, string value, string part)
    {
        var faults = WitnessFaults.Of(witness).Where(name => name.StartsWith(value, StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(faults);
        Assert.All(faults, name => Assert.Contains(part, name));
    }
}
