using System.Net;
using System.Net.Sockets;
using Aivm.Primitives;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aivm.Node.JsonRpc;

/// <summary>JSON-RPC over HTTP and WebSocket on one loopback port. Reads neither environment variables nor configuration files.</summary>
internal sealed class RpcServer : IAsyncDisposable
{
    /// <summary>What a connection may send ahead of its answers.</summary>
    private const int RequestBufferBytes = 64 << 10;

    /// <summary>A client that reads more slowly than this is cut off: its answer holds memory that others need.</summary>
    private const int MinBytesPerSecond = 16 << 10;

    private readonly WebApplication _web;
    private readonly CancellationTokenSource _stopping;

    private RpcServer(WebApplication web, CancellationTokenSource stopping, Uri url)
    {
        _web = web;
        _stopping = stopping;
        Url = url;
    }

    public Uri Url { get; }

    /// <param name="port">0 takes any free port.</param>
    /// <exception cref="AivmException"><c>port-in-use</c>, <c>port-not-allowed</c>.</exception>
    public static async Task<RpcServer> StartAsync(
        int port, RpcDispatcher dispatcher, Func<NodeHealth> health, ILoggerFactory loggers, CancellationToken cancellation)
    {
        var limits = dispatcher.Limits;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = NodeMetrics.Name });
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null; // The endpoint counts, and answers in JSON.
            kestrel.Limits.MaxRequestBufferSize = RequestBufferBytes;
            kestrel.Limits.MinResponseDataRate = new MinDataRate(MinBytesPerSecond, gracePeriod: TimeSpan.FromSeconds(10));
            kestrel.Limits.MaxConcurrentConnections = limits.MaxConnections;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1);
        });
        var web = builder.Build();
        var stopping = new CancellationTokenSource();
        var endpoint = new HttpEndpoint(dispatcher, health, loggers.CreateLogger<HttpEndpoint>(), stopping.Token);
        web.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(20), KeepAliveTimeout = TimeSpan.FromSeconds(20) });
        web.Run(endpoint.HandleAsync);
        try
        {
            await web.StartAsync(cancellation);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            await web.DisposeAsync();
            stopping.Dispose();
            throw CannotListen(port, exception);
        }
        var address = web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new RpcServer(web, stopping, new Uri(address));
    }

    /// <summary>Answers what is under way, then closes every connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await _web.StopAsync(patience.Token);
        await _web.DisposeAsync();
        _stopping.Dispose();
    }

    private static AivmException CannotListen(int port, Exception exception) =>
        exception is IOException { InnerException: AddressInUseException }
            ? new AivmException(Failure.Environment, "port-in-use", $"Port {port} is in use: stop the other process or choose another port (--port, 0 for any).", exception)
            : new AivmException(Failure.Environment, "port-not-allowed", $"Cannot listen on 127.0.0.1:{port}: {exception.GetBaseException().Message}", exception);
}
