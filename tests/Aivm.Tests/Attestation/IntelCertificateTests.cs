using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Aivm.Attestation;
using Aivm.Tests.Attestation.Fakes;

namespace Aivm.Tests.Attestation;

/// <summary>The platform's certificates in a quote: who may stand where, and until when.</summary>
public sealed class IntelCertificateTests
{
    private static readonly FakePlatform Platform = new();
    private static readonly string RootPem = FakeAuthority.Pem(FakeRoots.Intel.SelfSigned());
    private static readonly Lazy<VerifiedCollateral> Collateral = new(() => new FakeCollateral().Verify());

    [Fact]
    public void A_root_with_the_same_name_is_not_the_root()
    {
        var impostor = new FakeAuthority(new CertificateSpec("Intel SGX Root CA", FakeRoots.P256()).AsAuthority(1), HashAlgorithmName.SHA256);
        var authority = impostor.Issue(FakePlatform.AuthoritySpec);
        Assert.Equal("certificate-root", Refusal(FakeAuthority.Pem(Platform.Certificate, authority, impostor.SelfSigned())));
        Assert.Equal("certificate-signature", Refusal(FakeAuthority.Pem(Platform.Certificate, authority) + RootPem));
    }

    [Fact]
    public void An_authority_is_no_platform()
    {
        Assert.Equal("certificate-authority", Refusal(Chain(Platform.Spec.AsAuthority())));
        Assert.Equal("certificate-authority", Refusal(FakeAuthority.Pem(FakePlatform.AuthorityCertificate, FakePlatform.AuthorityCertificate) + RootPem));
    }

    [Fact]
    public void The_signer_of_collateral_is_no_platform()
    {
        var signer = FakeRoots.Intel.Issue(new FakeCollateral().Signer);
        Assert.Equal("certificate-issuer", Refusal(FakeAuthority.Pem(signer, FakePlatform.AuthorityCertificate) + RootPem));
        Assert.Equal("certificate-name", Refusal(Chain(Platform.Spec with { CommonName = "Intel SGX TCB Signing" })));
    }

    [Fact]
    public void A_platform_without_the_extension_is_none() => Assert.Equal("pck-extension", Refusal(Chain(Platform.Spec with { Extensions = [] })));

    [Fact]
    public void A_chain_is_whole()
    {
        Assert.Equal("certificate-chain", Refusal(FakeAuthority.Pem(Platform.Certificate) + RootPem));
        Assert.Equal("certificate-chain", Refusal(FakeAuthority.Pem(Platform.Certificate, FakePlatform.AuthorityCertificate)));
        Assert.Equal("certificate-chain", Refusal(Platform.Chain + RootPem));
        Assert.Equal("certificate-root", Refusal(FakeAuthority.Pem(Platform.Certificate, FakeRoots.Intel.SelfSigned(), FakePlatform.AuthorityCertificate)));
    }

    [Fact]
    public void An_unknown_critical_extension_is_refused_and_one_that_is_not_critical_is_not()
    {
        X509Extension Unknown(bool critical) => FakeAuthority.Extension("1.2.3.4", writer => writer.WriteNull(), critical);

        Assert.Equal("extension-critical", Refusal(Chain(Platform.Spec with { Extensions = [.. Platform.Spec.Extensions, Unknown(critical: true)] })));
        Assert.Null(Refusal(Chain(Platform.Spec with { Extensions = [.. Platform.Spec.Extensions, Unknown(critical: false)] })));
    }

    [Fact]
    public void An_extension_stands_once() =>
        Assert.Equal("certificate-malformed", Refusal(FakeAuthority.Pem(FakePlatform.Authority.IssueWithExtensionsTwice(Platform.Spec), FakePlatform.AuthorityCertificate) + RootPem));

    [Fact]
    public void A_key_on_another_curve_is_refused()
    {
        using var key = FakeRoots.P384();
        Assert.Equal("key-curve", Refusal(Chain(Platform.Spec with { Key = key })));
    }

    [Fact]
    public void Another_hash_is_refused()
    {
        var longer = new FakeAuthority(FakePlatform.AuthoritySpec, HashAlgorithmName.SHA384);
        Assert.Equal("signature-algorithm", Refusal(FakeAuthority.Pem(longer.Issue(Platform.Spec), FakePlatform.AuthorityCertificate) + RootPem));
    }

    [Fact]
    public void A_platform_may_sign() =>
        Assert.Equal("certificate-usage", Refusal(Chain(Platform.Spec with { Usage = X509KeyUsageFlags.KeyAgreement })));

    [Theory]
    [InlineData(-1, "certificate-not-yet-valid")]
    [InlineData(0, null)]
    [InlineData(1, null)]
    public void A_certificate_begins_at_its_second(long offset, string? code) =>
        Assert.Equal(code, Refusal(Chain(Platform.Spec with { From = FakeTime.Now }), FakeTime.Now + offset));

