using System.Security.Cryptography;
using Aivm.Attestation;
using Aivm.Tests.Attestation.Fakes;

namespace Aivm.Tests.Attestation;

/// <summary>Reports of a fake NVIDIA GPU: the good ones, and every way to be wrong with the code that refuses it.</summary>
public sealed class GpuReportTests
{
    [Fact]
    public void A_good_report_is_authentic_and_names_its_nonce_and_measurements()
    {
        var evidence = Verdicts.Authentic(new FakeGpu().Encode(), FakeGpu.Certificates);
        Assert.Equal(new FakeGpu().Nonce, evidence.ReportData.ToArray());
        Assert.Equal(["block_1", "block_2", "block_3"], evidence.Measurements.Select(block => block.Name));
        Assert.All(evidence.Measurements, block => Assert.Equal(48, block.Value.Length));
    }

    [Theory]
    [InlineData("11E100FF", "evidence-unknown")]
    [InlineData("12E001FF", "evidence-unknown")]
    [InlineData("11E000FF", "gpu-request")]
    public void A_report_begins_with_a_request_for_a_signature(string request, string code) =>
        Assert.Equal(code, Refusal(new FakeGpu { Request = Convert.FromHexString(request) }));

    [Theory]
    [InlineData("12600000")]
    [InlineData("117F0000")]
    public void A_response_of_the_same_protocol_follows(string response) =>
        Assert.Equal("gpu-response", Refusal(new FakeGpu { Response = Convert.FromHexString(response) }));

    [Fact]
    public void Every_truncation_is_refused()
    {
        var report = new FakeGpu().Encode();
        for (var length = 0; length < report.Length; length++)
            Assert.Contains(Verdicts.Refusal(report[..length], FakeGpu.Certificates), new[] { "evidence-unknown", "gpu-truncated" });
    }

    [Fact]
    public void Nothing_follows_a_report() => Assert.Equal("gpu-trailing", Refusal(new FakeGpu { Trailing = [0] }));

    [Fact]
    public void Every_changed_byte_is_refused()
    {
        var report = new FakeGpu().Encode();
        for (var at = 0; at < report.Length; at++)
        {
            var code = Verdicts.Refusal(Verdicts.Flipped(report, at), FakeGpu.Certificates);
            Assert.True(code is not (null or Refused.Unforeseen), $"byte {at} of {report.Length}: {code ?? "authentic"}");
        }
    }

    [Fact]
    public void Measurements_are_as_many_as_they_say_each_under_an_index()
    {
        Assert.Equal("gpu-measurements", Refusal(new FakeGpu { BlockCount = 2 }));
        Assert.Equal("gpu-measurements", Refusal(new FakeGpu { BlockCount = 4 }));
        Assert.Equal("gpu-measurements", Refusal(new FakeGpu { Index = _ => 1 }));
        Assert.Null(Refusal(new FakeGpu { Index = block => (byte)(9 - block) }));
        Assert.Equal("gpu-measurements", Refusal(new FakeGpu { Index = _ => 0 }));
    }

    [Fact]
    public void The_report_is_signed_by_the_devices_key()
    {
        Assert.Equal("gpu-signature", Refusal(new FakeGpu { SigningKey = FakeGpu.AuthorityKey }));
        Assert.Equal("signature-range", Refusal(new FakeGpu { Signature = _ => new byte[96] }));
    }

    [Fact]
    public void The_chain_is_whole_and_ends_at_the_pinned_root()
    {
        var report = new FakeGpu().Encode();
        byte[][] good = FakeGpu.Certificates;
        var impostor = new FakeAuthority(new CertificateSpec("NVIDIA Device Identity CA", FakeRoots.P384()).AsAuthority(), HashAlgorithmName.SHA384);
        Assert.Equal("certificate-root", Verdicts.Refusal(report, [good[0], impostor.Issue(FakeGpu.AuthoritySpec), impostor.SelfSigned()]));
        Assert.Equal("certificate-signature", Verdicts.Refusal(report, [good[0], impostor.Issue(FakeGpu.AuthoritySpec)]));
        Assert.Equal("certificate-missing-issuer", Verdicts.Refusal(report, [good[0], good[2]]));
        Assert.Equal("collateral-missing", Verdicts.Refusal(report, good[1..]));
        Assert.Null(Verdicts.Refusal(report, good[..2]));
    }

    [Fact]
    public void A_chain_has_an_end()
    {
        // Eight authorities, each below the one before.
        var above = FakeRoots.Nvidia;
        var chain = new List<byte[]>();
        for (var i = 0; i < 8; i++)
        {
            var spec = new CertificateSpec($"authority {i}", FakeGpu.AuthorityKey).AsAuthority();
            chain.Add(above.Issue(spec));
            above = new FakeAuthority(spec, HashAlgorithmName.SHA384);
        }
        chain.Add(above.Issue(new CertificateSpec("GH100 GSP", FakeGpu.Key) { IsAuthority = null }));
        Assert.Equal("certificate-chain", Verdicts.Refusal(new FakeGpu().Encode(), chain));
    }

    [Fact]
    public void An_authority_that_certifies_itself_leads_nowhere()
    {
        var loop = new FakeAuthority(new CertificateSpec("loop", FakeGpu.AuthorityKey).AsAuthority(), HashAlgorithmName.SHA384);
        var leaf = loop.Issue(new CertificateSpec("GH100 GSP", FakeGpu.Key) { IsAuthority = null });
        Assert.Equal("certificate-chain", Verdicts.Refusal(new FakeGpu().Encode(), [leaf, loop.SelfSigned()]));
    }

    [Fact]
    public void An_authority_allows_so_many_below_it()
    {
        var narrow = new CertificateSpec("narrow", FakeGpu.AuthorityKey).AsAuthority(0);
        var below = new CertificateSpec("below", FakeGpu.AuthorityKey).AsAuthority();
        byte[][] chain =
        [
            FakeRoots.Nvidia.Issue(narrow), new FakeAuthority(narrow, HashAlgorithmName.SHA384).Issue(below),
            new FakeAuthority(below, HashAlgorithmName.SHA384).Issue(new CertificateSpec("GH100 GSP", FakeGpu.Key) { IsAuthority = null }),
        ];
        Assert.Equal("certificate-path-length", Verdicts.Refusal(new FakeGpu().Encode(), chain));
    }

    private static string? Refusal(FakeGpu report) => Verdicts.Refusal(report.Encode(), FakeGpu.Certificates);
}
