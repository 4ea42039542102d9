using Aivm.Chain;
using Aivm.Primitives;
using static Aivm.Tests.Chain.AttestationsFixture;
using static Aivm.Tests.Chain.TestChain;
using TeeKind = Aivm.Attestation.EvidenceKind;

namespace Aivm.Tests.Chain;

/// <summary>Sessions of providers, with hardware that is made in the tests.</summary>
public sealed class AttestationsSessionTests : IDisposable
{
    private readonly TestChain _chain = Start();

    public AttestationsSessionTests()
    {
        Assert.True(_chain.Attest(Carol, Store(Bundle())).Success);
        Assert.True(_chain.Attest(Carol, Store(Bundle(TeeKind.Sgx))).Success);
    }

    public void Dispose() => _chain.Dispose();

    [Theory]
    [InlineData("tdx4", EvidenceKind.Attested)]
    [InlineData("tdx5", EvidenceKind.Attested)]
    [InlineData("td15", EvidenceKind.Attested)]
    [InlineData("sgx", EvidenceKind.Attested)]
    [InlineData("genoa-v3", EvidenceKind.Attested)]
    [InlineData("turin-v5", EvidenceKind.Attested)]
    [InlineData("nitro", EvidenceKind.Attested)]
    [InlineData("development", EvidenceKind.DevelopmentAttested)]
    public void Evidence_opens_a_session(string kind, EvidenceKind expected)
    {
        Assert.Null(_chain.Session(Alice.Address));
        var mined = _chain.Open(Alice, _chain.Bind(Alice, kind));
        var now = _chain.Reader.Head.Header.Time;
        Assert.Equal(new AttestedSession(Signer, expected, now, now + 3600, EncryptionKey, ModelSetRoot), _chain.Session(Alice.Address));
        var log = Assert.Single(mined.Logs);
        Assert.Equal([AttestationsAbi.SessionOpened.Topic, AbiEvent.TopicOf(Alice.Address), AbiEvent.TopicOf(Signer)], log.Topics);
        TestContext.Current.TestOutputHelper?.WriteLine($"{kind}: {mined.GasUsed} gas");
    }

    [Fact]
    public void A_session_is_read_by_anybody_and_there_is_none_of_whom_opened_none()
    {
        _chain.Open(Alice, _chain.Bind(Alice, "genoa-v3"));
        var output = _chain.Call(Bob.Address, SystemContracts.Attestations, SessionOf(Alice.Address)).Call.Output;
        var reader = new AbiReader(output.Span);
        Assert.True(
            reader.TryReadAddress(out var signer) & reader.TryReadUInt64(out var kind) & reader.TryReadUInt64(out var openedAt) & reader.TryReadUInt64(out var expiresAt)
            & reader.TryReadHash(out var encryptionKey) & reader.TryReadHash(out var modelSetRoot) & reader.TryReadHash(out var measurement) & reader.TryEnd());
        var now = _chain.Reader.Head.Header.Time;
        Assert.Equal((Signer, (ulong)EvidenceKind.Attested, now, now + 3600), (signer, kind, openedAt, expiresAt));
        Assert.Equal((EncryptionKey, ModelSetRoot), (encryptionKey, modelSetRoot));
        Assert.Equal(Keccak.Hash([.. "sev-snp"u8, .. Enumerable.Repeat((byte)0xAE, 48)]), measurement);
        Assert.Equal(new byte[7 * 32], _chain.Call(Bob.Address, SystemContracts.Attestations, SessionOf(Bob.Address)).Call.Output.ToArray());
    }

    [Fact]
    public void A_session_ends_with_its_last_second()
    {
        _chain.Open(Alice, _chain.Bind(Alice));
        var session = _chain.Session(Alice.Address)!.Value;
        Assert.True(session.IsLive(session.ExpiresAt - 1));
        Assert.False(session.IsLive(session.ExpiresAt));
    }