    [Theory]
    [InlineData(-1, null)]
    [InlineData(0, null)]
    [InlineData(1, "certificate-expired")]
    public void A_certificate_ends_after_its_second(long offset, string? code) =>
        Assert.Equal(code, Refusal(Chain(Platform.Spec with { Until = FakeTime.Now }), FakeTime.Now + offset));

    [Fact]
    public void Indefinite_lengths_are_not_DER()
    {
        // SEQUENCE with an indefinite length around the same content.
        var der = Platform.Certificate;
        byte[] ber = [0x30, 0x80, .. der[4..], 0, 0];
        Assert.Equal("certificate-malformed", Refusal(FakeAuthority.Pem(ber, FakePlatform.AuthorityCertificate) + RootPem));
        Assert.Equal("certificate-malformed", Refusal(FakeAuthority.Pem([.. der, 0], FakePlatform.AuthorityCertificate) + RootPem));
    }

    [Theory]
    [InlineData("\0", null)]
    [InlineData("\0\0", "pem-malformed")]
    [InlineData(" text", "pem-malformed")]
    public void One_zero_byte_may_end_the_chain(string end, string? code) => Assert.Equal(code, Refusal(Platform.Chain + end));

    [Fact]
    public void A_chain_is_certificates_in_strict_base64()
    {
        Assert.Equal("pem-malformed", Refusal("text\n" + Platform.Chain));
        Assert.Equal("pem-malformed", Refusal(Platform.Chain.Replace("CERTIFICATE", "X509 CRL")));
        Assert.Equal("pem-malformed", Refusal(Platform.Chain.Replace("-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\n\t")));
        Assert.Equal("pem-malformed", Refusal(Platform.Chain.Replace("M", "\u00B5")));
    }

    /// <summary>The dashes that end the first line begin the last.</summary>
    [Theory]
    [InlineData("-----BEGIN CERTIFICATE-----END CERTIFICATE-----")]
    [InlineData("-----BEGIN CERTIFICATE-----")]
    [InlineData("-----END CERTIFICATE----------BEGIN CERTIFICATE-----")]
    public void Half_a_certificate_in_PEM_is_none(string half)
    {
        Assert.Equal("pem-malformed", Refusal(half));
        Assert.Equal("pem-malformed", Refusal(Platform.Chain + half));
    }

    [Fact]
    public void The_platform_is_of_the_family_and_has_the_PCE_that_the_collateral_is_about()
    {
        Assert.Equal("fmspc-mismatch", Refusal(new FakePlatform { Fmspc = [0, 0x90, 0x6E, 0xA1, 0, 1] }.Chain));
        Assert.Equal("pceid-mismatch", Refusal(new FakePlatform { PceId = [0, 1] }.Chain));
    }

    [Fact]
    public void A_serial_number_on_the_list_is_revoked()
    {
        var list = FakePlatform.Authority.RevocationList(FakeTime.Now - FakeTime.Day, FakeTime.Now + FakeTime.Day, 4, [0x30], Platform.Spec.Serial);
        Assert.Equal("pck-revoked", Verdicts.Refusal(FakeQuote.Tdx4, new FakeCollateral { PckCrl = list }));
    }

    [Fact]
    public void Another_authority_than_the_collaterals_is_refused()
    {
        var spec = FakePlatform.AuthoritySpec with { CommonName = "Intel SGX PCK Processor CA" };
        var processor = new FakeAuthority(spec, HashAlgorithmName.SHA256);
        Assert.Equal("crl-issuer", Refusal(FakeAuthority.Pem(processor.Issue(Platform.Spec), FakeRoots.Intel.Issue(spec)) + RootPem));
    }

    [Fact]
    public void A_renewed_certificate_of_the_same_authority_is_taken()
    {
        var renewed = FakeRoots.Intel.Issue(FakePlatform.AuthoritySpec with { Serial = [0x22], Until = FakeTime.Now + FakeTime.Day });
        Assert.Null(Refusal(FakeAuthority.Pem(Platform.Certificate, renewed) + RootPem));
        Assert.Equal("certificate-expired", Refusal(FakeAuthority.Pem(Platform.Certificate, renewed) + RootPem, FakeTime.Now + FakeTime.Day + 1));
        var revoked = new FakeCollateral { RootCrl = FakeRoots.Intel.RevocationList(FakeTime.Now, FakeTime.Now + FakeTime.Day, 4, [0x22]) };
        Assert.Equal("certificate-revoked", Verdicts.Refusal(FakeQuote.Tdx4 with { Chain = FakeAuthority.Pem(Platform.Certificate, renewed) + RootPem }, revoked));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(256)]
    public void Security_versions_have_their_range(int svn) =>
        Assert.Equal("pck-extension", Refusal(new FakePlatform { Svns = [.. Enumerable.Repeat(5, 15), svn] }.Chain));

    private static string Chain(CertificateSpec platform) =>
        FakeAuthority.Pem(FakePlatform.Authority.Issue(platform), FakePlatform.AuthorityCertificate) + RootPem;

    private static string? Refusal(string chain, long at = FakeTime.Now) =>
        Verdicts.Refusal((FakeQuote.Tdx4 with { Chain = chain }).Encode(), Collateral.Value, at);
}
