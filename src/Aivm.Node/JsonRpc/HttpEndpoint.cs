using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Aivm.Node.JsonRpc;

/// <summary>What <c>GET /</c> answers.</summary>
internal readonly record struct NodeHealth(bool IsWell, string Json);

/// <summary>
/// The one HTTP resource: <c>POST /</c> carries JSON-RPC, <c>GET /</c> says that the node is well, and an upgrade on <c>/</c> or
/// <c>/ws</c> opens a WebSocket.
/// </summary>
internal sealed partial class HttpEndpoint(RpcDispatcher dispatcher, Func<NodeHealth> health, ILogger logger, CancellationToken stopping)
{
    private const long MaxDiscardedBytes = 64 << 20;
    private const int SliceBytes = 64 << 10;

    private readonly RpcLimits _limits = dispatcher.Limits;
    private int _webSockets;

    public Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        if (!LoopbackGuard.Allows(request))
            return RefuseAsync(context, StatusCodes.Status403Forbidden, "this node answers pages and programs of this machine only");
        AllowLoopbackPages(context);
        if (request.Path.Value is not ("/" or "" or "/ws"))
            return RefuseAsync(context, StatusCodes.Status404NotFound, "JSON-RPC is served at /");
        if (context.WebSockets.IsWebSocketRequest)
            return ServeWebSocketAsync(context);
        if (HttpMethods.IsPost(request.Method))
            return AnswerAsync(context);
        if (HttpMethods.IsGet(request.Method))
            return WriteHealthAsync(context);
        if (HttpMethods.IsOptions(request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }
        context.Response.Headers.Allow = "GET, POST, OPTIONS";
        return RefuseAsync(context, StatusCodes.Status405MethodNotAllowed, "send JSON-RPC by POST");
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = new MessageBuffer(dispatcher.Memory, _limits.MaxBodyBytes);
        try
        {
            if (!await TryReadBodyAsync(context, body))
            {
                await RefuseAsync(
                    context, StatusCodes.Status413PayloadTooLarge, $"the body is over {_limits.MaxBodyBytes} bytes: send smaller batches");
                return;
            }
            using var response = new MessageBuffer(dispatcher.Memory, _limits.MaxResponseBytes);
            dispatcher.Answer(body.Written, response, subscriber: null);
            if (response.Length == 0)
                context.Response.StatusCode = StatusCodes.Status204NoContent;
            else
                await WriteAsync(context, response.Written);
        }
        catch (MessageBuffer.BusyException)
        {
            await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, RpcError.Busy.Message);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            await RefuseAsync(context, StatusCodes.Status408RequestTimeout, "the body took too long to arrive");
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            LogBrokenRequest(exception.Message);
            context.Abort();
        }
    }

    /// <summary>
    /// Reads as the bytes arrive, whatever length was announced. A body over the limit is read on but not kept, for a while: closing at once
    /// would reset the connection under a client that is still sending, and it would never see the answer.
    /// </summary>
    private async ValueTask<bool> TryReadBodyAsync(HttpContext context, MessageBuffer body)
    {
        var length = 0L;
        var reader = context.Request.BodyReader;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        deadline.CancelAfter(_limits.RequestTimeout);
        while (true)
        {
            var result = await reader.ReadAsync(deadline.Token);
            length += result.Buffer.Length;
            if (length <= _limits.MaxBodyBytes)
                body.Write(result.Buffer);
            else
                body.Dispose();
            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted || length > MaxDiscardedBytes)
                return length <= _limits.MaxBodyBytes;
        }
    }

    private async Task ServeWebSocketAsync(HttpContext context)
    {
        NodeMetrics.WebSockets.Add(1);
        try
        {
            if (Interlocked.Increment(ref _webSockets) > _limits.MaxWebSockets)
            {
                await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, $"{_limits.MaxWebSockets} WebSockets are open, which is the limit");
                return;
            }
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            using var connection = new WebSocketConnection(socket, dispatcher, logger);
            await connection.RunAsync(stopping);
        }
        finally
        {
            Interlocked.Decrement(ref _webSockets);
            NodeMetrics.WebSockets.Add(-1);
        }
    }

    private Task WriteHealthAsync(HttpContext context)
    {
        var now = health();
        context.Response.StatusCode = now.IsWell ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return WriteAsync(context, Encoding.UTF8.GetBytes(now.Json));
    }

    /// <summary>Ends the connection as well: what is left of the body is not read.</summary>
    private static Task RefuseAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.Connection = "close";
        var error = $$$"""{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"{{{message}}}"}}""";
        return WriteAsync(context, Encoding.UTF8.GetBytes(error));
    }

    /// <summary>In slices, each as the client reads: written at once, the web server would keep a second copy of it all.</summary>
    private static async Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> json)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = json.Length;
        for (var rest = json; !rest.IsEmpty;)
        {
            var slice = rest[..Math.Min(rest.Length, SliceBytes)];
            if ((await context.Response.BodyWriter.WriteAsync(slice)).IsCompleted)
                return; // The client has gone.
            rest = rest[slice.Length..];
        }
    }

    private static void AllowLoopbackPages(HttpContext context)
    {
        var origin = context.Request.Headers.Origin.ToString();
        if (origin.Length == 0 || !LoopbackGuard.IsLoopbackOrigin(origin))
            return;
        var headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = origin;
        headers.AccessControlAllowMethods = "GET, POST, OPTIONS";
        headers.AccessControlAllowHeaders = "content-type";
        headers.Vary = "Origin";
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "A request ended early: {Reason}")]
    private partial void LogBrokenRequest(string reason);
}
