using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk;

public sealed class RpcClientTests
{
    private static readonly Hash256 SomeHash = Keccak.Hash([1]);

    [Fact]
    public async Task Values_are_read_and_parameters_written_as_Ethereum_has_them()
    {
        using var rpc = StubNode.Client((method, parameters) => method switch
        {
            "eth_chainId" => "0x7a69",
            "eth_getBalance" when (string)parameters[0]! == Address.Zero.ToString() && (string)parameters[1]! == "latest" => "0x21e19e0c9bab2400000",
            "eth_getTransactionCount" when (string)parameters[1]! == "pending" => "0x9",
            "eth_call" when (string)parameters[0]!["data"]! == "0x01" => "0x0203",
            _ => throw new StubNode.Refusal(-32601, "no such method"),
        });
        Assert.Equal(31337UL, await rpc.GetChainIdAsync(TestContext.Current.CancellationToken));
        Assert.Equal(UInt256.Parse("10000000000000000000000"), await rpc.GetBalanceAsync(Address.Zero, TestContext.Current.CancellationToken));
        Assert.Equal(9UL, await rpc.GetNonceAsync(Address.Zero, TestContext.Current.CancellationToken));
        Assert.Equal([2, 3], await rpc.CallAsync(new CallRequest { To = Address.Zero, Data = new byte[] { 1 } }, TestContext.Current.CancellationToken));
        var refused = await Assert.ThrowsAsync<RpcException>(() => rpc.GetBlockNumberAsync(TestContext.Current.CancellationToken));
        Assert.Equal((-32601, "rpc-error", "no such method", Failure.Input), (refused.RpcCode, refused.Error.Code, refused.Message, refused.Failure));
    }

