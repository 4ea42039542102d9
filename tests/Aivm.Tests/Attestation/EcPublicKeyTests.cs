using System.Security.Cryptography;
using Aivm.Attestation;
using Aivm.Tests.Attestation.Fakes;

namespace Aivm.Tests.Attestation;

/// <summary>Keys and signatures on both curves: what the platform's arithmetic is given, and what it never sees.</summary>
public sealed class EcPublicKeyTests
{
    private static readonly byte[] Data = [1, 2, 3];

    [Theory]
    [InlineData("P-256")]
    [InlineData("P-384")]
    public void A_signature_is_verified_and_a_changed_one_is_not(string curve)
    {
        var (key, signer) = Make(curve);
        for (var round = 0; round < 200; round++)
        {
            var signature = signer.SignData(Data, key.Curve.Hash);
            Assert.True(key.Verifies(Data, signature));
            Assert.False(key.Verifies(Data, Verdicts.Flipped(signature, 1 + round % (signature.Length - 1))));
        }
        signer.Dispose();
    }

    /// <summary>Numbers that begin with zeros have shorter encodings: many signatures, so that there are some.</summary>
    [Theory]
    [InlineData("P-256")]
    [InlineData("P-384")]
    public void A_signature_in_DER_is_the_same_signature(string curve)
    {
        var (key, signer) = Make(curve);
        var scheme = curve == "P-256" ? SignatureScheme.EcdsaSha256 : SignatureScheme.EcdsaSha384;
        for (var round = 0; round < 600; round++)
            Assert.True(key.Verifies(scheme, Data, signer.SignData(Data, key.Curve.Hash, DSASignatureFormat.Rfc3279DerSequence)));
        signer.Dispose();
    }

    [Theory]
    [InlineData("3006020101020101", null)]
    [InlineData("300602010102018100", "signature-malformed")]
    [InlineData("3006020101020181", "signature-range")]
    [InlineData("3006020100020101", "signature-range")]
    [InlineData("300702020001020101", "signature-malformed")]
    [InlineData("30800201010201010000", "signature-malformed")]
    [InlineData("300602010102010100", "signature-malformed")]
    [InlineData("3009020101020101020101", "signature-malformed")]
    [InlineData("", "signature-malformed")]
    public void Only_DER_of_two_numbers_in_their_range_is_a_signature(string der, string? code)
    {
        var (key, signer) = Make("P-256");
        Assert.Equal(code, Refusal(() => key.Verifies(SignatureScheme.EcdsaSha256, Data, Convert.FromHexString(der))));
        signer.Dispose();
    }

    [Theory]
    [InlineData("P-256")]
    [InlineData("P-384")]
    public void A_point_that_is_not_on_the_curve_is_refused(string curve)
    {
        var (key, signer) = Make(curve);
        var (point, signature) = (FakeQuote.PointOf(signer), signer.SignData(Data, key.Curve.Hash));
        for (var at = 0; at < point.Length; at += 7)
        {
            var off = new EcPublicKey(key.Curve, Verdicts.Flipped(point, at));
            Assert.Equal("key-malformed", Refusal(() => off.Verifies(Data, signature)));
        }
        Assert.Equal("key-malformed", Refusal(() => new EcPublicKey(key.Curve, new byte[point.Length]).Verifies(Data, signature)));
        Assert.Equal("key-malformed", Refusal(() => new EcPublicKey(key.Curve, point.AsMemory(1)).Verifies(Data, signature)));
        signer.Dispose();
    }

    [Fact]
    public void A_scheme_belongs_to_a_curve()
    {
        var (key, signer) = Make("P-384");
        Assert.Equal("signature-algorithm", Refusal(() => key.Verifies(SignatureScheme.EcdsaSha256, Data, new byte[1])));
        Assert.Equal("signature-algorithm", Refusal(() => key.Verifies(SignatureScheme.RsaPssSha384, Data, new byte[1])));
        Assert.Equal("key-curve", Refusal(() => key.On(EllipticCurve.P256) is not null));
        signer.Dispose();
    }

    private static (EcPublicKey Key, ECDsa Signer) Make(string name)
    {
        var curve = name == "P-256" ? EllipticCurve.P256 : EllipticCurve.P384;
        var signer = ECDsa.Create(curve.Curve);
        return (new EcPublicKey(curve, FakeQuote.PointOf(signer)), signer);
    }

    private static string? Refusal(Func<bool> verify) => Refused.Catch(() => verify().ToString(), out _, out var error) ? null : error.Code;
}
