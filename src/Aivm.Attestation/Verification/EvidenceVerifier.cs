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

    internal static VerifiedEvidence Verify(Evidence evidence, IReadOnlyList<ReadOnlyMemory<byte>> collateral, long at, TrustRoots roots)
    {
        switch (evidence)
        {
            case IntelQuote quote:
                Refused.Unless(collateral.Count == 1, "collateral-missing", "A quote needs one bundle of Intel's collateral, in JSON.");
                return QuoteVerifier.Verify(quote, VerifiedCollateral.Verify(collateral[0], at, roots), at);
            case SnpReport report:
                return SnpVerifier.Verify(report, CertificateFiles.Read(collateral), at, roots);
            case GpuReport report:
                return GpuVerifier.Verify(report, CertificateFiles.Read(collateral), at, roots);
            case NitroDocument document:
                Refused.Unless(collateral.Count == 0, "collateral-needless", "A Nitro document carries its certificates: give no collateral.");
                return NitroVerifier.Verify(document, at, roots);
            default:
                throw new Refused("evidence-unknown", "The evidence is of no known kind.");
        }
    }
}
