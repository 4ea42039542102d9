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
}
