using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>What a genesis may set of the market for inferences: times in seconds, stakes in wei (docs/spec/jobs.md, "Parameters").</summary>
public sealed record MarketRules
{
    public static MarketRules Default { get; } = new();

    /// <summary>The least stake of a provider that is offered jobs: 100 coins.</summary>
    public UInt256 MinStake { get; init; } = UInt256.Parse("100000000000000000000");

    /// <summary>How long a provider may think about an offer; <see cref="AcceptBlocks"/> have to pass too.</summary>
    public ulong AcceptSeconds { get; init; } = 60;

    public ulong AcceptBlocks { get; init; } = 5;

    /// <summary>Blocks that have to pass after the acceptance before a deadline counts: a chain that stood still punishes nobody.</summary>
    public ulong DeadlineBlocks { get; init; } = 10;

    /// <summary>How long an answer without a proof may be challenged.</summary>
    public ulong ChallengeSeconds { get; init; } = 86_400;

    /// <summary>How long stake stays after it was asked back; longer than <see cref="ChallengeSeconds"/>.</summary>
    public ulong UnbondingSeconds { get; init; } = 172_800;

    /// <returns>What is wrong with these rules, or null.</returns>
    internal string? Validate()
    {
        if (MinStake.IsZero || MinStake.BitLength > 96)
            return $"market.minStake is {MinStake}";
        if (AcceptSeconds is < 1 or > MaxSeconds)
            return $"market.acceptSeconds is {AcceptSeconds}";
        if (AcceptBlocks > MaxBlocks)
            return $"market.acceptBlocks is {AcceptBlocks}";
        if (DeadlineBlocks > MaxBlocks)
            return $"market.deadlineBlocks is {DeadlineBlocks}";
        if (ChallengeSeconds is < 1 or > MaxSeconds)
            return $"market.challengeSeconds is {ChallengeSeconds}";
        return UnbondingSeconds <= ChallengeSeconds || UnbondingSeconds > 2 * MaxSeconds ? $"market.unbondingSeconds is {UnbondingSeconds}" : null;
    }

    private const ulong MaxSeconds = 366 * 86_400;
    private const ulong MaxBlocks = 100_000;
}
