namespace Aivm.Node.JsonRpc;

/// <summary>What one client may ask for. Every limit holds before the memory it protects is allocated.</summary>
public sealed record RpcLimits
{
    /// <summary>Bytes of an HTTP body or a WebSocket message.</summary>
    public int MaxBodyBytes { get; init; } = 4 << 20;

    public int MaxBatchItems { get; init; } = 1_000;

    public int MaxJsonDepth { get; init; } = 32;

    /// <summary>Bytes of one answer, a whole batch counted together.</summary>
    public int MaxResponseBytes { get; init; } = 32 << 20;

    /// <summary>Bytes of the messages of all connections together, those that arrive and those that are not yet read. Small ones pass beyond it.</summary>
    public long MaxMessageMemory { get; init; } = 128L << 20;

    /// <summary>
    /// How long a body may take to arrive, after how long a batch starts no further item, and how long a WebSocket client may take to read
    /// 64 KiB.
    /// </summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public int MaxConnections { get; init; } = 2_048;

    public int MaxWebSockets { get; init; } = 128;

    public int MaxSubscriptionsPerConnection { get; init; } = 64;

    /// <summary>Messages and bytes of events that wait for a slow WebSocket client before it is dropped.</summary>
    public int MaxQueuedMessages { get; init; } = 2_048;

    public int MaxQueuedBytes { get; init; } = 32 << 20;

    /// <summary>Filters of <c>eth_newFilter</c> and its kin; the one unused for longest makes room for a new one.</summary>
    public int MaxFilters { get; init; } = 256;
}
