using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs.Circuits;

namespace Aivm.Tests.Proofs;

/// <summary>Linear models whose weights, of 64 bits, nobody but their owner sees.</summary>
public sealed class PrivateLinearModelTests
{
    [Theory]
    [InlineData("credit", ProofPrivacy.Weights, 2)]
    [InlineData("hmda", ProofPrivacy.Weights | ProofPrivacy.Inputs, 1)]
    public void A_logistic_model_is_proved_without_its_weights(string table, ProofPrivacy privacy, int samples)
    {
        var model = VectorCircuits.ModelOf($"{table}_logreg", new InputFormat.Fixed(9));
        var rows = InputFiles.Read(SharedVectors.Require($"models/{table}_x300.csv"));
        PrivateRun.AssertProved(model, privacy, samples, [.. Enumerable.Range(0, samples).SelectMany(row => rows.Integers(row, model.Graph.Inputs[0].Format))], ProofParameters.Production);
    }

    [Theory]
    [InlineData(ProofPrivacy.Weights)]
    [InlineData(ProofPrivacy.Weights | ProofPrivacy.Inputs)]
    public void Private_weights_of_any_size_give_the_outputs_of_a_run(ProofPrivacy privacy)
    {
        foreach (var seed in Enumerable.Range(0, 4))
        {
            var model = Linear(seed);
            long[] inputs = [0, 1, -1, long.MaxValue, -long.MaxValue, 12345, 1L << 40, -(1L << 50)];
            PrivateRun.AssertProved(model, privacy, 2, inputs, ProofParameters.Toy);
        }
    }

    [Fact]
    public void The_architecture_shows_powers_of_two()
    {
        var skeleton = PrivateModel.Skeleton(Linear(seed: 1).Graph);
        Assert.True(PrivateModel.IsArchitecture(skeleton, out _));
        Assert.False(PrivateModel.IsArchitecture(Linear(seed: 1).Graph, out var error));
        Assert.Equal("container-malformed", error.Code);
        var (quantise, dense) = ((QuantiseNode)skeleton.Nodes[0], (WideDenseNode)skeleton.Nodes[2]);
        foreach (var numbers in (Constant[])[quantise.Multipliers, quantise.Offsets, dense.Weights, dense.Bias])
            Assert.True(long.IsPow2(Assert.Single(numbers.ToArray().Distinct())));
        Assert.True(PrivateModel.TryDecode(PrivateModel.Encode(Linear(seed: 1).Graph, Hash256.Zero), ModelLimits.OnChain, out _, out error), error?.ToString());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Weights_that_are_not_the_committed_ones_or_not_in_their_range_have_no_proof(int place)
    {
        var model = Linear(seed: 2);
        var skeleton = PrivateModel.Skeleton(model.Graph);
        Assert.True(GraphAnalysis.TryAnalyse(skeleton, out var analysis, out var error), error?.ToString());
        Assert.True(Circuit.TryBuildWeightRanges(skeleton, analysis, out var ranges, out error), error?.ToString());
        var shape = new ProofShape(ranges, ProofParameters.Toy);
        using var weights = CommittedWeights.Commit(shape, model.Graph, new byte[32]);
        var statement = new ProofStatement(model.Hash, Hash256.Zero, default, default, weights.Root);
        Assert.True(ProofVerifier.TryVerify(shape, statement, ProofProver.ProveWeightRanges(shape, statement, weights, threads: 1), out error), error?.ToString());

        // One beyond: the last limb is not of its interval.
        using var beyond = CommittedWeights.Commit(shape, Changed(model.Graph, place, BoundOf(skeleton, place)), new byte[32]);
        var rogue = statement with { WeightRoot = beyond.Root };
        Assert.False(ProofVerifier.TryVerify(shape, rogue, ProofProver.ProveWeightRanges(shape, rogue, beyond, threads: 1), out error));
        Assert.Equal(PrivateRun.UnmetConstraints, error);

        // Other weights within the range: the outputs are theirs, and not the model's.
        Assert.True(Circuit.TryBuild(skeleton, analysis, 1, ProofPrivacy.Weights, out var circuit, out error), error?.ToString());
        var run = new ProofShape(circuit, ProofParameters.Toy);
        var others = Changed(model.Graph, place, 0);
        using var committed = CommittedWeights.Commit(run, others, new byte[32], used: 1);
        long[] inputs = [100, 200, 300, 400];
        var claim = new ProofStatement(model.Hash, Hash256.Zero, inputs, VectorCircuits.Run(model, 1, inputs), committed.Root);
        Assert.True(Model.TryLoad(Container.Encode(others), out var other, out error), error?.ToString());
        var honest = claim with { Outputs = VectorCircuits.Run(other, 1, inputs) };
        Assert.True(ProofProver.TryCreate(run, others, committed, threads: 1, out var prover, out error), error?.ToString());
        using (prover)
        {
            Assert.NotEqual(honest.Outputs.ToArray(), claim.Outputs.ToArray());
            Assert.True(ProofVerifier.TryVerify(run, honest, prover.Prove(honest), out error), error?.ToString());
            Assert.False(ProofVerifier.TryVerify(run, claim, prover.Prove(claim, prover.Fill(honest)), out error));
            Assert.Equal(PrivateRun.UnmetConstraints, error);
        }
    }

    /// <summary>Features times weights of their own, clamped, summed up with others, and the larger score chosen.</summary>
    private static Model Linear(int seed)
    {
        var random = new Random(seed);
        long[] Numbers(int count, int bits) => [.. Enumerable.Range(0, count).Select(_ => random.NextInt64(-(1L << bits), 1L << bits))];
        return SmallCircuits.Model(
            new GraphInput("x", [4], new InputFormat.Fixed(3)),
            new QuantiseNode { Source = 0, Output = ElementType.S64, Multipliers = Constant.S64([4], Numbers(4, 10 + (17 * seed))), Offsets = Constant.S64([4], Numbers(4, 40)), Shift = 8 * seed },
            new ClampNode { Source = 1, Low = -(1L << 30), High = 1L << 30 },
            new WideDenseNode { Source = 2, Weights = Constant.S64([3, 4], Numbers(12, 7 * (1 + seed))), Bias = Constant.S64([3], Numbers(3, 50)) });
    }

    private static long BoundOf(Graph skeleton, int place) => place == 0 ? ((QuantiseNode)skeleton.Nodes[0]).Multipliers[0] : ((WideDenseNode)skeleton.Nodes[2]).Weights[0];

    /// <summary>Another first weight of a layer.</summary>
    private static Graph Changed(Graph graph, int place, long number)
    {
        GraphNode node = graph.Nodes[2 * place] switch
        {
            QuantiseNode n => new QuantiseNode { Source = n.Source, Output = n.Output, Multipliers = With(n.Multipliers), Offsets = n.Offsets, Shift = n.Shift },
            WideDenseNode n => new WideDenseNode { Source = n.Source, Weights = With(n.Weights), Bias = n.Bias },
            var other => other,
        };
        return new Graph { Inputs = graph.Inputs, Nodes = graph.Nodes.SetItem(2 * place, node), Outputs = graph.Outputs };

        Constant With(Constant numbers) => Constant.S64(numbers.Shape, [number, .. numbers.ToArray()[1..]]);
    }
}
