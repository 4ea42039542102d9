using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs.Circuits;

namespace Aivm.Tests.Proofs;

/// <summary>Runs on private inputs, proved with production's parameters.</summary>
internal static class PrivateRun
{
    /// <summary>A proof is accepted with the outputs of the model's own run, and with no others.</summary>
    public static void AssertProved(Model model, int samples, long[] inputs)
    {
        var shape = new ProofShape(VectorCircuits.Build(model, samples, ProofPrivacy.Inputs), ProofParameters.Production);
        var outputs = VectorCircuits.Run(model, samples, inputs);
        Assert.Null(Verify(shape, model, inputs, outputs, _ => { }));
        for (var changed = 0; changed < Math.Min(outputs.Length, 3); changed++)
        {
            long[] others = [.. outputs];
            others[changed] += outputs[changed] > 0 ? -1 : 1;
            Assert.Equal("proof-rejected", Verify(shape, model, inputs, others, _ => { })?.Code);
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
