using System.Numerics;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs.Circuits;

namespace Aivm.Tests.Proofs;

/// <summary>What the owner of private weights proves once: each lies in its range, and an output's together are no larger than declared.</summary>
public sealed class WeightRangeTests
{
    [Fact]
    public void Weights_within_their_ranges_are_proved_to_be_so()
    {
        var graph = VectorCircuits.ModelOf("fashion_dscnn", takesBytes: true).Graph;
        AssertProved(graph, graph);
    }

    [Fact]
    public void The_architecture_shows_of_each_output_how_large_its_weights_are_on_average()
    {
        var (full, shown) = (Dense(SmallNetwork.Model.Graph), Dense(PrivateModel.Skeleton(SmallNetwork.Model.Graph)));
        var row = full.Weights.Count / full.Bias.Count;
        for (var o = 0; o < full.Bias.Count; o++)
        {
            var mean = Enumerable.Range(o * row, row).Average(i => Math.Abs((double)full.Weights[i]));
            var magnitude = Assert.Single(shown.Weights.ToArray()[(o * row)..((o + 1) * row)].Distinct());
            Assert.InRange(magnitude, mean, Math.Min(127, (mean + 1) * 1.25));
            // Three significant bits.
            Assert.True(magnitude == 127 || magnitude % Math.Max(1, (1 << BitOperations.Log2((uint)magnitude)) / 4) == 0);
        }
        Assert.True(PrivateModel.IsArchitecture(PrivateModel.Skeleton(SmallNetwork.Model.Graph), out _));
        Assert.False(PrivateModel.IsArchitecture(SmallNetwork.Model.Graph, out var error));
        Assert.Equal("container-malformed", error.Code);
    }

    [Theory]
    [InlineData(36, -1)]
    [InlineData(35, 1)]
    public void What_is_no_magnitude_of_an_output_is_no_architecture(int weight, int change)
    {
        var skeleton = PrivateModel.Skeleton(SmallNetwork.Model.Graph);
        var numbers = Array.ConvertAll(Dense(skeleton).Weights.ToArray(), number => (sbyte)number);
        numbers[weight] = (sbyte)(change < 0 ? -numbers[weight] : numbers[weight] + change);
        Assert.False(PrivateModel.IsArchitecture(WithDense(skeleton, numbers), out var error));
        Assert.Equal("container-malformed", error.Code);
    }

    [Fact]
    public void A_weight_beyond_its_range_has_no_proof()
    {
        var graph = SmallNetwork.Model.Graph;
        var numbers = Array.ConvertAll(Dense(graph).Weights.ToArray(), number => (sbyte)number);
        numbers[0] = sbyte.MinValue;
        AssertRejected(graph, WithDense(graph, numbers));
    }

    [Fact]
    public void Weights_that_are_together_larger_than_declared_have_no_proof()
    {
        AssertProved(SmallNetwork.Model.Graph, OneMore(0));
        AssertRejected(SmallNetwork.Model.Graph, OneMore(1));
        // Nor has a prover who says that a weight is smaller than it is.
        AssertRejected(SmallNetwork.Model.Graph, OneMore(1), witness =>
        {
            var magnitudes = witness.Circuit.Gadgets.OfType<MagnitudeGadget>().Last().Magnitudes;
            witness.Cells[magnitudes.Base]--;
            var slack = witness.Circuit.Gadgets.OfType<MagnitudeSumGadget>().Last().Slack;
            foreach (var (limb, site) in slack.Limbs.Zip(slack.Sites))
                SetToZero(limb.Base, site.TableOf(0), witness);
        });
    }

    private static void SetToZero(int cell, LookupTable range, Witness witness)
    {
        if (witness.Cells[cell] < range.Rows)
            witness.Cells[witness.Circuit.Multiplicities.Base + range.FirstRow + witness.Cells[cell]]--;
        witness.Cells[cell] = 0;
        witness.Count(range, 0);
    }

