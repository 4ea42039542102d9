using System.Text.Json;
using System.Text.Unicode;

namespace Aivm.Node.JsonRpc;

/// <summary>One call, as slices of the message it came in.</summary>
/// <param name="Id">The client's id, copied into the answer as it stands; empty for a notification, which gets no answer.</param>
/// <param name="Parameters">The JSON text of <c>params</c>; empty when the call has none.</param>
/// <param name="Fault">Why this is not a request, or null when it is one.</param>
internal readonly record struct RpcRequest(
    ReadOnlyMemory<byte> Id, ReadOnlyMemory<byte> Method, ReadOnlyMemory<byte> Parameters, string? Fault)
{
    public bool IsNotification => Id.IsEmpty && Fault is null;
}

/// <summary>
/// A parsed JSON-RPC 2.0 message: a request or a batch of them. The whole text is checked before any call runs, so that a broken
/// message has no effect at all.
/// </summary>
internal sealed record RpcMessage(bool IsBatch, List<RpcRequest> Requests)
{
    private const int MaxIdBytes = 1024;

    public static bool TryParse(ReadOnlyMemory<byte> text, RpcLimits limits, out RpcMessage message, out RpcError error)
    {
        message = new RpcMessage(false, []);
        error = RpcError.Internal;
        if (!Utf8.IsValid(text.Span))
        {
            error = RpcError.Parse("parse error: the text is not UTF-8");
            return false;
        }
        var reader = new Utf8JsonReader(text.Span, new JsonReaderOptions { MaxDepth = limits.MaxJsonDepth });
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartArray)
                message.Requests.Add(ReadRequest(ref reader, text));
            else if (!TryReadBatch(ref reader, text, limits, out message, out error))
                return false;
            reader.Read(); // Nothing may follow: the reader throws at whatever does.
            return true;
        }
        catch (JsonException exception)
        {
            // The reader stops at the bracket that would open one level too many.
            error = RpcError.Parse(reader.CurrentDepth >= limits.MaxJsonDepth - 1
                ? $"parse error: nested deeper than {limits.MaxJsonDepth} levels"
                : $"parse error: not JSON at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}");
            return false;
        }
        catch (InvalidOperationException)
        {
            error = RpcError.Parse("parse error: a name has a broken \\u escape");
            return false;
        }
    }

    private static bool TryReadBatch(
        ref Utf8JsonReader reader, ReadOnlyMemory<byte> text, RpcLimits limits, out RpcMessage message, out RpcError error)
    {
        message = new RpcMessage(true, []);
        error = RpcError.InvalidRequest("invalid request: an empty batch");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (message.Requests.Count == limits.MaxBatchItems)
            {
                error = RpcError.InvalidRequest($"invalid request: a batch holds at most {limits.MaxBatchItems} requests");
                return false;
            }
            message.Requests.Add(ReadRequest(ref reader, text));
        }
        return message.Requests.Count > 0;
    }

    private static RpcRequest ReadRequest(ref Utf8JsonReader reader, ReadOnlyMemory<byte> text)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return new RpcRequest(default, default, default, "invalid request: expected an object");
        }
        ReadOnlyMemory<byte> id = default, method = default, parameters = default;
        bool hasVersion = false, hasMethod = false;
        string? fault = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("jsonrpc"u8))
            {
                var value = ReadValue(ref reader, text);
                if (hasVersion || !value.Span.SequenceEqual("\"2.0\""u8))
                    fault ??= "invalid request: jsonrpc must be \"2.0\"";
                hasVersion = true;
            }
            else if (reader.ValueTextEquals("method"u8))
            {
                var value = ReadValue(ref reader, text);
                if (hasMethod || reader.TokenType != JsonTokenType.String)
                    fault ??= "invalid request: method must be one string";
                else
                    method = value[1..^1];
                hasMethod = true;
            }
            else if (reader.ValueTextEquals("params"u8))
            {
                var isFirst = parameters.IsEmpty;
                parameters = ReadValue(ref reader, text);
                if (!isFirst || reader.TokenType is not (JsonTokenType.EndArray or JsonTokenType.EndObject or JsonTokenType.Null))
                    fault ??= "invalid request: params must be one array";
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                var isFirst = id.IsEmpty;
                var value = ReadValue(ref reader, text);
                var isScalar = reader.TokenType is JsonTokenType.String or JsonTokenType.Number or JsonTokenType.Null;
                if (!isFirst || !isScalar || value.Length > MaxIdBytes)
                    fault ??= "invalid request: id must be one string, number or null";
                else
                    id = value;
            }
            else
            {
                ReadValue(ref reader, text);
            }
        }
        if (!hasVersion)
            fault ??= "invalid request: jsonrpc must be \"2.0\"";
        if (!hasMethod)
            fault ??= "invalid request: method is missing";
        return new RpcRequest(id, method, parameters, fault);
    }

    /// <summary>The text of the value after a property name; the reader ends on its last token.</summary>
    private static ReadOnlyMemory<byte> ReadValue(ref Utf8JsonReader reader, ReadOnlyMemory<byte> text)
    {
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return text[start..(int)reader.BytesConsumed];
    }
}
