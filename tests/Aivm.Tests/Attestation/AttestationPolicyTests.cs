using System.Collections.Immutable;
using System.Text;
using Aivm.Attestation;
using Aivm.Tests.Attestation.Fakes;

namespace Aivm.Tests.Attestation;

/// <summary>What authentic evidence must say to be accepted. Every rule refuses under its name.</summary>
public sealed class AttestationPolicyTests
{
    private static readonly AttestationPolicy AnyWorkload = AttestationPolicy.Default with { AnyWorkload = true };

    [Theory]
    [InlineData("sgx")]
    [InlineData("tdx4")]
    [InlineData("tdx5")]
    [InlineData("td15")]
    public void A_good_quote_of_any_workload_is_accepted_only_when_any_is(string form)
    {
        var evidence = Verdicts.Authentic(FakeQuote.Named(form));
        Assert.Null(Refusal(AnyWorkload, evidence));
        Assert.Equal("policy-measurement", Refusal(AttestationPolicy.Default, evidence));
    }

    [Fact]
    public void An_enclave_in_debug_mode_is_refused() =>
        Assert.Equal("policy-debug", Refusal(AnyWorkload, FakeQuote.Sgx with { Body = FakeQuote.Enclave(0x07, new byte[64], 0, 1, new byte[32]) }));

    [Theory]
    [InlineData(0, "policy-debug")]
    [InlineData(1, "policy-debug")]
    [InlineData(4, "policy-debug")]
    [InlineData(7, "policy-debug")]
    [InlineData(8, "policy-td-attributes")]
    [InlineData(16, "policy-td-attributes")]
    [InlineData(26, "policy-td-attributes")]
    [InlineData(27, null)]
    [InlineData(28, "policy-td-sept-ve")]
    [InlineData(29, "policy-td-attributes")]
    [InlineData(30, null)]
    [InlineData(31, null)]
    [InlineData(32, "policy-td-attributes")]
    [InlineData(62, "policy-td-attributes")]
    [InlineData(63, null)]
    public void Each_attribute_of_a_trust_domain_is_looked_at(int bit, string? code) =>
        Assert.Equal(code, Refusal(AnyWorkload, FakeQuote.Tdx4 with { Body = FakeQuote.TdBody(attributes: 1UL << 28 ^ 1UL << bit) }));

    [Fact]
    public void A_trust_domain_with_a_service_domain_is_refused() =>
        Assert.Equal("policy-td-service", Refusal(AnyWorkload, FakeQuote.Td15 with { Body = FakeQuote.Td15Body(service: 1) }));

    [Theory]
    [InlineData("UpToDate", null)]
    [InlineData("SWHardeningNeeded", "policy-tcb-status")]
    [InlineData("ConfigurationNeeded", "policy-tcb-status")]
    [InlineData("ConfigurationAndSWHardeningNeeded", "policy-tcb-status")]
    [InlineData("OutOfDate", "policy-tcb-status")]
    [InlineData("OutOfDateConfigurationNeeded", "policy-tcb-status")]
    [InlineData("Revoked", "policy-tcb-status")]
    public void A_status_is_accepted_when_it_is_listed(string status, string? code)
    {
        var evidence = Verdicts.Authentic(FakeQuote.Tdx4, new FakeCollateral { Levels = [new(status, 5)] });
        Assert.Equal(code, Refusal(AnyWorkload, evidence));
        Assert.Null(Refusal(AnyWorkload with { TcbStatuses = [Enum.Parse<TcbStatus>(status)] }, evidence));
        Assert.Equal("policy-tcb-status", Refusal(AnyWorkload with { TcbStatuses = [] }, evidence));
    }

