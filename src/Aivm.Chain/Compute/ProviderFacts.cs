namespace Aivm.Chain;

/// <summary>What the chain saw of a provider. Counts stop at their largest value.</summary>
/// <param name="Succeeded">Answers that were paid.</param>
/// <param name="Slow">Of those, the ones that took longer than promised.</param>
/// <param name="Missed">Offers that it let pass in silence.</param>
/// <param name="Late">Jobs accepted and not answered in time.</param>
/// <param name="Wrong">Answers that a challenge showed to be wrong.</param>
/// <param name="TotalSeconds">From acceptance to answer, over all answers.</param>
internal readonly record struct ProviderFacts(uint Succeeded, uint Slow, uint Missed, uint Late, uint Wrong, ulong TotalSeconds)
{
    private const ulong Whole = 10_000;

    /// <summary>
    /// 0 to 10,000: the share of good answers among all that happened, where a slow answer counts half, a missed offer once, a missed deadline four
    /// times and a wrong answer fifty times against it. One good and one bad answer are given in advance, so that a newcomer has 5,000.
    /// </summary>
    public ushort Reputation
    {
        get
        {
            var good = (2UL * Succeeded) - Math.Min(Slow, 2UL * Succeeded) + 2;
            var bad = Slow + (2UL * Missed) + (8UL * Late) + (100UL * Wrong) + 2;
            return (ushort)(Whole * good / (good + bad));
        }
    }

    public ProviderFacts WithSuccess(ulong seconds, bool isSlow) => this with
    {
        Succeeded = Next(Succeeded),
        Slow = isSlow ? Next(Slow) : Slow,
        TotalSeconds = Math.Min(TotalSeconds, ulong.MaxValue - seconds) + seconds,
    };

    public ProviderFacts WithMissed() => this with { Missed = Next(Missed) };

    public ProviderFacts WithLate() => this with { Late = Next(Late) };

    public ProviderFacts WithWrong() => this with { Wrong = Next(Wrong) };

    private static uint Next(uint count) => count == uint.MaxValue ? count : count + 1;
}
