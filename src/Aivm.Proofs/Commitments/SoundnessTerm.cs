namespace Aivm.Proofs;

/// <summary>One way for a false statement to be accepted: its probability is at most 2^-bits.</summary>
/// <param name="Name">What must have happened.</param>
/// <param name="Units">Bits in units of 1/1024, rounded down: never more than is proved.</param>
public readonly record struct SoundnessTerm(string Name, long Units)
{
    public const int UnitBits = 10;

    /// <summary>Whole bits, rounded down.</summary>
    public long Bits => Units >> UnitBits;

    /// <summary>count / |Ext4|: a challenge hits one of so many bad values.</summary>
    internal static SoundnessTerm Challenge(string name, long count) =>
        new(name, ToUnits(Log2.OfField - Log2.Ceiling((ulong)Math.Max(count, 1))));

    /// <summary>All of the positions drawn, distinct and uniform, lie among those that accept.</summary>
    internal static SoundnessTerm Queries(string name, int length, int accepting, int queries) =>
        new(name, ToUnits(QueryBits(length, accepting, queries)));

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

    /// <summary>With one digit behind the point, rounded down.</summary>
    public override string ToString() => $"{Name}: {Bits}.{((Units & ((1 << UnitBits) - 1)) * 10) >> UnitBits} bits";
}