    [Fact]
    public void Hardened_software_is_accepted_by_its_advisories()
    {
        var collateral = new FakeCollateral { Kind = EvidenceKind.Sgx, Levels = [new("SWHardeningNeeded", 5, "INTEL-SA-00334", "INTEL-SA-00615")] };
        var evidence = Verdicts.Authentic(FakeQuote.Sgx, collateral);
        Assert.Null(Refusal(AnyWorkload with { Advisories = ["INTEL-SA-00334", "INTEL-SA-00615", "INTEL-SA-00000"] }, evidence));
        Assert.Equal("policy-tcb-status", Refusal(AnyWorkload with { Advisories = ["INTEL-SA-00615"] }, evidence));
        // Without a named advisory there is nothing that a workload could have been hardened against.
        var unnamed = Verdicts.Authentic(FakeQuote.Sgx, collateral with { Levels = [new("SWHardeningNeeded", 5)] });
        Assert.Equal("policy-tcb-status", Refusal(AnyWorkload with { Advisories = ["INTEL-SA-00615"] }, unnamed));
        var configured = Verdicts.Authentic(FakeQuote.Sgx, collateral with { Levels = [new("ConfigurationAndSWHardeningNeeded", 5, "INTEL-SA-00615")] });
        Assert.Equal("policy-tcb-status", Refusal(AnyWorkload with { Advisories = ["INTEL-SA-00615"] }, configured));
    }

    [Fact]
    public void Milan_is_refused_unless_it_is_listed()
    {
        var milan = Snp(FakeProcessor.Named("milan-v2"));
        Assert.Equal("policy-snp-product", Refusal(AnyWorkload, milan));
        Assert.Null(Refusal(AnyWorkload with { SnpProducts = [SnpProduct.Milan] }, milan));
        Assert.Null(Refusal(AnyWorkload, Snp(FakeProcessor.Named("turin-v5"))));
        Assert.Null(Refusal(AnyWorkload, Snp(FakeProcessor.Named("genoa-vlek"))));
    }

    [Fact]
    public void A_guest_is_protected_from_its_host()
    {
        Assert.Equal("policy-debug", Refusal(AnyWorkload, Snp(new FakeProcessor { Policy = 0xB0000 })));
        Assert.Equal("policy-snp-migration", Refusal(AnyWorkload, Snp(new FakeProcessor { Policy = 0x70000 })));
        Assert.Equal("policy-snp-vmpl", Refusal(AnyWorkload, Snp(new FakeProcessor { Vmpl = 1 })));
        Assert.Equal("policy-snp-vmpl", Refusal(AnyWorkload, Snp(new FakeProcessor { Vmpl = uint.MaxValue })));
    }

    [Theory]
    [InlineData(0, 10, 2, 23, 84, null)]
    [InlineData(0, 11, 2, 23, 84, "policy-snp-tcb")]
    [InlineData(0, 10, 3, 23, 84, "policy-snp-tcb")]
    [InlineData(0, 10, 2, 24, 84, "policy-snp-tcb")]
    [InlineData(0, 10, 2, 23, 85, "policy-snp-tcb")]
    [InlineData(1, 10, 2, 23, 84, "policy-snp-tcb")]
    public void Firmware_reaches_the_least_TCB_in_every_part(byte fmc, byte bootLoader, byte tee, byte snp, byte microcode, string? code)
    {
        var policy = AnyWorkload with { MinimumSnpTcb = ImmutableDictionary<SnpProduct, SnpTcb>.Empty.Add(SnpProduct.Genoa, new SnpTcb(fmc, bootLoader, tee, snp, microcode)) };
        Assert.Equal(code, Refusal(policy, Snp(new FakeProcessor())));
        Assert.Null(Refusal(policy, Snp(FakeProcessor.Named("turin-v5"))));
    }

    [Fact]
    public void The_check_for_aliases_can_be_demanded()
    {
        var policy = AnyWorkload with { RequireAliasCheck = true };
        Assert.Null(Refusal(policy, Snp(new FakeProcessor())));
        Assert.Equal("policy-snp-alias", Refusal(policy, Snp(new FakeProcessor { PlatformInfo = 5 })));
    }

    [Fact]
    public void An_enclave_with_zero_registers_is_in_debug_mode() =>
        Assert.Equal("policy-debug", Refusal(AnyWorkload, Verdicts.Authentic(new FakeNitro { Pcr0 = new byte[48] }.Encode(), [])));

