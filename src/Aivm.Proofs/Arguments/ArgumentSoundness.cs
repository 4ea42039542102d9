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
    /// <param name="keyWidth">The most numbers that a key is compressed from, key = sum_k gamma^k entry_k.</param>
    public static SoundnessTerm[] Logup(int leaves, int keyWidth)
    {
        // The degree in alpha and gamma of the numerator of a sum that is not zero. A denominator that vanishes makes an honest proof
        // fail, and lets no other one pass.
        var degree = Math.Max(1L, keyWidth - 1) * leaves;
        return
        [
            SoundnessTerm.Challenge("lookups, a false sum that vanishes", degree),
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
