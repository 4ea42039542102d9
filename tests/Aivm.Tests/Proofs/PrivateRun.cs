using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs.Circuits;

namespace Aivm.Tests.Proofs;

/// <summary>Runs on private inputs, or with private weights.</summary>
internal static class PrivateRun
{
    /// <summary>Of a proof whose prover kept to all messages, and committed to cells or weights that are none: sums are hidden, and only the closing sees that they do not hold.</summary>
    public static Error UnmetConstraints { get; } = ProofErrors.Rejected("A column of pads fails the test of linear constraints.");

    /// <summary>On private inputs, at production's parameters: a proof is accepted with the outputs of the model's own run, and with no others.</summary>
    public static void AssertProved(Model model, int samples, long[] inputs)
    {
        var shape = new ProofShape(VectorCircuits.Build(model, samples, ProofPrivacy.Inputs), ProofParameters.Production);
        var outputs = VectorCircuits.Run(model, samples, inputs);
        Assert.Null(Verify(shape, model, inputs, outputs, _ => { }));
        for (var changed = 0; changed < Math.Min(outputs.Length, 3); changed++)
        {
            long[] others = [.. outputs];
            others[changed] += outputs[changed] > 0 ? -1 : 1;
            Assert.Equal(UnmetConstraints, Verify(shape, model, inputs, others, _ => { }));
        }
    }

    /// <summary>What everybody sees of a model with private weights.</summary>
    public static Graph ArchitectureOf(Graph graph, out GraphAnalysis analysis)
    {
        var skeleton = PrivateModel.Skeleton(graph);
        Assert.True(GraphAnalysis.TryAnalyse(skeleton, out analysis, out var error), error?.ToString());
        return skeleton;
    }

    /// <summary>With private weights: their ranges are proved, then a run, by a verifier who has the architecture alone.</summary>
    public static void AssertProved(Model model, ProofPrivacy privacy, int samples, long[] inputs, ProofParameters parameters)
    {
        var skeleton = ArchitectureOf(model.Graph, out var analysis);
        Assert.True(Circuit.TryBuildWeightRanges(skeleton, analysis, out var ranges, out var error), error?.ToString());
        Assert.True(Circuit.TryBuild(skeleton, analysis, samples, privacy, out var circuit, out error), error?.ToString());
        TestContext.Current.TestOutputHelper?.WriteLine($"{circuit.Weights!.CellCount} weights, {circuit.CellCount} cells, {circuit.LeafCount} leaves");
        Assert.Equal(ranges.Weights!.Places, circuit.Weights!.Places);
        var (rangeShape, shape) = (new ProofShape(ranges, parameters), new ProofShape(circuit, parameters));
        using var first = CommittedWeights.Commit(rangeShape, model.Graph, new byte[32]);
        var rangeStatement = new ProofStatement(model.Hash, Hash256.Zero, default, default, first.Root);
        Assert.True(ProofVerifier.TryVerify(rangeShape, rangeStatement, ProofProver.ProveWeightRanges(rangeShape, rangeStatement, first, threads: 2), out error), error?.ToString());

        using var weights = CommittedWeights.Commit(shape, model.Graph, new byte[32], used: 1);
        Assert.Equal(first.Root, weights.Root);
        using var committed = shape.Inputs is null ? null : CommittedInputs.Commit(shape, inputs);
        var statement = new ProofStatement(
            model.Hash, Hash256.Zero, committed is null ? inputs : default(ReadOnlyMemory<long>), VectorCircuits.Run(model, samples, inputs), weights.Root, committed?.Root);
        Assert.True(ProofProver.TryCreate(shape, model.Graph, weights, threads: 2, out var prover, out error), error?.ToString());
        using (prover)
        {
            var witness = prover.Fill(statement, committed);
            WitnessCheck.Satisfies(witness);
            Assert.Empty(WitnessFaults.Of(witness));
            Assert.True(ProofVerifier.TryVerify(shape, statement, prover.Prove(statement, witness, committed), out error), error?.ToString());
        }
    }

    /// <summary>Why a verifier refuses the proof of a witness that is changed, or null.</summary>
    /// <param name="outputs">What is claimed: cells are those of the model's own.</param>
    public static Error? Verify(ProofShape shape, Model model, long[] inputs, long[] outputs, Action<Witness> change)
    {
        using var committed = CommittedInputs.Commit(shape, inputs);
        var statement = new ProofStatement(model.Hash, Hash256.Zero, default, outputs, null, committed.Root);
        Assert.True(ProofProver.TryCreate(shape, model.Graph, null, threads: 2, out var prover, out var error), error?.ToString());
        using (prover)
        {
            var witness = prover.Fill(statement with { Outputs = VectorCircuits.Run(model, shape.Circuit.Samples, inputs) }, committed);
            change(witness);
            return ProofVerifier.TryVerify(shape, statement, prover.Prove(statement, witness, committed), out error) ? null : error;
        }
    }
}
