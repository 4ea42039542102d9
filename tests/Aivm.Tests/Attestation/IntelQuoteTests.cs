using System.Security.Cryptography;
using Aivm.Attestation;
using Aivm.Tests.Attestation.Fakes;

namespace Aivm.Tests.Attestation;

/// <summary>Quotes of a fake platform: the good ones, and every way to be wrong with the code that refuses it.</summary>
public sealed class IntelQuoteTests
{
    private static readonly Lazy<VerifiedCollateral> Sgx = new(() => new FakeCollateral { Kind = EvidenceKind.Sgx }.Verify());
    private static readonly Lazy<VerifiedCollateral> Tdx = new(() => new FakeCollateral().Verify());

    [Theory]
    [InlineData("sgx", EvidenceKind.Sgx)]
    [InlineData("tdx4", EvidenceKind.Tdx)]
    [InlineData("tdx5", EvidenceKind.Tdx)]
    [InlineData("td15", EvidenceKind.Tdx)]
    public void A_good_quote_is_authentic_and_up_to_date(string form, EvidenceKind kind)
    {
        var evidence = Verdicts.Authentic(FakeQuote.Named(form));
        Assert.Equal((kind, TcbStatus.UpToDate), (evidence.Kind, evidence.TcbStatus));
        Assert.Equal(64, evidence.ReportData.Length);
        Assert.Equal(new FakePlatform().Ppid, evidence.PlatformId);
    }

    [Theory]
    [InlineData("sgx", 0)]
    [InlineData("sgx", 2)]
    [InlineData("sgx", 6)]
    [InlineData("tdx4", 0)]
    [InlineData("tdx4", 2)]
    [InlineData("tdx4", 6)]
    public void Another_version_is_refused(string form, ushort version) =>
        Assert.Equal("quote-version", Refusal(FakeQuote.Named(form) with { Version = version }, form));

    [Theory]
    [InlineData("sgx", 0x81u)]
    [InlineData("tdx4", 0u)]
    [InlineData("td15", 0u)]
    [InlineData("tdx4", 0x82u)]
    public void A_version_is_for_one_tee(string form, uint tee) => Assert.Equal("quote-tee", Refusal(FakeQuote.Named(form) with { Tee = tee }, form));

    [Fact]
    public void Another_key_type_is_refused() => Assert.Equal("quote-key-type", Refusal(FakeQuote.Tdx4 with { KeyType = 3 }, "tdx4"));

    [Theory]
    [InlineData(1, 384)]
    [InlineData(2, 648)]
    [InlineData(3, 584)]
    [InlineData(4, 648)]
    public void A_body_has_the_size_of_its_type(ushort type, int size) =>
        Assert.Equal("quote-body", Refusal(FakeQuote.Tdx5 with { BodyType = type, Body = new byte[size] }, "tdx5"));

    [Fact]
    public void A_body_is_as_long_as_it_says() => Assert.Equal("quote-body", Refusal(FakeQuote.Tdx5 with { BodySize = 585 }, "tdx5"));

    [Theory]
    [InlineData("sgx", -1, "quote-trailing")]
    [InlineData("sgx", 1, "quote-truncated")]
    [InlineData("tdx4", -1, "quote-trailing")]
    [InlineData("tdx4", 1, "quote-truncated")]
    public void Authentication_data_are_as_long_as_they_say(string form, int error, string code) =>
        Assert.Equal(code, Refusal(FakeQuote.Named(form) with { AuthenticationLengthError = error }, form));

    [Theory]
    [InlineData("sgx")]
    [InlineData("tdx4")]
    [InlineData("td15")]
    public void Nothing_follows_a_quote(string form)
    {
        Assert.Equal("quote-trailing", Refusal(FakeQuote.Named(form) with { Trailing = [0] }, form));
        Assert.Equal("quote-trailing", Refusal(FakeQuote.Named(form) with { Trailing = "text"u8.ToArray() }, form));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(7)]
    public void Only_a_chain_in_PEM_certifies(ushort type)
    {
        Assert.Equal("quote-certification", Refusal(FakeQuote.Sgx with { InnerType = type }, "sgx"));
        Assert.Equal("quote-certification", Refusal(FakeQuote.Tdx4 with { InnerType = type }, "tdx4"));
        Assert.Equal("quote-certification", Refusal(FakeQuote.Tdx4 with { OuterType = type }, "tdx4"));
    }

    [Theory]
    [InlineData("sgx")]
    [InlineData("tdx4")]
    [InlineData("td15")]
    public void Every_truncation_is_refused(string form)
    {
        var quote = FakeQuote.Named(form).Encode();
        string[] codes = ["evidence-unknown", "snp-length", "quote-truncated"];
        for (var length = 0; length < quote.Length; length++)
            Assert.Contains(Verdicts.Refusal(quote[..length], Collateral(form)), codes);
    }

    [Theory]
    [InlineData("sgx")]
    [InlineData("td15")]
    public void Every_changed_byte_is_refused(string form)
    {
        var quote = FakeQuote.Named(form).Encode();
        for (var at = 0; at < quote.Length; at++)
        {
            var code = Verdicts.Refusal(Verdicts.Flipped(quote, at), Collateral(form));
            Assert.True(code is not (null or Refused.Unforeseen), $"byte {at} of {quote.Length}: {code ?? "authentic"}");
        }
    }

