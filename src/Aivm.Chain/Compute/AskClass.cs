using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>What an ask is for: evidence of one kind, on models whose runs are this heavy.</summary>
internal readonly record struct AskClass(EvidenceKind Evidence, byte Tier)
{
    public static AskClass Read(byte evidence, byte tier) =>
        IsOffChain((EvidenceKind)evidence) && tier <= ComputeParameters.HighestTier
            ? new AskClass((EvidenceKind)evidence, tier)
            : throw ComputeErrors.InvalidClass(evidence, tier);

    public static bool IsOffChain(EvidenceKind kind) => kind is EvidenceKind.Proved or EvidenceKind.Attested or EvidenceKind.Staked or EvidenceKind.DevelopmentAttested;

    public static byte TierOf(ulong gas)
    {
        var tier = (byte)0;
        foreach (var bound in ComputeParameters.TierGas)
        {
            if (gas <= bound)
                return tier;
            tier++;
        }
        return tier;
    }

    /// <summary>All classes, in order.</summary>
    public static IEnumerable<AskClass> All =>
        from evidence in new[] { EvidenceKind.Proved, EvidenceKind.Attested, EvidenceKind.Staked, EvidenceKind.DevelopmentAttested }
        from tier in new byte[] { 0, 1, 2, 3 }
        select new AskClass(evidence, tier);

    /// <summary>The largest gas of a run in the tier; in the last one, which has no bound, what asks are compared at.</summary>
    public ulong HeaviestRun => Tier < ComputeParameters.HighestTier ? ComputeParameters.TierGas[Tier] : ComputeParameters.HighestTierGas;

    public UInt256 Key => ((UInt256)(ulong)Evidence << 8) | (UInt256)(ulong)Tier;
}

/// <summary>Wei for an answer, and for each million gas of the model's run.</summary>
internal readonly record struct AskPrice(UInt256 Base, UInt256 PerMgas)
{
    public const int Bits = 96;

    private const ulong Mgas = 1_000_000;

    /// <summary>What a run of a model costs, rounded up; false where that needs more than <see cref="Bits"/> bits.</summary>
    public bool TryFor(ulong gas, out UInt256 price)
    {
        var (mgas, rest) = UInt256.DivRem(PerMgas * gas, Mgas);
        price = Base + mgas + (rest.IsZero ? UInt256.Zero : UInt256.One);
        return price.BitLength <= Bits;
    }

    /// <summary>The exact price of a run, times a million: what asks of a class are compared by.</summary>
    public UInt256 Scaled(ulong gas) => (Base * Mgas) + (PerMgas * gas);
}
