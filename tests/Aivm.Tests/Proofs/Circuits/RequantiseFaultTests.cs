using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Inference.Reference;

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
            AssertOneRemainder(witness, gadget);
    }

    /// <summary>The sum of 32 numbers up to 2^14, times 2^12, might be p and more: as it is one of probabilities, it is not, and its table ends where it does.</summary>
    [Fact]
    public void A_sum_of_probabilities_has_one_quotient_however_long_the_row_is()
    {
        var witness = SmallCircuits.Fill(ProbabilitySum(), 1, [.. Enumerable.Range(0, 32).Select(i => (long)(i % 5) - 2)]);
        AssertOneRemainder(witness, witness.Circuit.Gadgets.Last(gadget => gadget is RequantiseGadget or WideClampGadget));

        var gadget = witness.Circuit.Gadgets.OfType<RequantiseGadget>().Last();
        var (low, y) = (witness.Get(gadget.Parts[0], 0, 0), witness.Get(gadget.Result, 0, 0));
        var withModulus = ((long)(y << 12) | (long)low) + Felt.Modulus;
        witness.Set(gadget.Parts[0], 0, 0, withModulus & 4095);
        witness.Set(gadget.Result, 0, 0, short.MaxValue);
        Assert.Contains(gadget.FunctionSite.Name, WitnessFaults.Of(witness));
    }

    /// <summary>In a wide clamp T - low is divided by 2^12 whatever the shift is.</summary>
    [Theory]
    [InlineData(4)]
    [InlineData(9)]
    public void No_other_low_part_of_a_wide_clamp_has_a_class(int shift)
    {
        var witness = WideClamped(shift);
        AssertOneRemainder(witness, witness.Gadget<WideClampGadget>());
        SmallCircuits.AssertEveryCellCounts(witness);
    }

    /// <summary>A row in the table of classes, and one in that of parts, and not the accumulator's.</summary>
    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(0, 1, 0)]
    [InlineData(0, 0, 1)]
    [InlineData(0, -1, 0)]
    public void A_wide_clamp_takes_no_other_class_part_or_low_part(int low, int part, int kind)
    {
        var witness = WideClamped(4);
        var gadget = witness.Gadget<WideClampGadget>();
        var (storages, changes) = ((Storage[])[gadget.Low, gadget.Class, gadget.Part, gadget.Result], (int[])[low, kind, part, part]);
        for (var (position, channel) = (0, 0); position < gadget.Low.Positions; (position, channel) = channel + 1 < gadget.Low.Channels ? (position, channel + 1) : (position + 1, 0))
        {
            var before = storages.Select(storage => witness.Get(storage, position, channel)).ToArray();
            for (var i = 0; i < storages.Length; i++)
                witness.Set(storages[i], position, channel, before[i] + changes[i]);
            Assert.Contains(low == 0 && kind == 0 ? gadget.PartSite.Name : gadget.ClassSite.Name, WitnessFaults.Of(witness));
            for (var i = 0; i < storages.Length; i++)
                witness.Set(storages[i], position, channel, before[i]);
        }
        Assert.Empty(WitnessFaults.Of(witness));
    }

    /// <summary>What a table's rows times 2^bits may reach, with a sum below 2^29 on the other side, stays below p: for every table of every random graph.</summary>
    [Fact]
    public void No_table_of_a_random_graph_reaches_beyond_what_the_field_tells_apart()
    {
        var tables = 0;
        for (var seed = 0; seed < 300; seed++)
        {
            var graph = RandomGraphs.Create(seed).Graph;
            if (!GraphAnalysis.TryAnalyse(graph, out var analysis, out _) || !Circuit.TryBuild(graph, analysis, 1, ProofPrivacy.None, out var circuit, out _))
                continue;
            foreach (var gadget in circuit.Gadgets.OfType<RequantiseGadget>())
                for (var channel = 0; channel < gadget.FunctionSite.Grid.Channels; channel++, tables++)
                {
                    var table = (FunctionTable)gadget.FunctionSite.TableOf(channel);
                    AssertWithin(table.Low, table.Rows, Math.Max(gadget.Cuts[gadget.Cuts.Length == 1 ? 0 : channel].Bits, 12));
                }
            foreach (var gadget in circuit.Gadgets.OfType<WideClampGadget>())
                foreach (var (_, clamp) in gadget.Clamps)
                    AssertWithin(clamp.FirstQuotient, clamp.Classes.Rows, WideClamp.LowBits);
        }
        Assert.True(tables > 100, $"{tables} tables were looked at");

        static void AssertWithin(long low, long rows, int bits) => Assert.True((Math.Max(-low, low + rows) << bits) + (1L << 29) < Felt.Modulus, $"{rows} rows from {low}, {bits} bits");
    }

    /// <summary>Two parts have room for any remainder: the sum p higher or lower is as good in the field, and no row is in its place.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void A_sum_in_two_parts_is_not_taken_for_one_that_is_p_away(int sign)
    {
        var model = SmallCircuits.OverCommitted([1, 8], new RescaleNode { Source = 2, Factor = 32767, Requantise = Requantise.To(ElementType.S8, 20) });
        var witness = SmallCircuits.Fill(model, 1, [127, -127, 1, -1, 0, 50, -50, 99]);
        var gadget = witness.Circuit.Gadgets.OfType<RequantiseGadget>().Single(each => each.Parts.Length == 2);
        var bits = gadget.Cuts[0].Bits;
        for (var c = 0; c < 8; c++)
        {
            var quotient = Statement.Centred(WitnessCheck.Sum(gadget.FunctionSite, 1, 0, c, witness));
            var sum = (quotient << bits) + ((long)witness.Get(gadget.Parts[1], 0, c) << 12) + witness.Get(gadget.Parts[0], 0, c);
            var other = sum + (sign * (long)Felt.Modulus);
            witness.Set(gadget.Parts[0], 0, c, other & 4095);
            witness.Set(gadget.Parts[1], 0, c, (other >> 12) & ((1 << (bits - 12)) - 1));
            witness.Set(gadget.Result, 0, c, sign * 127);
            Assert.Equal(other >> bits, Statement.Centred(WitnessCheck.Sum(gadget.FunctionSite, 1, 0, c, witness)));
        }
        Assert.Equal([gadget.FunctionSite.Name], WitnessFaults.Of(witness).Where(name => name.StartsWith("value 3", StringComparison.Ordinal)));
        Assert.All(Enumerable.Range(0, 8), c => Assert.Equal(-1, gadget.FunctionSite.TableOf(c).RowOf([(int)Statement.Centred(WitnessCheck.Sum(gadget.FunctionSite, 1, 0, c, witness)), sign * 127])));
    }

    private static Model ProbabilitySum() => SmallCircuits.OverCommitted(
        [1, 32],
        new SoftmaxNode { Source = 2, Shift = 2, Entries = Constant.S32([5], [1 << 30, 1 << 28, 12_345_678, 999, 0]), OutputExponent = 14 },
        new SumNode { Source = 3, Multiplier = 4096, Requantise = Requantise.To(ElementType.S16, 12) });

    /// <summary>Four sums up to 2^24, too many for a table at such a shift: beyond both ends of S16, and within.</summary>
    private static Witness WideClamped(int shift)
    {
        var model = SmallCircuits.OverCommitted([4, 32], new SumNode { Source = 2, Multiplier = 4096, Requantise = Requantise.To(ElementType.S16, shift) });
        return SmallCircuits.Fill(model, 1, [.. Enumerable.Range(0, 128).Select(i => (i / 32) switch { 0 => 100L, 1 => -100, 2 => (i % 3) - 1, _ => 0 })]);
    }

    /// <summary>Of all remainders in range only the witness's leads to a quotient that some row has.</summary>
    private static void AssertOneRemainder(Witness witness, Gadget gadget)
    {
        var (part, bits, site, first, rows) = gadget switch
        {
            RequantiseGadget narrow when narrow.FunctionSite.TableOf(0) is FunctionTable table => (narrow.Parts[0], narrow.Cuts[0].Bits, narrow.FunctionSite, table.Low, table.Rows),
            WideClampGadget { Clamps: [var (_, clamp), ..] } wide => (wide.Low, WideClamp.LowBits, wide.ClassSite, clamp.FirstQuotient, clamp.Classes.Rows),
            _ => throw new ArgumentException("It takes no quotient.", nameof(gadget)),
        };
        var honest = witness.Get(part, 0, 0);
        for (var low = 0; low < 1 << bits; low++)
        {
            witness.Set(part, 0, 0, low);
            var quotient = (long)WitnessCheck.Sum(site, 1, 0, 0, witness).ToUInt32();
            quotient -= quotient > Felt.Modulus / 2 ? Felt.Modulus : 0;
            Assert.Equal(low == honest, quotient >= first && quotient < first + rows);
        }
        witness.Set(part, 0, 0, honest);
        Assert.Empty(WitnessFaults.Of(witness));
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
