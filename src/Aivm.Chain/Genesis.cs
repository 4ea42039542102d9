using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>Everything that a chain starts from. Two nodes with equal genesis compute the same block 0.</summary>
public sealed record Genesis
{
    /// <summary>EIP-155 chain id.</summary>
    public required ulong ChainId { get; init; }

    /// <summary>Unix seconds of block 0.</summary>
    public ulong Time { get; init; }

    /// <summary>Gas limit of every block.</summary>
    public ulong GasLimit { get; init; } = 100_000_000;

    /// <summary>Wei per gas in block 0.</summary>
    public UInt256 BaseFee { get; init; } = 1_000_000_000;

    /// <summary>The network's part of a model's price, in hundredths of a percent; at most 10,000.</summary>
    public ushort NetworkFeeBps { get; init; }

    public ChainLimits Limits { get; init; } = ChainLimits.Default;

    /// <summary>Ordered by address. System contracts need no entry: every genesis holds them.</summary>
    public IReadOnlyList<GenesisAccount> Alloc { get; init; } = [];
}

/// <param name="Balance">Wei; a coin has 18 decimals.</param>
public sealed record GenesisAccount(Address Address, UInt256 Balance, ulong Nonce = 0, ReadOnlyMemory<byte> Code = default);
