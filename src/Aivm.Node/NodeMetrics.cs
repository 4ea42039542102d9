using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Aivm.Node;

/// <summary>What the node counts. Executables choose whether and where it is exported.</summary>
internal static class NodeMetrics
{
    public const string Name = "Aivm.Node";

    public static readonly ActivitySource Activities = new(Name);

    private static readonly Meter Meter = new(Name);

    public static readonly Counter<long> Requests = Meter.CreateCounter<long>("aivm.rpc.requests", description: "JSON-RPC calls by method");

    public static readonly UpDownCounter<long> WebSockets =
        Meter.CreateUpDownCounter<long>("aivm.rpc.websockets", description: "Open WebSocket connections");

    public static readonly Counter<long> DroppedClients =
        Meter.CreateCounter<long>("aivm.rpc.dropped_clients", description: "WebSocket clients dropped for reading too slowly");
}
