using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>One call: a method and what writes its parameters, the items of an array.</summary>
public readonly record struct RpcRequest(string Method, Action<Utf8JsonWriter>? WriteParameters = null);

/// <summary>JSON-RPC 2.0 over HTTP. Turns whatever goes wrong on the way into named errors.</summary>
internal sealed class JsonRpcTransport : IDisposable
{
    private const int MaxResponseLength = 64 << 20;

    private readonly Uri _endpoint;
    private readonly HttpClient _http;

    public JsonRpcTransport(Uri endpoint, TimeSpan timeout, HttpMessageHandler? handler)
    {
        _endpoint = endpoint;
        // A proxy never reaches the loopback interface of this machine.
        handler ??= new SocketsHttpHandler { UseProxy = !endpoint.IsLoopback, PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        _http = new HttpClient(handler) { Timeout = timeout, MaxResponseContentBufferSize = MaxResponseLength };
    }

    public void Dispose() => _http.Dispose();

    /// <returns>The result, which may be JSON's null.</returns>
    public async Task<JsonElement> CallAsync(RpcRequest request, CancellationToken cancellation)
    {
        var body = Write(json => WriteCall(json, request, id: 0));
        var answer = await PostAsync(body, cancellation);
        return Result(answer, id: 0);
    }

    /// <returns>The answers in the order of the requests; reading one that is an error throws it.</returns>
    public async Task<RpcBatch> CallAsync(IReadOnlyList<RpcRequest> requests, CancellationToken cancellation)
    {
        if (requests.Count == 0)
            return new RpcBatch([]);
        var body = Write(json =>
        {
            json.WriteStartArray();
            for (var i = 0; i < requests.Count; i++)
                WriteCall(json, requests[i], i);
            json.WriteEndArray();
        });
        var answer = await PostAsync(body, cancellation);
        // A node that refuses the whole batch answers with one error.
        if (answer.ValueKind == JsonValueKind.Object)
            Result(answer, id: null);
        if (answer.ValueKind != JsonValueKind.Array || answer.GetArrayLength() != requests.Count)
            throw Invalid("the answers to a batch are not as many as its calls");
        var answers = new JsonElement[requests.Count];
        foreach (var item in answer.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object
                || !item.TryGetProperty("id", out var id)
                || id.ValueKind != JsonValueKind.Number
                || !id.TryGetInt32(out var index)
                || (uint)index >= (uint)answers.Length
                || answers[index].ValueKind != JsonValueKind.Undefined)
                throw Invalid("the answers to a batch do not carry the numbers of its calls");
            answers[index] = item;
        }
        return new RpcBatch(answers);
    }

    internal static JsonElement Result(JsonElement answer, int? id)
    {
        if (answer.ValueKind != JsonValueKind.Object)
            throw Invalid("it is no JSON-RPC response");
        if (answer.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object)
            throw ReadError(error);
        if (!answer.TryGetProperty("result", out var result)
            || (id is { } expected && (!answer.TryGetProperty("id", out var actual) || actual.ValueKind != JsonValueKind.Number || !actual.TryGetInt32(out var number) || number != expected)))
            throw Invalid("it is no response to the call");
        return result;
    }

    internal static AivmException Invalid(string reason, Exception? inner = null) =>
        new(Failure.Environment, "node-answer-invalid", $"The node's answer cannot be used: {reason}.", inner);

    private static RpcException ReadError(JsonElement error)
    {
        var code = error.TryGetProperty("code", out var number) && number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out var value) ? value : 0;
        var message = error.TryGetProperty("message", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "the node gave no reason";
        var hasData = error.TryGetProperty("data", out var hex) && hex.ValueKind == JsonValueKind.String;
        var data = hasData && Hex.TryDecode(hex.GetString(), out var bytes) ? bytes : [];
        return new RpcException(code, RevertReason.TryDescribe(data, out var reason) ? $"execution reverted: {reason}" : message, data);
    }

    private async Task<JsonElement> PostAsync(ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        using var content = new ReadOnlyMemoryContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        try
        {
            using var response = await _http.PostAsync(_endpoint, content, cancellation);
            var answer = await response.Content.ReadAsByteArrayAsync(cancellation);
            if (!response.IsSuccessStatusCode && (answer.Length == 0 || answer[0] != (byte)'{'))
                throw Invalid($"{_endpoint} answered with HTTP status {(int)response.StatusCode}");
            using var document = JsonDocument.Parse(answer);
            return document.RootElement.Clone();
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw Invalid($"it has over {MaxResponseLength} bytes", exception);
        }
        catch (HttpRequestException exception)
        {
            throw new AivmException(
                Failure.Environment, "node-unreachable", $"No node answers at {_endpoint}: start one or name another. ({exception.Message})", exception);
        }
        catch (TaskCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new AivmException(
                Failure.Environment, "node-timeout", $"The node at {_endpoint} did not answer within {_http.Timeout.TotalSeconds:0} s.", exception);
        }
        catch (JsonException exception)
        {
            throw Invalid($"{_endpoint} did not answer in JSON", exception);
        }
    }

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        write(json);
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteCall(Utf8JsonWriter json, RpcRequest request, int id)
    {
        json.WriteStartObject();
        json.WriteString("jsonrpc"u8, "2.0"u8);
        json.WriteNumber("id"u8, id);
        json.WriteString("method"u8, request.Method);
        json.WriteStartArray("params"u8);
        request.WriteParameters?.Invoke(json);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}

/// <summary>The answers to a batch, each a result or an error of its own.</summary>
public sealed class RpcBatch
{
    private readonly JsonElement[] _answers;

    internal RpcBatch(JsonElement[] answers) => _answers = answers;

    public int Count => _answers.Length;

    /// <exception cref="RpcException">This call's answer is an error.</exception>
    public JsonElement this[int index] => JsonRpcTransport.Result(_answers[index], index);
}
