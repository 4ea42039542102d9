using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs.Circuits;

namespace Aivm.Tests.Proofs;

/// <summary>Embeddings whose rows nobody but their owner sees.</summary>
public sealed class PrivateEmbeddingTests
{
    private const int Rows = 40;
    private const int Channels = 3;

    [Theory]
    [InlineData(ProofPrivacy.Weights, ElementType.S8)]
    [InlineData(ProofPrivacy.Weights | ProofPrivacy.Inputs, ElementType.S16)]
    public void Rows_are_taken_by_index_without_being_shown(ProofPrivacy privacy, ElementType type)
    {
        long[] inputs = [0, 39, 7, 7, 20, 21, 1, 38];
        PrivateRun.AssertProved(Model(type, seed: 1), privacy, samples: 2, inputs, ProofParameters.Toy);
    }

    [Fact]
    public void The_architecture_shows_a_bound_of_all_numbers()
    {
        var skeleton = PrivateModel.Skeleton(Model(ElementType.S16, seed: 1).Graph);
        var bound = Assert.Single(((EmbeddingNode)skeleton.Nodes[0]).Table.ToArray().Distinct());
        Assert.InRange(((EmbeddingNode)Model(ElementType.S16, seed: 1).Graph.Nodes[0]).Table.ToArray().Max(Math.Abs), bound * 3 / 4, bound);
        Assert.True(PrivateModel.IsArchitecture(skeleton, out _));
        Assert.False(PrivateModel.IsArchitecture(Model(ElementType.S16, seed: 1).Graph, out var error));
        Assert.Equal("container-malformed", error.Code);
    }

    [Fact]
    public void A_number_beyond_the_bound_has_no_proof()
    {
        var model = Model(ElementType.S16, seed: 1);
        Assert.True(Circuit.TryBuildWeightRanges(PrivateRun.ArchitectureOf(model.Graph, out var analysis), analysis, out var circuit, out var error), error?.ToString());
        var shape = new ProofShape(circuit, ProofParameters.Toy);
        var numbers = circuit.Weights!.Reveal(model.Graph);
        Assert.True(IsProved(numbers));
        numbers[17] = 30_000;
        Assert.False(IsProved(numbers));

        bool IsProved(int[] committed)
        {
            using var weights = CommittedWeights.Commit(shape, committed, new byte[32]);
            var statement = new ProofStatement(model.Hash, Hash256.Zero, default, default, weights.Root);
            return ProofVerifier.TryVerify(shape, statement, ProofProver.ProveWeightRanges(shape, statement, weights, threads: 1), out _);
        }
    }

    [Fact]
    public void Another_row_than_that_of_the_index_has_no_proof()
    {
        var model = Model(ElementType.S8, seed: 1);
        Assert.True(Circuit.TryBuild(PrivateRun.ArchitectureOf(model.Graph, out var analysis), analysis, 1, ProofPrivacy.Weights, out var circuit, out var error), error?.ToString());
        var shape = new ProofShape(circuit, ProofParameters.Toy);
        using var weights = CommittedWeights.Commit(shape, model.Graph, new byte[32]);
        var honest = new ProofStatement(model.Hash, Hash256.Zero, (long[])[3, 4, 5, 6], VectorCircuits.Run(model, 1, [3, 4, 5, 6]), weights.Root);
        var lie = honest with { Outputs = VectorCircuits.Run(model, 1, [3, 4, 5, 7]) };
        Assert.True(ProofProver.TryCreate(shape, model.Graph, weights, threads: 1, out var prover, out error), error?.ToString());
        using (prover)
        {
            Assert.True(ProofVerifier.TryVerify(shape, honest, prover.Prove(honest), out error), error?.ToString());
            SmallCircuits.AssertEveryCellCounts(prover.Fill(honest));
            // Cells of the other index, so that the outputs are equal to them.
            var witness = prover.Fill(lie with { Inputs = (long[])[3, 4, 5, 7] });
            Assert.False(ProofVerifier.TryVerify(shape, lie, prover.Prove(lie, witness), out error));
            Assert.Equal(PrivateRun.UnmetConstraints, error);
        }
    }

    private static Model Model(ElementType type, int seed)
    {
        var random = new Random(seed);
        var numbers = Enumerable.Range(0, Rows * Channels).Select(_ => random.Next(-100, 101)).ToArray();
        var table = type == ElementType.S8
            ? Constant.S8([Rows, Channels], Array.ConvertAll(numbers, number => (sbyte)number))
            : Constant.S16([Rows, Channels], Array.ConvertAll(numbers, number => (short)(number * 200)));
        return SmallCircuits.Model(new GraphInput("i", [4], new InputFormat.Index(Rows)), new EmbeddingNode { Source = 0, Table = table });
    }
}
