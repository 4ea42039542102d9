using System.Text.Json.Nodes;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk;

public sealed class WalletTests
{
    private static readonly byte[] Key = UInt256.One.ToHash256().ToArray();
    private static readonly TransactionRequest Transfer = new() { To = Address.Zero, Value = 1 };

    private readonly List<Transaction> _sent = [];
    private ulong _nonce = 5;
    private ulong _gas = 21_000;
    private bool _reverts;
    private StubNode.Refusal? _refusal;

    [Fact]
    public async Task What_is_left_out_is_filled_in_and_signed()
    {
        var wallet = CreateWallet();
        await wallet.SendAsync(Transfer, TestContext.Current.CancellationToken);
        var sent = Assert.Single(_sent);
        Assert.Equal((31337UL, 5UL, 21_000UL), (sent.ChainId!.Value, sent.Nonce, sent.GasLimit));
        Assert.Equal((new UInt256(3), new UInt256(2003)), (sent.MaxPriorityFeePerGas, sent.MaxFeePerGas));
        Assert.True(sent.TryRecoverSender(out var sender));
        Assert.Equal(wallet.Address, sender);
    }

    [Fact]
    public async Task Calls_get_a_margin_of_gas_that_never_passes_the_cap()
    {
        var wallet = CreateWallet();
        Assert.Equal(23_625UL, await wallet.EstimateGasAsync(Transfer with { Data = new byte[1] }, TestContext.Current.CancellationToken));
        _gas = Wallet.MaxTransactionGas - 1;
        Assert.Equal(Wallet.MaxTransactionGas, await wallet.EstimateGasAsync(Transfer with { Data = new byte[1] }, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Concurrent_sends_take_nonces_without_gaps()
    {
        var wallet = CreateWallet();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => wallet.SendAsync(Transfer, TestContext.Current.CancellationToken)));
        Assert.Equal(Enumerable.Range(5, 20).Select(nonce => (ulong)nonce), _sent.Select(transaction => transaction.Nonce));
    }

    [Fact]
    public async Task After_a_refusal_the_node_is_asked_for_the_nonce_again()
    {
        var wallet = CreateWallet();
        await wallet.SendAsync(Transfer, TestContext.Current.CancellationToken);
        _refusal = new StubNode.Refusal(-32000, "nonce too low");
        await Assert.ThrowsAsync<RpcException>(() => wallet.SendAsync(Transfer, TestContext.Current.CancellationToken));
        (_refusal, _nonce) = (null, 40);
        Assert.Equal(40UL, (await wallet.SendAsync(Transfer, TestContext.Current.CancellationToken)).Nonce);
    }

    [Fact]
    public async Task A_transaction_that_failed_in_its_block_says_why()
    {
        _reverts = true;
        var failed = await Assert.ThrowsAsync<AivmException>(() => CreateWallet().SendAndWaitAsync(Transfer with { GasLimit = 50_000 }, TestContext.Current.CancellationToken));
        Assert.Equal(("transaction-reverted", Failure.Check), (failed.Error.Code, failed.Failure));
        Assert.Contains("InvalidOwner", failed.Message);
    }

    [Fact]
    public async Task A_node_that_went_away_is_unreachable_at_the_deadline_and_asked_for_the_nonce_afterwards()
    {
        var isAway = false;
        var wallet = new Wallet(StubNode.Client((method, parameters) => isAway ? throw new HttpRequestException("refused") : Answer(method, parameters)), Key)
        {
            ReceiptDeadline = TimeSpan.FromSeconds(1),
        };
        var transaction = await wallet.SendAsync(Transfer, TestContext.Current.CancellationToken);
        isAway = true;
        var failed = await Assert.ThrowsAsync<AivmException>(() => wallet.WaitAsync(transaction, TestContext.Current.CancellationToken));
        Assert.Equal("node-unreachable", failed.Error.Code);
        (isAway, _nonce) = (false, 40);
        Assert.Equal(40UL, (await wallet.SendAsync(Transfer, TestContext.Current.CancellationToken)).Nonce);
    }

    [Fact]
    public async Task A_deadline_of_nothing_is_over_at_once()
    {
        var node = StubNode.Client((method, parameters) => method == "eth_getTransactionReceipt" ? null : Answer(method, parameters));
        var wallet = new Wallet(node, Key) { ReceiptDeadline = TimeSpan.FromSeconds(-1) };
        var transaction = await wallet.SendAsync(Transfer, TestContext.Current.CancellationToken);
        var failed = await Assert.ThrowsAsync<AivmException>(() => wallet.WaitAsync(transaction, TestContext.Current.CancellationToken));
        Assert.Equal("receipt-timeout", failed.Error.Code);
    }

    private Wallet CreateWallet() => new(StubNode.Client(Answer), Key);

    private JsonNode? Answer(string method, JsonArray parameters)
    {
        switch (method)
        {
            case "eth_chainId":
                return "0x7a69";
            case "eth_getTransactionCount":
                return new UInt256(_nonce).ToHexQuantity();
            case "eth_estimateGas":
                return new UInt256(_gas).ToHexQuantity();
            case "eth_getBlockByNumber":
                return new JsonObject { ["baseFeePerGas"] = "0x3e8" };
            case "eth_maxPriorityFeePerGas":
                return "0x3";
            case "eth_sendRawTransaction":
                if (_refusal is not null)
                    throw _refusal;
                Assert.True(Transaction.TryDecode(Hex.Decode((string)parameters[0]!), out var transaction, out _));
                _sent.Add(transaction);
                return transaction.Hash.ToString();
            case "eth_getTransactionReceipt":
                return RpcClientTests.Receipt((string)parameters[0]!, success: !_reverts);
            case "eth_call":
                throw new StubNode.Refusal(3, "execution reverted", Hex.Encode(new AbiError("InvalidOwner").BeginRevert().ToArray()));
            default:
                throw new StubNode.Refusal(-32601, method);
        }
    }
}
