using System.Collections.Immutable;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Provider;

/// <summary>A model with private weights, run by who holds them. Nobody can run it again: its answers come with a proof, or not at all.</summary>
internal sealed class OwnedModel(PrivateWeights weights) : IRunnable
{
    public Hash256 Hash => weights.Model.Hash;

    public int OutputCount => weights.Full.OutputCount;

    public long ResidentMemory => weights.Full.ResidentMemory;

    /// <summary>Of the commitment in use, which proofs rest on.</summary>
    public Hash256 Root => weights.Root;

    /// <summary>Proofs that it has left.</summary>
    public int ProofsLeft => weights.Left;

    /// <summary>The container's.</summary>
    public Hash256 FirstRoot => weights.FirstRoot;

    /// <summary>What the chain has to know before it takes proofs on the commitment in use.</summary>
    public ImmutableArray<WeightRenewal> Renewals => weights.Renewals;

    /// <summary>Takes seconds. The context is none: the chain takes no other.</summary>
    public void Renew(int threads) => weights.Renew(Hash256.Zero, threads);

    public long[] Run(ReadOnlySpan<byte> input, CancellationToken cancellation)
    {
        var outputs = new long[OutputCount];
        return weights.Full.TryRunPacked(input, outputs, out var error) ? outputs : throw new JobRefusal(error.Code, error.Message);
    }

    /// <summary>Errors: <c>proof-unsupported</c>.</summary>
    public bool CanProve(out Error error) => weights.Model.TryShape(1, hidesInputs: false, out _, out error);

    /// <param name="root">Of the commitment to prove on: where another is in use meanwhile, nothing is spent.</param>
    /// <exception cref="AivmException"><c>weights-budget</c>, and others of <see cref="PrivateWeights.Spend"/>.</exception>
    /// <exception cref="JobRefusal">The run cannot be proved.</exception>
    public byte[] Prove(Hash256 root, Hash256 context, byte[] input, long[] outputs, int threads)
    {
        var numbers = new long[weights.Full.InputCount];
        weights.Full.UnpackInput(input, numbers);
        if (!weights.Model.TryShape(1, hidesInputs: false, out var shape, out var error))
            throw new JobRefusal(error.Code, error.Message);
        using var committed = weights.Spend(shape, threads, root);
        if (!ProofProver.TryCreate(shape, weights.Full.Graph, committed, threads, out var prover, out error))
            throw new JobRefusal(error.Code, error.Message);
        using (prover)
            return prover.Prove(new ProofStatement(Hash, context, numbers, outputs, root));
    }
}
