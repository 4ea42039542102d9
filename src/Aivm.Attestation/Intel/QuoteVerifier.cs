using System.Security.Cryptography;

namespace Aivm.Attestation;

/// <summary>From a quote to evidence: the platform's certificate, the quoting enclave, the attestation key, the quote, in the order in which each vouches for the next.</summary>
internal static class QuoteVerifier
{
    private const string PckName = "Intel SGX PCK Certificate";

    public static VerifiedEvidence Verify(IntelQuote quote, VerifiedCollateral collateral, long at)
    {
        collateral.RequireCurrent(at);
        Refused.Unless(
            quote.Kind == collateral.Kind, "collateral-kind", $"The collateral is for {collateral.Kind.Name()}, and the quote is of {quote.Kind.Name()}.");
        var (pck, platform) = VerifyPlatform(quote, collateral, at);
        var qe = VerifyEnclave(quote, pck, collateral.QeIdentity);
        var isSigned = AttestationKey(quote).Verifies(quote.SignedPart.Span, quote.Signature.Span);
        Refused.Unless(isSigned, "quote-signature", "The quote is not signed by its attestation key.");
        if (quote.Kind == EvidenceKind.Sgx)
            return new SgxEvidence(new EnclaveReport(quote.Body), platform, TcbEvaluation.Evaluate(collateral.TcbInfo, platform, null, qe));
        var domain = new TdReport(quote.Body);
        TcbEvaluation.RequireModule(collateral.TcbInfo, domain);
        return new TdxEvidence(domain, platform, TcbEvaluation.Evaluate(collateral.TcbInfo, platform, domain, qe));
    }

    /// <summary>Three certificates, as the quote has them.</summary>
    public static IReadOnlyList<Certificate> ReadPckChain(IntelQuote quote)
    {
        var certificates = Pem.Read(WithoutTerminator(quote.PckChain.Span));
        Refused.Unless(certificates.Count == 3, "certificate-chain", $"The quote has {certificates.Count} certificates instead of three: the platform's, its authority's, the root.");
        return certificates;
    }

    private static (Certificate Pck, PckExtension Platform) VerifyPlatform(IntelQuote quote, VerifiedCollateral collateral, long at)
    {
        var certificates = ReadPckChain(quote);
        collateral.Chain.RequireRoot(certificates[2]);
        var pck = certificates[0];
        Refused.Unless(!pck.Constraints.IsAuthority, "certificate-authority", "The platform's certificate is that of an authority.");
        Refused.Unless(pck.Usages is not { } usages || usages.HasFlag(KeyUsages.DigitalSignature), "certificate-usage", "The platform's certificate is not for signatures.");
        collateral.RequirePck(pck, certificates[1], at);
        Refused.Unless(DistinguishedName.HasCommonName(pck.Subject, PckName), "certificate-name", $"The platform's certificate is not an {PckName}.");
        var platform = PckExtension.Read(pck);
        Refused.Unless(
            platform.Fmspc.Span.SequenceEqual(collateral.TcbInfo.Fmspc.Span), "fmspc-mismatch",
            $"The platform is of the family {Convert.ToHexString(platform.Fmspc.Span)}, and the TCB info is about {Convert.ToHexString(collateral.TcbInfo.Fmspc.Span)}.");
        Refused.Unless(platform.PceId.Span.SequenceEqual(collateral.TcbInfo.PceId.Span), "pceid-mismatch", "The platform has another PCE than the TCB info is about.");
        return (pck, platform);
    }

    /// <summary>The platform signed the quoting enclave's report, the report names the attestation key, and the enclave is Intel's.</summary>
    private static IsvLevel? VerifyEnclave(IntelQuote quote, Certificate pck, QeIdentity identity)
    {
        var isSigned = pck.Key.On(EllipticCurve.P256).Verifies(quote.QeReport.Encoded.Span, quote.QeReportSignature.Span);
        Refused.Unless(isSigned, "qe-report-signature", "The quoting enclave's report is not signed by the platform.");
        Span<byte> expected = stackalloc byte[64];
        expected.Clear();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(quote.AttestationKey.Span);
        hash.AppendData(quote.QeAuthentication.Span);
        hash.GetHashAndReset(expected);
        Refused.Unless(quote.QeReport.ReportData.Span.SequenceEqual(expected), "qe-report-data", "The quoting enclave's report is about another attestation key.");
        return identity.LevelOf(quote.QeReport);
    }

    private static EcPublicKey AttestationKey(IntelQuote quote) => new(EllipticCurve.P256, quote.AttestationKey);

    /// <summary>Some of Intel's libraries count the zero byte that ends a string in C.</summary>
    private static ReadOnlySpan<byte> WithoutTerminator(ReadOnlySpan<byte> pem) => pem is [.., 0] ? pem[..^1] : pem;
}
