using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Aivm.Node.JsonRpc;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aivm.Tests.Node;

/// <summary>The transport alone, with methods that a test can see through: no chain behind it.</summary>
internal sealed class TransportFixture : IAsyncDisposable
{
    public static readonly RpcLimits SmallLimits = new()
    {
        MaxBodyBytes = 64 << 10,
        MaxBatchItems = 10,
        MaxResponseBytes = 16 << 10,
        MaxQueuedMessages = 16,
        MaxQueuedBytes = 1 << 20,
    };

    private readonly RpcServer _server;

    private TransportFixture(RpcServer server, MemoryBudget memory, List<ISubscriber> subscribers)
    {
        _server = server;
        Memory = memory;
        Subscribers = subscribers;
        Http = new HttpClient { BaseAddress = server.Url };
    }

    public HttpClient Http { get; }

    public Uri Url => _server.Url;

    /// <summary>What the messages of all connections hold.</summary>
    public MemoryBudget Memory { get; }

    /// <summary>Connections that called <c>subscribe</c>.</summary>
    public List<ISubscriber> Subscribers { get; }

    public static async Task<TransportFixture> StartAsync(RpcLimits? limits = null)
    {
        var subscribers = new List<ISubscriber>();
        var methods = new Dictionary<string, RpcMethod>
        {
            ["echo"] = Echo,
            ["add"] = Add,
            ["fail"] = (ref RpcCall _) => throw new InvalidOperationException("secret detail at /some/path.cs"),
            ["half"] = Half,
            ["large"] = Large,
            ["megabytes"] = Megabytes,
            ["refuse"] = (ref RpcCall _) => RpcError.Reverted("execution reverted: no", new byte[] { 1, 2 }),
            ["subscribe"] = (ref RpcCall call) =>
            {
                lock (subscribers)
                    subscribers.Add(call.Subscriber!);
                call.Result.WriteBooleanValue(true);
                return null;
            },
        };
        var dispatcher = new RpcDispatcher(methods, limits ?? SmallLimits, TimeProvider.System, NullLogger.Instance);
        var server = await RpcServer.StartAsync(0, dispatcher, () => new NodeHealth(true, "{\"status\":\"ok\"}"), NullLoggerFactory.Instance, default);
        return new TransportFixture(server, dispatcher.Memory, subscribers);
    }

    public async Task<(int Status, string Body)> PostAsync(string body, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        change?.Invoke(request);
        using var response = await Http.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public async Task<JsonNode> CallAsync(string body) => JsonNode.Parse((await PostAsync(body)).Body)!;

    public async Task<ClientWebSocket> ConnectAsync(string path = "/", string? origin = null)
    {
        var socket = new ClientWebSocket();
        if (origin is not null)
            socket.Options.SetRequestHeader("Origin", origin);
        await socket.ConnectAsync(new Uri($"ws://{Url.Authority}{path}"), TestContext.Current.CancellationToken);
        return socket;
    }

    /// <summary>Sends a request and does not read the answer.</summary>
    public async Task<TcpClient> SendOnlyAsync(string body, int? announcedLength = null)
    {
        var client = new TcpClient { ReceiveBufferSize = 16 << 10 };
        await client.ConnectAsync("127.0.0.1", Url.Port, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(
            $"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {announcedLength ?? body.Length}\r\n\r\n{body}"), TestContext.Current.CancellationToken);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _server.DisposeAsync();
    }

    private static RpcError? Echo(ref RpcCall call)
    {
        if (!call.Parameters.TryReadData("data", out var data))
            return call.Parameters.Error;
        call.Result.WriteDataValue(data);
        return null;
    }

    private static RpcError? Add(ref RpcCall call)
    {
        if (!call.Parameters.TryReadUInt64("left", out var left) || !call.Parameters.TryReadUInt64("right", out var right))
            return call.Parameters.Error;
        call.Result.WriteQuantityValue(left + right);
        return null;
    }

    /// <summary>An answer of about as many MiB as asked for, more than a connection's buffers hold.</summary>
    private static RpcError? Megabytes(ref RpcCall call)
    {
        if (!call.Parameters.TryReadUInt64("count", out var count))
            return call.Parameters.Error;
        call.Result.WriteDataValue(new byte[(int)count << 19]);
        return null;
    }

    /// <summary>Fails after it has written a part of its result.</summary>
    private static RpcError? Half(ref RpcCall call)
    {
        call.Result.WriteStartArray();
        call.Result.WriteNumberValue(1);
        call.Result.Flush();
        throw new InvalidOperationException();
    }

    private static RpcError? Large(ref RpcCall call)
    {
        call.Result.WriteStartArray();
        for (var i = 0; i < 10_000; i++)
        {
            call.Result.WriteNumberValue(i);
            if (i % 100 == 0)
                call.Result.Flush();
        }
        call.Result.WriteEndArray();
        return null;
    }
}
