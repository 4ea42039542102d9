using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Provider;

/// <summary>What a log says of an answer.</summary>
/// <param name="Receipt">Encoded.</param>
internal sealed record ToldAnswer(byte[] Output, byte[] Receipt)
{
    /// <summary>The receipt with another word, by its place in the encoding.</summary>
    public ToldAnswer WithWord(int place, Hash256 word)
    {
        byte[] changed = [.. Receipt];
        word.Span.CopyTo(changed.AsSpan(Hash256.Size * place));
        return this with { Receipt = changed };
    }
}

/// <summary>A node that passes everything on to an honest one, and changes in the answers what a test wants.</summary>
internal sealed class LyingNode : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly HttpClient _honest;
    private readonly Action<JsonNode, JsonNode> _lie;

    /// <summary>Lies about answers of jobs.</summary>
    public LyingNode(Uri honest, Func<ToldAnswer, ToldAnswer> lie)
        : this(honest, (_, answer) => Change(answer, lie))
    {
    }

    /// <param name="lie">Given each request and its response, as JSON-RPC has them.</param>
    public LyingNode(Uri honest, Action<JsonNode, JsonNode> lie)
    {
        (_honest, _lie, Url) = (new HttpClient { BaseAddress = honest }, lie, new Uri($"http://127.0.0.1:{FreePort()}/"));
        _listener.Prefixes.Add(Url.ToString());
        _listener.Start();
        _ = ServeAsync();
    }

    public Uri Url { get; }

    /// <summary>What it was asked.</summary>
    public ConcurrentQueue<string> Methods { get; } = [];

    public void Dispose()
    {
        _listener.Close();
        _honest.Dispose();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            using var reader = new StreamReader(context.Request.InputStream);
            var asked = await reader.ReadToEndAsync();
            using var content = new StringContent(asked, Encoding.UTF8, "application/json");
            using var response = await _honest.PostAsync("/", content);
            var json = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
            Change(JsonNode.Parse(asked)!, json);
            context.Response.ContentType = "application/json";
            context.Response.Close(Encoding.UTF8.GetBytes(json.ToJsonString()), willBlock: true);
        }
    }

    private void Change(JsonNode asked, JsonNode answered)
    {
        if (asked is JsonArray batch)
        {
            foreach (var question in batch)
                Change(question!, answered.AsArray().Single(answer => (int)answer!["id"]! == (int)question!["id"]!)!);
            return;
        }
        Methods.Enqueue((string)asked["method"]!);
        _lie(asked, answered);
    }

    private static void Change(JsonNode? node, Func<ToldAnswer, ToldAnswer> lie)
    {
        if (node is JsonArray array)
        {
            foreach (var item in array)
                Change(item, lie);
        }
        else if (node is JsonObject found)
        {
            if (found["topics"] is JsonArray { Count: 4 } topics && (string?)topics[0] == $"{JobsInterface.JobAnswered.Topic}")
                Change(found, topics, lie);
            foreach (var (_, value) in found.ToList())
                Change(value, lie);
        }
    }

    private static void Change(JsonObject log, JsonArray topics, Func<ToldAnswer, ToldAnswer> lie)
    {
        var reader = new AbiReader(Hex.Decode((string)log["data"]!));
        Assert.True(reader.TryReadBytes(out var output) & reader.TryReadBytes(out var receipt));
        var told = lie(new ToldAnswer(output.ToArray(), receipt.ToArray()));
        log["data"] = Hex.Encode(new AbiWriter(2).WriteBytes(told.Output).WriteBytes(told.Receipt).ToArray());
        topics[3] = $"{Keccak.Hash(told.Receipt)}";
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
