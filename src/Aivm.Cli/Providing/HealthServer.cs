using System.Net;
using System.Text.Json;
using Aivm.Primitives;
using Aivm.Provider;

namespace Aivm.Cli.Providing;

/// <summary><c>GET /health</c> on loopback: 200 while the provider is well, 503 while it is not, and a document either way.</summary>
internal sealed class HealthServer : IDisposable
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly HttpListener _listener = new();
    private readonly Func<ProviderHealth> _health;

    /// <exception cref="AivmException"><c>port-in-use</c>.</exception>
    public HealthServer(int port, Func<ProviderHealth> health)
    {
        _health = health;
        _listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        try
        {
            _listener.Start();
        }
        catch (HttpListenerException exception)
        {
            throw new AivmException(Failure.Environment, "port-in-use", $"Port {port} cannot be used for the health page: {exception.Message}", exception);
        }
        _ = ServeAsync();
    }

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                Answer(await _listener.GetContextAsync());
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                // Whoever asked has gone, or we stop.
            }
        }
    }

    private void Answer(HttpListenerContext context)
    {
        using var response = context.Response;
        if (context.Request.Url?.AbsolutePath != "/health")
        {
            response.StatusCode = (int)HttpStatusCode.NotFound;
            return;
        }
        var health = _health();
        response.StatusCode = (int)(health.IsWell ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable);
        response.ContentType = "application/json";
        response.OutputStream.Write(JsonSerializer.SerializeToUtf8Bytes(health, Json));
    }
}
