using System.Formats.Asn1;

namespace Aivm.Attestation;

/// <summary>Reads the AlgorithmIdentifier of a signature: four encodings are known, and compared as bytes. Others are refused.</summary>
internal static class SignatureAlgorithm
{
    // RFC 5758, section 3.2: no parameters.
    private static readonly byte[] EcdsaSha256 = Convert.FromHexString("300A06082A8648CE3D040302");
    private static readonly byte[] EcdsaSha384 = Convert.FromHexString("300A06082A8648CE3D040303");

    // RFC 4055, section 3.1: SHA-384, MGF1 with SHA-384, salt 48; AMD writes the default trailer field out in some certificates.
    private static readonly byte[] PssWithTrailer = Convert.FromHexString(
        "304606092A864886F70D01010A3039A00F300D06096086480165030402020500A11C301A06092A864886F70D010108300D06096086480165030402020500A203020130A303020101");
    private static readonly byte[] Pss = Convert.FromHexString(
        "304106092A864886F70D01010A3034A00F300D06096086480165030402020500A11C301A06092A864886F70D010108300D06096086480165030402020500A203020130");

    public static (SignatureScheme Scheme, ReadOnlyMemory<byte> Encoded) Read(AsnReader reader)
    {
        var encoded = reader.ReadEncodedValue();
        return (SchemeOf(encoded.Span), encoded);
    }

    private static SignatureScheme SchemeOf(ReadOnlySpan<byte> encoded)
    {
        if (encoded.SequenceEqual(EcdsaSha256))
            return SignatureScheme.EcdsaSha256;
        if (encoded.SequenceEqual(EcdsaSha384))
            return SignatureScheme.EcdsaSha384;
        if (encoded.SequenceEqual(Pss) || encoded.SequenceEqual(PssWithTrailer))
            return SignatureScheme.RsaPssSha384;
        throw new Refused("signature-algorithm", "Only ECDSA with SHA-256 or SHA-384, and RSA-PSS with SHA-384 and a salt of 48 bytes, are taken.");
    }
}