    /// <summary>A stale block hash, another session's key and another chain all show as other report data: they are what is hashed there.</summary>
    [Theory]
    [InlineData("sgx")]
    [InlineData("tdx4")]
    public void Evidence_is_bound_to_its_report_data(string form)
    {
        var evidence = Verdicts.Authentic(FakeQuote.Named(form));
        Assert.Null(Refusal(AnyWorkload with { ReportData = evidence.ReportData }, evidence));
        Assert.Equal("policy-report-data", Refusal(AnyWorkload with { ReportData = Verdicts.Flipped(evidence.ReportData.ToArray(), 63) }, evidence));
        Assert.Equal("policy-report-data", Refusal(AnyWorkload with { ReportData = evidence.ReportData[..32] }, evidence));
    }

    [Fact]
    public void A_GPU_is_bound_to_its_nonce()
    {
        var evidence = Verdicts.Authentic(new FakeGpu().Encode(), FakeGpu.Certificates);
        Assert.Null(Refusal(AnyWorkload with { GpuNonce = new FakeGpu().Nonce }, evidence));
        Assert.Equal("policy-gpu-nonce", Refusal(AnyWorkload with { GpuNonce = new byte[32] }, evidence));
    }

    [Theory]
    [InlineData("""{"kind":"sgx","mrenclave":"E5"}""", null)]
    [InlineData("""{"kind":"sgx","mrenclave":"E5","mrsigner":"00"}""", null)]
    [InlineData("""{"kind":"sgx","mrenclave":"E5","mrsigner":"01"}""", "policy-measurement")]
    [InlineData("""{"kind":"sgx","mrenclave":"E6"}""", "policy-measurement")]
    [InlineData("""{"kind":"sgx","mrenclave":"E5","mrother":"00"}""", "policy-measurement")]
    [InlineData("""{"kind":"sgx","mrsigner":"00"}""", "policy-malformed")]
    [InlineData("""{"kind":"sgx"}""", "policy-malformed")]
    [InlineData("""{"kind":"tdx","mrtd":"E5"}""", "policy-malformed")]
    [InlineData("""{"kind":"sgy","mrenclave":"E5"}""", "policy-malformed")]
    public void A_workload_is_named_by_all_that_its_entry_says(string entry, string? code)
    {
        foreach (var value in new[] { "E5", "E6", "00", "01" })
            entry = entry.Replace($"\"{value}\"", $"\"{string.Concat(Enumerable.Repeat(value, 32))}\"");
        var json = $$"""{"version":1,"workloads":[{{entry}}]}""";
        Assert.Equal(code, PolicyFile.TryRead(Encoding.UTF8.GetBytes(json), out var policy, out var error) ? Refusal(policy, Verdicts.Authentic(FakeQuote.Sgx)) : error.Code);
    }

    [Fact]
    public void A_trust_domain_is_named_with_its_kernel()
    {
        AllowedWorkload Entry(byte rtmr2) => new(EvidenceKind.Tdx, ImmutableSortedDictionary<string, ReadOnlyMemory<byte>>.Empty
            .Add("mrtd", Filled(0xA1)).Add("rtmr1", Filled(0xB1)).Add("rtmr2", Filled(rtmr2)));

        var evidence = Verdicts.Authentic(FakeQuote.Tdx4);
        Assert.Null(Refusal(AttestationPolicy.Default with { Workloads = [Entry(0x00), Entry(0xB2)] }, evidence));
        Assert.Equal("policy-measurement", Refusal(AttestationPolicy.Default with { Workloads = [Entry(0x00)] }, evidence));
        var firmware = new AllowedWorkload(EvidenceKind.Tdx, ImmutableSortedDictionary<string, ReadOnlyMemory<byte>>.Empty.Add("mrtd", Filled(0xA1)));
        Assert.Equal("policy-measurement", Refusal(AttestationPolicy.Default with { Workloads = [firmware] }, evidence));
    }

    [Fact]
    public void A_GPU_is_named_by_all_of_its_measurements()
    {
        var evidence = Verdicts.Authentic(new FakeGpu().Encode(), FakeGpu.Certificates);
        var all = evidence.Measurements.ToImmutableSortedDictionary(block => block.Name, block => block.Value);
        Assert.Null(Refusal(AttestationPolicy.Default with { Workloads = [new(EvidenceKind.NvidiaGpu, all)] }, evidence));
        Assert.Equal("policy-measurement", Refusal(AttestationPolicy.Default with { Workloads = [new(EvidenceKind.NvidiaGpu, all.Remove("block_2"))] }, evidence));
    }

