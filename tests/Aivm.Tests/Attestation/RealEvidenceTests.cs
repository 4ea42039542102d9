using System.Security.Cryptography;
using Aivm.Attestation;

namespace Aivm.Tests.Attestation;

/// <summary>Evidence of real AMD processors, Nitro enclaves and NVIDIA GPUs, and the vendors' real certificates.</summary>
public sealed class RealEvidenceTests
{
    private const long Summer2025 = 1_751_624_924;

    [Fact]
    public void A_Genoa_report_is_acceptable()
    {
        var verdict = Genoa(Summer2025);
        Assert.True(verdict.IsAcceptable, verdict.Refusal?.ToString());
        var evidence = Assert.IsType<SnpEvidence>(verdict.Evidence);
        Assert.Equal((SnpProduct.Genoa, new SnpTcb(0, 10, 0, 23, 25), true), (evidence.Product, evidence.Tcb, evidence.IsAliasChecked));
    }

    [Fact]
    public void A_Milan_report_is_authentic_and_refused()
    {
        var verdict = TeeVectors.Verdict(TeeVectors.Read("virtee-sev/snp_v2_milan.bin"), Summer2025, "virtee-sev/vcek_milan.der", "virtee-sev/cert_chain_milan");
        Assert.Equal((true, "policy-snp-product"), (verdict.IsAuthentic, verdict.Refusal?.Code));
    }

    [Fact]
    public void A_guest_that_may_be_debugged_is_authentic_and_refused()
    {
        var report = TeeVectors.Read("google-go-sev-guest/snp_v2_milan_DEBUG_policy.bin");
        var verdict = TeeVectors.Verdict(report, Summer2025, "google-go-sev-guest/vcek_milan.der", "google-go-sev-guest/milan_ask_ark.pem");
        Assert.Equal((true, "policy-debug"), (verdict.IsAuthentic, verdict.Refusal?.Code));
    }

    [Fact]
    public void A_report_needs_its_own_chips_certificate()
    {
        var verdict = TeeVectors.Verdict(TeeVectors.Read("virtee-sev/snp_v2_milan.bin"), Summer2025, "google-go-sev-guest/vcek_milan.der", "virtee-sev/cert_chain_milan");
        Assert.Equal("snp-chip-id", verdict.Refusal?.Code);
        Assert.Equal("certificate-missing-issuer", TeeVectors.Verdict(TeeVectors.Read("virtee-sev/snp_v2_milan.bin"), Summer2025, "virtee-sev/vcek_milan.der", "virtee-sev/cert_chain_turin").Refusal?.Code);
    }

    [Theory]
    [InlineData("google-go-sev-guest/ask_ark_milan.pem", 2)]
    [InlineData("google-go-sev-guest/ask_ark_milan_vlek.pem", 2)]
    [InlineData("google-go-sev-guest/ask_ark_genoa.pem", 2)]
    [InlineData("google-go-sev-guest/ask_ark_genoa_vlek.pem", 2)]
    [InlineData("google-go-sev-guest/ask_ark_turin_vcek.pem", 2)]
    [InlineData("google-go-sev-guest/ask_ark_turin_vlek.pem", 2)]
    [InlineData("coco-trustee/genoa_ask_ark_asvk.pem", 3)]
    [InlineData("virtee-sev/cert_chain_turin", 2)]
    public void AMDs_chains_end_at_the_pinned_roots(string file, int count)
    {
        var certificates = Pem.Read(TeeVectors.Read(file));
        Assert.Equal(count, certificates.Count);
        var root = new[] { TrustRoots.Vendors.Milan, TrustRoots.Vendors.Genoa, TrustRoots.Vendors.Turin }
            .Single(pinned => pinned.Subject.Span.SequenceEqual(certificates[1].Subject.Span));
        var chain = new TrustChain(root, SignatureScheme.RsaPssSha384);
        chain.RequireRoot(certificates[1]);
        chain.RequireLink(certificates[0], root, authoritiesBelow: 0, Summer2025);
    }

    [Fact]
    public void A_Turin_certificate_is_read()
    {
        var certificate = Certificate.Read(TeeVectors.Read("virtee-sev/vcek_turin.der"));
        Assert.Equal(new SnpTcb(0, 0, 0, 0, 9), SnpCertificate.Read(certificate, SnpProduct.Turin).Tcb);
        new TrustChain(TrustRoots.Vendors.Turin, SignatureScheme.RsaPssSha384).Walk(certificate, Pem.Read(TeeVectors.Read("virtee-sev/cert_chain_turin")), Summer2025);
    }

