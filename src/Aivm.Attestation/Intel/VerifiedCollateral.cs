using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;

namespace Aivm.Attestation;

/// <summary>
/// Intel's collateral after every signature in it was verified: made once, when it is stored, and good for any number of quotes while it is current.
/// A quote then needs three signature checks. Immutable, and the same for the same bytes, whenever in its window it is made.
/// </summary>
public sealed class VerifiedCollateral
{
    private const string TcbSignerName = "Intel SGX TCB Signing";
    private const string ProcessorAuthorityName = "Intel SGX PCK Processor CA";
    private const string PlatformAuthorityName = "Intel SGX PCK Platform CA";

    private readonly TrustChain _chain;
    private readonly RevocationList _rootCrl;
    private readonly RevocationList _pckCrl;
    private readonly Certificate _pckAuthority;
    private readonly Validity _validity;

    private VerifiedCollateral(CollateralBundle bundle, long at, TrustRoots roots)
    {
        _chain = new TrustChain(roots.Intel, SignatureScheme.EcdsaSha256);
        _rootCrl = RevocationList.Read(bundle.RootCrl);
        _rootCrl.RequireFrom(roots.Intel, at);
        _pckAuthority = ReadChain(bundle.PckCrlChain);
        RequirePckAuthority(_pckAuthority, at);
        _pckCrl = RevocationList.Read(bundle.PckCrl);
        _pckCrl.RequireFrom(_pckAuthority, at);

        var tcbSigner = Verify(bundle.TcbInfo, "tcb-info", at);
        TcbInfo = new TcbInfo(bundle.TcbInfo.Bytes);
        RequireCurrent(TcbInfo.Validity, "tcb-info", at);
        var qeSigner = Verify(bundle.QeIdentity, "qe-identity", at);
        QeIdentity = new QeIdentity(bundle.QeIdentity.Bytes);
        RequireCurrent(QeIdentity.Validity, "qe-identity", at);
        Refused.Unless(TcbInfo.Kind == QeIdentity.Kind, "collateral-kind", "The TCB info and the QE identity are for different TEEs: one for SGX, one for TDX.");

        _validity = roots.Intel.Validity.Intersect(_rootCrl.Validity).Intersect(_pckAuthority.Validity).Intersect(_pckCrl.Validity)
            .Intersect(tcbSigner.Validity).Intersect(TcbInfo.Validity).Intersect(qeSigner.Validity).Intersect(QeIdentity.Validity);
        Numbers = new CollateralNumbers(
            TcbInfo.Validity.From, TcbInfo.EvaluationNumber, QeIdentity.Validity.From, QeIdentity.EvaluationNumber, _rootCrl.Number, _pckCrl.Number,
            _rootCrl.Validity.From, _pckCrl.Validity.From);
    }

    /// <summary>Which quotes it is for.</summary>
    public EvidenceKind Kind => TcbInfo.Kind;

    /// <summary>Which family of platforms it is for.</summary>
    public ReadOnlyMemory<byte> Fmspc => TcbInfo.Fmspc;

    public CollateralSubject Subject => new(Kind, Fmspc, _pckAuthority.Subject);

    /// <summary>The first second at which all of it is valid.</summary>
    public long ValidFrom => _validity.From;

    /// <summary>The last second at which all of it is valid.</summary>
    public long ValidUntil => _validity.Until;

    public CollateralNumbers Numbers { get; }

    internal TcbInfo TcbInfo { get; }

    internal QeIdentity QeIdentity { get; }

    internal TrustChain Chain => _chain;

    /// <summary>
    /// Verifies a bundle at a time. Errors: <c>collateral-malformed</c>, <c>collateral-kind</c>, and the codes of <c>certificate-</c>, <c>crl-</c>,
    /// <c>tcb-info-</c> and <c>qe-identity-</c> (docs/spec/attestation.md).
    /// </summary>
    /// <param name="at">Unix seconds: the block's time.</param>
    public static bool TryVerify(ReadOnlyMemory<byte> bundle, long at, [NotNullWhen(true)] out VerifiedCollateral? collateral, [NotNullWhen(false)] out Error? error) =>
        TryVerify(bundle, at, TrustRoots.Vendors, out collateral, out error);

    /// <inheritdoc cref="TryVerify(ReadOnlyMemory{byte}, long, out VerifiedCollateral?, out Error?)"/>
    public static bool TryVerify(
        ReadOnlyMemory<byte> bundle, long at, TrustRoots roots, [NotNullWhen(true)] out VerifiedCollateral? collateral, [NotNullWhen(false)] out Error? error) =>
        Refused.Catch(() => Verify(bundle, at, roots), out collateral, out error);

    internal static VerifiedCollateral Verify(ReadOnlyMemory<byte> bundle, long at, TrustRoots roots) => new(new CollateralBundle(bundle), at, roots);

