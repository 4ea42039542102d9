using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Aivm.Node;
using Aivm.Primitives;

namespace Aivm.Tests.Node;

/// <summary>A development node in this process, and a client of a few lines.</summary>
internal sealed class NodeFixture(AivmNode node) : IAsyncDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = node.Url };

    public AivmNode Node => node;

    public HttpClient Http => _http;

    public static DevAccount Alice => DevChain.Accounts[0];

    public static DevAccount Bob => DevChain.Accounts[1];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<NodeFixture> StartAsync(NodeOptions? options = null) =>
        new(await AivmNode.StartAsync((options ?? new NodeOptions()) with { Port = 0 }, Cancellation));

    /// <summary>The whole answer: result or error.</summary>
    public async Task<JsonNode> AnswerAsync(string method, params object?[] parameters)
    {
        var request = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = method, ["params"] = ToJson(parameters) };
        using var content = new StringContent(request.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync("/", content, Cancellation);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!;
    }

    public async Task<JsonNode?> CallAsync(string method, params object?[] parameters)
    {
        var answer = await AnswerAsync(method, parameters);
        Assert.True(answer["error"] is null, answer.ToJsonString());
        return answer["result"];
    }

    public async Task<(int Code, string Message)> ErrorAsync(string method, params object?[] parameters)
    {
        var answer = await AnswerAsync(method, parameters);
        Assert.True(answer["error"] is not null, answer.ToJsonString());
        return ((int)answer["error"]!["code"]!, (string)answer["error"]!["message"]!);
    }

    public async Task<UInt256> BalanceAsync(Address address, string block = "latest") =>
        UInt256.Parse((string)(await CallAsync("eth_getBalance", address.ToString(), block))!);

    public async Task<ulong> HeightAsync() => (ulong)UInt256.Parse((string)(await CallAsync("eth_blockNumber"))!);

    public static Transaction Transfer(ulong nonce, DevAccount? from = null, Address? to = null, ulong value = 1) => new UnsignedTransaction
    {
        ChainId = DevChain.ChainId,
        Nonce = nonce,
        MaxFeePerGas = 100_000_000_000,
        MaxPriorityFeePerGas = 1_000_000_000,
        GasLimit = 21_000,
        To = to ?? Bob.Address,
        Value = value,
    }.Sign((from ?? Alice).Key.Span);

    public async Task<string> SendAsync(Transaction transaction) =>
        (string)(await CallAsync("eth_sendRawTransaction", Hex.Encode(transaction.Encoded.Span)))!;

    public async Task<JsonNode> ReceiptAsync(string hash)
    {
        for (var i = 0; i < 1_000; i++)
        {
            if (await CallAsync("eth_getTransactionReceipt", hash) is { } receipt)
                return receipt;
            await Task.Delay(10, Cancellation);
        }
        throw new TimeoutException($"{hash} was not mined.");
    }

    public async Task<JsonNode> SendAndWaitAsync(Transaction transaction) => await ReceiptAsync(await SendAsync(transaction));

    public async Task<ClientWebSocket> ConnectAsync()
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{node.Url.Authority}/"), Cancellation);
        return socket;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await node.DisposeAsync();
    }

    private static JsonArray ToJson(object?[] parameters)
    {
        var array = new JsonArray();
        foreach (var parameter in parameters)
            array.Add(parameter as JsonNode ?? JsonValue.Create(parameter));
        return array;
    }
}
