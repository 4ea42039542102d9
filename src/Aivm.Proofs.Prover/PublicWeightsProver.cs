using Aivm.Primitives;

namespace Aivm.Proofs.Prover;

/// <summary>The prover of <see cref="PublicWeightsVerifier"/>.</summary>
public static class PublicWeightsProver
{
    /// <summary>Proves that a commitment holds a model's public weights.</summary>
    /// <exception cref="AivmException"><c>proof-soundness</c>.</exception>
    public static byte[] Prove(PublicWeightsShape shape, PublicWeightsStatement statement, CommittedWeights weights)
    {
        if (shape.Soundness.Shortfall is { } error)
            throw new AivmException(Failure.Input, error.Code, error.Message);
        var (writer, transcript) = (new ProofWriter(), shape.Begin(statement));
        var point = shape.DrawPoint(transcript);
        weights.Open(point, new ProverChannel(transcript, writer, Pads.None(shape.Layout)), writer);
        return writer.ToArray();
    }
}
