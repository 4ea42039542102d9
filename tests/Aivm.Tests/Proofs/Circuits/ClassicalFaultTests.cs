using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>What a dishonest prover writes into the cells of linear models, trees and scores, and the site that notices.</summary>
public sealed class ClassicalFaultTests
{
    private const long Wide = 1L << 50;

    [Fact]
    public void No_cell_can_be_changed_alone()
    {
        SmallCircuits.AssertEveryCellCounts(SmallCircuits.Fill(SmallTrees.Model(1 << 20), 1, [-5, 7]));
        SmallCircuits.AssertEveryCellCounts(SmallCircuits.Fill(SmallTrees.Model(1L << 60), 2, [5, long.MinValue, 0, 12]));
        SmallCircuits.AssertEveryCellCounts(SmallCircuits.Fill(Choice(1), 1, [5, 9, 9]));
        SmallCircuits.AssertEveryCellCounts(SmallCircuits.Fill(Choice(1 << 22), 1, [127, -127, 127]));
        SmallCircuits.AssertEveryCellCounts(SmallCircuits.Fill(Choice(Wide), 1, [9, 9, 5]));
        foreach (var element in (long[])[5, -127, 127, 0, 36, 35])
            SmallCircuits.AssertEveryCellCounts(SmallCircuits.Fill(Interpolated(), 1, [element]));
        SmallCircuits.AssertEveryCellCounts(SmallCircuits.Fill(SmallCircuits.OverCommitted([2], SmallCircuits.Widened(2, 2, Wide + 12345, -1, long.MaxValue / 1024)), 1, [-3, 127]));
    }

    [Theory]
    [InlineData(1, 2, 9)]
    [InlineData(1, 0, 9)]
    [InlineData(1, 0, 5)]
    [InlineData(1, 1, 10)]
    [InlineData(Wide, 2, 9)]
    [InlineData(Wide, 0, 9)]
    [InlineData(Wide, 0, 5)]
    [InlineData(Wide, 1, 10)]
    public void Only_the_first_of_the_largest_is_the_label(long factor, int label, int largest)
    {
        var witness = Stating(Choice(factor), [5, 9, 9], [label]);
        var gadget = witness.Gadget<ArgMaxGadget>();
        witness.Set(gadget.Largest, 0, 0, largest * (Int128)factor);
        for (var i = 0; i < 3; i++)
        {
            var before = i < label ? 1 : 0;
            if (i < 2)
                witness.Set(gadget.Before, 0, i, before);
            witness.Set(gadget.Gap, 0, i, ((Int128)factor * (largest - new[] { 5, 9, 9 }[i])) - before);
        }
        WitnessRepair.Follow(gadget, witness);
        WitnessFaults.AssertOnly(witness, "gap, limb");
    }

    [Fact]
    public void A_label_is_the_length_of_a_run_of_ones()
    {
        var witness = Stating(Choice(1), [5, 9, 9], [1]);
        var gadget = witness.Gadget<ArgMaxGadget>();
        witness.Set(gadget.Before, 0, 0, 0);
        witness.Set(gadget.Before, 0, 1, 1);
        WitnessFaults.AssertOnly(witness, "gap");
    }

