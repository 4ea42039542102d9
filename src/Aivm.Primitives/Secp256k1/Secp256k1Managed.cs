using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.EC;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Math.EC;
using Org.BouncyCastle.Math.EC.Multiplier;

namespace Aivm.Primitives;

/// <summary>
/// The curve in managed code, for systems without libsecp256k1. About a tenth of its speed, and its signing does not run in
/// constant time: sign on shared hardware with the native library.
/// </summary>
public sealed class Secp256k1Managed : ISecp256k1
{
    private const byte MaxRecoveryId = 3;

    private static readonly X9ECParameters Curve = CustomNamedCurves.GetByName("secp256k1");
    private static readonly BigInteger Order = Curve.N;
    private static readonly BigInteger FieldPrime = Curve.Curve.Field.Characteristic;

    /// <summary>SEC 1, 4.1.6: Q = r⁻¹(sR - eG).</summary>
    public bool TryRecover(in Hash256 hash, in Signature signature, Span<byte> publicKey)
    {
        if (signature.YParity > MaxRecoveryId || !Secp256k1.IsScalar(signature.R) || !Secp256k1.IsScalar(signature.S))
            return false;
        var r = ToBigInteger(signature.R);
        var x = signature.YParity >= 2 ? r.Add(Order) : r;
        if (x.CompareTo(FieldPrime) >= 0 || !TryLift(x, odd: (signature.YParity & 1) == 1, out var noncePoint))
            return false;
        var e = ToBigInteger(hash).Mod(Order);
        var inverse = r.ModInverse(Order);
        var generatorFactor = e.Negate().Multiply(inverse).Mod(Order);
        var nonceFactor = ToBigInteger(signature.S).Multiply(inverse).Mod(Order);
        return TryWrite(ECAlgorithms.SumOfTwoMultiplies(Curve.G, generatorFactor, noncePoint, nonceFactor), publicKey);
    }

    public bool TrySign(in Hash256 hash, ReadOnlySpan<byte> key, out Signature signature)
    {
        signature = default;
        if (!Secp256k1.IsKey(key))
            return false;
        var d = new BigInteger(1, key);
        var e = ToBigInteger(hash).Mod(Order);
        var nonces = new HMacDsaKCalculator(new Sha256Digest());
        nonces.Init(Order, d, hash.ToArray());
        BigInteger r, s;
        int recoveryId;
        do
        {
            var k = nonces.NextK();
            var noncePoint = new FixedPointCombMultiplier().Multiply(Curve.G, k).Normalize();
            var x = noncePoint.AffineXCoord.ToBigInteger();
            r = x.Mod(Order);
            s = k.ModInverse(Order).Multiply(r.Multiply(d).Add(e)).Mod(Order);
            recoveryId = (noncePoint.AffineYCoord.TestBitZero() ? 1 : 0) | (x.CompareTo(Order) >= 0 ? 2 : 0);
        }
        while (r.SignValue == 0 || s.SignValue == 0);
        signature = new Signature(ToUInt256(r), ToUInt256(s), (byte)recoveryId);
        if (!signature.IsLowS)
            signature = signature with { S = Secp256k1.Order - signature.S, YParity = (byte)(recoveryId ^ 1) };
        return true;
    }

    public bool TryGetPublicKey(ReadOnlySpan<byte> key, Span<byte> publicKey) =>
        Secp256k1.IsKey(key) && TryWrite(new FixedPointCombMultiplier().Multiply(Curve.G, new BigInteger(1, key)), publicKey);

    public bool TryDecompress(ReadOnlySpan<byte> compressed, Span<byte> publicKey)
    {
        if (compressed.Length != Secp256k1.CompressedKeySize || compressed[0] is not (2 or 3))
            return false;
        var x = new BigInteger(1, compressed[1..]);
        return x.CompareTo(FieldPrime) < 0 && TryLift(x, odd: compressed[0] == 3, out var point) && TryWrite(point, publicKey);
    }

    /// <summary>The point with this x and parity of y; false when x³ + 7 is no square.</summary>
    private static bool TryLift(BigInteger x, bool odd, out ECPoint point)
    {
        var abscissa = Curve.Curve.FromBigInteger(x);
        var ordinate = abscissa.Square().Multiply(abscissa).Add(Curve.Curve.B).Sqrt();
        if (ordinate is not null && ordinate.TestBitZero() != odd)
            ordinate = ordinate.Negate();
        point = ordinate is null ? Curve.Curve.Infinity : Curve.Curve.CreatePoint(x, ordinate.ToBigInteger());
        return ordinate is not null;
    }

    private static bool TryWrite(ECPoint point, Span<byte> publicKey)
    {
        if (point.IsInfinity)
            return false;
        var affine = point.Normalize();
        affine.AffineXCoord.EncodeTo(publicKey[..UInt256.Size]);
        affine.AffineYCoord.EncodeTo(publicKey[UInt256.Size..Secp256k1.PublicKeySize]);
        return true;
    }

    private static BigInteger ToBigInteger(in Hash256 hash) => new(1, hash.Span);

    private static BigInteger ToBigInteger(in UInt256 value)
    {
        Span<byte> bytes = stackalloc byte[UInt256.Size];
        value.WriteBigEndian(bytes);
        return new BigInteger(1, bytes);
    }

    private static UInt256 ToUInt256(BigInteger value) => UInt256.FromBigEndian(value.ToByteArrayUnsigned());
}
