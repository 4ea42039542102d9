using System.Security.Cryptography;

namespace Aivm.Attestation;

/// <summary>A NIST curve with the hash that every format here pairs with it (FIPS 186-5, SP 800-186).</summary>
internal sealed class EllipticCurve
{
    public static readonly EllipticCurve P256 = new(
        "P-256", 32, ECCurve.NamedCurves.nistP256, HashAlgorithmName.SHA256,
        "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF",
        "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");

    public static readonly EllipticCurve P384 = new(
        "P-384", 48, ECCurve.NamedCurves.nistP384, HashAlgorithmName.SHA384,
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFF",
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973");

    private readonly byte[] _prime;
    private readonly byte[] _order;

    private EllipticCurve(string name, int size, ECCurve curve, HashAlgorithmName hash, string prime, string order)
    {
        (Name, Size, Curve, Hash) = (name, size, curve, hash);
        (_prime, _order) = (Convert.FromHexString(prime), Convert.FromHexString(order));
    }

    public string Name { get; }

    /// <summary>Bytes of a coordinate, and of each half of a signature.</summary>
    public int Size { get; }

    public ECCurve Curve { get; }

    public HashAlgorithmName Hash { get; }

    /// <summary>Whether a big-endian number of <see cref="Size"/> bytes is a coordinate: below the field's prime.</summary>
    public bool IsCoordinate(ReadOnlySpan<byte> number) => number.SequenceCompareTo(_prime) < 0;

    /// <summary>Whether a big-endian number of <see cref="Size"/> bytes may be r or s: above zero, below the group's order.</summary>
    public bool IsScalar(ReadOnlySpan<byte> number) => number.ContainsAnyExcept((byte)0) && number.SequenceCompareTo(_order) < 0;
}