    [Fact]
    public async Task A_receipt_is_waited_for_and_read_whole()
    {
        var asked = 0;
        using var rpc = StubNode.Client((_, _) => ++asked < 3 ? null : Receipt());
        var receipt = await rpc.WaitForReceiptAsync(SomeHash, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.Equal(3, asked);
        Assert.Equal(new UInt256(42_000), receipt.Fee);
        Assert.Equal([SomeHash], Assert.Single(receipt.Logs).Topics);
        Assert.Null(receipt.To);
    }

    [Fact]
    public async Task Waiting_ends_at_the_deadline()
    {
        using var rpc = StubNode.Client((_, _) => null);
        var late = await Assert.ThrowsAsync<AivmException>(
            () => rpc.WaitForReceiptAsync(SomeHash, TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken));
        Assert.Equal("receipt-timeout", late.Error.Code);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => rpc.WaitForReceiptAsync(SomeHash, TimeSpan.FromMinutes(1), new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task An_error_in_a_batch_is_that_call_s_alone()
    {
        using var rpc = StubNode.Client((method, _) => method == "good" ? "0x1" : throw new StubNode.Refusal(-32000, "bad"));
        var batch = await rpc.InvokeBatchAsync([new("good"), new("evil"), new("good")], TestContext.Current.CancellationToken);
        Assert.Equal("0x1", batch[0].GetString());
        Assert.Equal("bad", Assert.Throws<RpcException>(() => batch[1]).Message);
        Assert.Equal("0x1", batch[2].GetString());
    }

    [Fact]
    public async Task The_reason_of_a_revert_is_told_in_words()
    {
        await AssertReason("execution reverted: no", AbiRevert.Error("no"));
        await AssertReason("execution reverted: panic 0x11", AbiRevert.Panic(0x11));
        await AssertReason(
            "execution reverted: InsufficientPayment: price = 5, value = 3",
            new AbiError("InsufficientPayment", "uint256 price", "uint256 value").BeginRevert().WriteUInt(5).WriteUInt(3).ToArray());
        await AssertReason(
            "execution reverted: InvalidInput: code = wrong-length, reason = 3 bytes",
            new AbiError("InvalidInput", "string code", "string reason").BeginRevert().WriteString("wrong-length").WriteString("3 bytes").ToArray());
        await AssertReason("execution reverted: InvalidOwner", new AbiError("InvalidOwner").BeginRevert().ToArray());
        await AssertReason("the node's words", [1, 2, 3, 4, 5]);

        static async Task AssertReason(string message, byte[] data)
        {
            using var rpc = StubNode.Client((_, _) => throw new StubNode.Refusal(3, "the node's words", Hex.Encode(data)));
            var reverted = await Assert.ThrowsAsync<RpcException>(() => rpc.CallAsync(new CallRequest(), TestContext.Current.CancellationToken));
            Assert.Equal(message, reverted.Message);
            Assert.True(reverted.IsRevert);
            Assert.Equal(data, reverted.RevertData.ToArray());
        }
    }

    [Theory]
    [InlineData(HttpStatusCode.OK, "")]
    [InlineData(HttpStatusCode.OK, "<html>")]
    [InlineData(HttpStatusCode.OK, "[]")]
    [InlineData(HttpStatusCode.OK, "{}")]
    [InlineData(HttpStatusCode.OK, "null")]
    [InlineData(HttpStatusCode.OK, """{"jsonrpc":"2.0","id":7,"result":"0x1"}""")]
    [InlineData(HttpStatusCode.OK, """{"jsonrpc":"2.0","id":0,"result":1}""")]
    [InlineData(HttpStatusCode.OK, """{"jsonrpc":"2.0","id":0,"result":"1"}""")]
    [InlineData(HttpStatusCode.OK, """{"jsonrpc":"2.0","id":0,"result":"0xffffffffffffffffff"}""")]
    [InlineData(HttpStatusCode.BadGateway, "down")]
    [InlineData(HttpStatusCode.NotFound, "")]
    public async Task An_answer_that_is_none_is_named_so(HttpStatusCode status, string body)
    {
        using var rpc = StubNode.Client(status, body);
        var invalid = await Assert.ThrowsAsync<AivmException>(() => rpc.GetChainIdAsync(TestContext.Current.CancellationToken));
        Assert.Equal(("node-answer-invalid", Failure.Environment), (invalid.Error.Code, invalid.Failure));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""[{"id":0,"result":1},{"id":0,"result":1}]""")]
    [InlineData("""[{"id":0,"result":1},{"id":2,"result":1}]""")]
    [InlineData("""[{"id":0,"result":1},{"id":"1","result":1}]""")]
    [InlineData("""[{"id":0,"result":1},1]""")]
    public async Task Answers_that_do_not_fit_the_batch_are_refused(string body)
    {
        using var rpc = StubNode.Client(HttpStatusCode.OK, body);
        var invalid = await Assert.ThrowsAsync<AivmException>(
            () => rpc.InvokeBatchAsync([new("a"), new("b")], TestContext.Current.CancellationToken));
        Assert.Equal("node-answer-invalid", invalid.Error.Code);
    }

    [Fact]
    public async Task An_error_of_the_node_comes_through_whatever_the_HTTP_status()
    {
        using var rpc = StubNode.Client(HttpStatusCode.RequestEntityTooLarge, """{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"too large"}}""");
        Assert.Equal("too large", (await Assert.ThrowsAsync<RpcException>(() => rpc.GetChainIdAsync(TestContext.Current.CancellationToken))).Message);
        Assert.Equal(
            "too large",
            (await Assert.ThrowsAsync<RpcException>(() => rpc.InvokeBatchAsync([new("a"), new("b")], TestContext.Current.CancellationToken))).Message);
    }

    [Fact]
    public async Task A_node_that_is_not_there_is_an_environment_error()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        using var rpc = new RpcClient(new Uri($"http://127.0.0.1:{port}"));
        var unreachable = await Assert.ThrowsAsync<AivmException>(() => rpc.GetChainIdAsync(TestContext.Current.CancellationToken));
        Assert.Equal(("node-unreachable", Failure.Environment), (unreachable.Error.Code, unreachable.Failure));
    }

    [Fact]
    public async Task A_node_that_does_not_answer_is_given_up()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var rpc = new RpcClient(new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"), timeout: TimeSpan.FromMilliseconds(50));
        var timeout = await Assert.ThrowsAsync<AivmException>(() => rpc.GetChainIdAsync(TestContext.Current.CancellationToken));
        Assert.Equal(("node-timeout", Failure.Environment), (timeout.Error.Code, timeout.Failure));
    }

    internal static JsonObject Receipt(string? hash = null, bool success = true) => new()
    {
        ["transactionHash"] = hash ?? SomeHash.ToString(),
        ["blockHash"] = SomeHash.ToString(),
        ["blockNumber"] = "0x7",
        ["transactionIndex"] = "0x0",
        ["from"] = Address.Zero.ToString(),
        ["to"] = null,
        ["status"] = success ? "0x1" : "0x0",
        ["gasUsed"] = "0x5208",
        ["effectiveGasPrice"] = "0x2",
        ["logs"] = new JsonArray(new JsonObject
        {
            ["address"] = Address.Zero.ToString(),
            ["topics"] = new JsonArray(SomeHash.ToString()),
            ["data"] = "0x0102",
        }),
    };
}
