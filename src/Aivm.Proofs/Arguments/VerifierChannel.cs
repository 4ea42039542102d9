using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>
/// The verifier's end. Does not fail on a broken proof: what cannot be read counts as zero, and <see cref="Failure"/> tells.
/// </summary>
public sealed class VerifierChannel(Transcript transcript, ProofReader reader) : HiddenChannel(transcript)
{
    public override Error? Failure => reader.Error ?? base.Failure;

    /// <summary>The prover's next message, absorbed.</summary>
    public Hidden Receive()
    {
        reader.TryRead(out Ext4 message);
        return Note(message);
    }
}
