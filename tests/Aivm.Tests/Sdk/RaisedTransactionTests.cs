using System.Text.Json.Nodes;
using Aivm.Primitives;
using Aivm.Sdk;
using Aivm.Tests.Node;
using Aivm.Tests.Provider;

namespace Aivm.Tests.Sdk;

/// <summary>A wallet whose transaction waits because gas became dearer, before a running node. What is dear came about by a node that at first told of less.</summary>
public sealed class RaisedTransactionTests : IAsyncLifetime
{
    private static readonly UInt256 Gwei = 1_000_000_000;
    private static readonly TransactionRequest Transfer = new() { To = Address.Zero, Value = 1 };

    private NodeFixture _node = null!;
    private LyingNode _cheap = null!;
    private RpcClient _rpc = null!;
    private volatile bool _isCheap = true;
    private readonly List<Transaction> _offered = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _node = await NodeFixture.StartAsync();
        _cheap = new LyingNode(_node.Node.Url, Tell);
        _rpc = new RpcClient(_cheap.Url);
    }

    public async ValueTask DisposeAsync()
    {
        _rpc.Dispose();
        _cheap.Dispose();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task A_transaction_that_waits_for_its_fees_is_raised_within_the_most_and_mined_once()
    {
        var wallet = CreateWallet(most: Gwei * 5);
        var receipt = await wallet.SendAndWaitAsync(Transfer, Cancellation);
        Assert.True(receipt.Success);
        Assert.True(receipt.EffectiveGasPrice <= Gwei * 5, $"{receipt.EffectiveGasPrice}");
        Assert.Equal(2, _offered.Count);
        Assert.Equal(_offered[1].Hash, receipt.TransactionHash);
        Assert.Equal((_offered[0].Nonce, _offered[0].Value), (_offered[1].Nonce, _offered[1].Value));
        Assert.Null(await _rpc.GetCalldataAsync(_offered[0].Hash, Cancellation));
        // The next one follows the one that was mined.
        Assert.Equal(_offered[1].Nonce + 1, (await wallet.SendAsync(Transfer, Cancellation)).Nonce);
    }

    [Fact]
    public async Task Whoever_allowed_too_little_is_told_and_nothing_is_raised()
    {
        var wallet = CreateWallet(most: 3000);
        var failed = await Assert.ThrowsAsync<AivmException>(() => wallet.SendAndWaitAsync(Transfer, Cancellation));
        Assert.Equal(("fee-too-low", Failure.Environment), (failed.Error.Code, failed.Failure));
        var waiting = Assert.Single(_offered);
        Assert.Contains($"{waiting.Hash}", failed.Message, StringComparison.Ordinal);
        Assert.NotNull(await _rpc.GetCalldataAsync(waiting.Hash, Cancellation));
    }

    /// <summary>A price that somebody has agreed to stays what it was.</summary>
    [Fact]
    public async Task Fees_that_were_agreed_to_are_not_raised()
    {
        var agreed = await _rpc.GetFeesAsync(Cancellation);
        var failed = await Assert.ThrowsAsync<AivmException>(() => CreateWallet(most: Gwei * 5).SendAndWaitAsync(Transfer with { Fees = agreed }, Cancellation));
        Assert.Equal("fee-too-low", failed.Error.Code);
        Assert.Single(_offered);
    }

    [Fact]
    public async Task Gas_above_the_most_is_refused_before_anything_is_sent()
    {
        _isCheap = false;
        var failed = await Assert.ThrowsAsync<AivmException>(() => CreateWallet(most: 3000).SendAndWaitAsync(Transfer, Cancellation));
        Assert.Equal(("gas-too-dear", Failure.Check), (failed.Error.Code, failed.Failure));
        Assert.Empty(_offered);
    }

    /// <summary>One of a nonce is mined, whichever it is: a block may have the first while the second is on its way.</summary>
    [Fact]
    public async Task The_first_may_be_mined_when_it_was_raised_already()
    {
        List<Transaction> sent = [];
        var node = StubNode.Client((method, parameters) =>
        {
            switch (method)
            {
                case "eth_sendRawTransaction":
                    Assert.True(Transaction.TryDecode(Hex.Decode((string)parameters[0]!), out var transaction, out _));
                    sent.Add(transaction);
                    return $"{transaction.Hash}";
                case "eth_getTransactionReceipt":
                    return sent.Count == 2 && (string)parameters[0]! == $"{sent[0].Hash}" ? RpcClientTests.Receipt($"{sent[0].Hash}") : null;
                case "eth_getBlockByNumber":
                    return new JsonObject { ["baseFeePerGas"] = sent.Count == 0 ? "0x3e8" : "0xf4240" };
                default:
                    return "0x5";
            }
        });
        var wallet = new Wallet(node, UInt256.One.ToHash256().Span) { MaxGasPrice = Gwei, Patience = TimeSpan.FromMilliseconds(50) };
        var receipt = await wallet.SendAndWaitAsync(Transfer with { GasLimit = 21_000 }, Cancellation);
        Assert.Equal(sent[0].Hash, receipt.TransactionHash);
        Assert.Equal(2, sent.Count);
    }

    [Theory]
    [InlineData(100, 10, 105, 5, 1000, 221, 11)] // Twice the base fee and a tip that is a tenth above.
    [InlineData(100, 10, 105, 50, 1000, 260, 50)] // What others tip.
    [InlineData(100, 10, 105, 5, 110, 110, 11)] // The most, which is just enough.
    [InlineData(100, 10, 105, 5, 109, 0, 0)] // A pool would not take it.
    [InlineData(100, 10, 150, 5, 149, 0, 0)] // It would wait on.
    [InlineData(0, 0, 1, 0, 10, 3, 1)] // A tenth of nothing is one.
    public void A_raise_is_what_pools_take_and_within_the_most(int fee, int tip, int baseFee, int usualTip, int most, int raisedFee, int raisedTip)
    {
        var raised = new OfferedFees((ulong)fee, (ulong)tip).RaisedWithin((ulong)most, new GasFees((ulong)baseFee, (ulong)usualTip));
        Assert.Equal(raisedFee == 0 ? null : new OfferedFees((ulong)raisedFee, (ulong)raisedTip), raised);
    }

    private Wallet CreateWallet(UInt256 most) => new(_rpc, NodeFixture.Alice.Key.Span)
    {
        MaxGasPrice = most,
        Patience = TimeSpan.FromMilliseconds(200),
        ReceiptDeadline = TimeSpan.FromSeconds(2),
    };

    /// <summary>Gas costs next to nothing until the first transaction was sent.</summary>
    private void Tell(JsonNode asked, JsonNode answered)
    {
        switch ((string)asked["method"]!)
        {
            case "eth_getBlockByNumber" when _isCheap:
                answered["result"]!["baseFeePerGas"] = "0x3e8";
                break;
            case "eth_maxPriorityFeePerGas" when _isCheap:
                answered["result"] = "0x1";
                break;
            case "eth_sendRawTransaction":
                _isCheap = false;
                Assert.True(Transaction.TryDecode(Hex.Decode((string)asked["params"]![0]!), out var sent, out _));
                if (_offered.All(known => known.Hash != sent.Hash))
                    _offered.Add(sent);
                break;
        }
    }
}
