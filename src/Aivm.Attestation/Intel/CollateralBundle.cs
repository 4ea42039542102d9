using System.Text;

namespace Aivm.Attestation;

/// <summary>
/// What Intel publishes about a family of platforms, as one JSON document: certificates in PEM, revocation lists and signatures in hexadecimal or as arrays of bytes, signed
/// documents as the exact text that was signed. Nothing is trusted yet.
/// </summary>
internal sealed class CollateralBundle
{
    public const int MaxBytes = 4 << 20;
    private const string Code = "collateral-malformed";
    private const int SignatureBytes = 64;

    public CollateralBundle(ReadOnlyMemory<byte> json)
    {
        var document = StrictJson.Parse(json, MaxBytes, Code, "The collateral");
        RootCrl = document.Octets("root_ca_crl", RevocationList.MaxBytes);
        PckCrl = document.Octets("pck_crl", RevocationList.MaxBytes);
        PckCrlChain = Utf8(document, "pck_crl_issuer_chain");
        TcbInfo = new SignedDocument(Utf8(document, "tcb_info"), Signature(document, "tcb_info_signature"), Utf8(document, "tcb_info_issuer_chain"));
        QeIdentity = new SignedDocument(Utf8(document, "qe_identity"), Signature(document, "qe_identity_signature"), Utf8(document, "qe_identity_issuer_chain"));
    }

    public ReadOnlyMemory<byte> RootCrl { get; }

    public ReadOnlyMemory<byte> PckCrl { get; }

    public ReadOnlyMemory<byte> PckCrlChain { get; }

    public SignedDocument TcbInfo { get; }

    public SignedDocument QeIdentity { get; }

    private static byte[] Signature(StrictJson document, string name)
    {
        var signature = document.Octets(name, SignatureBytes);
        return signature.Length == SignatureBytes ? signature : throw document.Refuse($"{name} has {signature.Length} bytes instead of {SignatureBytes}.");
    }

    private static byte[] Utf8(StrictJson document, string name) => Encoding.UTF8.GetBytes(document.Text(name));
}

/// <param name="Bytes">Exactly what was signed.</param>
/// <param name="Signature">r ‖ s.</param>
/// <param name="Chain">The signer and the root, in PEM.</param>
internal sealed record SignedDocument(ReadOnlyMemory<byte> Bytes, ReadOnlyMemory<byte> Signature, ReadOnlyMemory<byte> Chain);
