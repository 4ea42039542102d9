using System.Security.Cryptography;
using Aivm.Attestation;
using Aivm.Tests.Attestation.Fakes;

namespace Aivm.Tests.Attestation;

/// <summary>Reports of fake AMD processors: the good ones, and every way to be wrong with the code that refuses it.</summary>
public sealed class SnpReportTests
{
    [Theory]
    [InlineData("milan-v2", SnpProduct.Milan)]
    [InlineData("genoa-v3", SnpProduct.Genoa)]
    [InlineData("genoa-vlek", SnpProduct.Genoa)]
    [InlineData("siena-v3", SnpProduct.Genoa)]
    [InlineData("turin-v5", SnpProduct.Turin)]
    [InlineData("turin-vlek", SnpProduct.Turin)]
    public void A_good_report_is_authentic(string form, SnpProduct product)
    {
        var processor = FakeProcessor.Named(form);
        var evidence = Assert.IsType<SnpEvidence>(Verdicts.Authentic(processor.Report(), processor.Certificates));
        Assert.Equal((product, 0u, false), (evidence.Product, evidence.Vmpl, evidence.IsDebug));
        Assert.Equal(new SnpTcb(product == SnpProduct.Turin ? (byte)1 : (byte)0, 10, 2, 23, 84), evidence.Tcb);
        // A provider's key hides the chip: nothing says that two reports are of one machine.
        Assert.Equal(processor.SigningKey == SnpSigningKey.Chip ? 64 : 0, evidence.PlatformId.Length);
    }

