using Aivm.Primitives;
using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Commitments;

/// <summary>The verifier of an opening that stands alone.</summary>
internal static class OpeningCheck
{
    /// <param name="transcript">Has absorbed the root.</param>
    /// <returns>Null if the opening is accepted.</returns>
    public static Error? Error(OracleShape shape, Hash256 root, Ext4[] point, Transcript transcript, byte[] opening)
    {
        var reader = new ProofReader(opening);
        return OracleOpening.TryVerify(shape, root, point, new VerifierChannel(transcript, reader), reader, out _) && reader.TryFinish() ? null : reader.Error;
    }
}
