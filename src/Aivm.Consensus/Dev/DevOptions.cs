using Aivm.Primitives;

namespace Aivm.Consensus.Dev;

public sealed record DevOptions
{
    /// <summary>Zero mines as soon as a transaction waits; otherwise a block is mined each interval, empty or not.</summary>
    public TimeSpan BlockTime { get; init; }

    /// <summary>The coinbase of every block.</summary>
    public Address Proposer { get; init; }

    /// <summary>All transactions of a proposal together.</summary>
    public long MaxBlockBytes { get; init; } = 8 << 20;

    /// <summary>After how long a block that could not be stored is tried again.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(1);
}
