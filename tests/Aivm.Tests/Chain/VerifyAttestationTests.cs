using Aivm.Attestation;
using Aivm.Chain;
using Aivm.Primitives;
using Aivm.Tests.Attestation;
using static Aivm.Tests.Chain.AttestationsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain;

/// <summary>The precompile, with real evidence and real collateral under the vendors' roots, and with evidence of the tests.</summary>
public sealed class VerifyAttestationTests
{
    private const long Summer2025 = 1_751_624_191;

    /// <summary>The workload is the quote's own, as somebody who built it would list it.</summary>
    [Fact]
    public void A_real_TDX_quote_is_acceptable_with_collateral_that_the_chain_holds()
    {
        var quote = RealQuote();
        var evidence = TeeVectors.Verdict(quote, Summer2025, Collateral).Evidence!;
        using var chain = At(Summer2025, Workload(evidence, "mrtd", "rtmr1", "rtmr2"));
        Assert.Equal((false, "collateral-missing", "tdx"), Summary(VerifiedAnswer.Of(chain, quote)));

        var stored = chain.Attest(Bob, Store(TeeVectors.Read(Collateral)));
        Assert.True(stored.Success);
        var answer = VerifiedAnswer.Of(chain, quote);
        Assert.Equal((true, "", "tdx"), Summary(answer));
        Assert.Equal(evidence.ReportData.ToArray(), answer.ReportData);
        Assert.Equal(Keccak.Hash([.. "tdx"u8, .. Value(evidence, "mrtd"), .. Value(evidence, "rtmr1"), .. Value(evidence, "rtmr2")]), answer.Measurement);

        var mined = chain.Run(chain.Sign(Alice, SystemContracts.AttestationVerifier, data: VerifyCall(quote), gas: Gas));
        Assert.True(mined.Success);
        TestContext.Current.TestOutputHelper?.WriteLine($"storeCollateral: {stored.GasUsed} gas; verifyAttestation: {mined.GasUsed} gas");
    }

    [Fact]
    public void A_real_quote_that_no_workload_names_keeps_its_claims_and_is_not_acceptable()
    {
        using var chain = At(Summer2025, "");
        Assert.True(chain.Attest(Bob, Store(TeeVectors.Read(Collateral))).Success);
        var answer = VerifiedAnswer.Of(chain, RealQuote());
        Assert.Equal((false, "policy-measurement", "tdx"), Summary(answer));
        Assert.Equal(64, answer.ReportData.Length);
        Assert.NotEqual(Hash256.Zero, answer.Measurement);
    }

    [Fact]
    public void A_real_Genoa_report_is_acceptable_with_its_certificates()
    {
        var report = TeeVectors.Read("coco-trustee/snp_v3_genoa_e2e.bin");
        byte[][] certificates = [TeeVectors.Read("coco-trustee/snp_v3_genoa_e2e_vcek.der"), TeeVectors.Read("coco-trustee/genoa_ask_ark_asvk.pem")];
        var evidence = TeeVectors.Verdict(report, Summer2025, "coco-trustee/snp_v3_genoa_e2e_vcek.der", "coco-trustee/genoa_ask_ark_asvk.pem").Evidence!;
        using var chain = At(Summer2025, Workload(evidence, "measurement"));
        Assert.Equal((true, "", "sev-snp"), Summary(VerifiedAnswer.Of(chain, report, certificates)));
        Assert.Equal((false, "collateral-missing", "sev-snp"), Summary(VerifiedAnswer.Of(chain, report)));
        Assert.Equal((false, "certificate-missing-issuer", "sev-snp"), Summary(VerifiedAnswer.Of(chain, report, certificates[0])));
    }

    [Fact]
    public void A_real_Nitro_document_is_acceptable_while_its_certificate_lives()
    {
        const long First = 1_732_983_765;
        var document = TeeVectors.Read("base-nitro-validator/nitro_2024-11-30.cbor");
        var policy = Workload(TeeVectors.Verdict(document, First).Evidence!, "pcr0");
        using var chain = At(First, policy);
        Assert.Equal((true, "", "nitro"), Summary(VerifiedAnswer.Of(chain, document)));
        Assert.Equal((false, "collateral-needless", "nitro"), Summary(VerifiedAnswer.Of(chain, document, [1])));
        chain.Mine(time: 1_732_994_569);
        Assert.Equal((false, "certificate-expired", "nitro"), Summary(VerifiedAnswer.Of(chain, document)));
    }

    [Fact]
    public void A_real_Hopper_report_is_authentic_and_names_no_workload()
    {
        using var chain = At(Summer2025, "");
        var answer = VerifiedAnswer.Of(chain, TeeVectors.ReadHex("nvidia-nvtrust/hopperAttestationReport.txt"), TeeVectors.Read("nvidia-nvtrust/hopperCertChain.txt"));
        Assert.Equal((false, "policy-measurement", "nvidia-gpu"), Summary(answer));
        Assert.Equal((32, Hash256.Zero), (answer.ReportData.Length, answer.Measurement));
    }