    [Fact]
    public void A_policy_file_says_all_of_it()
    {
        const string Json = """
            {"version":1,"tcb_statuses":["UpToDate","TDRelaunchAdvised"],"advisories":["INTEL-SA-00615"],"snp_products":["genoa","turin","milan"],
             "minimum_snp_tcb":{"genoa":{"boot_loader":10,"snp":23,"microcode":25},"turin":{"fmc":1}},"require_alias_check":true,
             "workloads":[],"report_data":"0102","gpu_nonce":"4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e"}
            """;
        Assert.True(PolicyFile.TryRead(Encoding.UTF8.GetBytes(Json), out var policy, out var error), error?.ToString());
        Assert.Equal([TcbStatus.UpToDate, TcbStatus.TDRelaunchAdvised], policy.TcbStatuses.Order());
        Assert.Equal(3, policy.SnpProducts.Count);
        Assert.Equal(new SnpTcb(0, 10, 0, 23, 25), policy.MinimumSnpTcb[SnpProduct.Genoa]);
        Assert.Equal(new SnpTcb(1, 0, 0, 0, 0), policy.MinimumSnpTcb[SnpProduct.Turin]);
        Assert.True(policy.RequireAliasCheck);
        Assert.Equal([1, 2], policy.ReportData!.Value.ToArray());
        Assert.Equal(new FakeGpu().Nonce, policy.GpuNonce!.Value.ToArray());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"version":2}""")]
    [InlineData("""{"version":1,"version":1}""")]
    [InlineData("""{"version":1,"\ud800":1}""")]
    [InlineData("{\"version\":1,\"\u00FF\":1}")]
    [InlineData("""{"version":1,"tcb_status":["UpToDate"]}""")]
    [InlineData("""{"version":1,"tcb_statuses":["uptodate"]}""")]
    [InlineData("""{"version":1,"tcb_statuses":"UpToDate"}""")]
    [InlineData("""{"version":1,"snp_products":["rome"]}""")]
    [InlineData("""{"version":1,"minimum_snp_tcb":{"genoa":{"ucode":1}}}""")]
    [InlineData("""{"version":1,"minimum_snp_tcb":{"genoa":{"snp":256}}}""")]
    [InlineData("""{"version":1,"require_alias_check":"yes"}""")]
    [InlineData("""{"version":1,"gpu_nonce":"00"}""")]
    [InlineData("""{"version":1,"report_data":"0"}""")]
    [InlineData("""{"version":1} {}""")]
    [InlineData("""{"version":1,}""")]
    public void A_policy_file_of_another_form_is_refused(string json)
    {
        // In Latin-1, so that one of them has a byte which is not UTF-8.
        Assert.False(PolicyFile.TryRead(Encoding.Latin1.GetBytes(json), out _, out var error));
        Assert.Equal("policy-malformed", error.Code);
    }

    /// <summary>A policy trusts the type: nobody but a verifier makes a value of it, and nobody changes one.</summary>
    [Fact]
    public void Verified_evidence_is_made_by_verifiers_alone()
    {
        var types = typeof(VerifiedEvidence).Assembly.GetExportedTypes().Where(typeof(VerifiedEvidence).IsAssignableFrom).ToArray();
        Assert.Equal(6, types.Length);
        Assert.All(types, type => Assert.Empty(type.GetConstructors()));
        Assert.All(types, type => Assert.True(type.IsSealed || type == typeof(VerifiedEvidence)));
        Assert.All(types.SelectMany(type => type.GetProperties()), property => Assert.Null(property.SetMethod));
    }

    private static ReadOnlyMemory<byte> Filled(byte value) => Enumerable.Repeat(value, 48).ToArray();

    private static VerifiedEvidence Snp(FakeProcessor processor) => Verdicts.Authentic(processor.Report(), processor.Certificates);

    private static string? Refusal(AttestationPolicy policy, FakeQuote quote) => Refusal(policy, Verdicts.Authentic(quote));

    private static string? Refusal(AttestationPolicy policy, VerifiedEvidence evidence) => policy.TryAccept(evidence, out var error) ? null : error.Code;
}
