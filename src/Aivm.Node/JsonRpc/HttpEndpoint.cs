using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Aivm.Node.JsonRpc;

/// <summary>
/// The one HTTP resource: <c>POST /</c> carries JSON-RPC, <c>GET /</c> says that the node is well, and an upgrade on <c>/</c> or
/// <c>/ws</c> opens a WebSocket.
/// </summary>
internal sealed partial class HttpEndpoint(RpcDispatcher dispatcher, Func<string> health, ILogger logger, CancellationToken stopping)
{
    private readonly RpcLimits _limits = dispatcher.Limits;

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
            return WriteAsync(context, Encoding.UTF8.GetBytes(health()));
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
        if (context.Request.ContentLength > _limits.MaxBodyBytes)
        {
            await RefuseTooLargeAsync(context);
            return;
        }
        byte[]? body = null;
        try
        {
            int length;
            (body, length) = await ReadBodyAsync(context);
            if (length > _limits.MaxBodyBytes)
            {
                await RefuseTooLargeAsync(context);
                return;
            }
            using var response = new ResponseBuffer(_limits.MaxResponseBytes);
            dispatcher.Answer(body.AsMemory(0, length), response, subscriber: null);
            if (response.Length == 0)
                context.Response.StatusCode = StatusCodes.Status204NoContent;
            else
                await WriteAsync(context, response.Written);
        }
        catch (OperationCanceledException)
        {
            await RefuseAsync(context, StatusCodes.Status408RequestTimeout, "the body took too long to arrive");
        }
        catch (Exception exception) when (exception is IOException or BadHttpRequestException)
        {
            LogBrokenRequest(exception.Message);
            context.Abort();
        }
        finally
        {
            if (body is not null)
                ArrayPool<byte>.Shared.Return(body);
        }
    }

    /// <summary>The body in a rented array, and its length: one byte over the limit at most.</summary>
    private async ValueTask<(byte[] Bytes, int Length)> ReadBodyAsync(HttpContext context)
    {
        var announced = (int)(context.Request.ContentLength ?? 0);
        var bytes = ArrayPool<byte>.Shared.Rent(Math.Max(announced, 1024));
        var length = 0;
        var reader = context.Request.BodyReader;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        deadline.CancelAfter(_limits.RequestTimeout);
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync(deadline.Token);
                var chunk = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, _limits.MaxBodyBytes + 1 - length));
                bytes = EnsureRoom(bytes, length, (int)chunk.Length);
                chunk.CopyTo(bytes.AsSpan(length));
                length += (int)chunk.Length;
                reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted || length > _limits.MaxBodyBytes)
                    return (bytes, length);
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(bytes);
            throw;
        }
    }

    private static byte[] EnsureRoom(byte[] bytes, int length, int more)
    {
        if (bytes.Length - length >= more)
            return bytes;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(length + more, bytes.Length * 2));
        bytes.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(bytes);
        return larger;
    }

    private async Task ServeWebSocketAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        NodeMetrics.WebSockets.Add(1);
        try
        {
            using var connection = new WebSocketConnection(socket, dispatcher, logger);
            await connection.RunAsync(stopping);
        }
        finally
        {
            NodeMetrics.WebSockets.Add(-1);
        }
    }

    private Task RefuseTooLargeAsync(HttpContext context)
    {
        // The rest of the body is not read: the connection cannot be used again.
        context.Response.Headers.Connection = "close";
        return RefuseAsync(context, StatusCodes.Status413PayloadTooLarge, $"the body is over {_limits.MaxBodyBytes} bytes: send smaller batches");
    }

    private static Task RefuseAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        var error = $$$"""{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"{{{message}}}"}}""";
        return WriteAsync(context, Encoding.UTF8.GetBytes(error));
    }

    private static Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> json)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = json.Length;
        return context.Response.BodyWriter.WriteAsync(json).AsTask();
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
