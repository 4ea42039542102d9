using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>What a dishonest prover writes into the cells of convolutions, dense layers, pools and private inputs, and the site that notices.</summary>
public sealed class RequantiseFaultTests
{
    private static Witness Network() => SmallCircuits.Fill(SmallNetwork.Model, 1, SmallNetwork.Input(1));

    [Fact]
    public void No_cell_can_be_changed_alone()
    {
        SmallCircuits.AssertEveryCellCounts(Network());
        SmallCircuits.AssertEveryCellCounts(SmallCircuits.Fill(Pool(), 1, [5, -3, 2, 7, 7, 0, 1, -9, 4]));
    }

    /// <summary>The remainder is 2^bits more, or negative; the quotient is one off, and its result is what the table has for it.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void A_remainder_beyond_its_range_is_noticed_by_its_range_check(int turns)
    {
        var witness = Network();
        var gadgets = witness.Circuit.Gadgets.OfType<RequantiseGadget>().Where(each => each.Parts.Length == 1).ToArray();
        Assert.NotEmpty(gadgets);
        foreach (var gadget in gadgets)
        {
            var (low, y) = (witness.Get(gadget.Parts[0], 0, 0), witness.Get(gadget.Result, 0, 0));
            witness.Set(gadget.Parts[0], 0, 0, low + (turns << gadget.Cuts[0].Bits));
            var faults = new List<List<string>>();
            foreach (var result in (int[])[y - 1, y, y + 1])
            {
                witness.Set(gadget.Result, 0, 0, result);
                faults.Add(WitnessFaults.Of(witness));
            }
            Assert.Contains(faults, names => !names.Contains(gadget.FunctionSite.Name));
            Assert.All(faults, names => Assert.Contains(gadget.PartSites[0].Name, names));
            witness.Set(gadget.Parts[0], 0, 0, low);
            witness.Set(gadget.Result, 0, 0, y);
        }
        Assert.Empty(WitnessFaults.Of(witness));
    }

    /// <summary>
    /// T - low is divided in the field: with any other remainder in range, T less or more p is divisible too, but the quotient is in no row of the table.
    /// </summary>
    [Fact]
    public void No_other_remainder_in_range_has_a_quotient_in_the_table()
    {
        var witness = Network();
        foreach (var gadget in witness.Circuit.Gadgets.OfType<RequantiseGadget>().Where(each => each.Parts.Length == 1))
        {
            var (honest, table) = (witness.Get(gadget.Parts[0], 0, 0), gadget.FunctionSite.TableOf(0));
            for (var low = 0; low < 1 << gadget.Cuts[0].Bits; low++)
            {
                witness.Set(gadget.Parts[0], 0, 0, low);
                var quotient = (long)WitnessCheck.Sum(gadget.FunctionSite, 1, 0, 0, witness).ToUInt32();
                var centred = (int)(quotient > Felt.Modulus / 2 ? quotient - Felt.Modulus : quotient);
                Assert.Equal(low == honest, Enumerable.Range(-128, 256).Any(y => table.RowOf([centred, y]) >= 0));
            }
            witness.Set(gadget.Parts[0], 0, 0, honest);
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(-3)]
    public void The_maximum_of_a_pool_is_the_largest_of_its_window(int change)
    {
        var witness = SmallCircuits.Fill(Pool(), 1, [5, -3, 2, 7, 7, 0, 1, -9, 4]);
        var gadget = witness.Gadget<MaxPoolGadget>();
        for (var stage = 0; stage < gadget.Stages.Length; stage++)
        {
            // All later maxima follow, as the honest prover takes them.
            var before = gadget.Stages.Select(each => witness.Get(each, 0, 0)).ToArray();
            var taps = gadget.Maps.Select(map => (int)witness.Read(gadget.Source.AddressOf(map[0], 0))).ToArray();
            witness.Set(gadget.Stages[stage], 0, 0, before[stage] + change);
            for (var (later, maximum) = (stage + 1, before[stage] + change); later < before.Length; later++)
                witness.Set(gadget.Stages[later], 0, 0, maximum = Math.Max(maximum, taps[later + 1]));
            Assert.Contains(gadget.Sites[stage].Name, WitnessFaults.Of(witness));
            for (var i = 0; i < before.Length; i++)
                witness.Set(gadget.Stages[i], 0, 0, before[i]);
        }
        Assert.Empty(WitnessFaults.Of(witness));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(256)]
    public void A_private_input_beyond_its_range_is_noticed(int number)
    {
        var circuit = VectorCircuits.Build(SmallNetwork.Model, 1, ProofPrivacy.Inputs);
        var input = SmallNetwork.Input(1);
        var statement = new ProofStatement(SmallNetwork.Model.Hash, Hash256.Zero, default, SmallNetwork.Run(input), InputRoot: Hash256.Zero);
        Assert.True(circuit.TryCompute(statement, out var numbers, out var error), error?.ToString());
        Assert.True(WitnessFiller.TryCreate(circuit, SmallNetwork.Model.Graph, out var filler, out error), error?.ToString());
        var witness = filler.Fill(input, numbers);
        Assert.Empty(WitnessFaults.Of(witness));
        witness.InputCells[0] = number;
        Assert.Contains("input x", WitnessFaults.Of(witness));
        input[0] = number;
        var shape = new ProofShape(circuit, ProofParameters.Toy);
        Assert.Equal("proof-statement", Assert.Throws<AivmException>(() => CommittedInputs.Commit(shape, input)).Error.Code);
    }

    /// <summary>Rows of 64 elements, a lookup each, and a table of 256 rows: 2^22 leaves, and past that.</summary>
    [Fact]
    public void Circuits_at_the_bound_of_leaves_are_built_and_beyond_it_refused()
    {
        const int Samples = 127;
        var (at, past) = (Clamped(516), Clamped(517));
        Assert.True(Circuit.TryBuild(at.Graph, at.Analysis, Samples, ProofPrivacy.None, out var circuit, out var error), error?.ToString());
        Assert.Equal(1 << LogupGkr.MaxVariables, circuit.LeafCount);
        Assert.Null(new ProofShape(circuit, ProofParameters.Production).Soundness.Shortfall);
        Assert.False(Circuit.TryBuild(past.Graph, past.Analysis, Samples, ProofPrivacy.None, out _, out error));
        Assert.Equal("proof-unsupported", error.Code);

        static Model Clamped(int rows) => SmallCircuits.OverCommitted([rows, 64]);
    }

    private static Model Pool() => SmallCircuits.OverCommitted([1, 3, 3], new MaxPoolNode { Source = 2, Window = new() { Kernel = new(3, 3), Strides = new(1, 1) } });
}
