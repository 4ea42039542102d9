using System.Formats.Asn1;

namespace Aivm.Attestation;

/// <summary>A key that a certificate or a quote names. What is outside the few forms that vendors use is refused.</summary>
internal abstract class PublicKey
{
    // AlgorithmIdentifiers, compared as bytes: one encoding each (RFC 5480, section 2.1.1; RFC 3279, section 2.3.1).
    private static readonly byte[] P256 = Convert.FromHexString("301306072A8648CE3D020106082A8648CE3D030107");
    private static readonly byte[] P384 = Convert.FromHexString("301006072A8648CE3D020106052B81040022");
    private static readonly byte[] Rsa = Convert.FromHexString("300D06092A864886F70D0101010500");

    /// <summary>Whether this key made the signature over the data, in the scheme.</summary>
    public abstract bool Verifies(SignatureScheme scheme, ReadOnlySpan<byte> data, ReadOnlyMemory<byte> signature);

    /// <summary>The key as one on the curve.</summary>
    /// <exception cref="Refused"><c>key-curve</c>.</exception>
    public EcPublicKey On(EllipticCurve curve) =>
        this is EcPublicKey key && key.Curve == curve ? key : throw new Refused("key-curve", $"A key is not on {curve.Name}, as this place wants it.");

    /// <param name="info">A SubjectPublicKeyInfo.</param>
    public static PublicKey Read(AsnReader info)
    {
        var algorithm = info.PeekEncodedValue().Span;
        var (isP256, isP384, isRsa) = (algorithm.SequenceEqual(P256), algorithm.SequenceEqual(P384), algorithm.SequenceEqual(Rsa));
        info.ReadEncodedValue();
        var key = info.ReadBitString(out var unused);
        info.ThrowIfNotEmpty();
        Refused.Unless(unused == 0, "certificate-malformed", "A public key is not whole bytes.");
        if (isRsa)
            return RsaPublicKey.Read(key);
        Refused.Unless(isP256 || isP384, "key-algorithm", "A certificate's key is neither on P-256, nor on P-384, nor RSA.");
        // SEC 1, section 2.3.4: 04 ‖ x ‖ y. Compressed points are not used by any vendor.
        Refused.Unless(key.Length > 0 && key[0] == 4, "key-malformed", "A key on a curve is not an uncompressed point.");
        return new EcPublicKey(isP256 ? EllipticCurve.P256 : EllipticCurve.P384, key.AsMemory(1));
    }
}

/// <summary>How a certificate, a revocation list or a piece of evidence is signed.</summary>
internal enum SignatureScheme
{
    EcdsaSha256,
    EcdsaSha384,
    RsaPssSha384,
}
