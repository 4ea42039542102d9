using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>What is shown once of a commitment to public weights: it holds those of this model.</summary>
/// <param name="ModelHash">Of the public model.</param>
public sealed record PublicWeightsStatement(Hash256 ModelHash, Hash256 Root)
{
    internal void AbsorbInto(Transcript transcript)
    {
        transcript.Absorb(ModelHash.Span);
        transcript.Absorb(Root.Span);
    }
}
