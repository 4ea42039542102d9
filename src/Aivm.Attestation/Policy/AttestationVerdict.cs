using Aivm.Primitives;

namespace Aivm.Attestation;

/// <summary>Both answers about one piece of evidence: who signed what, and whether to accept it. Of evidence that is not authentic, no claim is repeated.</summary>
/// <param name="Kind">As the bytes claim it. Null where they claim none that is known.</param>
/// <param name="Refusal">The first check or rule that failed; null when acceptable.</param>
/// <param name="Evidence">Null unless authentic.</param>
public sealed record AttestationVerdict(EvidenceKind? Kind, Error? Refusal, VerifiedEvidence? Evidence)
{
    public bool IsAuthentic => Evidence is not null;

    public bool IsAcceptable => IsAuthentic && Refusal is null;

    /// <param name="collateral">As <see cref="EvidenceVerifier"/> takes it.</param>
    /// <param name="at">Unix seconds.</param>
    public static AttestationVerdict Of(ReadOnlyMemory<byte> bytes, IReadOnlyList<ReadOnlyMemory<byte>> collateral, long at, AttestationPolicy policy)
    {
        if (!Attestation.Evidence.TryRead(bytes, out var evidence, out var error))
            return new AttestationVerdict(EvidenceReader.KindOf(bytes.Span), error, null);
        if (!EvidenceVerifier.TryVerify(evidence, collateral, at, out var verified, out error))
            return new AttestationVerdict(evidence.Kind, error, null);
        return new AttestationVerdict(evidence.Kind, policy.TryAccept(verified, out error) ? null : error, verified);
    }
}