    [Theory]
    [InlineData("sgx")]
    [InlineData("tdx4")]
    public void What_is_signed_names_the_signature_that_breaks(string form)
    {
        var quote = FakeQuote.Named(form).Encode();
        var (body, signature) = (48 + 100, 48 + FakeQuote.Named(form).Body.Length + 4);
        var qeReport = signature + 64 + 64 + (form == "sgx" ? 0 : 6);
        Assert.Equal("quote-signature", Verdicts.Refusal(Verdicts.Flipped(quote, body), Collateral(form)));
        Assert.Equal("quote-signature", Verdicts.Refusal(Verdicts.Flipped(quote, signature + 5), Collateral(form)));
        Assert.Equal("qe-report-signature", Verdicts.Refusal(Verdicts.Flipped(quote, qeReport + 200), Collateral(form)));
        Assert.Equal("qe-report-signature", Verdicts.Refusal(Verdicts.Flipped(quote, qeReport + 384 + 5), Collateral(form)));
        Assert.Equal("qe-report-data", Verdicts.Refusal(Verdicts.Flipped(quote, qeReport + 384 + 64 + 2), Collateral(form)));
        Assert.Equal("qe-report-data", Verdicts.Refusal(Verdicts.Flipped(quote, signature + 64 + 7), Collateral(form)));
    }

    [Theory]
    [InlineData(0, "0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData(0, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551")]
    [InlineData(0, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF")]
    [InlineData(32, "0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData(32, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551")]
    [InlineData(32, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632552")]
    public void Halves_of_a_signature_are_in_their_range(int at, string half)
    {
        byte[] Replaced(byte[] signature) => [.. signature[..at], .. Convert.FromHexString(half), .. signature[(at + 32)..]];

        Assert.Equal("signature-range", Refusal(FakeQuote.Tdx4 with { QuoteSignature = Replaced }, "tdx4"));
        Assert.Equal("signature-range", Refusal(FakeQuote.Tdx4 with { QeSignature = Replaced }, "tdx4"));
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296")]
    [InlineData("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF")]
    public void An_attestation_key_is_a_point_of_the_curve(string coordinate)
    {
        byte[] point = [.. Convert.FromHexString(coordinate), .. Convert.FromHexString(coordinate)];
        var quote = FakeQuote.Tdx4 with { QeReportData = [.. SHA256.HashData([.. point, .. FakeQuote.Tdx4.QeAuthentication]), .. new byte[32]] };
        var bytes = quote.Encode();
        point.CopyTo(bytes, 48 + 584 + 4 + 64);
        Assert.Equal("key-malformed", Verdicts.Refusal(bytes, Tdx.Value));
    }

    [Fact]
    public void The_quoting_enclave_vouches_for_the_attestation_key()
    {
        var report = SHA256.HashData([.. FakeQuote.PointOf(FakeQuote.AttestationKey), .. FakeQuote.Tdx4.QeAuthentication]);
        Assert.Equal("qe-report-data", Refusal(FakeQuote.Tdx4 with { QeReportData = [.. SHA256.HashData(report), .. new byte[32]] }, "tdx4"));
        Assert.Equal("qe-report-data", Refusal(FakeQuote.Tdx4 with { QeReportData = [.. report, .. new byte[31], 1] }, "tdx4"));
    }

    [Fact]
    public void The_quoting_enclave_is_signed_by_the_platform() =>
        Assert.Equal("qe-report-signature", Refusal(FakeQuote.Tdx4 with { QeReportKey = FakeQuote.AttestationKey }, "tdx4"));

    /// <summary>A verifier that skips this one takes any enclave on a genuine platform for Intel's (CVE-2026-22696).</summary>
    [Fact]
    public void The_quoting_enclave_is_Intels()
    {
        Assert.Equal("qe-identity-mismatch", Refusal(FakeQuote.Tdx4 with { QeSignerValue = [.. Enumerable.Repeat((byte)0xD6, 32)] }, "tdx4"));
        Assert.Equal("qe-identity-mismatch", Refusal(FakeQuote.Tdx4 with { QeProduct = 2 }, "tdx4"));
        Assert.Equal("qe-identity-mismatch", Refusal(FakeQuote.Tdx4 with { QeAttributes = 0x13 }, "tdx4"));
        Assert.Equal("qe-identity-mismatch", Refusal(FakeQuote.Sgx with { QeProduct = 2 }, "sgx"));
    }

    [Fact]
    public void A_revoked_enclave_does_not_spare_the_signatures()
    {
        Assert.Equal(TcbStatus.Revoked, Verdicts.Authentic(FakeQuote.Tdx4 with { QeSvn = 2 }).TcbStatus);
        Assert.Equal("quote-signature", Refusal(FakeQuote.Tdx4 with { QeSvn = 2, QuoteSignature = signature => Verdicts.Flipped(signature, 9) }, "tdx4"));
        Assert.Equal("qe-report-signature", Refusal(FakeQuote.Tdx4 with { QeSvn = 2, QeSignature = signature => Verdicts.Flipped(signature, 9) }, "tdx4"));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, null)]
    [InlineData(3, null)]
    [InlineData(2, "tdx-module-mismatch")]
    [InlineData(0x10, "tdx-module-mismatch")]
    public void A_module_is_one_that_Intel_lists(byte version, string? code) =>
        Assert.Equal(code, Refusal(FakeQuote.Tdx4 with { Body = FakeQuote.TdBody(moduleVersion: version) }, "tdx4"));

    [Theory]
    [InlineData(64)]
    [InlineData(112)]
    public void A_module_has_Intels_signer_and_no_attributes(int at) =>
        Assert.Equal("tdx-module-mismatch", Refusal(FakeQuote.Tdx4 with { Body = Verdicts.Flipped(FakeQuote.TdBody(), at) }, "tdx4"));

    private static VerifiedCollateral Collateral(string form) => form == "sgx" ? Sgx.Value : Tdx.Value;

    private static string? Refusal(FakeQuote quote, string form) => Verdicts.Refusal(quote.Encode(), Collateral(form));
}
