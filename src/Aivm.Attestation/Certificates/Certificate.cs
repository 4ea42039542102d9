using System.Formats.Asn1;

namespace Aivm.Attestation;

/// <summary>An X.509 certificate (RFC 5280) as vendors of hardware issue them. Decoded from DER alone, to its last byte; nothing is trusted yet.</summary>
internal sealed class Certificate
{
    /// <summary>The longest certificate that is looked at. Real ones have less than 2 kB.</summary>
    public const int MaxBytes = 8 << 10;

    /// <summary>RFC 5280, section 4.1.2.2: 20 octets, here with the zero that may stand before the first.</summary>
    private const int MostSerialBytes = 21;

    public required ReadOnlyMemory<byte> Encoded { get; init; }

    /// <summary>The TBSCertificate: what the issuer signed.</summary>
    public required ReadOnlyMemory<byte> SignedPart { get; init; }

    public required SignatureScheme Scheme { get; init; }

    public required ReadOnlyMemory<byte> Signature { get; init; }

    public required ReadOnlyMemory<byte> Serial { get; init; }

    /// <summary>The issuer's name, in its encoding. Names are equal when their bytes are.</summary>
    public required ReadOnlyMemory<byte> Issuer { get; init; }

    public required ReadOnlyMemory<byte> Subject { get; init; }

    public required Validity Validity { get; init; }

    public required PublicKey Key { get; init; }

    /// <summary>The SubjectPublicKeyInfo, in its encoding.</summary>
    public required ReadOnlyMemory<byte> KeyInfo { get; init; }

    public required Extensions Extensions { get; init; }

    public required BasicConstraints Constraints { get; init; }

    /// <summary>What the key may be used for. Null where the certificate does not say.</summary>
    public required KeyUsages? Usages { get; init; }

    /// <exception cref="Refused"><c>certificate-malformed</c>, or the code of the part that is not taken.</exception>
    public static Certificate Read(ReadOnlyMemory<byte> der)
    {
        Refused.Unless(der.Length <= MaxBytes, "certificate-malformed", $"A certificate has {der.Length} bytes; {MaxBytes} is the limit.");
        try
        {
            var outer = new AsnReader(der, AsnEncodingRules.DER);
            var certificate = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            var signedPart = certificate.ReadEncodedValue();
            var (scheme, algorithm) = SignatureAlgorithm.Read(certificate);
            var signature = certificate.ReadBitString(out var unused);
            certificate.ThrowIfNotEmpty();
            Refused.Unless(unused == 0, "certificate-malformed", "A certificate's signature is not whole bytes.");
            return ReadSigned(der, signedPart, scheme, algorithm, signature);
        }
        catch (AsnContentException)
        {
            throw new Refused("certificate-malformed", "A certificate is not in DER, or not of the form of RFC 5280.");
        }
    }

    private static Certificate ReadSigned(
        ReadOnlyMemory<byte> der, ReadOnlyMemory<byte> signedPart, SignatureScheme scheme, ReadOnlyMemory<byte> algorithm, byte[] signature)
    {
        var fields = new AsnReader(signedPart, AsnEncodingRules.DER).ReadSequence();
        var version = fields.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0));
        Refused.Unless(version.TryReadInt32(out var number) && number == 2 && !version.HasData, "certificate-malformed", "A certificate is not of version 3.");
        var serial = fields.ReadIntegerBytes();
        Refused.Unless(serial.Length <= MostSerialBytes, "certificate-malformed", "A certificate's serial number has more than 20 bytes.");
        Refused.Unless(fields.ReadEncodedValue().Span.SequenceEqual(algorithm.Span), "certificate-malformed", "A certificate names two algorithms for one signature.");
        var issuer = DistinguishedName.Read(fields);
        var validity = Validity.Read(fields.ReadSequence());
        var subject = DistinguishedName.Read(fields);
        var keyInfo = fields.PeekEncodedValue();
        var key = PublicKey.Read(fields.ReadSequence());
        // Unique identifiers, [1] and [2], are not for conforming authorities: what follows is [3] or nothing.
        var extensions = fields.HasData ? ReadExtensions(fields) : Extensions.None;
        fields.ThrowIfNotEmpty();
        return new Certificate
        {
            Encoded = der,
            SignedPart = signedPart,
            Scheme = scheme,
            Signature = signature,
            Serial = serial,
            Issuer = issuer,
            Subject = subject,
            Validity = validity,
            Key = key,
            KeyInfo = keyInfo,
            Extensions = extensions,
            Constraints = BasicConstraints.Read(extensions),
            Usages = KeyUsage.Read(extensions),
        };
    }

    private static Extensions ReadExtensions(AsnReader fields)
    {
        var wrapper = fields.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 3));
        var extensions = Extensions.Read(wrapper.ReadSequence(), [Extensions.KeyUsage, Extensions.BasicConstraints], "certificate-malformed");
        wrapper.ThrowIfNotEmpty();
        return extensions;
    }
}
