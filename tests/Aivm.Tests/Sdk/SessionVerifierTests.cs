using System.Text;
using System.Text.Json.Nodes;
using Aivm.Attestation;
using Aivm.Primitives;
using Aivm.Sdk;
using Aivm.Tests.Attestation.Fakes;
using Aivm.Tests.Chain;
using static Aivm.Tests.Chain.AttestationsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Sdk;

/// <summary>What a caller finds out by itself about a session of hardware, which is made in the tests, from a node that it does not trust.</summary>
public sealed class SessionVerifierTests : IDisposable
{
    private static readonly AttestationPolicy Accepted =
        PolicyFile.TryRead(Encoding.UTF8.GetBytes(AttestationsFixture.Policy), out var policy, out var error) ? policy : throw new InvalidOperationException(error.Message);

    private readonly TestChain _chain = Start();
    private readonly List<string> _asked = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _chain.Dispose();

    [Theory]
    [InlineData("tdx4")]
    [InlineData("tdx5")]
    [InlineData("sgx")]
    [InlineData("genoa-v3")]
    [InlineData("turin-v5")]
    [InlineData("nitro")]
    public async Task The_key_that_genuine_hardware_names_is_found_under_the_chains_policy_and_under_ones_own(string kind)
    {
        var node = new ToldSession(_chain.Bind(Alice, kind)) { Collateral = Bundle(kind == "sgx" ? EvidenceKind.Sgx : EvidenceKind.Tdx) };
        Assert.Equal(AttestationsFixture.EncryptionKey, await VerifyAsync(node));
        Assert.Equal(AttestationsFixture.EncryptionKey, await VerifyAsync(node with { Policy = "" }, Accepted));
    }

    public static TheoryData<string> Changes => [.. Changed.Keys];