    /// <summary>So many weights that they are looked up in pairs: each may be beyond its range, and both may be too large together.</summary>
    [Fact]
    public void Weights_of_large_layers_are_looked_up_in_pairs()
    {
        const int Inputs = 1 << 15;
        const int Outputs = 9;
        Graph Layer(Action<sbyte[]> change)
        {
            var numbers = new sbyte[Outputs * Inputs];
            for (var i = 0; i < numbers.Length; i++)
                numbers[i] = (sbyte)(i % 2 == 0 ? 20 : -12);
            change(numbers);
            return new Graph
            {
                Inputs = [new GraphInput("x", [Inputs], new InputFormat.U8())],
                Nodes =
                [
                    QuantiseNode.Scale(0, ElementType.S8, 1, 1),
                    new DenseNode { Source = 1, Weights = Constant.S8([Outputs, Inputs], numbers), Bias = Constant.S32([Outputs], new int[Outputs]), Requantise = Requantise.To(ElementType.S8, 9) },
                ],
                Outputs = [new GraphOutput { Name = "y", Source = 2, Kind = OutputKind.Values }],
            };
        }

        var declared = Layer(_ => { });
        AssertProved(declared, declared);
        AssertProved(declared, Layer(numbers => (numbers[0], numbers[1]) = (-31, 1)));
        AssertRejected(declared, Layer(numbers => numbers[7] = sbyte.MinValue));
        // 16 on average is declared, and is what they have.
        AssertRejected(declared, Layer(numbers => numbers[^1]--));
    }

    /// <summary>The small network where the first output of its last layer is as large as is declared of it, and a bit more.</summary>
    private static Graph OneMore(int more)
    {
        var graph = SmallNetwork.Model.Graph;
        var numbers = Array.ConvertAll(Dense(graph).Weights.ToArray(), number => (sbyte)number);
        var row = numbers.Length / Dense(graph).Bias.Count;
        numbers.AsSpan(0, row).Fill((sbyte)Dense(PrivateModel.Skeleton(graph)).Weights[0]);
        numbers[0] += (sbyte)more;
        return WithDense(graph, numbers);
    }

    private static DenseNode Dense(Graph graph) => graph.Nodes.OfType<DenseNode>().Single();

    private static Graph WithDense(Graph graph, sbyte[] weights)
    {
        var node = Dense(graph);
        var other = new DenseNode { Source = node.Source, Weights = Constant.S8(node.Weights.Shape, weights), Bias = node.Bias, Requantise = node.Requantise };
        return new Graph { Inputs = graph.Inputs, Nodes = graph.Nodes.Replace(node, other), Outputs = graph.Outputs };
    }

    private static void AssertProved(Graph declared, Graph committed)
    {
        Assert.True(IsProved(declared, committed, _ => { }, out var error), error?.ToString());
    }

    private static void AssertRejected(Graph declared, Graph committed, Action<Witness>? change = null)
    {
        Assert.False(IsProved(declared, committed, change ?? (_ => { }), out var error));
        Assert.Equal(PrivateRun.UnmetConstraints, error);
    }

    private static bool IsProved(Graph declared, Graph committed, Action<Witness> change, out Error error)
    {
        var skeleton = PrivateRun.ArchitectureOf(declared, out var analysis);
        Assert.True(Circuit.TryBuildWeightRanges(skeleton, analysis, out var circuit, out error), error?.ToString());
        var shape = new ProofShape(circuit, ProofParameters.Toy);
        using var weights = CommittedWeights.Commit(shape, committed, new byte[32]);
        var statement = new ProofStatement(Hash256.Zero, Hash256.Zero, default, default, weights.Root);
        Assert.True(circuit.TryCompute(statement, out var numbers, out error), error?.ToString());
        var witness = WeightRangeWitness.Fill(circuit, weights.Numbers, numbers);
        change(witness);
        return ProofVerifier.TryVerify(shape, statement, ProofProver.ProveWeightRanges(shape, statement, weights, witness, threads: 2), out error);
    }
}
