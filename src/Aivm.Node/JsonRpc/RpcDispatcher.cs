using System.Collections.Frozen;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Aivm.Primitives;
using Microsoft.Extensions.Logging;

namespace Aivm.Node.JsonRpc;

/// <summary>
/// Turns a JSON-RPC message into its answer. No exception leaves it: whatever a method throws becomes an internal error of that call
/// alone and a line in the log.
/// </summary>
internal sealed partial class RpcDispatcher
{
    private const int MaxMethodNameLength = 64;

    private static readonly JsonWriterOptions WriterOptions = new()
    {
        SkipValidation = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly MemoryBudget Unlimited = new(long.MaxValue);
    private static readonly JsonEncodedText DataName = JsonEncodedText.Encode("data");

    private readonly FrozenDictionary<string, (string Name, RpcMethod Method)>.AlternateLookup<ReadOnlySpan<char>> _methods;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;

    public RpcDispatcher(IReadOnlyDictionary<string, RpcMethod> methods, RpcLimits limits, TimeProvider time, ILogger logger)
    {
        Limits = limits;
        Memory = new MemoryBudget(limits.MaxMessageMemory);
        _methods = methods.ToFrozenDictionary(entry => entry.Key, entry => (entry.Key, entry.Value), StringComparer.Ordinal)
            .GetAlternateLookup<ReadOnlySpan<char>>();
        _time = time;
        _logger = logger;
    }

    public RpcLimits Limits { get; }

    /// <summary>For every message of every connection.</summary>
    public MemoryBudget Memory { get; }

    /// <summary>Writes the answer, which is empty when the message held notifications only.</summary>
    public void Answer(ReadOnlyMemory<byte> text, MessageBuffer response, ISubscriber? subscriber)
    {
        // Never disposed: that would flush what a failed call had left in it.
        var writer = new Utf8JsonWriter(response, WriterOptions);
        if (!RpcMessage.TryParse(text, Limits, out var message, out var error))
        {
            WriteError(response, writer, default, error);
            return;
        }
        if (!message.IsBatch)
        {
            Answer(message.Requests[0], response, writer, subscriber);
            return;
        }
        var started = _time.GetTimestamp();
        var separator = (byte)'[';
        foreach (var request in message.Requests)
        {
            var start = response.Length;
            response.Append([separator]);
            if (_time.GetElapsedTime(started) > Limits.RequestTimeout)
                WriteError(response, writer, request.Id, RpcError.TimedOut);
            else
                Answer(request, response, writer, subscriber);
            if (request.IsNotification)
                response.Truncate(start);
            else
                separator = (byte)',';
        }
        if (separator == ',')
            response.Append("]"u8);
    }

    private void Answer(in RpcRequest request, MessageBuffer response, Utf8JsonWriter writer, ISubscriber? subscriber)
    {
        var start = response.Length;
        if (request.Fault is not null)
        {
            WriteError(response, writer, request.Id, RpcError.InvalidRequest(request.Fault));
            return;
        }
        var error = Call(request, response, writer, subscriber);
        if (request.IsNotification)
        {
            response.Truncate(start);
        }
        else if (error is not null)
        {
            response.Truncate(start);
            WriteError(response, writer, request.Id, error);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The boundary: an exception of one call must not end the connection or the node.")]
    private RpcError? Call(in RpcRequest request, MessageBuffer response, Utf8JsonWriter writer, ISubscriber? subscriber)
    {
        if (!TryFindMethod(request.Method.Span, out var name, out var method))
        {
            NodeMetrics.Requests.Add(1, new KeyValuePair<string, object?>("method", "unknown"));
            return RpcError.MethodNotFound(name);
        }
        NodeMetrics.Requests.Add(1, new KeyValuePair<string, object?>("method", name));
        using var activity = NodeMetrics.Activities.StartActivity(name, ActivityKind.Server);
        try
        {
            var call = new RpcCall
            {
                Parameters = new RpcParameters(request.Parameters.Span, Limits.MaxJsonDepth),
                Result = writer,
                Subscriber = subscriber,
            };
            response.Append("{\"jsonrpc\":\"2.0\",\"id\":"u8);
            response.Append(request.Id.Span);
            response.Append(",\"result\":"u8);
            writer.Reset(response);
            var error = call.Parameters.Error ?? method(ref call);
            writer.Flush();
            response.Append("}"u8);
            return error;
        }
        catch (MessageBuffer.FullException)
        {
            return RpcError.ResponseTooLarge(Limits.MaxResponseBytes);
        }
        catch (MessageBuffer.BusyException)
        {
            return RpcError.Busy;
        }
        catch (AivmException exception)
        {
            // The node's surroundings failed, its store above all: the name says what an operator can do.
            LogFailedCall(exception, name);
            return RpcError.Unavailable(exception.Error);
        }
        catch (Exception exception)
        {
            LogFailedCall(exception, name);
            return RpcError.Internal;
        }
    }

    /// <param name="name">The method's name, or as much of an unknown one as an error message should repeat.</param>
    private bool TryFindMethod(ReadOnlySpan<byte> utf8, out string name, [NotNullWhen(true)] out RpcMethod? method)
    {
        Span<char> characters = stackalloc char[MaxMethodNameLength];
        var kept = utf8[..Math.Min(utf8.Length, MaxMethodNameLength)];
        var length = Encoding.UTF8.GetChars(kept, characters);
        if (kept.Length == utf8.Length && _methods.TryGetValue(characters[..length], out var found))
        {
            (name, method) = found;
            return true;
        }
        name = new string(characters[..length]);
        method = null;
        return false;
    }

    private static void WriteError(MessageBuffer response, Utf8JsonWriter writer, ReadOnlyMemory<byte> id, RpcError error)
    {
        // Built apart: an error must fit even where the answer has reached its limit.
        using var body = new MessageBuffer(Unlimited, int.MaxValue);
        writer.Reset(body);
        writer.WriteStartObject();
        writer.WriteNumber("code"u8, error.Code);
        writer.WriteString("message"u8, error.Message);
        if (error.Data is { } data)
            writer.WriteData(DataName, data.Span);
        writer.WriteEndObject();
        writer.Flush();
        response.Append("{\"jsonrpc\":\"2.0\",\"id\":"u8);
        response.Append(id.IsEmpty ? "null"u8 : id.Span);
        response.Append(",\"error\":"u8);
        response.Append(body.Written.Span);
        response.Append("}"u8);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} failed")]
    private partial void LogFailedCall(Exception exception, string method);
}
