namespace Aivm.Proofs;

/// <summary>One way for a false statement to be accepted: its probability is at most 2^-bits.</summary>
/// <param name="Name">What must have happened.</param>
/// <param name="Units">Bits in units of 1/1024, rounded down: never more than is proved.</param>
/// <param name="IsAssumed">Whether it rests on something that nobody has proved, such as the strength of a hash.</param>
public readonly record struct SoundnessTerm(string Name, long Units, bool IsAssumed = false)
{
    public const int UnitBits = 10;

    /// <summary>Whole bits, rounded down.</summary>
    public long Bits => Units >> UnitBits;

    /// <summary>count / |Ext4|: a challenge hits one of so many bad values.</summary>
    internal static SoundnessTerm Challenge(string name, long count) =>
        new(name, ToUnits(Log2.OfField - Log2.Ceiling((ulong)Math.Max(count, 1))));

    /// <summary>All of the positions drawn, distinct and uniform, lie among those that accept, and the work before them is done: as a share of hashes.</summary>
    internal static SoundnessTerm Queries(string name, int length, int accepting, int queries, int grindingBits) =>
        new(grindingBits == 0 ? name : $"{name}, and {grindingBits} bits of work before", ToUnits(QueryBits(length, accepting, queries) + ((long)grindingBits << Log2.FractionBits)));

    /// <summary>
    /// -log2 of C(accepting, queries) / C(length, queries), rounded down, in units of <see cref="Log2"/>. The quotient is the product of
    /// (accepting - i) / (length - i); its logarithm is concave in i, so that all factors together are at most the one at the mean i
    /// to the power of their number.
    /// </summary>
    internal static long QueryBits(int length, int accepting, int queries)
    {
        var bad = Math.Max(1, (2L * accepting) - queries + 1);
        var all = (2L * length) - queries + 1;
        return Math.Max(0, queries * (Log2.Floor((ulong)all) - Log2.Ceiling((ulong)bad)));
    }

    private static long ToUnits(long fine) => Math.Max(0, fine) >> (Log2.FractionBits - UnitBits);

    /// <summary>Any of several: their probabilities added up (the union bound), each of them and the sum rounded up.</summary>
    internal static SoundnessTerm Any(string name, IEnumerable<SoundnessTerm> terms)
    {
        var (sum, isAssumed) = (UInt128.Zero, false);
        foreach (var term in terms)
            (sum, isAssumed) = (sum + ProbabilityOf(term.Units), isAssumed || term.IsAssumed);
        var excess = Math.Max(0, 128 - (int)UInt128.LeadingZeroCount(sum) - 62);
        var log = Log2.Ceiling((ulong)(sum >> excess) + 1) + ((long)excess << Log2.FractionBits);
        return new SoundnessTerm(name, ToUnits(((long)ProbabilityBits << Log2.FractionBits) - log), isAssumed);
    }

    /// <summary>Probabilities are added up in units of 2^-120: what is smaller counts as that.</summary>
    private const int ProbabilityBits = 120;

    /// <summary>2^(120 - bits), rounded up.</summary>
    private static UInt128 ProbabilityOf(long units)
    {
        const int mantissaBits = 60;
        var whole = (units >> UnitBits) + 1;
        var mantissa = (UInt128)Log2.Power(((mantissaBits + whole) << Log2.FractionBits) - (units << (Log2.FractionBits - UnitBits)));
        var shift = ProbabilityBits - mantissaBits - whole;
        if (shift >= 0)
            return mantissa << (int)shift;
        var round = (UInt128.One << (int)Math.Min(-shift, mantissaBits + 2)) - 1;
        return (mantissa + round) >> (int)Math.Min(-shift, mantissaBits + 2);
    }

    /// <summary>With one digit behind the point, rounded down, and "assumed" where it is.</summary>
    public override string ToString() => $"{Name}: {Bits}.{((Units & ((1 << UnitBits) - 1)) * 10) >> UnitBits} bits{(IsAssumed ? ", assumed" : "")}";
}
