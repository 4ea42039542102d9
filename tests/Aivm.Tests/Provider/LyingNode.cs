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

/// <summary>A node that passes everything on to an honest one, and tells of answers what a test wants.</summary>
internal sealed class LyingNode : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly HttpClient _honest;
    private readonly Func<ToldAnswer, ToldAnswer> _lie;

    public LyingNode(Uri honest, Func<ToldAnswer, ToldAnswer> lie)
    {
        (_honest, _lie, Url) = (new HttpClient { BaseAddress = honest }, lie, new Uri($"http://127.0.0.1:{FreePort()}/"));
        _listener.Prefixes.Add(Url.ToString());
        _listener.Start();
        _ = ServeAsync();
    }

    public Uri Url { get; }

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
            using var question = new StreamContent(context.Request.InputStream) { Headers = { ContentType = new("application/json") } };
            using var answer = await _honest.PostAsync("/", question);
            var json = JsonNode.Parse(await answer.Content.ReadAsStringAsync());
            Change(json);
            context.Response.ContentType = "application/json";
            context.Response.Close(Encoding.UTF8.GetBytes(json!.ToJsonString()), willBlock: true);
        }
    }

    private void Change(JsonNode? node)
    {
        if (node is JsonArray array)
        {
            foreach (var item in array)
                Change(item);
        }
        else if (node is JsonObject found)
        {
            if (found["topics"] is JsonArray { Count: 4 } topics && (string?)topics[0] == $"{JobsInterface.JobAnswered.Topic}")
                Change(found, topics);
            foreach (var (_, value) in found.ToList())
                Change(value);
        }
    }

    private void Change(JsonObject log, JsonArray topics)
    {
        var reader = new AbiReader(Hex.Decode((string)log["data"]!));
        Assert.True(reader.TryReadBytes(out var output) & reader.TryReadBytes(out var receipt));
        var told = _lie(new ToldAnswer(output.ToArray(), receipt.ToArray()));
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
