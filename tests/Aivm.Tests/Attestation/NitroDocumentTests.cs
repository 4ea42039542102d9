using System.Security.Cryptography;
using Aivm.Attestation;
using Aivm.Tests.Attestation.Fakes;

namespace Aivm.Tests.Attestation;

/// <summary>Documents of a fake Nitro enclave: the good ones, and every way to be wrong with the code that refuses it.</summary>
public sealed class NitroDocumentTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void A_good_document_is_authentic_with_and_without_its_tag_and_lengths(bool tagged, bool indefinite)
    {
        var evidence = Assert.IsType<NitroEvidence>(Verdicts.Authentic(new FakeNitro { Tagged = tagged, Indefinite = indefinite }.Encode(), []));
        Assert.Equal([1, 2, 3], evidence.ReportData.ToArray());
        Assert.Equal(["pcr0", "pcr4"], evidence.Measurements.Select(measurement => measurement.Name));
        Assert.False(evidence.IsDebug);
    }

    [Fact]
    public void Absent_user_data_are_empty() => Assert.Equal(0, Verdicts.Authentic(new FakeNitro { UserData = null }.Encode(), []).ReportData.Length);

    [Theory]
    [InlineData(-7)]
    [InlineData(-36)]
    [InlineData(-37)]
    public void Another_algorithm_is_refused(int algorithm) => Assert.Equal("nitro-algorithm", Refusal(new FakeNitro { Algorithm = algorithm }));

    [Fact]
    public void Every_truncation_is_refused()
    {
        var document = new FakeNitro().Encode();
        for (var length = 0; length < document.Length; length++)
            Assert.Contains(Verdicts.Refusal(document[..length], Array.Empty<byte[]>()), new[] { "evidence-unknown", "nitro-malformed" });
    }

    [Fact]
    public void Nothing_follows_a_document()
    {
        Assert.Equal("nitro-trailing", Verdicts.Refusal([.. new FakeNitro().Encode(), 0], Array.Empty<byte[]>()));
        Assert.Equal("nitro-trailing", Verdicts.Refusal([.. new FakeNitro { Indefinite = true }.Encode(), 0xF6], Array.Empty<byte[]>()));
    }

    [Fact]
    public void Every_changed_byte_is_refused()
    {
        var document = new FakeNitro { Indefinite = true }.Encode();
        for (var at = 0; at < document.Length; at++)
        {
            var code = Verdicts.Refusal(Verdicts.Flipped(document, at), Array.Empty<byte[]>());
            Assert.True(code is not (null or Refused.Unforeseen), $"byte {at} of {document.Length}: {code ?? "authentic"}");
        }
    }

    [Theory]
    [InlineData("module_id")]
    [InlineData("digest")]
    [InlineData("timestamp")]
    [InlineData("pcrs")]
    [InlineData("certificate")]
    [InlineData("cabundle")]
    public void A_field_that_must_be_there_is_there(string field) => Assert.Equal("nitro-malformed", Refusal(new FakeNitro { WithoutField = field }));

    [Theory]
    [InlineData("other")]
    [InlineData("nonce")]
    public void A_field_that_is_not_specified_or_twice_is_refused(string field) => Assert.Equal("nitro-malformed", Refusal(new FakeNitro { ExtraField = field }));

    /// <summary>The reader compares encodings, and these are other ones of the same key. There are no more fields than may be: another one is left out.</summary>
    [Theory]
    [InlineData("65" + "6E6F6E6365")]
    [InlineData("7805" + "6E6F6E6365")]
    [InlineData("790005" + "6E6F6E6365")]
    [InlineData("7F" + "65" + "6E6F6E6365" + "FF")]
    [InlineData("7F" + "626E6F" + "636E6365" + "FF")]
    public void A_field_that_is_there_twice_is_refused_however_its_name_is_encoded(string nonce)
    {
        Assert.Equal("nitro-malformed", Refusal(new FakeNitro { EncodedField = Convert.FromHexString(nonce), WithoutField = "public_key" }));
        Assert.Null(Refusal(new FakeNitro { EncodedField = Convert.FromHexString(nonce), WithoutField = "nonce" }));
    }

    [Theory]
    [InlineData("00", "05")]
    [InlineData("1800", "1805")]
    [InlineData("190000", "190005")]
    [InlineData("1A00000000", "1A00000005")]
    [InlineData("1B0000000000000000", "1B0000000000000005")]
    public void A_PCR_that_is_there_twice_is_refused_however_its_number_is_encoded(string taken, string free)
    {
        Assert.Equal("nitro-malformed", Refusal(new FakeNitro { EncodedPcr = Convert.FromHexString(taken) }));
        Assert.Null(Refusal(new FakeNitro { EncodedPcr = Convert.FromHexString(free) }));
    }

    [Fact]
    public void What_is_not_signed_is_empty() => Assert.Equal("nitro-malformed", Refusal(new FakeNitro { UnprotectedHeader = true }));

    [Fact]
    public void Fields_keep_to_their_limits()
    {
        Assert.Equal("nitro-malformed", Refusal(new FakeNitro { UserData = new byte[513] }));
        Assert.Equal("nitro-malformed", Refusal(new FakeNitro { Pcr0 = new byte[47] }));
        Assert.Equal("nitro-malformed", Refusal(new FakeNitro { Digest = "SHA256" }));
        Assert.Equal("nitro-malformed", Refusal(new FakeNitro { Authorities = [] }));
        Assert.Null(Refusal(new FakeNitro { UserData = new byte[512] }));
    }

    [Fact]
    public void The_document_is_signed_by_its_certificates_key()
    {
        Assert.Equal("nitro-signature", Refusal(new FakeNitro { SigningKey = FakeNitro.AuthorityKey }));
        Assert.Equal("signature-range", Refusal(new FakeNitro { Signature = _ => new byte[96] }));
        Assert.Equal("signature-range", Refusal(new FakeNitro { Signature = signature => signature[..95] }));
    }

    [Fact]
    public void The_root_is_the_pinned_one()
    {
        var impostor = new FakeAuthority(new CertificateSpec("aws.nitro-enclaves", FakeRoots.P384()).AsAuthority(), HashAlgorithmName.SHA384);
        Assert.Equal("certificate-root", Refusal(new FakeNitro { Authorities = [impostor.SelfSigned(), impostor.Issue(FakeNitro.AuthoritySpec)] }));
        Assert.Equal("certificate-signature", Refusal(new FakeNitro { Authorities = [FakeRoots.Nitro.SelfSigned(), impostor.Issue(FakeNitro.AuthoritySpec)] }));
    }

    [Fact]
    public void The_chain_is_whole_and_no_more()
    {
        Assert.Equal("certificate-missing-issuer", Refusal(new FakeNitro { Authorities = [FakeRoots.Nitro.SelfSigned()] }));
        Assert.Equal("certificate-root", Refusal(new FakeNitro { Authorities = [FakeRoots.Nitro.Issue(FakeNitro.AuthoritySpec), FakeRoots.Nitro.SelfSigned()] }));
        var spare = FakeRoots.Nitro.Issue(new CertificateSpec("spare", FakeNitro.AuthorityKey).AsAuthority());
        Assert.Equal("certificate-chain", Refusal(new FakeNitro { Authorities = [FakeRoots.Nitro.SelfSigned(), FakeRoots.Nitro.Issue(FakeNitro.AuthoritySpec), spare] }));
    }

    [Fact]
    public void Authorities_are_authorities_and_the_enclave_is_none()
    {
        Assert.Equal("certificate-authority", Refusal(new FakeNitro { Leaf = new FakeNitro().Leaf.AsAuthority() }));
        var leaf = FakeRoots.Nitro.Issue(FakeNitro.AuthoritySpec with { IsAuthority = false, PathLength = null });
        Assert.Equal("certificate-issuer", Refusal(new FakeNitro { Authorities = [FakeRoots.Nitro.SelfSigned(), leaf] }));
        using var curve = FakeRoots.P256();
        Assert.Equal("key-curve", Refusal(new FakeNitro { Leaf = new FakeNitro().Leaf with { Key = curve } }));
    }

    [Theory]
    [InlineData(-61, "certificate-not-yet-valid")]
    [InlineData(-60, null)]
    [InlineData(10800, null)]
    [InlineData(10801, "certificate-expired")]
    public void A_document_lives_as_long_as_its_certificate(long offset, string? code) =>
        Assert.Equal(code, Verdicts.Refusal(new FakeNitro().Encode(), Array.Empty<byte[]>(), FakeTime.Now + offset));

    [Fact]
    public void An_endless_nest_of_arrays_ends()
    {
        var nest = new byte[60_000];
        nest.AsSpan().Fill(0x9F);
        Assert.Equal("nitro-malformed", Verdicts.Refusal(nest, Array.Empty<byte[]>()));
        nest.AsSpan().Fill(0x84);
        Assert.Equal("nitro-malformed", Verdicts.Refusal(nest[..30_000], Array.Empty<byte[]>()));
    }

    private static string? Refusal(FakeNitro document) => Verdicts.Refusal(document.Encode(), Array.Empty<byte[]>());
}
