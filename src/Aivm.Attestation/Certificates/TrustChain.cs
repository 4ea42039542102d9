namespace Aivm.Attestation;

/// <summary>
/// Walks from a certificate to a pinned root, by issuers' names, checking each link (RFC 5280, section 6, without policies and names). The
/// operating system's store and chain builder take no part: they differ between systems.
/// </summary>
/// <param name="root">Trusted because it is pinned.</param>
/// <param name="scheme">How every link must be signed.</param>
internal sealed class TrustChain(Certificate root, SignatureScheme scheme)
{
    /// <summary>The most certificates between a leaf and its root. Nitro has the most, four.</summary>
    private const int MostIntermediates = 6;

    public Certificate Root => root;

    /// <summary>The certificate and its authorities, up to but without the root.</summary>
    /// <param name="others">Where authorities are looked for. Those that are not needed are not looked at.</param>
    /// <exception cref="Refused">The first link that does not hold.</exception>
    public IReadOnlyList<Certificate> Walk(Certificate leaf, IReadOnlyList<Certificate> others, long at)
    {
        Refused.Unless(!leaf.Constraints.IsAuthority, "certificate-authority", "The certificate that should sign evidence is one of an authority.");
        Refused.Unless(leaf.Usages is not { } usages || usages.HasFlag(KeyUsages.DigitalSignature), "certificate-usage", "The certificate that should sign evidence is not for signatures.");
        foreach (var other in others)
        {
            if (SameName(other.Subject, root.Subject))
                RequireRoot(other);
        }
        var path = new List<Certificate> { leaf };
        while (!SameName(path[^1].Issuer, root.Subject))
        {
            Refused.Unless(path.Count <= MostIntermediates, "certificate-chain", $"More than {MostIntermediates} certificates stand between the evidence and its root.");
            path.Add(IssuerOf(path[^1], others));
        }
        for (var i = 0; i < path.Count; i++)
            RequireLink(path[i], i + 1 < path.Count ? path[i + 1] : root, authoritiesBelow: i, at);
        RequireCurrent(root, at);
        return path;
    }

    /// <summary>One link: the issuer is an authority, may stand there, and signed the certificate, which is valid now.</summary>
    /// <param name="authoritiesBelow">How many authorities the issuer has below it on this path.</param>
    public void RequireLink(Certificate certificate, Certificate issuer, int authoritiesBelow, long at)
    {
        Refused.Unless(issuer.Constraints.IsAuthority, "certificate-issuer", "A certificate is issued by one that is no authority.");
        Refused.Unless(issuer.Usages is not { } usages || usages.HasFlag(KeyUsages.KeyCertSign), "certificate-usage", "A certificate is issued by one that may not sign certificates.");
        Refused.Unless(issuer.Constraints.PathLength is not { } most || authoritiesBelow <= most, "certificate-path-length", "More authorities stand below one than it allows.");
        Refused.Unless(SameName(certificate.Issuer, issuer.Subject), "certificate-issuer", "A certificate names another issuer.");
        Refused.Unless(certificate.Scheme == scheme, "signature-algorithm", $"A certificate is not signed in the scheme {scheme}, as this chain is.");
        RequireCurrent(certificate, at);
        Refused.Unless(
            issuer.Key.Verifies(scheme, certificate.SignedPart.Span, certificate.Signature),
            "certificate-signature", "A certificate is not signed by its issuer.");
    }

    /// <summary>The certificate is the root: the pinned one, or a renewal of it with the same name, the same key and a good signature.</summary>
    public void RequireRoot(Certificate certificate)
    {
        var isRoot = certificate.Encoded.Span.SequenceEqual(root.Encoded.Span)
            || (SameName(certificate.Subject, root.Subject)
                && certificate.KeyInfo.Span.SequenceEqual(root.KeyInfo.Span)
                && root.Key.Verifies(certificate.Scheme, certificate.SignedPart.Span, certificate.Signature));
        Refused.Unless(isRoot, "certificate-root", "A certificate stands in the root's place, or has its name, and is not the vendor's root.");
    }

    private static void RequireCurrent(Certificate certificate, long at)
    {
        Refused.Unless(certificate.Validity.From <= at, "certificate-not-yet-valid", $"A certificate is valid from {certificate.Validity.From} on, and the time is {at}.");
        Refused.Unless(at <= certificate.Validity.Until, "certificate-expired", $"A certificate was valid until {certificate.Validity.Until}, and the time is {at}.");
    }

    private static Certificate IssuerOf(Certificate certificate, IReadOnlyList<Certificate> others)
    {
        foreach (var other in others)
        {
            if (SameName(other.Subject, certificate.Issuer))
                return other;
        }
        throw new Refused("certificate-missing-issuer", "A certificate's issuer is not among the certificates: add the intermediate authorities.");
    }

    private static bool SameName(ReadOnlyMemory<byte> a, ReadOnlyMemory<byte> b) => a.Span.SequenceEqual(b.Span);
}