    [Theory]
    [InlineData("tdx4", "tdx", true, "")]
    [InlineData("sgx", "sgx", false, "collateral-missing")]
    [InlineData("turin-v5", "sev-snp", true, "")]
    [InlineData("milan-v2", "sev-snp", false, "policy-snp-product")]
    [InlineData("nitro", "nitro", true, "")]
    [InlineData("development", "", false, "development-evidence")]
    public void Evidence_is_answered_by_its_code(string form, string kind, bool acceptable, string code)
    {
        using var chain = Start();
        Assert.True(chain.Attest(Bob, Store(Bundle())).Success);
        var call = chain.Bind(Alice, form);
        var answer = VerifiedAnswer.Of(chain, call.Evidence, call.Certificates);
        Assert.Equal((acceptable, code, kind), Summary(answer));
    }

    [Fact]
    public void Bad_evidence_is_an_answer_and_bad_calldata_a_revert()
    {
        using var chain = Start();
        Assert.Equal((false, "evidence-unknown", ""), Summary(VerifiedAnswer.Of(chain, [])));
        Assert.Equal((false, "evidence-too-large", ""), Summary(VerifiedAnswer.Of(chain, new byte[(64 << 10) + 1])));
        var report = chain.Bind(Alice, "genoa-v3").Evidence;
        Assert.Equal((false, "certificate-malformed", "sev-snp"), Summary(VerifiedAnswer.Of(chain, report, [], [])));
        var data = VerifyCall(report);
        foreach (var (malformed, name) in new (byte[], string)[]
            { ([], "UnknownSelector"), ([1, 2, 3, 4], "UnknownSelector"), (data[..4], "MalformedCalldata"), (data[..^32], "MalformedCalldata"), ([.. data, .. new byte[32]], "MalformedCalldata") })
        {
            var result = chain.Call(Alice.Address, SystemContracts.AttestationVerifier, malformed).Call;
            Assert.Equal((CallStatus.Reverted, name), (result.Status, result.Error!.Code));
        }
    }

    [Theory]
    [InlineData("tdx4")]
    [InlineData("genoa-v3")]
    [InlineData("nitro")]
    [InlineData("gpu")]
    public void Gas_is_the_same_whatever_is_cached_and_less_is_not_enough(string form)
    {
        using var warm = Start();
        using var cold = Start(caches: false);
        var bundle = Bundle();
        var call = warm.Bind(Alice, form);
        var data = VerifyCall(call.Evidence, call.Certificates);
        foreach (var chain in (TestChain[])[warm, cold])
            Assert.True(chain.Attest(Bob, Store(bundle)).Success);
        var needed = warm.Call(Alice.Address, SystemContracts.AttestationVerifier, data).GasNeeded;
        foreach (var chain in (TestChain[])[warm, warm, cold])
        {
            Assert.Equal(needed, chain.Call(Alice.Address, SystemContracts.AttestationVerifier, data).GasNeeded);
            Assert.True(chain.Call(Alice.Address, SystemContracts.AttestationVerifier, data, gas: needed).Call.IsSuccess);
            Assert.Equal(CallStatus.Halted, chain.Call(Alice.Address, SystemContracts.AttestationVerifier, data, gas: needed - 1).Call.Status);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{form}: {needed} gas");
    }

    [Fact]
    public void It_answers_where_nothing_may_be_written()
    {
        using var chain = Start();
        var call = chain.Bind(Alice, "milan-v2");
        var frame = CallTests.Frame(SystemContracts.AttestationVerifier, VerifyCall(call.Evidence, call.Certificates), CallKind.StaticCall, isStatic: true);
        Assert.True(MessageCall.Execute(CallTests.Context(chain), frame).IsSuccess);
    }

    private const string Collateral = "bundles/phala-tdx-B0C06F000000-2025-06.json";

    private static byte[] RealQuote()
    {
        var bytes = TeeVectors.Read("phala-dcap-qvl/tdx_quote_v4.bin");
        return bytes[..IntelQuote.LengthOf(bytes)];
    }

    private static TestChain At(long time, string policy) => Start(
        AttestedGenesis with { Time = (ulong)time - 2, Attestation = new AttestationRules { Policy = policy } }, roots: TrustRoots.Vendors);

    private static string Workload(VerifiedEvidence evidence, params string[] names)
    {
        var values = names.Select(name => $"\"{name}\":\"{Convert.ToHexString(Value(evidence, name))}\"");
        return $$"""{"version":1,"workloads":[{"kind":"{{evidence.Kind.Name()}}",{{string.Join(',', values)}}}]}""";
    }

    private static byte[] Value(VerifiedEvidence evidence, string name) => evidence.Measurements.Single(measurement => measurement.Name == name).Value.ToArray();

    private static (bool Acceptable, string Code, string Kind) Summary(VerifiedAnswer answer) => (answer.Acceptable, answer.Code, answer.Kind);
}
