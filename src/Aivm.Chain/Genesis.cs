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

    public MarketRules Market { get; init; } = MarketRules.Default;

    public AttestationRules Attestation { get; init; } = AttestationRules.Default;

    /// <summary>Ordered by address. System contracts need no entry: every genesis holds them.</summary>
    public IReadOnlyList<GenesisAccount> Alloc { get; init; } = [];

    /// <returns>What no chain can start from: <c>genesis-invalid</c>, or null.</returns>
    public Error? Validate()
    {
        if (ChainId == 0 || ChainId > MaxChainId)
            return Invalid($"chainId {ChainId} is outside 1 to {MaxChainId}");
        if (GasLimit < IntrinsicGas.Transaction || GasLimit > MaxGasLimit)
            return Invalid($"gasLimit {GasLimit} is outside {IntrinsicGas.Transaction} to {MaxGasLimit}");
        if (BaseFee > MaxBaseFee)
            return Invalid($"baseFee {BaseFee} is over {MaxBaseFee}");
        if (NetworkFeeBps > 10_000)
            return Invalid($"networkFeeBps {NetworkFeeBps} is over 10000");
        if (Limits.Validate() is { } limit)
            return Invalid(limit);
        if (Market.Validate() is { } rule)
            return Invalid(rule);
        if (Attestation.Validate(ChainId) is { } evidence)
            return Invalid(evidence);
        return ValidateAlloc();
    }

    // The sum of all balances stays below 2^128, so that no credit overflows a balance, ever.
    private static readonly UInt256 MaxSupply = UInt256.One << 128;

    // A legacy signature carries 2 * chainId + 36 in v, and JavaScript counts to 2^53 only.
    private const ulong MaxChainId = 1UL << 52;

    private const ulong MaxGasLimit = 1UL << 40;

    private static readonly UInt256 MaxBaseFee = UInt256.One << 64;

    private Error? ValidateAlloc()
    {
        var supply = UInt256.Zero;
        for (var i = 0; i < Alloc.Count; i++)
        {
            var account = Alloc[i];
            if (i > 0 && Alloc[i - 1].Address.CompareTo(account.Address) >= 0)
                return Invalid($"alloc is not in ascending order at {account.Address}");
            if (SystemContracts.IsReserved(account.Address))
                return Invalid($"{account.Address} belongs to the system");
            if (account.Code.Span.StartsWith([(byte)0xEF]))
                return Invalid($"the code of {account.Address} begins with 0xEF, which marks the system's own kinds of code");
            if (account.Balance >= MaxSupply || (supply += account.Balance) >= MaxSupply)
                return Invalid("the balances sum to 2^128 wei or more");
        }
        return null;
    }

    private static Error Invalid(string reason) => new("genesis-invalid", $"The genesis is refused: {reason}.");
}

/// <param name="Balance">Wei; a coin has 18 decimals.</param>
public sealed record GenesisAccount(Address Address, UInt256 Balance, ulong Nonce = 0, ReadOnlyMemory<byte> Code = default);
