namespace Aivm.Proofs;

/// <summary>
/// How tests listen to a transcript, leave messages out of it, and choose its challenges. A proof made or checked with one proves nothing.
/// <see cref="ProofParameters.Production"/> has none, nothing but tests makes one, and nothing outside of this assembly's friends can.
/// </summary>
internal abstract class TranscriptProbe
{
    /// <summary>A message is about to be absorbed.</summary>
    /// <param name="message">May be replaced.</param>
    /// <returns>False to leave it out.</returns>
    public virtual bool Absorb(ref ReadOnlySpan<byte> message) => true;

    /// <summary>The challenge to give out, where another was drawn.</summary>
    public virtual Ext4 Challenge(Ext4 drawn) => drawn;

    /// <summary>The positions to give out, distinct and ascending, where others were drawn.</summary>
    public virtual int[] Positions(int[] drawn, int bits) => drawn;
}
