using Aivm.Attestation;
using Aivm.Node;
using Aivm.Primitives;
using Aivm.Sdk;
using Aivm.Tests.Chain;

namespace Aivm.Tests.Sdk;

/// <summary>A provider with a development TEE at a running development node, as a client of JSON-RPC attests.</summary>
public sealed class AttestationsClientTests : IAsyncLifetime
{
    private AivmNode _node = null!;
    private RpcClient _rpc = null!;
    private Wallet _provider = null!;
    private AttestationsClient _attestations = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _node = await AivmNode.StartAsync(new NodeOptions { Port = 0 }, Cancellation);
        _rpc = new RpcClient(_node.Url);
        _provider = new Wallet(_rpc, HdWallet.DeriveKey(DevChain.Mnemonic, 0));
        _attestations = new AttestationsClient(_provider);
    }

    public async ValueTask DisposeAsync()
    {
        _rpc.Dispose();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task A_session_is_opened_read_and_closed()
    {
        Assert.Null(await _attestations.GetSessionAsync(_provider.Address, Cancellation));
        var evidence = await EvidenceAsync();
        await _attestations.OpenSessionAsync(evidence, Cancellation);
        var session = await _attestations.GetSessionAsync(_provider.Address, Cancellation);
        Assert.Equal((AttestationsFixture.Signer, 4, evidence.EncryptionKey, evidence.ModelSetRoot), (session!.Signer, session.Kind, session.EncryptionKey, session.ModelSetRoot));
        Assert.Equal(86_400UL, session.ExpiresAt - session.OpenedAt);
        Assert.Contains("opened a session in block", (await Assert.ThrowsAsync<RpcException>(() => _attestations.OpenSessionAsync(evidence, Cancellation))).Message, StringComparison.Ordinal);

        await _attestations.CloseSessionAsync(Cancellation);
        Assert.Null(await _attestations.GetSessionAsync(_provider.Address, Cancellation));
    }

    [Fact]
    public async Task Collateral_that_is_none_is_refused_by_its_code()
    {
        var refusal = await Assert.ThrowsAsync<RpcException>(() => _attestations.QuoteCollateralAsync("{}"u8.ToArray(), Cancellation));
        Assert.Contains("collateral-malformed", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>Bound to the genesis, once there is a block above it.</summary>
    private async Task<SessionEvidence> EvidenceAsync()
    {
        await _provider.SendAndWaitAsync(new TransactionRequest { To = TestChain.Nobody, Value = UInt256.One }, Cancellation);
        Assert.True(_node.Application.Reader.TryGetHeader(0, out var genesis));
        var (nonce, key) = (Keccak.Hash("nonce"u8), AttestationsFixture.SigningKey);
        var reportData = new ReportBinding(
            DevChain.ChainId, _provider.Address, key, AttestationsFixture.EncryptionKey.ToArray(), AttestationsFixture.ModelSetRoot, genesis.Hash, 0, nonce, Hash256.Zero).ReportData();
        var evidence = DevelopmentEvidence.Make(Keccak.Hash("workload"u8).Span, reportData).Encoded;
        return new SessionEvidence(evidence, [], key, AttestationsFixture.EncryptionKey, AttestationsFixture.ModelSetRoot, genesis.Hash, 0, nonce);
    }
}