    private static readonly Dictionary<string, (Func<TestChain, ToldSession, ToldSession> Change, string Code)> Changed = new()
    {
        ["another encryption key"] = (
            (_, node) => node with { Call = node.Call with { EncryptionKey = Keccak.Hash("own"u8) }, EncryptionKey = Keccak.Hash("own"u8) }, "policy-report-data"),
        ["another encryption key in the session"] = ((_, node) => node with { EncryptionKey = Keccak.Hash("own"u8) }, "session-evidence-other"),
        ["another signing key"] = (
            (_, node) => node with { Call = node.Call with { SigningKey = Compress(TestAccount.Of("own").Key) }, Signer = TestAccount.Of("own").Address }, "policy-report-data"),
        ["no signing key"] = ((_, node) => node with { Call = node.Call with { SigningKey = [] } }, "session-evidence-other"),
        ["another set of models"] = ((_, node) => node with { Call = node.Call with { ModelSetRoot = Keccak.Hash("own"u8) } }, "policy-report-data"),
        ["another block"] = ((_, node) => node with { Call = node.Call with { BlockHash = Keccak.Hash("own"u8) } }, "policy-report-data"),
        ["another height"] = ((_, node) => node with { Call = node.Call with { Height = 9 } }, "policy-report-data"),
        ["another nonce"] = ((_, node) => node with { Call = node.Call with { Nonce = Keccak.Hash("own"u8) } }, "policy-report-data"),
        ["another provider's evidence"] = ((chain, node) => node with { Call = chain.Bind(Bob, "tdx4") }, "policy-report-data"),
        ["another chain's evidence"] = ((chain, node) => node with { Call = chain.Bind(Alice, "tdx4", chainId: 1) }, "policy-report-data"),
        ["development evidence"] = ((chain, node) => node with { Call = chain.Bind(Alice, "development") }, "development-evidence"),
        ["a GPU's evidence"] = ((chain, node) => node with { Call = chain.Bind(Alice, "gpu") }, "session-needs-cpu"),
        ["a policy that accepts nothing"] = ((_, node) => node with { Policy = "" }, "policy-measurement"),
        ["a policy that is none"] = ((_, node) => node with { Policy = "{" }, "policy-malformed"),
        ["no collateral"] = ((_, node) => node with { Collateral = null }, "collateral-missing"),
        ["collateral that is none"] = ((_, node) => node with { Collateral = [1] }, "collateral-malformed"),
        ["collateral whose time is over"] = (
            (_, node) => node with { Collateral = new FakeCollateral { Issued = FakeTime.Now - FakeTime.Day, NextUpdate = FakeTime.Now - 1 }.Bundle() }, "crl-expired"),
        ["no evidence"] = ((_, node) => node with { Call = node.Call with { Evidence = [] } }, "evidence-unknown"),
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task What_does_not_hold_is_refused_by_its_code(string name)
    {
        var (change, code) = Changed[name];
        var node = change(_chain, new ToldSession(_chain.Bind(Alice, "tdx4")) { Collateral = Bundle() });
        var refused = await Assert.ThrowsAsync<AivmException>(() => VerifyAsync(node));
        Assert.Equal((Failure.Check, code), (refused.Failure, refused.Error.Code));
    }

    [Fact]
    public async Task Ones_own_policy_counts_and_the_nodes_is_not_asked_for()
    {
        var node = new ToldSession(_chain.Bind(Alice, "genoa-v3"));
        var refused = await Assert.ThrowsAsync<AivmException>(() => VerifyAsync(node, AttestationPolicy.Default));
        Assert.Equal("policy-measurement", refused.Error.Code);
        Assert.DoesNotContain("eth_call", _asked);
    }

    /// <summary>Tests have roots of their own; nobody else has others than the vendors'.</summary>
    [Fact]
    public async Task Hardware_that_no_vendor_vouches_for_is_none()
    {
        using var rpc = new ToldSession(_chain.Bind(Alice, "nitro")).Serve(_asked);
        var verifier = new SessionVerifier(rpc, Accepted) { Time = new Clock() };
        var refused = await Assert.ThrowsAsync<AivmException>(() => verifier.VerifyAsync(Alice.Address, Session(Signer, AttestationsFixture.EncryptionKey), TestChain.ChainId, Cancellation));
        Assert.Equal("certificate-root", refused.Error.Code);
    }

    /// <summary>A node says which chain it is, and so whether there are development TEEs: one far away could have made this one for a key of its own.</summary>
    [Theory]
    [InlineData("http://203.0.113.7:8545", "another machine")]
    [InlineData("http://127.0.0.1:8545", "the node does not show")]
    public async Task A_development_TEE_is_for_a_node_of_ones_own(string endpoint, string expected)
    {
        using var rpc = StubNode.Client((method, _) => method == "eth_blockNumber" ? "0x7" : new JsonArray(), endpoint);
        var session = Session(Signer, AttestationsFixture.EncryptionKey) with { Kind = (int)JobEvidence.DevelopmentAttested };
        var refused = await Assert.ThrowsAsync<AivmException>(() => new SessionVerifier(rpc).VerifyAsync(Alice.Address, session, TestChain.ChainId, Cancellation));
        Assert.Contains(expected, refused.Message, StringComparison.OrdinalIgnoreCase);
    }

    private async Task<Hash256> VerifyAsync(ToldSession node, AttestationPolicy? policy = null)
    {
        using var rpc = node.Serve(_asked);
        var verifier = new SessionVerifier(rpc, policy) { Roots = FakeRoots.All, Time = new Clock() };
        return await verifier.VerifyAsync(Alice.Address, Session(node.Signer, node.EncryptionKey), TestChain.ChainId, Cancellation);
    }

    private static ProviderSession Session(Address signer, Hash256 key) => new(signer, (int)JobEvidence.Attested, 0, ulong.MaxValue, key, default, default);

    /// <summary>What a node tells of a session.</summary>
    private sealed record ToldSession(SessionCall Call)
    {
        private static readonly Hash256 Opening = Keccak.Hash("opening"u8);
        private static readonly Hash256 Storing = Keccak.Hash("storing"u8);

        public Address Signer { get; init; } = AttestationsFixture.Signer;

        public Hash256 EncryptionKey { get; init; } = AttestationsFixture.EncryptionKey;

        public string Policy { get; init; } = AttestationsFixture.Policy;

        public byte[]? Collateral { get; init; }

        public RpcClient Serve(List<string> asked) => StubNode.Client((method, parameters) =>
        {
            asked.Add(method);
            return method switch
            {
                "eth_blockNumber" => "0x7",
                "eth_call" => Hex.Encode(AttestationsInterface.Policy.BeginReturn().WriteString(Policy).ToArray()),
                "eth_getLogs" => Logs((string)parameters[0]!["topics"]![0]!),
                _ => new JsonObject { ["input"] = Hex.Encode((string)parameters[0]! == $"{Opening}" ? Call.Encode() : Store(Collateral)) },
            };
        });

        private JsonArray Logs(string topic)
        {
            if (topic == $"{AttestationsInterface.SessionOpened.Topic}")
                return [Log(Keccak.Hash("older"u8)), Log(Opening)];
            return Collateral is null ? [] : [Log(Storing)];
        }

        private static JsonObject Log(Hash256 transaction) => new()
        {
            ["address"] = $"{AttestationsInterface.Contract}",
            ["topics"] = new JsonArray(),
            ["data"] = "0x",
            ["blockNumber"] = "0x1",
            ["transactionHash"] = $"{transaction}",
        };
    }

    private sealed class Clock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => FakeTime.Date(FakeTime.Now);
    }
}
