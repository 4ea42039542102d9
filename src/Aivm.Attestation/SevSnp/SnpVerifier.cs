namespace Aivm.Attestation;

/// <summary>From a report to evidence: root key, signing key's authority, chip's or provider's key, report.</summary>
internal static class SnpVerifier
{
    public static VerifiedEvidence Verify(SnpReport report, IReadOnlyList<Certificate> certificates, long at, TrustRoots roots)
    {
        var leaf = CertificateFiles.Leaf(certificates);
        var (product, root) = RootOf(leaf, certificates, roots);
        RequireProcessor(report, product);
        var path = new TrustChain(root, SignatureScheme.RsaPssSha384).Walk(leaf, certificates, at);
        RequireAuthority(path, report.SigningKey, product);
        var certificate = SnpCertificate.Read(leaf, product);
        certificate.RequireFor(report);
        Refused.Unless(
            certificate.Tcb == SnpTcb.Read(product, report.ReportedTcb.Span), "snp-tcb-mismatch",
            "The certificate is for a key of another TCB than the report names: fetch the one for the reported TCB.");
        var isSigned = leaf.Key.On(EllipticCurve.P384).Verifies(report.SignedPart.Span, report.Signature.Span);
        Refused.Unless(isSigned, "snp-signature", "The report is not signed by the key of the certificate.");
        return new SnpEvidence(report, product, certificate.Tcb);
    }

    /// <summary>The generation by the name of the authority's issuer; whether that root signed anything is checked after.</summary>
    private static (SnpProduct Product, Certificate Root) RootOf(Certificate leaf, IReadOnlyList<Certificate> certificates, TrustRoots roots)
    {
        foreach (var authority in certificates)
        {
            if (!authority.Subject.Span.SequenceEqual(leaf.Issuer.Span))
                continue;
            if (authority.Issuer.Span.SequenceEqual(roots.Milan.Subject.Span))
                return (SnpProduct.Milan, roots.Milan);
            if (authority.Issuer.Span.SequenceEqual(roots.Genoa.Subject.Span))
                return (SnpProduct.Genoa, roots.Genoa);
            if (authority.Issuer.Span.SequenceEqual(roots.Turin.Subject.Span))
                return (SnpProduct.Turin, roots.Turin);
            throw new Refused("certificate-root", "The authority of the processor's key is certified by none of AMD's roots: Milan, Genoa, Turin.");
        }
        throw new Refused("certificate-missing-issuer", "The authority of the processor's key (ASK or ASVK) is not among the certificates: add it.");
    }

    /// <summary>AMD has one authority for chips' keys and one for providers': SEV-Genoa and SEV-VLEK-Genoa.</summary>
    private static void RequireAuthority(IReadOnlyList<Certificate> path, SnpSigningKey key, SnpProduct product)
    {
        var name = $"{(key == SnpSigningKey.Chip ? "SEV-" : "SEV-VLEK-")}{product}";
        Refused.Unless(
            path.Count == 2 && DistinguishedName.HasCommonName(path[1].Subject, name), "snp-signing-key",
            $"The report's signing key is not certified by {name}, as its kind is.");
    }

    /// <summary>Since version 3 a report names its processor, which must be of the generation whose root is used.</summary>
    private static void RequireProcessor(SnpReport report, SnpProduct product)
    {
        if (report.Processor is not { } processor)
            return;
        SnpProduct? named = processor switch
        {
            (0x19, <= 0x0F) => SnpProduct.Milan,
            (0x19, >= 0x10 and <= 0x1F or >= 0xA0 and <= 0xAF) => SnpProduct.Genoa,
            (0x1A, <= 0x1F) => SnpProduct.Turin,
            _ => null,
        };
        Refused.Unless(named == product, "snp-product", $"The report is of a processor of family {processor.Family:X2}h, model {processor.Model:X2}h, and the certificates are for {product}.");
    }
}
