using System.Text;
using System.Text.Json;
using Aivm.Node.JsonRpc;

namespace Aivm.Node.Ethereum;

/// <summary><c>eth_subscribe</c> and <c>eth_unsubscribe</c>, over WebSocket only.</summary>
internal sealed class SubscriptionMethods(SubscriptionHub hub)
{
    private static readonly RpcError NeedsWebSocket = new(-32601, "notifications not supported: connect by WebSocket");

    public void Register(Dictionary<string, RpcMethod> methods)
    {
        methods.Add("eth_subscribe", Subscribe);
        methods.Add("eth_unsubscribe", Unsubscribe);
    }

    private RpcError? Subscribe(ref RpcCall call)
    {
        if (call.Subscriber is not { } subscriber)
            return NeedsWebSocket;
        if (!TryReadKind(ref call.Parameters, out var kind))
            return call.Parameters.Error;
        var query = LogQuery.All;
        if (kind == SubscriptionKind.Logs && !LogQuery.TryRead(ref call.Parameters, out query))
            return call.Parameters.Error;
        if (!hub.TryAdd(subscriber, kind, query, out var id))
            return RpcError.LimitExceeded($"too many subscriptions: {hub.MaxPerConnection} on one connection at most");
        call.Result.WriteStringValue(id);
        return null;
    }

    private RpcError? Unsubscribe(ref RpcCall call)
    {
        if (call.Subscriber is not { } subscriber)
            return NeedsWebSocket;
        if (!call.Parameters.TryNextRequired("subscription id", out var reader))
            return call.Parameters.Error;
        if (reader.TokenType != JsonTokenType.String || reader.ValueIsEscaped || reader.ValueSpan.Length > RandomId.MaxLength)
        {
            call.Parameters.Expected("subscription id", "the id that eth_subscribe returned");
            return call.Parameters.Error;
        }
        if (!hub.Remove(subscriber, Encoding.UTF8.GetString(reader.ValueSpan)))
            return RpcError.Execution("subscription not found");
        call.Result.WriteBooleanValue(true);
        return null;
    }

    private static bool TryReadKind(ref RpcParameters parameters, out SubscriptionKind kind)
    {
        const string Name = "subscription";
        kind = default;
        if (!parameters.TryNextRequired(Name, out var reader))
            return false;
        if (reader.TokenType == JsonTokenType.String && JsonText.IsText(reader, "newHeads"u8))
            kind = SubscriptionKind.NewHeads;
        else if (reader.TokenType == JsonTokenType.String && JsonText.IsText(reader, "logs"u8))
            kind = SubscriptionKind.Logs;
        else if (reader.TokenType == JsonTokenType.String && JsonText.IsText(reader, "newPendingTransactions"u8))
            kind = SubscriptionKind.PendingTransactions;
        else
            return parameters.Expected(Name, "newHeads, logs or newPendingTransactions");
        return true;
    }
}