    [Theory]
    [InlineData("nitro_2024-11-30.cbor", 1732983765, 1732994568)]
    [InlineData("nitro_2024-11-26.cbor", 1732575518, 1732586321)]
    public void A_Nitro_document_is_acceptable_while_its_certificate_lives(string file, long first, long last)
    {
        var document = TeeVectors.Read($"base-nitro-validator/{file}");
        Assert.True(TeeVectors.Verdict(document, first).IsAcceptable);
        Assert.True(TeeVectors.Verdict(document, last).IsAcceptable);
        Assert.Equal("certificate-not-yet-valid", TeeVectors.Verdict(document, first - 1).Refusal?.Code);
        Assert.Equal("certificate-expired", TeeVectors.Verdict(document, last + 1).Refusal?.Code);
    }

    [Fact]
    public void A_Hopper_report_is_acceptable_with_its_nonce()
    {
        var report = TeeVectors.ReadHex("nvidia-nvtrust/hopperAttestationReport.txt");
        var verdict = TeeVectors.Verdict(report, Summer2025, "nvidia-nvtrust/hopperCertChain.txt");
        Assert.True(verdict.IsAcceptable, verdict.Refusal?.ToString());
        Assert.Equal(64, verdict.Evidence!.Measurements.Count);
        var nonce = Convert.FromHexString("931d8dd0add203ac3d8b4fbde75e115278eefcdceac5b87671a748f32364dfcb");
        Assert.Equal(nonce, verdict.Evidence.ReportData.ToArray());
        var policy = AttestationPolicy.Default with { AnyWorkload = true, GpuNonce = new byte[32] };
        Assert.Equal("policy-gpu-nonce", TeeVectors.Verdict(report, Summer2025, policy, "nvidia-nvtrust/hopperCertChain.txt").Refusal?.Code);
    }

    [Fact]
    public void Without_a_list_of_workloads_nothing_is_acceptable()
    {
        var nitro = TeeVectors.Verdict(TeeVectors.Read("base-nitro-validator/nitro_2024-11-30.cbor"), 1732983765, AttestationPolicy.Default);
        Assert.Equal((true, "policy-measurement"), (nitro.IsAuthentic, nitro.Refusal?.Code));
    }

    [Theory]
    [InlineData("intel", "phala-dcap-qvl/intel_sgx_root_ca.der")]
    [InlineData("intel", "automata-dcap-attestation/solana/root.der")]
    [InlineData("intel", "google-go-tdx-guest/trusted_root.pem")]
    [InlineData("milan", "virtee-sev/milan_ark.pem")]
    [InlineData("genoa", "virtee-sev/genoa_ark.pem")]
    [InlineData("turin", "virtee-sev/turin_ark.pem")]
    [InlineData("nitro", "base-nitro-validator/aws_nitro_root_g1.der")]
    [InlineData("nvidia", "nvidia-nvtrust/verifier_device_root.pem")]
    public void A_pinned_root_is_the_one_that_others_pin(string vendor, string file)
    {
        var roots = TrustRoots.Vendors;
        var pinned = vendor switch
        {
            "intel" => roots.Intel,
            "milan" => roots.Milan,
            "genoa" => roots.Genoa,
            "turin" => roots.Turin,
            "nitro" => roots.Nitro,
            _ => roots.Nvidia,
        };
        var theirs = Assert.Single(CertificateFiles.Read([TeeVectors.Read(file)]));
        Assert.Equal(theirs.Encoded.ToArray(), pinned.Encoded.ToArray());
    }

    /// <summary>Fingerprints as the vendors publish them.</summary>
    [Fact]
    public void Pinned_roots_have_their_published_fingerprints()
    {
        var roots = TrustRoots.Vendors;
        string[] fingerprints =
        [
            "44A0196B2B99F889B8E149E95B807A350E7424964399E885A7CBB8CCFAB674D3", "69D063B45344D26A2E94E1F4210DE49EF555308287D4C174445C95639A540BCD",
            "4C6598D19C18719C5DFD4A7D335F674E5BFE1D8F800CEA2CF270C10D103DB2F1", "1F084161A44BB6D93778A904877D4819CAFA5D05EF4193B2DED9DD9C73DD3F6A",
            "641A0321A3E244EFE456463195D606317ED7CDCC3C1756E09893F3C68F79BB5B", "102BF659D5419614C9D8E6AECEBC80454EB26B1DF6A769AC720B9A690B167B48",
        ];
        Certificate[] pinned = [roots.Intel, roots.Milan, roots.Genoa, roots.Turin, roots.Nitro, roots.Nvidia];
        Assert.Equal(fingerprints, pinned.Select(root => Convert.ToHexString(SHA256.HashData(root.Encoded.Span))));
        Assert.All(pinned, root => Assert.True(root.Key.Verifies(root.Scheme, root.SignedPart.Span, root.Signature)));
    }

    private static AttestationVerdict Genoa(long at) =>
        TeeVectors.Verdict(TeeVectors.Read("coco-trustee/snp_v3_genoa_e2e.bin"), at, "coco-trustee/snp_v3_genoa_e2e_vcek.der", "coco-trustee/genoa_ask_ark_asvk.pem");
}
