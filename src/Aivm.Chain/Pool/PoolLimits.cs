namespace Aivm.Chain;

/// <summary>What a pool holds at most. A node's own choice, not part of consensus.</summary>
public sealed record PoolLimits
{
    public int Transactions { get; init; } = 1 << 17;

    /// <summary>Of all encoded transactions together.</summary>
    public long Bytes { get; init; } = 128L << 20;

    public int PerSender { get; init; } = 1 << 14;

    /// <summary>How far a nonce may lie above the account's: room for transactions that overtake each other on the way.</summary>
    public ulong NonceWindow { get; init; } = 1UL << 14;
}
