using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Aivm.Node;
using Aivm.Node.JsonRpc;

namespace Aivm.Tests.Node;

public sealed class SubscriptionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_head_arrives_in_order_however_fast_they_come()
    {
        await using var node = await NodeFixture.StartAsync();
        using var socket = await node.ConnectAsync();
        var id = (string)(await CallAsync(socket, """["newHeads"]"""))["result"]!;
        for (var nonce = 0UL; nonce < 20; nonce++)
            await node.CallAsync("evm_mine");
        for (var number = 1; number <= 20; number++)
        {
            var head = await ReceiveAsync(socket);
            Assert.Equal("eth_subscription", (string?)head["method"]);
            Assert.Equal(id, (string?)head["params"]!["subscription"]);
            Assert.Equal($"0x{number:x}", (string?)head["params"]!["result"]!["number"]);
        }
    }

    [Fact]
    public async Task Logs_arrive_where_the_filter_matches()
    {
        await using var node = await NodeFixture.StartAsync();
        using var socket = await node.ConnectAsync();
        await CallAsync(socket, """["logs",{"address":"0x000000000000000000000000000000000000a100"}]""");
        await CallAsync(socket, """["logs",{"address":"0x000000000000000000000000000000000000a101"}]""");
        await node.SendAndWaitAsync(NodeFixture.Transfer(0));
        var begun = await node.SendAndWaitAsync(EthereumMethodTests.BeginUpload(1));
        var log = (await ReceiveAsync(socket))["params"]!["result"]!;
        Assert.Equal((string?)begun["transactionHash"], (string?)log["transactionHash"]);
        Assert.Equal((string?)begun["logs"]![0]!["data"], (string?)log["data"]);
        Assert.Equal("0x0", (string?)log["logIndex"]);
    }

    [Fact]
    public async Task Pending_transactions_arrive_before_they_are_mined()
    {
        await using var node = await NodeFixture.StartAsync(new NodeOptions { BlockTime = TimeSpan.FromMinutes(10) });
        using var socket = await node.ConnectAsync();
        await CallAsync(socket, """["newPendingTransactions"]""");
        var hash = await node.SendAsync(NodeFixture.Transfer(0));
        Assert.Equal(hash, (string?)(await ReceiveAsync(socket))["params"]!["result"]);
    }

    [Fact]
    public async Task A_subscription_ends_when_it_is_cancelled_and_belongs_to_its_connection()
    {
        await using var node = await NodeFixture.StartAsync();
        using var socket = await node.ConnectAsync();
        using var other = await node.ConnectAsync();
        var id = (string)(await CallAsync(socket, """["newHeads"]"""))["result"]!;
        Assert.Equal(-32000, (int)(await CallAsync(other, $$"""["{{id}}"]""", "eth_unsubscribe"))["error"]!["code"]!);
        Assert.True((bool)(await CallAsync(socket, $$"""["{{id}}"]""", "eth_unsubscribe"))["result"]!);
        Assert.Equal(-32000, (int)(await CallAsync(socket, $$"""["{{id}}"]""", "eth_unsubscribe"))["error"]!["code"]!);
        await node.CallAsync("evm_mine");
        Assert.Equal("0x1", (string?)(await CallAsync(socket, "[]", "eth_blockNumber"))["result"]);
    }

    [Fact]
    public async Task Subscriptions_are_limited_per_connection_and_refused_over_HTTP()
    {
        await using var node = await NodeFixture.StartAsync(new NodeOptions { Rpc = new RpcLimits { MaxSubscriptionsPerConnection = 2 } });
        using var socket = await node.ConnectAsync();
        Assert.NotNull((await CallAsync(socket, """["newHeads"]"""))["result"]);
        var second = (string)(await CallAsync(socket, """["logs"]"""))["result"]!;
        Assert.Equal(-32005, (int)(await CallAsync(socket, """["newHeads"]"""))["error"]!["code"]!);
        await CallAsync(socket, $$"""["{{second}}"]""", "eth_unsubscribe");
        Assert.NotNull((await CallAsync(socket, """["newHeads"]"""))["result"]);
        Assert.Equal(-32602, (int)(await CallAsync(socket, """["syncing"]"""))["error"]!["code"]!);
        Assert.Equal(-32601, (await node.ErrorAsync("eth_subscribe", "newHeads")).Code);
    }

    [Fact]
    public async Task Clients_that_vanish_do_not_disturb_the_others()
    {
        await using var node = await NodeFixture.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            using var vanishing = await node.ConnectAsync();
            await CallAsync(vanishing, """["newHeads"]""");
            vanishing.Abort();
        }
        using var socket = await node.ConnectAsync();
        await CallAsync(socket, """["newHeads"]""");
        await node.CallAsync("evm_mine");
        Assert.Equal("0x1", (string?)(await ReceiveAsync(socket))["params"]!["result"]!["number"]);
    }

    private static async Task<JsonNode> CallAsync(WebSocket socket, string parameters, string method = "eth_subscribe")
    {
        var request = $$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}","params":{{parameters}}}""";
        await socket.SendAsync(Encoding.UTF8.GetBytes(request), WebSocketMessageType.Text, true, Cancellation);
        return await ReceiveAsync(socket);
    }

    private static async Task<JsonNode> ReceiveAsync(WebSocket socket)
    {
        var buffer = new byte[64 << 10];
        var length = 0;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(20));
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(length), patience.Token);
            length += received.Count;
            if (received.EndOfMessage)
                return JsonNode.Parse(buffer.AsSpan(0, length))!;
        }
    }
}
