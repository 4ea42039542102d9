using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Sdk;

namespace Aivm.Provider;

/// <summary>Proofs of single runs of public models, bound to a job and to who shows them.</summary>
internal static class ProofMaker
{
    /// <summary>Whether runs of a model can be proved. Errors: <c>proof-unsupported</c>.</summary>
    public static bool CanProve(IntegerModel model, out Error error) =>
        ProvedModel.TryDecode(model.Container, ModelLimits.OffChain, out var proved, out error) && proved.TryShape(1, hidesInputs: false, out _, out error);

    /// <exception cref="JobRefusal">The run cannot be proved.</exception>
    public static byte[] Prove(IntegerModel model, ulong chainId, ulong job, Address shower, byte[] input, long[] outputs, int threads)
    {
        var shelved = model.Model;
        if (!ProvedModel.TryDecode(model.Container, ModelLimits.OffChain, out var proved, out var error)
            || !proved.TryShape(1, hidesInputs: false, out var shape, out error)
            || !ProofProver.TryCreate(shape, shelved.Graph, null, threads, out var prover, out error))
            throw new JobRefusal(error.Code, error.Message);
        using (prover)
        {
            var numbers = new long[shelved.InputCount];
            shelved.UnpackInput(input, numbers);
            return prover.Prove(new ProofStatement(proved.Hash, JobsClient.ProofContext(chainId, job, shower), numbers, outputs));
        }
    }
}
