using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Aivm.Chain;
using Aivm.Node;
using Aivm.Primitives;
using Aivm.Tests.Chain;
using Aivm.Tests.Chain.Jobs;

namespace Aivm.Tests.Node;

/// <summary>What the end of a block announces is found where tools look for logs.</summary>
public sealed class BlockEndTests
{
    private static readonly string Ended = JobsAbi.JobEnded.Topic.ToString();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_that_ends_by_itself_is_seen_by_queries_filters_and_subscriptions()
    {
        var clock = new Clock();
        await using var node = await NodeFixture.StartAsync(new NodeOptions
        {
            Genesis = DevChain.Genesis() with { Market = JobsFixture.Rules },
            Time = clock,
        });
        var job = await RequestAsync(node);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{node.Node.Url.Authority}/"), Cancellation);
        await SendAsync(socket, $$"""{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["logs",{"topics":["{{Ended}}"]}]}""");
        Assert.NotNull((await ReceiveAsync(socket))["result"]);
        var query = new JsonObject { ["fromBlock"] = "0x0", ["topics"] = new JsonArray(Ended) };
        var filter = await node.CallAsync("eth_newFilter", query.DeepClone());

        await node.CallAsync("evm_mine");
        await node.CallAsync("evm_mine");
        clock.Ahead += TimeSpan.FromSeconds(30);
        await node.CallAsync("evm_mine");

        var log = Assert.Single((await node.CallAsync("eth_getLogs", query.DeepClone()))!.AsArray())!;
        Assert.Equal(AbiEvent.TopicOf((UInt256)job).ToString(), (string?)log["topics"]![1]);
        Assert.Equal(AbiEvent.TopicOf((ulong)JobEnd.NoProvider).ToString(), (string?)log["topics"]![3]);
        Assert.True(JsonNode.DeepEquals(log, Assert.Single((await node.CallAsync("eth_getFilterChanges", (string?)filter))!.AsArray())));
        Assert.True(JsonNode.DeepEquals(log, (await ReceiveAsync(socket))["params"]!["result"]));

        var height = (ulong)UInt256.Parse((string)log["blockNumber"]!);
        var hash = (string)log["transactionHash"]!;
        Assert.Equal(BlockEnd.TransactionHash(height).ToString(), hash);
        Assert.Equal("0x0", (string?)log["transactionIndex"]);
        Assert.Null(await node.CallAsync("eth_getTransactionReceipt", hash));
        Assert.Null(await node.CallAsync("eth_getTransactionByHash", hash));
        Assert.Empty((await node.CallAsync("eth_getBlockReceipts", (string?)log["blockNumber"]))!.AsArray());
    }

    [Fact]
    public async Task Its_logs_are_numbered_behind_those_of_the_blocks_transactions()
    {
        var clock = new Clock();
        await using var node = await NodeFixture.StartAsync(new NodeOptions
        {
            Genesis = DevChain.Genesis() with { Market = JobsFixture.Rules },
            Time = clock,
        });
        await RequestAsync(node);
        await node.CallAsync("evm_mine");
        await node.CallAsync("evm_mine");
        clock.Ahead += TimeSpan.FromSeconds(30);
        var configured = await RunAsync(node, SystemContracts.Compute, ComputeAbi.Configure.BeginCall().WriteUInt(2ul).WriteUInt(60ul).ToArray());
        var logs = (await node.CallAsync("eth_getLogs", new JsonObject { ["blockHash"] = (string?)configured["blockHash"] }))!.AsArray();
        Assert.Equal(Enumerable.Range(0, logs.Count).Select(index => $"0x{index:x}"), logs.Select(log => (string?)log!["logIndex"]));
        Assert.Equal((string?)configured["transactionHash"], (string?)logs[0]!["transactionHash"]);
        var end = logs.Single(log => (string?)log!["topics"]![0] == Ended)!;
        Assert.Equal("0x1", (string?)end["transactionIndex"]);
        Assert.True(logs.IndexOf(end) > 0);
    }

    /// <summary>Publishes a model, adds a provider, and locks a job with it.</summary>
    private static async Task<ulong> RequestAsync(NodeFixture node)
    {
        var container = ModelsFixture.Container();
        var hash = Keccak.Hash(container);
        var models = SystemContracts.Models;
        await RunAsync(node, models, ModelsFixture.Begin(hash, container.Length), ModelsFixture.Deposit(container.Length));
        await RunAsync(node, models, ModelsFixture.Chunk(hash, 0, container));
        await RunAsync(node, models, ModelsFixture.Seal(hash, "model", "", 1000));
        await RunAsync(node, SystemContracts.Compute, JobsFixture.Register(), TestChain.Coin * 100);
        await RunAsync(node, SystemContracts.Compute, JobsFixture.Ask());
        for (var i = 0UL; i < ComputeParameters.AskDelay; i++)
            await node.CallAsync("evm_mine");
        var latest = (await node.CallAsync("eth_getBlockByNumber", "latest", false))!;
        var deadline = (ulong)UInt256.Parse((string)latest["timestamp"]!) + 1000;
        var model = ModelAccount.AddressOf(NodeFixture.Alice.Address, hash);
        await RunAsync(node, SystemContracts.Jobs, new RequestCall(model, EvidenceKind.Staked, deadline).Encode(), 10_000);
        return 1;
    }

    private static async Task<JsonNode> RunAsync(NodeFixture node, Address to, byte[] data, UInt256 value = default)
    {
        var nonce = (ulong)UInt256.Parse((string)(await node.CallAsync("eth_getTransactionCount", NodeFixture.Alice.Address.ToString(), "latest"))!);
        var receipt = await node.SendAndWaitAsync(new UnsignedTransaction
        {
            ChainId = DevChain.ChainId,
            Nonce = nonce,
            MaxFeePerGas = 100_000_000_000,
            MaxPriorityFeePerGas = 1_000_000_000,
            GasLimit = 5_000_000,
            To = to,
            Value = value,
            Data = data,
        }.Sign(NodeFixture.Alice.Key.Span));
        Assert.Equal("0x1", (string?)receipt["status"]);
        return receipt;
    }

    private static Task SendAsync(WebSocket socket, string request) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(request), WebSocketMessageType.Text, true, Cancellation);

    private static async Task<JsonNode> ReceiveAsync(WebSocket socket)
    {
        var buffer = new byte[64 << 10];
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(20));
        var length = 0;
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(length), patience.Token);
            length += received.Count;
            if (received.EndOfMessage)
                return JsonNode.Parse(buffer.AsSpan(0, length))!;
        }
    }

    /// <summary>The system's clock, put forward.</summary>
    private sealed class Clock : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;
    }
}
