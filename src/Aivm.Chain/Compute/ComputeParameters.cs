namespace Aivm.Chain;

/// <summary>Constants of the Compute contract; what a genesis may change is in <see cref="MarketRules"/>.</summary>
public static class ComputeParameters
{
    /// <summary>Asks that stand in one class: what matching reads at most.</summary>
    public const int AsksPerClass = 64;

    /// <summary>Blocks until a new price counts, so that nobody reprices in front of a request.</summary>
    public const ulong AskDelay = 10;

    /// <summary>Jobs that one provider may have at once.</summary>
    public const uint MaxJobs = 1024;

    public const uint MaxAnswerSeconds = 30 * 86_400;

    /// <summary>Missed acceptances in a row after which a provider's asks are withdrawn and a hundredth of the least stake is burned.</summary>
    public const int MaxStrikes = 3;

    public const ulong StrikesSlashDivisor = 100;

    /// <summary>A job reserves this part of the least stake, or <see cref="ReservedPrices"/> times its price, whichever is more.</summary>
    public const ulong ReservationDivisor = 16;

    public const ulong ReservedPrices = 2;

    /// <summary>Of the reservation, for a deadline that passed after the acceptance.</summary>
    public const ulong LateSlashDivisor = 4;

    /// <summary>The largest gas of a run in tiers 0 to 2; tier 3 has no bound.</summary>
    public static ReadOnlySpan<ulong> TierGas => [1UL << 22, 1UL << 25, 1UL << 30];

    public const byte HighestTier = 3;

    /// <summary>Asks of the highest tier are compared by what a run of this gas costs.</summary>
    public const ulong HighestTierGas = 1UL << 35;
}
