namespace Aivm.Proofs.Prover;

/// <summary>Messages that need no pad.</summary>
internal static class OpenMessage
{
    /// <summary>Writes and absorbs: the bytes of the proof are those that the transcript hashes.</summary>
    public static void Send(this Transcript transcript, ReadOnlySpan<Ext4> message, ProofWriter writer)
    {
        writer.Write(message);
        transcript.Absorb(writer.Written[^(message.Length * Ext4.Bytes)..]);
    }

    /// <summary>Draws positions below 2^bits, and does the work that they take before.</summary>
    public static int[] DrawPositions(this Transcript transcript, int count, int bits, int grindingBits, ProofWriter writer)
    {
        if (grindingBits > 0)
        {
            var nonce = Grinding.Find(transcript.NextChallenge(), grindingBits);
            writer.Write(nonce);
            transcript.AbsorbWords((int)nonce);
        }
        return transcript.NextPositions(count, bits);
    }
}