    [Fact]
    public void Certificates_come_in_any_order_in_files_of_one_or_several()
    {
        var processor = new FakeProcessor();
        var report = processor.Report();
        byte[][] certificates = processor.Certificates;
        Assert.Null(Verdicts.Refusal(report, certificates.Reverse().ToArray()));
        Assert.Null(Verdicts.Refusal(report, [System.Text.Encoding.ASCII.GetBytes(FakeAuthority.Pem(certificates))]));
        Assert.Null(Verdicts.Refusal(report, certificates[..2]));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [InlineData(4u)]
    [InlineData(6u)]
    public void Another_version_is_refused(uint version) => Assert.Equal("snp-version", Refusal(new FakeProcessor { Version = version }));

    [Theory]
    [InlineData(0u)]
    [InlineData(2u)]
    public void Another_algorithm_is_refused(uint algorithm) => Assert.Equal("snp-algorithm", Refusal(new FakeProcessor { Algorithm = algorithm }));

    [Theory]
    [InlineData(2u << 2)]
    [InlineData(7u << 2)]
    public void Another_signing_key_is_refused(uint keyInfo) => Assert.Equal("snp-signing-key", Refusal(new FakeProcessor { KeyInfo = keyInfo }));

    [Fact]
    public void Every_other_length_is_refused()
    {
        var processor = new FakeProcessor();
        var (report, certificates) = (processor.Report(), processor.Certificates);
        for (var length = 0; length < report.Length; length++)
            Assert.Contains(Verdicts.Refusal(report[..length], certificates), new[] { "evidence-unknown", "snp-length" });
        Assert.Equal("snp-length", Verdicts.Refusal([.. report, 0], certificates));
    }

    [Fact]
    public void Every_changed_byte_is_refused()
    {
        var processor = new FakeProcessor();
        var (report, certificates) = (processor.Report(), processor.Certificates);
        for (var at = 0; at < report.Length; at++)
        {
            var code = Verdicts.Refusal(Verdicts.Flipped(report, at), certificates);
            Assert.True(code is not (null or Refused.Unforeseen), $"byte {at:X}h: {code ?? "authentic"}");
            if (at is >= 0x50 and < 0x180)
                Assert.Equal("snp-signature", code);
            if (at >= 0x330)
                Assert.Equal("snp-trailing", code);
        }
    }

    [Fact]
    public void Every_changed_byte_of_a_certificate_is_refused()
    {
        var processor = new FakeProcessor();
        var report = processor.Report();
        byte[][] certificates = processor.Certificates;
        for (var which = 0; which < 2; which++)
        {
            for (var at = 0; at < certificates[which].Length; at++)
            {
                var changed = certificates.ToArray();
                changed[which] = Verdicts.Flipped(certificates[which], at);
                var code = Verdicts.Refusal(report, changed);
                Assert.True(code is not (null or Refused.Unforeseen), $"certificate {which}, byte {at}: {code ?? "authentic"}");
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(48)]
    public void Halves_of_a_signature_are_in_their_range(int at)
    {
        byte[] Replaced(byte[] signature, string half) => [.. signature[..at], .. Convert.FromHexString(half), .. signature[(at + 48)..]];

        Assert.Equal("signature-range", Refusal(new FakeProcessor { Signature = signature => Replaced(signature, new string('0', 96)) }));
        Assert.Equal("signature-range", Refusal(new FakeProcessor { Signature = signature => Replaced(signature, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973") }));
    }

    [Fact]
    public void A_half_of_a_signature_has_384_bits()
    {
        var processor = new FakeProcessor();
        Assert.Equal("signature-range", Verdicts.Refusal(Verdicts.Flipped(processor.Report(), 0x2A0 + 48), processor.Certificates));
        Assert.Equal("signature-range", Verdicts.Refusal(Verdicts.Flipped(processor.Report(), 0x2E8 + 71), processor.Certificates));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void The_key_is_that_of_the_reported_TCB(int part)
    {
        var turin = FakeProcessor.Named("turin-v5");
        Assert.Equal("snp-tcb-mismatch", Refusal(turin with { CertifiedTcb = Verdicts.Flipped(turin.Tcb, part) }));
        if (part > 0)
            Assert.Equal("snp-tcb-mismatch", Refusal(new FakeProcessor { CertifiedTcb = Verdicts.Flipped(new FakeProcessor().Tcb, part) }));
    }

    [Fact]
    public void The_key_is_that_of_the_chip()
    {
        Assert.Equal("snp-chip-id", Refusal(new FakeProcessor { CertifiedChipId = [.. Enumerable.Repeat((byte)0xC3, 64)] }));
        Assert.Equal("snp-chip-id", Refusal(new FakeProcessor { CertifiedChipId = [.. Enumerable.Repeat((byte)0xC1, 8)] }));
        Assert.Equal("snp-chip-id", Refusal(new FakeProcessor { CertifiedChipId = [] }));
        Assert.Null(Refusal(new FakeProcessor { CertifiedChipId = [0x04, 64, .. Enumerable.Repeat((byte)0xC1, 64)] }));
        Assert.Equal("snp-chip-id", Refusal(new FakeProcessor { CertifiedChipId = [0x04, 64, .. Enumerable.Repeat((byte)0xC3, 64)] }));
        Assert.Equal("snp-chip-id", Refusal(FakeProcessor.Named("turin-v5") with { CertifiedChipId = [.. Enumerable.Repeat((byte)0xC2, 7), 0xC3] }));
        // A masked chip id is zero, and no certificate is for it.
        Assert.Equal("snp-chip-id", Refusal(new FakeProcessor { ChipId = new byte[64], CertifiedChipId = [.. Enumerable.Repeat((byte)0xC1, 64)] }));
    }

    [Fact]
    public void A_chips_key_and_a_providers_key_do_not_mix()
    {
        var (chip, provider) = (new FakeProcessor(), FakeProcessor.Named("genoa-vlek"));
        Assert.Equal("snp-signing-key", Verdicts.Refusal(provider.Report(), chip.Certificates));
        Assert.Equal("snp-signing-key", Verdicts.Refusal(chip.Report(), provider.Certificates));
        Assert.Equal("snp-signing-key", Refusal(chip with { AuthorityName = "SEV-VLEK-Genoa" }));
        Assert.Equal("snp-signing-key", Refusal(provider with { AuthorityName = "SEV-Genoa" }));
        Assert.Equal("snp-signing-key", Refusal(chip with { Leaf = provider.LeafSpec }));
        Assert.Equal("snp-signing-key", Refusal(provider with { Leaf = chip.LeafSpec }));
    }

    [Theory]
    [InlineData(0x19, 0x01)]
    [InlineData(0x1A, 0x02)]
    [InlineData(0x19, 0x60)]
    [InlineData(0x17, 0x11)]
    public void The_processor_is_of_the_generation_of_its_root(byte family, byte model) =>
        Assert.Equal("snp-product", Refusal(new FakeProcessor { Cpu = (family, model) }));

    [Fact]
    public void A_root_with_the_same_name_is_not_the_root()
    {
        var (processor, certificates) = (new FakeProcessor(), new FakeProcessor().Certificates);
        var impostor = new FakeAuthority(new CertificateSpec("ARK-Genoa", FakeProcessor.AuthorityKey).AsAuthority(), HashAlgorithmName.SHA384);
        Assert.Equal("certificate-root", Verdicts.Refusal(processor.Report(), [certificates[0], impostor.Issue(processor.AuthoritySpec), impostor.SelfSigned()]));
        Assert.Equal("certificate-signature", Verdicts.Refusal(processor.Report(), [certificates[0], impostor.Issue(processor.AuthoritySpec)]));
        var other = new FakeAuthority(new CertificateSpec("ARK-Rome", FakeProcessor.AuthorityKey).AsAuthority(), HashAlgorithmName.SHA384);
        Assert.Equal("certificate-root", Verdicts.Refusal(processor.Report(), [certificates[0], other.Issue(processor.AuthoritySpec)]));
    }

    [Fact]
    public void A_renewed_root_certificate_with_the_same_key_is_taken()
    {
        var (processor, certificates) = (new FakeProcessor(), new FakeProcessor().Certificates);
        var renewed = new FakeAuthority(new CertificateSpec("ARK-Genoa", FakeRoots.Genoa.Key) { Serial = [7] }.AsAuthority(), HashAlgorithmName.SHA384).SelfSigned();
        Assert.Null(Verdicts.Refusal(processor.Report(), [.. certificates[..2], renewed]));
        Assert.Equal("certificate-root", Verdicts.Refusal(processor.Report(), [.. certificates[..2], Verdicts.Flipped(renewed, renewed.Length - 1)]));
    }

    [Fact]
    public void A_chain_is_whole_and_has_one_device()
    {
        var (processor, certificates) = (new FakeProcessor(), new FakeProcessor().Certificates);
        Assert.Equal("certificate-missing-issuer", Verdicts.Refusal(processor.Report(), [certificates[0], certificates[2]]));
        Assert.Equal("collateral-missing", Verdicts.Refusal(processor.Report(), certificates[1..]));
        Assert.Equal("collateral-missing", Verdicts.Refusal(processor.Report(), Array.Empty<byte[]>()));
        var another = processor.Authority.Issue(processor.LeafSpec with { Serial = [1] });
        Assert.Equal("certificate-chain", Verdicts.Refusal(processor.Report(), [another, .. certificates]));
    }

    /// <summary>As a chain in one file and the processor's certificate in another have it.</summary>
    [Fact]
    public void A_certificate_that_is_given_twice_is_one()
    {
        var (processor, certificates) = (new FakeProcessor(), new FakeProcessor().Certificates);
        var chain = System.Text.Encoding.ASCII.GetBytes(FakeAuthority.Pem(certificates));
        Assert.Null(Verdicts.Refusal(processor.Report(), [certificates[0], .. certificates]));
        Assert.Null(Verdicts.Refusal(processor.Report(), [chain, certificates[0], certificates[2]]));
        Assert.Null(Verdicts.Refusal(processor.Report(), [.. Enumerable.Repeat(chain, 5)]));
        Assert.Equal("certificate-chain", Verdicts.Refusal(processor.Report(), [.. Enumerable.Repeat(chain, 6)]));
    }

    /// <summary>As openssl prints certificates: what they say before each, attributes of the bag they were in, keys beside them.</summary>
    [Theory]
    [InlineData("Bag Attributes\n    localKeyID: 01 00\nsubject=CN = SEV-VCEK\n", "\n")]
    [InlineData("Certificate:\n    Subject: O = Sociét\u00E9\r\n", "\r\n# the next one\r\n")]
    [InlineData("0 s:CN = SEV-VCEK\n", "---\n")]
    [InlineData("-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n", "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n")]
    public void Text_around_certificates_in_a_file_is_left(string before, string after)
    {
        var (processor, certificates) = (new FakeProcessor(), new FakeProcessor().Certificates);
        var file = string.Concat(certificates.Select(certificate => before + FakeAuthority.Pem(certificate) + after));
        Assert.Null(Verdicts.Refusal(processor.Report(), [System.Text.Encoding.UTF8.GetBytes(file)]));
    }

    [Theory]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n", "pem-malformed")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMAA=\n", "pem-malformed")]
    [InlineData("-----BEGIN CERTIFICATE-----END CERTIFICATE-----", "pem-malformed")]
    [InlineData("-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n\nMAA=\n-----END CERTIFICATE-----\n", "pem-malformed")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "certificate-malformed")]
    [InlineData("text", "certificate-malformed")]
    [InlineData("", "certificate-malformed")]
    public void A_file_without_a_whole_certificate_is_refused(string file, string code) =>
        Assert.Equal(code, Verdicts.Refusal(new FakeProcessor().Report(), [System.Text.Encoding.ASCII.GetBytes(file), .. new FakeProcessor().Certificates]));

    [Fact]
    public void A_key_on_another_curve_is_refused()
    {
        using var key = FakeRoots.P256();
        Assert.Equal("key-curve", Refusal(new FakeProcessor { Leaf = new FakeProcessor().LeafSpec with { Key = key } }));
    }

    [Theory]
    [InlineData("PKCS#1")]
    [InlineData("SHA-1")]
    [InlineData("SHA-256")]
    [InlineData("salt 20")]
    public void Only_PSS_with_SHA_384_and_a_salt_of_48_bytes_certifies(string how)
    {
        byte[] Sign(RSA key, byte[] data) => how switch
        {
            "PKCS#1" => key.SignData(data, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1),
            "SHA-1" => key.SignData(data, HashAlgorithmName.SHA1, RSASignaturePadding.Pss),
            "SHA-256" => key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pss),
            _ => ShortSalt.Sign(key, data),
        };

        // The identifier says what it should, and the signature is another: then the identifier too.
        var processor = new FakeProcessor();
        var lying = processor.Authority.Issue(processor.LeafSpec, new PssGenerator(FakeProcessor.AuthorityKey, Sign));
        Assert.Equal("certificate-signature", Verdicts.Refusal(processor.Report(), [lying, .. processor.Certificates[1..]]));
    }

    [Fact]
    public void Another_signature_algorithm_is_refused_by_its_identifier()
    {
        var processor = new FakeProcessor();
        var pkcs = System.Security.Cryptography.X509Certificates.X509SignatureGenerator.CreateForRSA(FakeProcessor.AuthorityKey, RSASignaturePadding.Pkcs1);
        Assert.Equal("signature-algorithm", Verdicts.Refusal(processor.Report(), [processor.Authority.Issue(processor.LeafSpec, pkcs), .. processor.Certificates[1..]]));
    }

    [Theory]
    [InlineData(-1, "certificate-not-yet-valid")]
    [InlineData(0, null)]
    public void A_certificate_begins_at_its_second(long offset, string? code)
    {
        var processor = new FakeProcessor { Leaf = new FakeProcessor().LeafSpec with { From = FakeTime.Now } };
        Assert.Equal(code, Verdicts.Refusal(processor.Report(), processor.Certificates, FakeTime.Now + offset));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, "certificate-expired")]
    public void A_certificate_ends_after_its_second(long offset, string? code)
    {
        var processor = new FakeProcessor { Leaf = new FakeProcessor().LeafSpec with { Until = FakeTime.Now } };
        Assert.Equal(code, Verdicts.Refusal(processor.Report(), processor.Certificates, FakeTime.Now + offset));
    }

    private static string? Refusal(FakeProcessor processor) => Verdicts.Refusal(processor.Report(), processor.Certificates);
}
