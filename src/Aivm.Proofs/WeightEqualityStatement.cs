using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>What a proof for a fresh root says: this commitment and the older one hold the same private weights.</summary>
/// <param name="ModelHash">Of the private model.</param>
/// <param name="Context">Binds the proof to its use (chain, contract): a copy is worth nothing elsewhere.</param>
public sealed record WeightEqualityStatement(Hash256 ModelHash, Hash256 Context, Hash256 OldRoot, Hash256 FreshRoot)
{
    internal void AbsorbInto(Transcript transcript)
    {
        transcript.Absorb(Context.Span);
        transcript.Absorb(ModelHash.Span);
        transcript.Absorb(OldRoot.Span);
        transcript.Absorb(FreshRoot.Span);
    }
}
