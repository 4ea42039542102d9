using Aivm.Node;
using Aivm.Primitives;
using Aivm.Sdk;
using Aivm.Tests.Chain;

namespace Aivm.Tests.Sdk;

/// <summary>A development node in this process, a model on it, and inferences that somebody bought, each in a block of its own.</summary>
internal sealed class BoughtInferences : IAsyncDisposable
{
    private readonly RpcClient _rpc;
    private readonly Wallet _customer;
    private readonly List<InferenceResult> _inferences = [];

    private BoughtInferences(AivmNode node)
    {
        (Node, _rpc) = (node, new RpcClient(node.Url));
        _customer = new Wallet(_rpc, HdWallet.DeriveKey(DevChain.Mnemonic, 1));
        Receipts = new ReceiptClient(_rpc);
    }

    public AivmNode Node { get; }

    public ReceiptClient Receipts { get; }

    public IReadOnlyList<InferenceResult> Inferences => _inferences;

    public static async Task<BoughtInferences> MakeAsync(int count, CancellationToken cancellation)
    {
        var bought = new BoughtInferences(await AivmNode.StartAsync(new NodeOptions { Port = 0 }, cancellation));
        var publisher = new ModelPublisher(new Wallet(bought._rpc, HdWallet.DeriveKey(DevChain.Mnemonic, 0)));
        var release = new ModelRelease(ModelsFixture.Container(), "small", "{}", Price: 1_000_000);
        var published = await publisher.PublishAsync(release, cancellation: cancellation);
        var client = new InferenceClient(bought._customer);
        for (var i = 0; i < count; i++)
            bought._inferences.Add(await client.InferAsync(published.Model, ModelsFixture.Packed(i, i + 1), cancellation: cancellation));
        return bought;
    }

    /// <summary>A transaction that buys nothing.</summary>
    public async Task<Hash256> TransferAsync(CancellationToken cancellation)
    {
        var request = new TransactionRequest { To = Address.Parse("0x00000000000000000000000000000000000c0ffe"), Value = 1 };
        return (await _customer.WaitAsync(await _customer.SendAsync(request, cancellation), cancellation)).TransactionHash;
    }

    public async ValueTask DisposeAsync()
    {
        _rpc.Dispose();
        await Node.DisposeAsync();
    }
}
