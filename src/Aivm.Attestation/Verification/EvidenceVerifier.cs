using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;

namespace Aivm.Attestation;

/// <summary>
/// Says who signed what. A function of its arguments alone: time is one of them, and neither the machine's clock, nor its trust store, nor the
/// network has a part. Errors are named in docs/spec/attestation.md.
/// </summary>
public static class EvidenceVerifier
{
    /// <summary>The longest piece of collateral that is looked at.</summary>
    public const int MaxCollateralBytes = CollateralBundle.MaxBytes;

    /// <summary>Verifies a quote against collateral that was verified when it was stored. Errors also: <c>collateral-needless</c> for evidence of another vendor.</summary>
    /// <param name="at">Unix seconds: the block's time.</param>
    public static bool TryVerify(
        Evidence evidence, VerifiedCollateral collateral, long at, [NotNullWhen(true)] out VerifiedEvidence? verified, [NotNullWhen(false)] out Error? error) =>
        Refused.Catch(
            () => evidence is IntelQuote quote
                ? QuoteVerifier.Verify(quote, collateral, at)
                : throw new Refused("collateral-needless", $"Intel's collateral says nothing about {evidence.Kind.Name()} evidence."),
            out verified, out error);

    /// <summary>Verifies evidence with what it needs from its vendor.</summary>
    /// <param name="collateral">
    /// For Intel one JSON bundle; for AMD and NVIDIA the certificates up to the root, in DER or PEM, one or more in each; nothing for Nitro.
    /// </param>
    /// <param name="at">Unix seconds: the block's time.</param>
    public static bool TryVerify(
        Evidence evidence, IReadOnlyList<ReadOnlyMemory<byte>> collateral, long at,
        [NotNullWhen(true)] out VerifiedEvidence? verified, [NotNullWhen(false)] out Error? error) =>
        Refused.Catch(() => Verify(evidence, collateral, at, TrustRoots.Vendors), out verified, out error);

    /// <summary>Verifies evidence that needs no collateral of Intel's with certificates that were taken apart before. Errors also: <c>collateral-missing</c> for a quote.</summary>
    /// <param name="at">Unix seconds: the block's time.</param>
    public static bool TryVerify(
        Evidence evidence, VendorCertificates certificates, long at, TrustRoots roots,
        [NotNullWhen(true)] out VerifiedEvidence? verified, [NotNullWhen(false)] out Error? error) =>
        Refused.Catch(() => Verify(evidence, certificates, at, roots), out verified, out error);

    internal static VerifiedEvidence Verify(Evidence evidence, IReadOnlyList<ReadOnlyMemory<byte>> collateral, long at, TrustRoots roots)
    {
        if (evidence is not IntelQuote quote)
            return Verify(evidence, VendorCertificates.Read(evidence, collateral), at, roots);
        Refused.Unless(collateral.Count == 1, "collateral-missing", "A quote needs one bundle of Intel's collateral, in JSON.");
        return QuoteVerifier.Verify(quote, VerifiedCollateral.Verify(collateral[0], at, roots), at);
    }

    private static VerifiedEvidence Verify(Evidence evidence, VendorCertificates certificates, long at, TrustRoots roots) => evidence switch
    {
        SnpReport report => SnpVerifier.Verify(report, certificates.All, at, roots),
        GpuReport report => GpuVerifier.Verify(report, certificates.All, at, roots),
        NitroDocument document => NitroVerifier.Verify(document, at, roots),
        IntelQuote => throw new Refused("collateral-missing", "A quote needs Intel's collateral."),
        _ => throw new Refused("evidence-unknown", "The evidence is of no known kind."),
    };
}
