namespace Aivm.Proofs;

/// <summary>
/// Counts what building a circuit takes, in nanoseconds of a reference core (docs/benchmarks/gas.md), and stops it where a limit is passed. What is known
/// before it is done is counted before.
/// </summary>
/// <param name="limit">Of all together.</param>
public sealed class WorkMeter(long limit)
{
    /// <summary>So far; where the limit was passed, with what passed it.</summary>
    public long Work { get; private set; }

    /// <summary>What the limit leaves.</summary>
    internal long Rest => Math.Max(0, limit - Work);

    /// <summary>Whether the limit was passed.</summary>
    public bool IsExhausted => Work > limit;

    /// <returns>False where that passes the limit.</returns>
    internal bool TryTake(Int128 work)
    {
        Work = (long)Int128.Min(Work + work, long.MaxValue);
        return !IsExhausted;
    }
}
