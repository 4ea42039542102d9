namespace Aivm.Proofs;

/// <summary>
/// What proofs of false statements get away with in the arguments: a challenge that happens to be a root of a polynomial that is not zero.
/// </summary>
internal static class ArgumentSoundness
{
    private const long RoundDegree = 2;

    /// <param name="name">Names the sumcheck.</param>
    public static SoundnessTerm ProductSumcheck(string name, int variables) => SoundnessTerm.Challenge(name, RoundDegree * variables);

    /// <param name="leaves">At least one.</param>
    /// <param name="rows">Of all tables, among the leaves.</param>
    /// <param name="keyWidth">The most numbers that a key is compressed from, key = sum_k gamma^k entry_k.</param>
    /// <remarks>
    /// A tuple that is no row may get a row's key: then gamma is one of keyWidth - 1 roots for some row. Otherwise its key is a pole of the sum of fractions
    /// which no row cancels, since fewer than p tuples can have it, and alpha is a root of the sum's numerator, of a degree below the number of leaves. A
    /// denominator that vanishes makes an honest proof fail, and lets no other one pass.
    /// </remarks>
    public static SoundnessTerm[] Logup(int leaves, int rows, int keyWidth)
    {
        var roots = leaves + ((keyWidth - 1L) * rows);
        return
        [
            SoundnessTerm.Challenge("lookups, a false sum that vanishes", roots),
            SoundnessTerm.Challenge("lookups, layers", LogupLayers(LogupGkr.Variables(leaves))),
        ];
    }

    /// <summary>
    /// Layer k, from 1 on: lambda, which mixes numerators and denominators, and k rounds. At last the challenge that joins the halves.
    /// </summary>
    private static long LogupLayers(long variables)
    {
        var count = 1L;
        for (var layer = 1; layer < variables; layer++)
            count += 1 + (RoundDegree * layer);
        return count;
    }
}
