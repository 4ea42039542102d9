using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Aivm.Node.JsonRpc;

namespace Aivm.Tests.Node;

/// <summary>Clients that send slowly or read slowly hold memory. There is one budget for all of them.</summary>
public sealed class MessageMemoryTests
{
    private const int MiB = 1 << 20;
    private const string TenMegabytes = """{"jsonrpc":"2.0","id":1,"method":"megabytes","params":["0xa"]}""";

    private static readonly RpcLimits Limits = new()
    {
        MaxBodyBytes = 4 * MiB,
        MaxResponseBytes = 16 * MiB,
        MaxMessageMemory = 32 * MiB,
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Answers_that_nobody_reads_fill_their_budget_and_no_more_and_small_calls_go_on()
    {
        await using var server = await TransportFixture.StartAsync(Limits);
        using var first = await server.SendOnlyAsync(TenMegabytes);
        using var second = await server.SendOnlyAsync(TenMegabytes);
        using var third = await server.SendOnlyAsync(TenMegabytes);
        await UntilAsync(() => server.Memory.Taken > 30 * MiB);
        var refused = await server.CallAsync(TenMegabytes);
        Assert.Equal(-32005, (int)refused["error"]!["code"]!);
        Assert.StartsWith("busy", (string)refused["error"]!["message"]!);
        Assert.Equal("0xab", (string)(await server.CallAsync("""{"jsonrpc":"2.0","id":1,"method":"echo","params":["0xab"]}"""))["result"]!);
        Assert.InRange(server.Memory.Taken, 30 * MiB, 33 * MiB);
    }

    [Fact]
    public async Task A_client_that_leaves_gives_its_memory_back()
    {
        await using var server = await TransportFixture.StartAsync(Limits);
        using (await server.SendOnlyAsync(TenMegabytes))
        using (await server.SendOnlyAsync(TenMegabytes))
            await UntilAsync(() => server.Memory.Taken > 20 * MiB);
        await UntilAsync(() => server.Memory.Taken == 0);
        Assert.NotNull((await server.CallAsync(TenMegabytes))["result"]);
    }

    [Fact]
    public async Task An_announced_body_takes_no_memory_before_it_comes()
    {
        await using var server = await TransportFixture.StartAsync(Limits);
        var clients = new List<IDisposable>();
        for (var i = 0; i < 20; i++)
            clients.Add(await server.SendOnlyAsync("[", announcedLength: 4 * MiB));
        await UntilAsync(() => server.Memory.Taken > 0);
        Assert.InRange(server.Memory.Taken, 1, MiB);
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task A_body_for_which_there_is_no_memory_is_refused_as_busy()
    {
        await using var server = await TransportFixture.StartAsync(Limits with { MaxMessageMemory = MiB });
        var (status, body) = await server.PostAsync($$"""{"jsonrpc":"2.0","id":1,"method":"echo","params":["0x{{new string('a', 2 * MiB)}}"]}""");
        Assert.Equal(503, status);
        Assert.StartsWith("busy", (string)JsonNode.Parse(body)!["error"]!["message"]!);
    }

    [Fact]
    public async Task A_WebSocket_that_reads_no_answers_holds_one_answer_and_gets_all_when_it_reads()
    {
        await using var server = await TransportFixture.StartAsync(Limits);
        using var socket = await server.ConnectAsync();
        for (var i = 0; i < 8; i++)
            await socket.SendAsync(Encoding.UTF8.GetBytes(TenMegabytes), WebSocketMessageType.Text, true, Cancellation);
        await UntilAsync(() => server.Memory.Taken > 8 * MiB);
        for (var i = 0; i < 8; i++)
        {
            Assert.InRange(await LengthOfNextAsync(socket), 10 * MiB, 11 * MiB);
            Assert.InRange(server.Memory.Taken, 0, 24 * MiB);
        }
    }

    [Fact]
    public async Task A_WebSocket_that_stops_reading_in_the_midst_of_an_answer_is_cut()
    {
        await using var server = await TransportFixture.StartAsync(Limits with { RequestTimeout = TimeSpan.FromSeconds(2) });
        using var socket = await server.ConnectAsync();
        await socket.SendAsync(Encoding.UTF8.GetBytes(TenMegabytes), WebSocketMessageType.Text, true, Cancellation);
        await UntilAsync(() => server.Memory.Taken > 8 * MiB);
        await UntilAsync(() => server.Memory.Taken == 0);
    }

    private static async Task<int> LengthOfNextAsync(WebSocket socket)
    {
        var buffer = new byte[MiB];
        var length = 0;
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), Cancellation);
            Assert.Equal(WebSocketMessageType.Text, received.MessageType);
            length += received.Count;
            if (received.EndOfMessage)
                return length;
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(10, Cancellation);
    }
}