    [Fact]
    public void Attesting_again_takes_the_place_of_the_session()
    {
        _chain.Open(Alice, _chain.Bind(Alice));
        var key = Compress(TestAccount.Of("later").Key);
        _chain.Open(Alice, _chain.Bind(Alice, nonce: "later", signingKey: key));
        Assert.Equal(TestAccount.Of("later").Address, _chain.Session(Alice.Address)!.Value.Signer);
    }

    public static TheoryData<string> Changes => [.. Changed.Keys];

    private static readonly Dictionary<string, (Func<TestChain, SessionCall, SessionCall> Change, string Name, string Code)> Changed = new()
    {
        ["another signing key"] = ((_, call) => call with { SigningKey = Compress(TestAccount.Of("other").Key) }, "EvidenceRefused", "policy-report-data"),
        ["another encryption key"] = ((_, call) => call with { EncryptionKey = Hash256.Zero }, "EvidenceRefused", "policy-report-data"),
        ["another model set"] = ((_, call) => call with { ModelSetRoot = Hash256.Zero }, "EvidenceRefused", "policy-report-data"),
        ["another nonce"] = ((_, call) => call with { Nonce = Hash256.Zero }, "EvidenceRefused", "policy-report-data"),
        ["another block"] = ((chain, call) => call with { Height = call.Height - 1, BlockHash = HashOf(chain, call.Height - 1) }, "EvidenceRefused", "policy-report-data"),
        ["another block's hash"] = ((_, call) => call with { BlockHash = Keccak.Hash("x"u8) }, "UnknownBlock", ""),
        ["a block to come"] = ((_, call) => call with { Height = call.Height + 100 }, "UnknownBlock", ""),
        ["the highest number"] = ((_, call) => call with { Height = ulong.MaxValue }, "UnknownBlock", ""),
        ["no signing key"] = ((_, call) => call with { SigningKey = [] }, "InvalidSigningKey", ""),
        ["a signing key off the curve"] = ((_, call) => call with { SigningKey = [2, .. new UInt256(5).ToHash256().Span] }, "InvalidSigningKey", ""),
        ["no evidence"] = ((_, call) => call with { Evidence = [] }, "EvidenceRefused", "evidence-unknown"),
        ["too much evidence"] = ((_, call) => call with { Evidence = new byte[(64 << 10) + 1] }, "EvidenceRefused", "evidence-too-large"),
        ["a flipped bit"] = ((_, call) => call with { Evidence = [.. call.Evidence[..200], (byte)(call.Evidence[200] ^ 1), .. call.Evidence[201..]] }, "EvidenceRefused", "quote-signature"),
        ["a byte less"] = ((_, call) => call with { Evidence = call.Evidence[..^1] }, "EvidenceRefused", "quote-truncated"),
        ["certificates beside a quote"] = ((_, call) => call with { Certificates = [[1]] }, "EvidenceRefused", "collateral-needless"),
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_call_is_refused_with(string change)
    {
        var (edit, name, code) = Changed[change];
        var refusal = _chain.Refused(Alice, edit(_chain, _chain.Bind(Alice)).Encode());
        Assert.Equal(name, refusal.Name);
        Assert.StartsWith(code, refusal.Sentence, StringComparison.Ordinal);
        Assert.Null(_chain.Session(Alice.Address));
    }

    [Theory]
    [InlineData("milan-v2", "EvidenceRefused", "policy-snp-product")]
    [InlineData("genoa-vlek", "PlatformHidden", "")]
    [InlineData("gpu", "EvidenceRefused", "session-needs-cpu")]
    public void Evidence_opens_no_session_that_is(string kind, string name, string code)
    {
        var refusal = _chain.Refused(Alice, _chain.Bind(Alice, kind).Encode());
        Assert.Equal(name, refusal.Name);
        Assert.StartsWith(code, refusal.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tdx4")]
    [InlineData("nitro")]
    [InlineData("development")]
    public void Evidence_is_worth_nothing_to_another_provider_or_on_another_chain(string kind)
    {
        foreach (var data in (byte[][])[_chain.Bind(Bob, kind).Encode(), _chain.Bind(Alice, kind, chainId: ChainId + 1).Encode()])
        {
            var (name, sentence) = _chain.Refused(Alice, data);
            Assert.Equal("EvidenceRefused", name);
            Assert.StartsWith("policy-report-data", sentence, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Evidence_is_taken_while_its_block_is_recent()
    {
        var (last, late) = (_chain.Bind(Alice, nonce: "last"), _chain.Bind(Alice, nonce: "late"));
        while (_chain.Reader.Head.Number + 1 < last.Height + 6)
            _chain.Mine();
        _chain.Open(Alice, last);
        _chain.Mine();
        Assert.Equal("StaleBlock", _chain.Refused(Alice, late.Encode()).Name);
    }

    [Theory]
    [InlineData("tdx4")]
    [InlineData("development")]
    public void Evidence_opens_a_session_once(string kind)
    {
        var call = _chain.Bind(Alice, kind);
        _chain.Open(Alice, call);
        Assert.Equal("EvidenceUsed", _chain.Refused(Alice, call.Encode()).Name);
        Assert.True(_chain.Attest(Alice, Close()).Success);
        Assert.Equal("EvidenceUsed", _chain.Refused(Alice, call.Encode()).Name);
    }

    [Theory]
    [InlineData("tdx4")]
    [InlineData("sgx")]
    [InlineData("genoa-v3")]
    [InlineData("nitro")]
    public void A_machine_serves_one_provider(string kind)
    {
        _chain.Open(Alice, _chain.Bind(Alice, kind));
        var (name, sentence) = _chain.Refused(Bob, _chain.Bind(Bob, kind).Encode());
        Assert.Equal("PlatformTaken", name);
        Assert.Contains(Alice.Address.ToString(), sentence);
        Assert.True(_chain.Attest(Alice, Close()).Success);
        _chain.Open(Bob, _chain.Bind(Bob, kind, nonce: "again"));
        Assert.Equal("PlatformTaken", _chain.Refused(Alice, _chain.Bind(Alice, kind, nonce: "again").Encode()).Name);
    }

    [Fact]
    public void A_machine_is_free_when_its_session_has_run_out_or_its_provider_has_moved()
    {
        _chain.Open(Alice, _chain.Bind(Alice, "genoa-v3", machine: 1));
        _chain.Open(Alice, _chain.Bind(Alice, "genoa-v3", machine: 2, nonce: "moved"));
        _chain.Open(Bob, _chain.Bind(Bob, "genoa-v3", machine: 1));
        _chain.Mine(time: _chain.Session(Alice.Address)!.Value.ExpiresAt);
        _chain.Open(Carol, _chain.Bind(Carol, "genoa-v3", machine: 2));
        // Whoever comes back late has lost the machine; the expired session of another does not.
        Assert.Equal("PlatformTaken", _chain.Refused(Alice, _chain.Bind(Alice, "genoa-v3", machine: 2, nonce: "back").Encode()).Name);
    }

    [Fact]
    public void Development_evidence_names_no_machine()
    {
        _chain.Open(Alice, _chain.Bind(Alice, "development"));
        _chain.Open(Bob, _chain.Bind(Bob, "development"));
        Assert.NotNull(_chain.Session(Alice.Address));
    }

    [Theory]
    [InlineData(31337UL)]
    [InlineData(1UL)]
    public void A_network_whose_genesis_does_not_allow_it_refuses_development_evidence(ulong chainId)
    {
        using var chain = Start(AttestedGenesis with { ChainId = chainId, Attestation = new AttestationRules { Policy = Policy } });
        var call = chain.Call(Alice.Address, SystemContracts.Attestations, chain.Bind(Alice, "development", chainId: chainId).Encode()).Call;
        Assert.Equal("EvidenceRefused", call.Error!.Code);
        Assert.StartsWith("development-evidence", call.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Development_evidence_that_was_changed_is_refused()
    {
        var call = _chain.Bind(Alice, "development");
        var (name, sentence) = _chain.Refused(Alice, (call with { Evidence = [.. call.Evidence[..^1], (byte)(call.Evidence[^1] ^ 1)] }).Encode());
        Assert.Equal("EvidenceRefused", name);
        Assert.StartsWith("development-evidence-malformed", sentence, StringComparison.Ordinal);
        Assert.StartsWith("collateral-needless", _chain.Refused(Alice, (call with { Certificates = [[1]] }).Encode()).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_policy_no_hardware_is_accepted()
    {
        using var chain = Start(AttestedGenesis with { Attestation = AttestationRules.Default });
        Assert.StartsWith("policy-measurement", chain.Refused(Alice, chain.Bind(Alice, "genoa-v3").Encode()).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_closed_session_is_gone()
    {
        Assert.Equal("NoSession", _chain.Refused(Alice, Close()).Name);
        _chain.Open(Alice, _chain.Bind(Alice));
        var mined = _chain.Attest(Alice, Close());
        Assert.Equal([AttestationsAbi.SessionClosed.Topic, AbiEvent.TopicOf(Alice.Address)], Assert.Single(mined.Logs).Topics);
        Assert.Null(_chain.Session(Alice.Address));
        Assert.Equal("NoSession", _chain.Refused(Alice, Close()).Name);
    }

    [Fact]
    public void A_write_in_a_static_frame_halts()
    {
        _chain.Open(Alice, _chain.Bind(Alice, "development"));
        foreach (var data in (byte[][])[_chain.Bind(Alice, "development", nonce: "x").Encode(), Close()])
        {
            var result = MessageCall.Execute(CallTests.Context(_chain), CallTests.Frame(SystemContracts.Attestations, data, CallKind.StaticCall, isStatic: true));
            Assert.Equal((CallStatus.Halted, "static-violation", 0UL), (result.Status, result.Error!.Code, result.GasLeft));
        }
    }

    [Theory]
    [InlineData("tdx4")]
    [InlineData("genoa-v3")]
    [InlineData("development")]
    public void Less_gas_than_it_takes_ends_the_call_with_all_of_it_gone(string kind)
    {
        var data = _chain.Bind(Alice, kind).Encode();
        var needed = _chain.Call(Alice.Address, SystemContracts.Attestations, data).GasNeeded;
        var least = IntrinsicGas.Of(data, []).Required;
        foreach (var less in (ulong[])[least, (least + needed) / 2, needed - 1])
        {
            var mined = _chain.Attest(Alice, data, less);
            Assert.Equal((false, less), (mined.Success, mined.GasUsed));
        }
        Assert.True(_chain.Attest(Alice, data, needed).Success);
    }

    [Fact]
    public void Blocks_are_the_same_cold_and_warm()
    {
        using var warm = Start();
        using var cold = Start(caches: false);
        var (bundle, bad) = (Bundle(), new byte[100]);
        byte[][] calls =
        [
            Store(bundle), Store(bad), warm.Bind(Alice).Encode(), warm.Bind(Alice, nonce: "b").Encode(), warm.Bind(Alice, "sgx").Encode(), Store(bundle),
            warm.Bind(Alice, "genoa-v3").Encode(), Close(),
        ];
        foreach (var data in calls)
        {
            var (ours, theirs) = (warm.Attest(Alice, data), cold.Attest(Alice, data));
            Assert.Equal((theirs.Success, theirs.GasUsed), (ours.Success, ours.GasUsed));
            Assert.Equal(cold.Reader.Head.Hash, warm.Reader.Head.Hash);
        }
    }

    [Fact]
    public void Calldata_that_is_not_canonical_is_refused_by_name()
    {
        var data = _chain.Bind(Alice, "development").Encode();
        Assert.Equal("UnknownSelector", _chain.Refused(Alice, [1, 2, 3, 4]).Name);
        foreach (var malformed in (byte[][])[data[..^32], [.. data, .. new byte[32]], data[..4], [.. Close(), 0], Store([])[..^32], SessionOf(default)[..^1]])
            Assert.Equal("MalformedCalldata", _chain.Refused(Alice, malformed).Name);
        Assert.Equal("ValueNotAccepted", _chain.Call(Alice.Address, SystemContracts.Attestations, data, UInt256.One).Call.Error!.Code);
    }

    private static Hash256 HashOf(TestChain chain, ulong height) => chain.Reader.TryGetHeader(height, out var header) ? header.Hash : default;
}