    /// <summary>What <see cref="TryReplace"/> says of collateral that is behind; for those who keep <see cref="Numbers"/> alone.</summary>
    public static Error Rollback { get; } = new("collateral-rollback", "Part of the collateral is older than what is stored: fetch the current one.");

    /// <summary>
    /// Whether this may take the place of what is stored. Errors: <c>collateral-other</c> (for another platform or authority),
    /// <c>collateral-rollback</c>: a number or a time is lower than before, so that a fixed weakness would be open again.
    /// </summary>
    public bool TryReplace(VerifiedCollateral stored, [NotNullWhen(false)] out Error? error)
    {
        error = null;
        if (Kind != stored.Kind || !Fmspc.Span.SequenceEqual(stored.Fmspc.Span) || !_pckAuthority.Subject.Span.SequenceEqual(stored._pckAuthority.Subject.Span))
            error = new Error("collateral-other", "The collateral is for another TEE, family of platforms or authority than what is stored.");
        else if (Numbers.IsBehind(stored.Numbers))
            error = Rollback;
        return error is null;
    }

    internal void RequireCurrent(long at)
    {
        Refused.Unless(ValidFrom <= at, "collateral-not-yet-valid", $"The collateral is valid from {ValidFrom} on, and the time is {at}.");
        Refused.Unless(at <= ValidUntil, "collateral-expired", $"The collateral was valid until {ValidUntil}, and the time is {at}: fetch the current one.");
    }

    /// <summary>The platform's certificate is by an authority that this collateral speaks about, and neither was revoked.</summary>
    /// <param name="authority">As the quote has it.</param>
    internal void RequirePck(Certificate pck, Certificate authority, long at)
    {
        Refused.Unless(
            authority.Subject.Span.SequenceEqual(_pckAuthority.Subject.Span), "crl-issuer",
            "The collateral's PCK revocation list is by another authority than the one that certified the platform.");
        if (!authority.Encoded.Span.SequenceEqual(_pckAuthority.Encoded.Span))
            RequirePckAuthority(authority, at);
        _chain.RequireLink(pck, authority, authoritiesBelow: 0, at);
        Refused.Unless(!_pckCrl.Revokes(pck), "pck-revoked", "Intel revoked the platform's certificate.");
    }

    private void RequirePckAuthority(Certificate authority, long at)
    {
        Refused.Unless(
            DistinguishedName.HasCommonName(authority.Subject, ProcessorAuthorityName) || DistinguishedName.HasCommonName(authority.Subject, PlatformAuthorityName),
            "certificate-name", $"The certificate is neither that of the {ProcessorAuthorityName} nor that of the {PlatformAuthorityName}.");
        Refused.Unless(authority.Constraints.IsAuthority, "certificate-issuer", "The certificate of the authority that certifies platforms is that of no authority.");
        _chain.RequireLink(authority, _chain.Root, authoritiesBelow: 0, at);
        Refused.Unless(!_rootCrl.Revokes(authority), "certificate-revoked", "Intel revoked the authority that certifies platforms.");
    }

    /// <summary>The document is signed by Intel's signer of such documents.</summary>
    private Certificate Verify(SignedDocument document, string name, long at)
    {
        var signer = ReadChain(document.Chain);
        Refused.Unless(
            DistinguishedName.HasCommonName(signer.Subject, TcbSignerName), "certificate-name", $"The certificate that should sign collateral is not that of {TcbSignerName}.");
        _chain.Walk(signer, [], at);
        Refused.Unless(!_rootCrl.Revokes(signer), "certificate-revoked", "Intel revoked the signer of the collateral.");
        var isSigned = signer.Key.On(EllipticCurve.P256).Verifies(document.Bytes.Span, document.Signature.Span);
        Refused.Unless(isSigned, $"{name}-signature", "The signature is not over these exact bytes: take the document as Intel's service gave it.");
        return signer;
    }

    private static void RequireCurrent(Validity validity, string name, long at)
    {
        Refused.Unless(validity.From <= at, $"{name}-not-yet-valid", $"The document is of {validity.From}, and the time is {at}.");
        Refused.Unless(at <= validity.Until, $"{name}-expired", $"The document should have been renewed at {validity.Until}, and the time is {at}: fetch the current one.");
    }

    /// <summary>A certificate that the root signed, followed by the root.</summary>
    private Certificate ReadChain(ReadOnlyMemory<byte> pem)
    {
        var certificates = Pem.Read(pem.Span);
        Refused.Unless(certificates.Count == 2, "certificate-chain", $"A chain of the collateral has {certificates.Count} certificates instead of two, the signer's and the root's.");
        _chain.RequireRoot(certificates[1]);
        return certificates[0];
    }
}
