using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Aivm.Attestation;

/// <summary>A point on a curve. The platform's implementation does the arithmetic; ranges are checked here, since it takes more than one form of some numbers.</summary>
internal sealed class EcPublicKey : PublicKey
{
    private readonly ReadOnlyMemory<byte> _point;

    /// <param name="point">x ‖ y, big-endian.</param>
    public EcPublicKey(EllipticCurve curve, ReadOnlyMemory<byte> point)
    {
        Refused.Unless(
            point.Length == 2 * curve.Size && curve.IsCoordinate(point.Span[..curve.Size]) && curve.IsCoordinate(point.Span[curve.Size..]),
            "key-malformed", $"A key's coordinates are not below the prime of {curve.Name}.");
        (Curve, _point) = (curve, point);
    }

    public EllipticCurve Curve { get; }

    /// <param name="signature">A DER sequence of r and s, as X.509 has it.</param>
    public override bool Verifies(SignatureScheme scheme, ReadOnlySpan<byte> data, ReadOnlyMemory<byte> signature)
    {
        Refused.Unless(
            scheme == (Curve == EllipticCurve.P256 ? SignatureScheme.EcdsaSha256 : SignatureScheme.EcdsaSha384),
            "signature-algorithm", $"A key on {Curve.Name} does not sign in the scheme {scheme}.");
        return Verifies(data, FromDer(signature));
    }

    /// <param name="signature">r ‖ s, big-endian, each as long as a coordinate.</param>
    /// <exception cref="Refused"><c>signature-range</c>; <c>key-malformed</c>: the point is not on the curve.</exception>
    public bool Verifies(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        Refused.Unless(
            signature.Length == 2 * Curve.Size && Curve.IsScalar(signature[..Curve.Size]) && Curve.IsScalar(signature[Curve.Size..]),
            "signature-range", "A signature's r or s is zero or not below the group's order.");
        try
        {
            using var key = Load();
            return key.VerifyData(data, signature, Curve.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        catch (CryptographicException)
        {
            throw new Refused("key-malformed", $"A key is no point of {Curve.Name}.");
        }
    }

    private ECDsa Load() =>
        (Curve == EllipticCurve.P384 ? PointCarrier.TryLoad(_point.Span) : null)
        ?? ECDsa.Create(new ECParameters
        {
            Curve = Curve.Curve,
            Q = { X = _point[..Curve.Size].ToArray(), Y = _point[Curve.Size..].ToArray() },
        });

    private byte[] FromDer(ReadOnlyMemory<byte> signature)
    {
        try
        {
            var outer = new AsnReader(signature, AsnEncodingRules.DER);
            var numbers = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            var fixedLength = new byte[2 * Curve.Size];
            Place(numbers.ReadIntegerBytes().Span, fixedLength.AsSpan(0, Curve.Size));
            Place(numbers.ReadIntegerBytes().Span, fixedLength.AsSpan(Curve.Size));
            numbers.ThrowIfNotEmpty();
            return fixedLength;
        }
        catch (AsnContentException)
        {
            throw new Refused("signature-malformed", "A signature is not the DER encoding of two numbers.");
        }
    }

    private static void Place(ReadOnlySpan<byte> number, Span<byte> slot)
    {
        Refused.Unless(number[0] < 0x80, "signature-range", "A signature's r or s is negative.");
        // A zero before a high first bit keeps the number positive, and is no digit of it.
        if (number is [0, _, ..])
            number = number[1..];
        Refused.Unless(number.Length <= slot.Length, "signature-range", "A signature's r or s is too long.");
        number.CopyTo(slot[^number.Length..]);
    }
}
