using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Aivm.Tests.Cli;

/// <summary>Takes the metrics that OTLP exporters send by gRPC (opentelemetry.proto.collector.metrics.v1), and keeps their bytes.</summary>
internal sealed class MetricsCollector : IAsyncDisposable
{
    private const string Method = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

    /// <summary>A message that is not compressed, of no bytes: nothing was refused.</summary>
    private static readonly byte[] Accepted = new byte[5];

    private readonly WebApplication _web;
    private readonly StringBuilder _received = new();

    private MetricsCollector(WebApplication web) => _web = web;

    public string Url => _web.Urls.Single();

    /// <summary>Everything, each byte as a character.</summary>
    public string Received
    {
        get
        {
            lock (_received)
                return _received.ToString();
        }
    }

    public static async Task<MetricsCollector> StartAsync(CancellationToken cancellation)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        var web = builder.Build();
        var collector = new MetricsCollector(web);
        web.Run(collector.ExportAsync);
        await web.StartAsync(cancellation);
        return collector;
    }

    private async Task ExportAsync(HttpContext call)
    {
        if (call.Request.Path != Method)
        {
            call.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        using var message = new MemoryStream();
        await call.Request.Body.CopyToAsync(message, call.RequestAborted);
        lock (_received)
            _received.Append(Encoding.Latin1.GetString(message.ToArray()));
        call.Response.ContentType = "application/grpc";
        call.Response.DeclareTrailer("grpc-status");
        await call.Response.Body.WriteAsync(Accepted, call.RequestAborted);
        call.Response.AppendTrailer("grpc-status", "0");
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();
}
