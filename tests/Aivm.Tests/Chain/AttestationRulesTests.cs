using Aivm.Chain;
using Aivm.Node;
using Aivm.Primitives;
using static Aivm.Tests.Chain.AttestationsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain;

/// <summary>What a genesis says about evidence.</summary>
public sealed class AttestationRulesTests
{
    [Fact]
    public void Rules_are_written_and_read()
    {
        var json = GenesisFile.Write(AttestedGenesis);
        Assert.True(GenesisFile.TryRead(json, out var read, out var error), error?.ToString());
        Assert.Equal(json, GenesisFile.Write(read));
        var rules = read.Attestation;
        Assert.Equal((true, Policy, 3600UL, 6UL), (rules.DevelopmentTee, rules.Policy, rules.SessionSeconds, rules.FreshnessBlocks));
        Assert.Equal(4, rules.Accepted.Workloads.Length);
    }

    [Fact]
    public void Without_a_section_nothing_is_accepted()
    {
        var brief = """{"chainId":1,"gasLimit":100000000,"baseFee":"7","limits":{},"alloc":{}}"""u8;
        Assert.True(GenesisFile.TryRead(brief, out var read, out var error), error?.ToString());
        Assert.Equal((false, "", 86_400UL, 256UL), (read.Attestation.DevelopmentTee, read.Attestation.Policy, read.Attestation.SessionSeconds, read.Attestation.FreshnessBlocks));
        Assert.Empty(read.Attestation.Accepted.Workloads);
    }

    public static TheoryData<string> Broken => [.. BrokenRules.Keys];

    private static readonly Dictionary<string, (AttestationRules Rules, string Reason)> BrokenRules = new()
    {
        ["no JSON"] = (new() { Policy = "x" }, "attestation.policy"),
        ["a rule that is not known"] = (new() { Policy = """{"version":1,"workload":[]}""" }, "workload"),
        ["report data"] = (new() { Policy = """{"version":1,"report_data":"00"}""" }, "report_data"),
        ["a GPU's nonce"] = (new() { Policy = $$"""{"version":1,"gpu_nonce":"{{new string('0', 64)}}"}""" }, "gpu_nonce"),
        ["no lifetime"] = (new() { SessionSeconds = 0 }, "sessionSeconds"),
        ["a lifetime without end"] = (new() { SessionSeconds = ulong.MaxValue }, "sessionSeconds"),
        ["no block"] = (new() { FreshnessBlocks = 0 }, "freshnessBlocks"),
        ["more blocks than the ring has"] = (new() { FreshnessBlocks = 8192 }, "freshnessBlocks"),
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_genesis_is_refused_with(string what)
    {
        var (rules, reason) = BrokenRules[what];
        var genesis = AttestedGenesis with { Attestation = rules };
        Assert.Contains(reason, genesis.Validate()!.Message, StringComparison.Ordinal);
        Assert.False(GenesisFile.TryRead(GenesisFile.Write(genesis), out _, out var error));
        Assert.Equal("genesis-invalid", error.Code);
    }

    [Fact]
    public void Development_evidence_is_allowed_on_the_development_chain_alone()
    {
        Assert.Null(AttestedGenesis.Validate());
        Assert.Contains("developmentTee", (AttestedGenesis with { ChainId = 1 }).Validate()!.Message, StringComparison.Ordinal);
        Assert.True(DevChain.Genesis().Attestation.DevelopmentTee);
        Assert.Null(DevChain.Genesis().Validate());
    }

    [Fact]
    public void The_policy_is_read_by_anybody()
    {
        using var chain = Start();
        var call = chain.Call(Alice.Address, SystemContracts.Attestations, AttestationsAbi.Policy.BeginCall().ToArray()).Call;
        var reader = new AbiReader(call.Output.Span);
        Assert.True(reader.TryReadString(out var policy) & reader.TryEnd());
        Assert.Equal(Policy, policy);
    }

    /// <summary>Once a genesis, however many calls there are.</summary>
    [Fact]
    public void The_policy_is_parsed_once()
    {
        var rules = new AttestationRules { Policy = Policy };
        Assert.Same(rules.Accepted, rules.Accepted);
        Assert.Same(rules.Accepted, (rules with { SessionSeconds = 60 }).Accepted);
    }
}
