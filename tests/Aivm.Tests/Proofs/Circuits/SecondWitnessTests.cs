using Aivm.Inference;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Inference.Reference;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>No circuit leaves a prover a choice of results: what it says modulo p holds in the integers, and no change of a witness can be mended.</summary>
public sealed class SecondWitnessTests
{
    /// <summary><c>$AIVM_WITNESSES</c> asks for a longer campaign: how many random graphs, and after a colon the first seed.</summary>
    private static (int Count, int First) Campaign =>
        Environment.GetEnvironmentVariable("AIVM_WITNESSES")?.Split(':') is { } parts
            ? (int.Parse(parts[0]), parts.Length > 1 ? int.Parse(parts[1]) : 0)
            : (60, 0);

    private const int AttemptsPerNode = 40;

    private static readonly Constant Exponentials = Constant.S32([41], [.. Enumerable.Range(0, 41).Select(i => i == 40 ? 0 : (1 << 30) >> (i / 2))]);

    /// <summary>Nodes that divide in the field, or whose numbers leave it.</summary>
    private static readonly Dictionary<string, GraphNode[]> Nodes = new()
    {
        ["one part"] = [new RescaleNode { Source = 2, Factor = 77, Requantise = Requantise.To(ElementType.S8, 7) }],
        ["two parts"] = [new RescaleNode { Source = 2, Factor = 32767, Requantise = Requantise.To(ElementType.S8, 20) }],
        ["wide clamp"] = [new RescaleNode { Source = 2, Factor = 32767, Requantise = Requantise.To(ElementType.S16, 9) }],
        ["sum of probabilities"] =
        [
            new SoftmaxNode { Source = 2, Shift = 2, Entries = Constant.S32([5], [1 << 30, 1 << 28, 12_345_678, 999, 0]), OutputExponent = 14 },
            new SumNode { Source = 3, Multiplier = 4096, Requantise = Requantise.To(ElementType.S16, 12) },
        ],
        ["softmax"] = [new SoftmaxNode { Source = 2, Shift = 4, Entries = Exponentials, OutputExponent = 14 }],
        ["softmax in limbs"] = [Widened(1L << 30), new SoftmaxNode { Source = 3, Shift = 12, Entries = Exponentials, OutputExponent = 6 }],
        ["layer norm"] = [new LayerNormNode { Source = 2, Centred = true, Fraction = 4, Epsilon = 3, OutputExponent = 5 }],
        ["layer norm, clamped"] = [new LayerNormNode { Source = 2, Centred = true, Fraction = 12, Epsilon = 175_921_856, OutputExponent = 14 }],
        ["sum of magnitudes"] = [Widened(1L << 30), new NormaliseNode { Source = 3, Norm = Norm.L1, OutputExponent = 8 }],
        ["root of squares"] = [Widened(100_000), new NormaliseNode { Source = 3, Norm = Norm.L2, OutputExponent = 8 }],
        ["largest"] = [Widened(1L << 30), new NormaliseNode { Source = 3, Norm = Norm.Max, OutputExponent = 8 }],
        ["clamp"] = [Widened(1L << 40), new ClampNode { Source = 3, Low = -(1L << 42), High = 1L << 33 }],
        ["label"] = [Widened(1L << 40), new ArgMaxNode { Source = 3, Axis = 1 }],
    };

    public static TheoryData<string> Kinds => [.. Nodes.Keys];

    private static WideDenseNode Widened(long factor) => SmallCircuits.Widened(2, 32, factor);

    private static (Model Model, Witness Witness) Make(string kind, int seed)
    {
        var model = SmallCircuits.OverCommitted([1, 32], Nodes[kind]);
        var random = new Random(seed);
        return (model, VectorCircuits.Fill(model, VectorCircuits.Build(model, samples: 1), [.. Enumerable.Range(0, 32).Select(_ => (long)random.Next(-128, 128))]));
    }

