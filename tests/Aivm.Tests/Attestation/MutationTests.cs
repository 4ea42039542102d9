using Aivm.Attestation;

namespace Aivm.Tests.Attestation;

/// <summary>
/// Real evidence, changed at random from a fixed seed: the verifier never throws, never meets what it did not foresee, and what it calls authentic
/// says exactly what the unchanged evidence says.
/// </summary>
public sealed class MutationTests
{
    private const int Rounds = 200;

    public static TheoryData<string, long, string[]> Vectors() => new()
    {
        { "phala-dcap-qvl/sgx_quote.bin", 1751624924, ["bundles/phala-sgx-00A067110000-2025-06.json"] },
        { "automata-dcap-attestation/solana/quote_sgx.bin", 1751624924, ["bundles/phala-sgx-00A067110000-2025-06.json"] },
        { "automata-dcap-attestation/sgx_v3_00606a.bin", 1756530546, ["bundles/automata-sgx-00606A000000-2025-08.json"] },
        { "phala-dcap-qvl/tdx_quote_v4.bin", 1751624191, ["bundles/phala-tdx-B0C06F000000-2025-06.json"] },
        { "phala-dcap-qvl/tdx_quote_b0c06f_svn0501.bin", 1751624191, ["bundles/phala-tdx-B0C06F000000-2025-06.json"] },
        { "phala-dcap-qvl/tdx_quote_tappd.bin", 1751624191, ["bundles/phala-tdx-B0C06F000000-2025-06.json"] },
        { "phala-dcap-qvl/tdx_quote_v4_near.bin", 1758093775, ["bundles/near-tdx-20A06F000000-2025-09.json"] },
        { "phala-dcap-qvl/tdx_quote_v5_td15_outdated.bin", 1772707803, ["bundles/phala-tdx-90C06F000000-2026-02.json"] },
        { "google-go-tdx-guest/quote_v5_sample.dat", 1772707803, ["bundles/phala-tdx-90C06F000000-2026-02.json"] },
        { "google-go-tdx-guest/tdx_prod_quote_SPR_E4.dat", 1687939438, ["bundles/google-tdx-50806F000000-2023-06.json"] },
        { "automata-dcap-attestation/tdx_v5_90c06f.bin", 1750357898, ["bundles/automata-tdx-90C06F000000-2025-06.json"] },
        { "automata-dcap-attestation/tdx_v4_00806f_8000.bin", 1761920231, ["bundles/automata-tdx-00806F050000-2025-10.json"] },
        { "coco-trustee/snp_v3_genoa_e2e.bin", 1751624924, ["coco-trustee/snp_v3_genoa_e2e_vcek.der", "coco-trustee/genoa_ask_ark_asvk.pem"] },
        { "virtee-sev/snp_v2_milan.bin", 1751624924, ["virtee-sev/vcek_milan.der", "virtee-sev/cert_chain_milan"] },
        { "google-go-sev-guest/snp_v2_milan_DEBUG_policy.bin", 1751624924, ["google-go-sev-guest/vcek_milan.der", "google-go-sev-guest/milan_ask_ark.pem"] },
        { "base-nitro-validator/nitro_2024-11-30.cbor", 1732983765, [] },
        { "base-nitro-validator/nitro_2024-11-26.cbor", 1732575518, [] },
        { "nvidia-nvtrust/hopperAttestationReport.txt", 1751624924, ["nvidia-nvtrust/hopperCertChain.txt"] },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Changed_evidence_is_never_authentic_with_another_content(string path, long at, string[] collateral)
    {
        var evidence = Unpadded(path);
        byte[][] files = [.. collateral.Select(TeeVectors.Read)];
        var expected = Content(Verdict(evidence, files, at));
        Assert.NotNull(expected);
        var (random, authentic) = (new Random(20260101), 0);
        for (var round = 0; round < Rounds; round++)
        {
            var (changed, changedFiles) = (evidence, files.ToArray());
            // One in four changes what comes with the evidence.
            var which = files.Length > 0 && round % 4 == 3 ? random.Next(files.Length) : -1;
            if (which >= 0)
                changedFiles[which] = Mutated(files[which], random);
            else
                changed = Mutated(evidence, random);
            var verdict = Verdict(changed, changedFiles, at);
            Assert.NotEqual(Refused.Unforeseen, verdict.Refusal?.Code);
            if (!verdict.IsAuthentic)
                continue;
            authentic++;
            Assert.True(expected == Content(verdict), $"round {round} says something else and is authentic");
        }
        // What may be changed is not signed: unused certificates, line breaks. It is little.
        Assert.InRange(authentic, 0, Rounds / 4);
    }

    [Fact]
    public void Random_bytes_are_refused()
    {
        var random = new Random(7);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = new byte[random.Next(0, 2_000)];
            random.NextBytes(bytes);
            if (bytes.Length > 4)
                Heads[random.Next(Heads.Length)].CopyTo(bytes, 0);
            var verdict = Verdict(bytes, [], 0);
            Assert.False(verdict.IsAuthentic);
            Assert.NotEqual(Refused.Unforeseen, verdict.Refusal!.Code);
        }
    }

    private static readonly byte[][] Heads =
    [
        [], [3, 0, 2, 0], [4, 0, 2, 0], [5, 0, 2, 0], [2, 0, 0, 0], [0x84, 0x44, 0xA1, 1], [0xD2, 0x84], [0x9F], [0x11, 0xE0, 1], [0xD9, 0x01, 0x8F],
    ];

    private static byte[] Unpadded(string path)
    {
        if (path.EndsWith(".txt", StringComparison.Ordinal))
            return TeeVectors.ReadHex(path);
        var bytes = TeeVectors.Read(path);
        return EvidenceReader.KindOf(bytes) is EvidenceKind.Sgx or EvidenceKind.Tdx ? bytes[..IntelQuote.LengthOf(bytes)] : bytes;
    }

    private static AttestationVerdict Verdict(byte[] bytes, byte[][] files, long at) =>
        AttestationVerdict.Of(bytes, [.. files.Select(file => (ReadOnlyMemory<byte>)file)], at, AttestationPolicy.Default);

    /// <summary>All that authentic evidence says.</summary>
    private static string? Content(AttestationVerdict verdict) => verdict.Evidence is not { } evidence ? null : string.Join(
        '\n',
        [
            .. evidence.Measurements.Select(measurement => $"{measurement.Name} {Convert.ToHexString(measurement.Value.Span)}"),
            Convert.ToHexString(evidence.ReportData.Span), Convert.ToHexString(evidence.PlatformId.Span), $"{evidence.TcbStatus}", .. evidence.Advisories,
        ]);

    private static byte[] Mutated(byte[] bytes, Random random)
    {
        var at = random.Next(bytes.Length);
        switch (random.Next(6))
        {
            case 0:
                return Verdicts.Flipped(bytes, at, (byte)(1 << random.Next(8)));
            case 1:
                return bytes[..at];
            case 2:
                return [.. bytes, .. new byte[random.Next(1, 9)]];
            case 3:
                return [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + random.Next(1, 9))..]];
            case 4:
                return [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]];
            default:
                var changed = bytes.ToArray();
                random.NextBytes(changed.AsSpan(at, Math.Min(bytes.Length - at, random.Next(1, 33))));
                return changed;
        }
    }
}
