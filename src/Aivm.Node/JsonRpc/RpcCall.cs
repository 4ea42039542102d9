using System.Text.Json;

namespace Aivm.Node.JsonRpc;

/// <summary>Answers one call: writes exactly one JSON value to <see cref="RpcCall.Result"/> and returns null, or returns the error.</summary>
internal delegate RpcError? RpcMethod(ref RpcCall call);

/// <summary>What a method sees of the call it answers.</summary>
internal ref struct RpcCall
{
    public RpcParameters Parameters;

    public required Utf8JsonWriter Result { get; init; }

    /// <summary>The WebSocket the call came over; null over HTTP, where nothing can be pushed.</summary>
    public required ISubscriber? Subscriber { get; init; }
}

/// <summary>A connection that takes messages which answer no request.</summary>
internal interface ISubscriber
{
    /// <summary>Never blocks. False when the connection is closed or has just been dropped for reading too slowly.</summary>
    bool TryNotify(ReadOnlyMemory<byte> message);

    /// <summary>Cancelled when the connection closes, for whatever reason.</summary>
    CancellationToken Closed { get; }

    /// <summary>How many subscriptions the connection has. Touched while a call of this connection is answered, never concurrently.</summary>
    int Subscriptions { get; set; }

    /// <summary>Runs after the answer to the current message is on its way: no event may overtake the id of its own subscription.</summary>
    void AfterAnswer(Action action);
}