    private static IEnumerable<(int Seed, Model Model, Witness Witness)> RandomWitnesses(ProofPrivacy privacy)
    {
        var ((count, first), examined) = (Campaign, 0);
        for (var seed = first; seed < first + count; seed++)
        {
            var (graph, input) = RandomGraphs.Create(seed);
            if (RandomCircuitTests.Covered(graph, privacy) is { } covered && covered.Model.TryRun(input, new long[covered.Model.OutputCount], out _))
            {
                examined++;
                yield return (seed, covered.Model, VectorCircuits.Fill(covered.Model, covered.Circuit, input));
            }
        }
        // Graphs that are refused are not examined: not so many of them, unless circuits are refused that were not.
        Assert.True(examined * 4 >= count, $"{examined} of {count} graphs were examined");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_a_node_says_modulo_p_holds_in_the_integers(string kind)
    {
        var (_, witness) = Make(kind, seed: 1);
        Assert.Empty(NoWrap.ViolationsOf(witness));
    }

    [Theory]
    [InlineData(ProofPrivacy.None)]
    [InlineData(ProofPrivacy.Inputs)]
    [InlineData(ProofPrivacy.Weights)]
    public void What_random_circuits_say_modulo_p_holds_in_the_integers(ProofPrivacy privacy)
    {
        foreach (var (seed, _, witness) in RandomWitnesses(privacy))
        {
            var violations = NoWrap.ViolationsOf(witness);
            Assert.True(violations.Count == 0, $"graph {seed}: {string.Join("; ", violations.Distinct().Take(5))}");
        }
    }

    /// <summary>With a row 2000 times 2^20 away, some sum is as good as another one.</summary>
    [Fact]
    public void A_table_that_reaches_beyond_the_field_is_noticed()
    {
        var (_, witness) = Make("two parts", seed: 1);
        ((FunctionTable)witness.Circuit.Gadgets.OfType<RequantiseGadget>().Last().FunctionSite.TableOf(0)).Cover(-2000, 0);
        Assert.Contains(NoWrap.ViolationsOf(witness), each => each.StartsWith("value 3, activation: from ", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void No_node_has_a_second_result(string kind)
    {
        var random = new Random(7);
        for (var seed = 0; seed < 2; seed++)
            AssertOneResult(Make(kind, seed).Witness, random, 10 * AttemptsPerNode, kind);
    }

    [Theory]
    [InlineData(ProofPrivacy.None)]
    [InlineData(ProofPrivacy.Weights)]
    public void No_random_circuit_has_a_second_result(ProofPrivacy privacy)
    {
        foreach (var (seed, model, witness) in RandomWitnesses(privacy))
            AssertOneResult(witness, new Random(seed), AttemptsPerNode, $"graph {seed}", PrivateCircuits.WeightsOf(model, witness.Circuit, seed));
    }

    private static void AssertOneResult(Witness witness, Random random, int attempts, string name, int[]? weights = null)
    {
        for (var value = witness.Circuit.Graph.Inputs.Length; value < witness.Circuit.Values.Length; value++)
            if (new SecondWitness(witness, value, random, weights) is { HasCells: true } prover)
                for (var attempt = 0; attempt < attempts; attempt++)
                    Assert.False(prover.TryFind(out var change), $"{name}, value {value}: {change}");
    }

    /// <summary>The same search, where a check is left out.</summary>
    [Theory]
    [InlineData("one part", "bits from 0")]
    [InlineData("two parts", "bits from 0")]
    [InlineData("two parts", "bits from 12")]
    [InlineData("wide clamp", "part")]
    [InlineData("softmax", "quotient, last digit")]
    [InlineData("sum of probabilities", "activation")]
    [InlineData("layer norm", "slack, limb 0")]
    [InlineData("layer norm, clamped", "clamp")]
    [InlineData("clamp", "slack, last digit")]
    [InlineData("clamp", "place, last digit")]
    public void A_second_result_is_found_where_a_check_is_missing(string kind, string check)
    {
        var (_, witness) = Make(kind, seed: 1);
        Assert.Contains(witness.Circuit.Lookups.Concat<Site>(witness.Circuit.Equalities), IsLeftOut);
        var prover = new SecondWitness(witness, witness.Circuit.Values.Length - 1, new Random(1), leaveOut: IsLeftOut);
        Assert.Contains(Enumerable.Range(0, 5_000), _ => prover.TryFind(out var _));

        bool IsLeftOut(Site site) => site.Name.EndsWith($", {check}", StringComparison.Ordinal);
    }

    public static TheoryData<string> PrivateKinds => [.. PrivateCircuits.Kinds];

    [Theory]
    [MemberData(nameof(PrivateKinds))]
    public void With_any_private_weights_of_proved_ranges_all_statements_hold_in_the_integers(string kind) =>
        Assert.Empty(NoWrap.ViolationsOf(PrivateCircuits.Fill(kind, seed: 1, out _)));

    [Theory]
    [InlineData("layers", "weights of node 3")]
    [InlineData("many small weights", "magnitudes of node 3")]
    [InlineData("many small weights", "magnitudes of node 3, bits from 0")]
    [InlineData("layers", "bias of node 3")]
    [InlineData("linear model", "weights of node 0, limb 1")]
    [InlineData("linear model", "bias of node 2, limb 0")]
    [InlineData("trees", "splits of node 1")]
    [InlineData("trees", "leaves of node 1, limb 0")]
    [InlineData("embedding", "rows of node 0, limb 0")]
    public void Private_weights_whose_ranges_nobody_checks_are_noticed(string kind, string check) =>
        Assert.NotEmpty(NoWrap.ViolationsOf(PrivateCircuits.Fill(kind, seed: 1, out _), site => site.Name == check));

    [Theory]
    [MemberData(nameof(PrivateKinds))]
    public void No_node_has_a_second_result_with_private_weights(string kind)
    {
        for (var seed = 0; seed < 2; seed++)
            AssertOneResult(PrivateCircuits.Fill(kind, seed, out var weights), new Random(7), 10 * AttemptsPerNode, kind, weights);
    }

    /// <summary>The same search, where weights were never in their ranges: both edges of the last split are for one rank more.</summary>
    [Fact]
    public void A_second_result_is_found_where_both_edges_of_a_private_split_pass()
    {
        var witness = PrivateCircuits.Fill("trees", seed: 1, out var weights);
        var (trees, codes) = (witness.Circuit.Gadgets.OfType<TreeGadget>().Single(), witness.Circuit.Tables.Single(table => table is HiddenSplitTable).Hidden[0].Place.Base);
        weights[codes + (2 * (trees.Paths.SplitCount - 1))]++;
        weights[codes + (2 * (trees.Paths.SplitCount - 1)) + 1]++;
        var prover = new SecondWitness(witness, 2, new Random(1), weights);
        Assert.Contains(Enumerable.Range(0, 5_000), _ => prover.TryFind(out var _));
    }
}
