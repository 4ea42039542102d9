using Aivm.Node;
using Aivm.Primitives;
using Aivm.Sdk;
using Aivm.Tests.Chain;
using Aivm.Tests.Proofs;

namespace Aivm.Tests.Sdk;

/// <summary>A proof made off the chain, shown to a running node, as a client of JSON-RPC does it.</summary>
public sealed class ProofSubmissionTests : IAsyncLifetime
{
    private AivmNode _node = null!;
    private RpcClient _rpc = null!;
    private Wallet _owner = null!;
    private Wallet _customer = null!;
    private ProofsClient _proofs = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _node = await AivmNode.StartAsync(new NodeOptions { Port = 0 }, Cancellation);
        _rpc = new RpcClient(_node.Url);
        _owner = new Wallet(_rpc, HdWallet.DeriveKey(DevChain.Mnemonic, 0));
        _customer = new Wallet(_rpc, HdWallet.DeriveKey(DevChain.Mnemonic, 1));
        _proofs = new ProofsClient(_customer);
    }

    public async ValueTask DisposeAsync()
    {
        _rpc.Dispose();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task A_proof_is_accepted_in_a_transaction_and_tampered_ones_are_refused()
    {
        var published = await new ModelPublisher(_owner).PublishAsync(new ModelRelease(SmallNetwork.Container, "small"), cancellation: Cancellation);
        var proof = Submission(ProofsFixture.Prove(published.Model, SmallNetwork.Container, _customer.Address));
        Assert.Equal(
            ProofsFixture.ContextOf(DevChain.ChainId, _customer.Address, ProofsFixture.Subject),
            ProofsInterface.ContextOf(await _rpc.GetChainIdAsync(Cancellation), _customer.Address, ProofsFixture.Subject));

        var quote = await _proofs.QuoteAsync(proof, Cancellation);
        var receipt = await _proofs.SubmitAsync(proof, quote, Cancellation);
        Assert.InRange(receipt.GasUsed, quote.Gas / 2, quote.Gas);

        await AssertRefused(proof with { Outputs = Changed(proof.Outputs) }, "proof-rejected");
        await AssertRefused(proof with { Inputs = Changed(proof.Inputs) }, "proof-rejected");
        await AssertRefused(proof with { Subject = Hash256.Zero }, "proof-rejected");
        await AssertRefused(proof with { Proof = Changed(proof.Proof) }, "proof-");
        await AssertRefused(proof with { Proof = proof.Proof[1..] }, "proof-");
        await AssertRefused(proof with { Model = _owner.Address }, "NotAModel");
        // A copy is worth nothing to another account.
        Assert.Contains(
            "proof-rejected", (await Assert.ThrowsAsync<RpcException>(() => new ProofsClient(_owner).QuoteAsync(proof, Cancellation))).Message, StringComparison.Ordinal);

        async Task AssertRefused(ProofSubmission tampered, string check)
        {
            Assert.Contains(check, (await Assert.ThrowsAsync<RpcException>(() => _proofs.QuoteAsync(tampered, Cancellation))).Message, StringComparison.Ordinal);
            var sent = await Assert.ThrowsAsync<AivmException>(() => _proofs.SubmitAsync(tampered, quote, Cancellation));
            Assert.Equal("transaction-reverted", sent.Error.Code);
        }
    }

    [Fact]
    public async Task Private_weights_are_believed_once_their_root_is_registered()
    {
        var secret = new SecretModel(SmallNetwork.Model);
        var published = await new ModelPublisher(_owner).PublishAsync(new ModelRelease(secret.Container, "secret"), cancellation: Cancellation);
        var proof = Submission(ProofsFixture.Prove(published.Model, secret, secret.Root, _customer.Address));
        Assert.Contains(
            "UnknownRoot", (await Assert.ThrowsAsync<RpcException>(() => _proofs.QuoteAsync(proof, Cancellation))).Message, StringComparison.Ordinal);

        var owner = new ProofsClient(_owner);
        Assert.Equal(0UL, await owner.GetRootHeightAsync(published.Model, secret.Root, Cancellation));
        var ranges = secret.Ranges();
        var registered = await owner.RegisterRootAsync(
            published.Model, secret.Root, ranges, await owner.QuoteRootAsync(published.Model, secret.Root, ranges, Cancellation), Cancellation);
        Assert.Equal(registered.BlockNumber, await owner.GetRootHeightAsync(published.Model, secret.Root, Cancellation));
        await _proofs.SubmitAsync(proof, await _proofs.QuoteAsync(proof, Cancellation), Cancellation);
        Assert.Contains(
            "PrivateWeights",
            (await Assert.ThrowsAsync<RpcException>(() => new ModelsClient(_rpc).RunAsync(published.Model, SmallNetwork.Input(seed: 1), Cancellation))).Message,
            StringComparison.Ordinal);
    }

    private static ProofSubmission Submission(ProofCall call) =>
        new(call.Model, call.WeightRoot, call.InputRoot, (int)call.Samples, call.Subject, call.Inputs, call.Outputs, call.Proof);

    private static byte[] Changed(ReadOnlyMemory<byte> bytes) => [.. bytes.Span[..^1], (byte)(bytes.Span[^1] ^ 1)];

    private static long[] Changed(ReadOnlyMemory<long> numbers) => [.. numbers.Span[..^1], numbers.Span[^1] == 0 ? 1 : 0];
}
