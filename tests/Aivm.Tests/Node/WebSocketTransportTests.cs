using System.Net.WebSockets;
using System.Text;
using Aivm.Node.JsonRpc;

namespace Aivm.Tests.Node;

public sealed class WebSocketTransportTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/")]
    [InlineData("/ws")]
    public async Task Requests_and_batches_are_answered_in_order(string path)
    {
        await using var server = await TransportFixture.StartAsync();
        using var socket = await server.ConnectAsync(path);
        await SendAsync(socket, """{"jsonrpc":"2.0","id":1,"method":"echo","params":["0x01"]}""");
        await SendAsync(socket, """{"jsonrpc":"2.0","method":"echo","params":["0x02"]}""");
        await SendAsync(socket, """[{"jsonrpc":"2.0","id":3,"method":"echo","params":["0x03"]}]""");
        await SendAsync(socket, "not JSON");
        Assert.Equal("""{"jsonrpc":"2.0","id":1,"result":"0x01"}""", await ReceiveAsync(socket));
        Assert.Equal("""[{"jsonrpc":"2.0","id":3,"result":"0x03"}]""", await ReceiveAsync(socket));
        Assert.Contains("-32700", await ReceiveAsync(socket));
    }

    [Fact]
    public async Task A_message_in_many_frames_is_one_message()
    {
        await using var server = await TransportFixture.StartAsync();
        using var socket = await server.ConnectAsync();
        var text = Encoding.UTF8.GetBytes("""{"jsonrpc":"2.0","id":1,"method":"echo","params":["0x01"]}""");
        for (var i = 0; i < text.Length; i++)
            await socket.SendAsync(text.AsMemory(i, 1), WebSocketMessageType.Text, i == text.Length - 1, Cancellation);
        Assert.Equal("""{"jsonrpc":"2.0","id":1,"result":"0x01"}""", await ReceiveAsync(socket));
    }

    [Fact]
    public async Task A_message_over_the_limit_closes_the_connection_with_the_reason()
    {
        await using var server = await TransportFixture.StartAsync();
        using var socket = await server.ConnectAsync();
        await SendAsync(socket, new string(' ', TransportFixture.SmallLimits.MaxBodyBytes + 1));
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, await ClosedAsync(socket));
        Assert.Contains("at most", socket.CloseStatusDescription);
    }

    [Fact]
    public async Task A_WebSocket_over_the_limit_is_refused_in_words_and_a_closed_one_makes_room()
    {
        await using var server = await TransportFixture.StartAsync(TransportFixture.SmallLimits with { MaxWebSockets = 1 });
        using (await server.ConnectAsync())
        {
            using var upgrade = new HttpRequestMessage(HttpMethod.Get, "/")
            {
                Headers = { { "Connection", "Upgrade" }, { "Upgrade", "websocket" }, { "Sec-WebSocket-Version", "13" }, { "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==" } },
            };
            using var refused = await server.Http.SendAsync(upgrade, Cancellation);
            Assert.Equal(503, (int)refused.StatusCode);
            Assert.Contains("1 WebSockets are open", await refused.Content.ReadAsStringAsync(Cancellation));
        }
        while (true)
        {
            try
            {
                using var next = await server.ConnectAsync();
                break;
            }
            catch (WebSocketException)
            {
                await Task.Delay(10, Cancellation); // The node has yet to see that the first one has gone.
            }
        }
    }

    [Fact]
    public async Task A_foreign_page_cannot_open_a_connection()
    {
        await using var server = await TransportFixture.StartAsync();
        await Assert.ThrowsAsync<WebSocketException>(() => server.ConnectAsync("/", "https://evil.example"));
    }

    [Fact]
    public async Task A_client_that_reads_too_slowly_is_dropped_with_the_reason_and_others_go_on()
    {
        await using var server = await TransportFixture.StartAsync();
        using var slow = await server.ConnectAsync();
        using var other = await server.ConnectAsync();
        await SendAsync(slow, """{"jsonrpc":"2.0","id":1,"method":"subscribe"}""");
        Assert.Contains("true", await ReceiveAsync(slow));
        ISubscriber subscriber;
        lock (server.Subscribers)
            subscriber = server.Subscribers.Single();
        var accepted = 0;
        while (subscriber.TryNotify(new byte[64 << 10]))
            Assert.True(++accepted < 10_000, "a client that reads nothing must not be fed without end");
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, await ClosedAsync(slow));
        Assert.Equal("dropped: events were read too slowly", slow.CloseStatusDescription);
        Assert.False(subscriber.TryNotify(new byte[1]));
        await SendAsync(other, """{"jsonrpc":"2.0","id":1,"method":"echo","params":["0x01"]}""");
        Assert.Contains("0x01", await ReceiveAsync(other));
    }

    [Fact]
    public async Task A_client_that_reads_no_answers_waits_and_then_gets_all_of_them()
    {
        await using var server = await TransportFixture.StartAsync();
        using var socket = await server.ConnectAsync();
        var data = new string('a', 4_000);
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < 500; i++)
                await SendAsync(socket, $$"""{"jsonrpc":"2.0","id":{{i}},"method":"echo","params":["0x{{data}}"]}""");
        }, Cancellation);
        for (var i = 0; i < 500; i++)
            Assert.StartsWith($$"""{"jsonrpc":"2.0","id":{{i}},"result":"0xaaa""", await ReceiveAsync(socket));
        await sending;
    }

    [Fact]
    public async Task A_stopping_server_says_so()
    {
        var server = await TransportFixture.StartAsync();
        using var socket = await server.ConnectAsync();
        var stopping = server.DisposeAsync();
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await ClosedAsync(socket));
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", Cancellation);
        await stopping;
    }

    private static Task SendAsync(WebSocket socket, string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, Cancellation);

    private static async Task<string> ReceiveAsync(WebSocket socket)
    {
        var buffer = new byte[128 << 10];
        var length = 0;
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(length), Cancellation);
            length += received.Count;
            if (received.EndOfMessage)
                return Encoding.UTF8.GetString(buffer, 0, length);
        }
    }

    private static async Task<WebSocketCloseStatus?> ClosedAsync(WebSocket socket)
    {
        var buffer = new byte[128 << 10];
        while ((await socket.ReceiveAsync(buffer.AsMemory(), Cancellation)).MessageType != WebSocketMessageType.Close)
        {
        }
        return socket.CloseStatus;
    }
}
