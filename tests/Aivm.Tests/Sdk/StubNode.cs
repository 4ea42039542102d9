using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk;

/// <summary>A node that answers what a test tells it to.</summary>
internal sealed class StubNode(Func<string, JsonArray, JsonNode?> answer) : HttpMessageHandler
{
    /// <summary>Thrown by an answer to make it a JSON-RPC error.</summary>
    public sealed class Refusal(int code, string message, string? data = null) : Exception
    {
        public JsonObject ToJson()
        {
            var error = new JsonObject { ["code"] = code, ["message"] = message };
            if (data is not null)
                error["data"] = data;
            return error;
        }
    }

    public List<string> Methods { get; } = [];

    public static RpcClient Client(Func<string, JsonArray, JsonNode?> answer, string endpoint = "http://node.invalid") => new(new Uri(endpoint), handler: new StubNode(answer));

    /// <summary>A client whose every request gets these bytes.</summary>
    public static RpcClient Client(HttpStatusCode status, string body) => new(new Uri("http://node.invalid"), handler: new Fixed(status, body));

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var call = JsonNode.Parse(await request.Content!.ReadAsStringAsync(cancellationToken))!;
        var response = call is JsonArray batch ? new JsonArray([.. batch.Select(Answer)]) : (JsonNode)Answer(call);
        return Response(HttpStatusCode.OK, response.ToJsonString());
    }

    private JsonObject Answer(JsonNode? call)
    {
        var method = (string)call!["method"]!;
        Methods.Add(method);
        var response = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = call["id"]!.DeepClone() };
        try
        {
            response["result"] = answer(method, call["params"]!.AsArray());
        }
        catch (Refusal refusal)
        {
            response["error"] = refusal.ToJson();
        }
        return response;
    }

    private static HttpResponseMessage Response(HttpStatusCode status, string body) =>
        new(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    private sealed class Fixed(HttpStatusCode status, string body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(Response(status, body));
    }
}