    [Theory]
    [InlineData(5)]
    [InlineData(-127)]
    [InlineData(127)]
    public void A_quotient_has_one_remainder(long element)
    {
        foreach (var change in (int[])[1, -1])
        {
            var (model, output) = (Interpolated(), new long[1]);
            Assert.True(model.TryRun([element], output, out _));
            var witness = Stating(model, [element], [output[0] + change]);
            var result = witness.Gadget<InterpolatedGadget>().Result;
            var remainder = witness.Circuit.Gadgets.OfType<SumGadget>().Single(gadget => gadget.Result.Checks.Any(site => site.Name.Contains("remainder"))).Result;
            witness.Set(result, 0, 0, witness.Get(result, 0, 0) + change);
            witness.Set(remainder, 0, 0, witness.Get(remainder, 0, 0) - (change << 12));
            WitnessRepair.Follow(witness.Gadget<InterpolatedGadget>(), witness);
            WitnessFaults.AssertOnly(witness, "remainder, limb");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void An_offset_does_not_reach_beyond_its_index(int change)
    {
        var witness = SmallCircuits.Fill(Interpolated(), 1, [5]);
        var gadget = witness.Gadget<InterpolateGadget>();
        var index = witness.Get(gadget.Index, 0, 0) + change;
        witness.Set(gadget.Index, 0, 0, index);
        var digit = witness.Get(gadget.Digits[0], 0, 0) - (change << 12);
        witness.Set(gadget.Digits[0], 0, 0, digit);
        for (var j = 0; j < gadget.Digits.Length; j++)
            witness.Set(gadget.Products[j], 0, 0, witness.Get(gadget.Digits[j], 0, 0) * gadget.Table.StepAt(index));
        witness.Set(gadget.Entry, 0, 0, gadget.Table.EntryAt(index));
        Assert.Contains(WitnessFaults.Of(witness), name => name.EndsWith("row 0"));
    }

    [Fact]
    public void Nothing_inside_a_table_is_outside_of_it()
    {
        // One more to the offset, and one more to what is taken off again.
        var witness = SmallCircuits.Fill(Interpolated(), 1, [5]);
        var gadget = witness.Gadget<InterpolateGadget>();
        witness.Set(gadget.Below!.Number, 0, 0, 1);
        Assert.Contains("value 4, below, limb 0", WitnessFaults.Of(witness));
        witness.Set(gadget.Below.Flag, 0, 0, 0);
        Assert.Contains(WitnessFaults.Of(witness), name => name.EndsWith("row 0"));
        Assert.DoesNotContain("value 4, below, limb 0", WitnessFaults.Of(witness));

        // Inside, but said to be below: what it is below by would be negative.
        witness = SmallCircuits.Fill(Interpolated(), 1, [5]);
        witness.Set(gadget.Index, 0, 0, -1);
        witness.Set(gadget.Below.Flag, 0, 0, 0);
        witness.Set(gadget.Entry, 0, 0, gadget.Table.EntryAt(-1));
        for (var j = 0; j < gadget.Digits.Length; j++)
        {
            witness.Set(gadget.Digits[j], 0, 0, (1 << gadget.Table.DigitBits) - 1);
            witness.Set(gadget.Products[j], 0, 0, 0);
        }
        var x = gadget.Source.ValueAt(witness.Read, 0, 0) - gadget.Node.Low;
        witness.Set(gadget.Below.Number, 0, 0, -1 - x);
        Assert.Contains(WitnessFaults.Of(witness), name => name.Contains("below, limb"));
        Assert.DoesNotContain(WitnessFaults.Of(witness), name => name.Contains("row") || name.Contains("place"));
    }

    [Fact]
    public void A_carry_is_what_its_digits_carry()
    {
        var witness = SmallCircuits.Fill(SmallCircuits.OverCommitted([1], SmallCircuits.Widened(2, 1, Wide + 12345)), 1, [-3]);
        var sum = witness.Gadget<SumGadget>().Result;
        var carry = witness.Circuit.Gadgets.OfType<CarryGadget>().First(gadget => gadget.Value == 3);
        // What is taken from a carry is put into the limb below it, 2^12 times.
        witness.Set(carry.Carry, 0, 0, witness.Get(carry.Carry, 0, 0) + 1);
        var limb = (carry.Bits / WideNumber.LimbBits) - 1;
        witness.Set(sum.Limbs[limb], 0, 0, witness.Get(sum.Limbs[limb], 0, 0) - 4096);
        witness.Set(sum.Limbs[limb + 1], 0, 0, witness.Get(sum.Limbs[limb + 1], 0, 0) + 1);
        Assert.Contains($"value 3, limb {limb}", WitnessFaults.Of(witness));
        Assert.DoesNotContain(WitnessFaults.Of(witness), name => name.StartsWith("value 3") && name.Contains("digit"));
    }

    [Fact]
    public void A_path_follows_the_tests_on_its_own_sample()
    {
        // (x0, x1) = (-5, 7) takes the true side at the root; the lie takes the false side, and then leaf 2.
        foreach (var (gap, noticed) in new[] { (-1, "gap, limb 0"), (0, "test") })
        {
            var (witness, gadget) = Tree([-5, 7]);
            var (root, second) = (gadget.Steps[1], gadget.Steps[0]);
            var (honestScore, honestLeaf) = (0, witness.Get(gadget.Leaves[0], 0, 0));
            var wrong = gadget.Paths.Next(0, _ => 1);
            Assert.Equal(1, wrong.Child);
            witness.Set(root.Child!, 0, 0, wrong.Child);
            witness.Set(root.Code, 0, 0, wrong.Code);
            witness.Set(root.Gap, 0, 0, gap);
            var next = gadget.Paths.Next(1, _ => 1);
            witness.Set(second.Code, 0, 0, next.Code);
            witness.Set(second.Gap, 0, 0, next.Gap);
            var leaf = gadget.Paths.ValueOf(~next.Child, 0);
            witness.Set(gadget.Leaves[0], 0, 0, leaf);
            Assert.Equal(0, honestScore);
            Assert.NotEqual(honestLeaf, leaf);
            var faults = WitnessFaults.Of(witness).Where(name => name.Contains("step")).ToList();
            Assert.Equal([$"value 2, step 1 from the end, {noticed}"], faults);
        }
    }

    [Fact]
    public void A_path_stays_in_its_tree_and_ends_in_a_leaf_of_its_own()
    {
        var (witness, gadget) = Tree([-5, 7]);
        var value = witness.Get(gadget.Leaves[0], 0, 0);
        witness.Set(gadget.Leaves[0], 0, 0, value + 1);
        Assert.Contains("value 2, step 0 from the end, edge", WitnessFaults.Of(witness));
        witness.Set(gadget.Leaves[0], 0, 0, value);
        Assert.Empty(WitnessFaults.Of(witness));

        // The root of the other tree, which leads there from itself only.
        witness.Set(gadget.Steps[1].Child!, 0, 0, gadget.Paths.Trees[1].Root);
        Assert.Contains("value 2, step 1 from the end, edge", WitnessFaults.Of(witness));

        // A split in the middle waits for nobody: (5, 7) passes split 1 in its last step.
        (witness, gadget) = Tree([5, 7]);
        witness.Set(gadget.Steps[1].Child!, 0, 0, 0);
        Assert.NotEmpty(WitnessFaults.Of(witness));
    }

    [Fact]
    public void A_sample_is_not_judged_by_another_ones_features()
    {
        var witness = SmallCircuits.Fill(SmallTrees.Model(1 << 20), 2, [-5, 7, 5, 12]);
        var gadget = witness.Gadget<TreeGadget>();
        foreach (var step in gadget.Steps)
            for (var tree = 0; tree < step.Code.Channels; tree++)
            {
                if (step.Child is not null)
                    witness.Set(step.Child, 0, tree, witness.Get(step.Child, 1, tree));
                witness.Set(step.Code, 0, tree, witness.Get(step.Code, 1, tree));
                witness.Set(step.Gap, 0, tree, witness.Get(step.Gap, 1, tree));
            }
        for (var tree = 0; tree < gadget.Leaves[0].Limbs[0].Channels; tree++)
            witness.Set(gadget.Leaves[0], 0, tree, witness.Get(gadget.Leaves[0], 1, tree));
        var faults = WitnessFaults.Of(witness).Where(name => name.Contains("step")).ToList();
        Assert.Equal(["value 2, step 1 from the end, test", "value 2, step 0 from the end, test"], faults);
    }

    private static Model Choice(long factor) =>
        SmallCircuits.OverCommitted([3], SmallCircuits.Widened(2, 3, factor), new ArgMaxNode { Source = 3, Axis = 0 });

    /// <summary>Entries 2^12 apart from -10 * 2^10 on; elements are 2^10 apart.</summary>
    private static Model Interpolated() => SmallCircuits.OverCommitted(
        [1],
        SmallCircuits.Widened(2, 1, 1 << 10),
        new InterpolateNode { Source = 3, Low = -10 << 10, Shift = 12, Entries = Constant.S32([13], [3, 700, -5, 1 << 20, 5, 0, 9, 8, 7, 100, 6, -77, 50000]) });

    private static (Witness Witness, TreeGadget Gadget) Tree(long[] inputs)
    {
        var witness = SmallCircuits.Fill(SmallTrees.Model(1 << 20), 1, inputs);
        return (witness, witness.Gadget<TreeGadget>());
    }

    /// <summary>Honest cells beside outputs that are not.</summary>
    private static Witness Stating(Model model, long[] inputs, long[] outputs)
    {
        var circuit = VectorCircuits.Build(model, 1);
        Assert.True(circuit.TryCompute(new ProofStatement(model.Hash, Hash256.Zero, inputs, outputs), out var numbers, out var error), error?.ToString());
        Assert.True(WitnessFiller.TryCreate(circuit, model.Graph, out var filler, out error), error?.ToString());
        return filler.Fill(inputs, numbers);
    }
}
