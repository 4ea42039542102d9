using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Aivm.Attestation;

/// <summary>An RSA key of 4096 bits, as AMD's authorities have them; it signs with PSS, SHA-384 and a salt of 48 bytes.</summary>
internal sealed class RsaPublicKey : PublicKey
{
    private const int ModulusBytes = 512;
    private static readonly byte[] Exponent = [1, 0, 1];

    private readonly byte[] _modulus;

    private RsaPublicKey(byte[] modulus) => _modulus = modulus;

    /// <param name="key">An RSAPublicKey (RFC 8017, appendix A.1.1).</param>
    public static RsaPublicKey Read(ReadOnlyMemory<byte> key)
    {
        var outer = new AsnReader(key, AsnEncodingRules.DER);
        var numbers = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        var modulus = numbers.ReadIntegerBytes().Span;
        var exponent = numbers.ReadIntegerBytes().Span;
        numbers.ThrowIfNotEmpty();
        Refused.Unless(
            modulus.Length == ModulusBytes + 1 && modulus[0] == 0 && modulus[1] >= 0x80 && exponent.SequenceEqual(Exponent),
            "key-algorithm", "An RSA key has other than 4096 bits, or an exponent other than 65537.");
        return new RsaPublicKey(modulus[1..].ToArray());
    }

    public override bool Verifies(SignatureScheme scheme, ReadOnlySpan<byte> data, ReadOnlyMemory<byte> signature)
    {
        Refused.Unless(scheme == SignatureScheme.RsaPssSha384, "signature-algorithm", $"An RSA key does not sign in the scheme {scheme}.");
        try
        {
            using var key = RSA.Create(new RSAParameters { Modulus = _modulus, Exponent = Exponent });
            // The platform takes a salt exactly as long as the hash: a test holds it to that.
            return key.VerifyData(data, signature.Span, HashAlgorithmName.SHA384, RSASignaturePadding.Pss);
        }
        catch (CryptographicException)
        {
            throw new Refused("key-malformed", "An RSA key or signature is none.");
        }
    }
}
