using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;

namespace Aivm.Attestation;

/// <summary>
/// What collateral is about, and so which a quote needs: a TEE, a family of platforms, and the authority that certified the platform. Collateral with
/// another subject never takes the place of this one's.
/// </summary>
/// <param name="Authority">The name of the PCK authority, in DER.</param>
public sealed record CollateralSubject(EvidenceKind Kind, ReadOnlyMemory<byte> Fmspc, ReadOnlyMemory<byte> Authority)
{
    /// <summary>Kind, FMSPC, authority. No kind's name begins with another, and an FMSPC has six bytes: no two subjects have the same bytes.</summary>
    public byte[] Encode() => [.. Kind.NameBytes(), .. Fmspc.Span, .. Authority.Span];

    /// <summary>As the certificates in a quote claim it. Errors: <c>collateral-needless</c>, <c>certificate-chain</c>, <c>pck-extension</c>, and those of PEM and certificates.</summary>
    public static bool TryRead(Evidence evidence, [NotNullWhen(true)] out CollateralSubject? subject, [NotNullWhen(false)] out Error? error) =>
        Refused.Catch(
            () => evidence is IntelQuote quote
                ? Read(quote)
                : throw new Refused("collateral-needless", $"Intel's collateral says nothing about {evidence.Kind.Name()} evidence."),
            out subject, out error);

    private static CollateralSubject Read(IntelQuote quote)
    {
        var certificates = QuoteVerifier.ReadPckChain(quote);
        return new CollateralSubject(quote.Kind, PckExtension.Read(certificates[0]).Fmspc, certificates[1].Subject);
    }
}
