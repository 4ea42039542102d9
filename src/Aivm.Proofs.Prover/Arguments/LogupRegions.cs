namespace Aivm.Proofs.Prover;

/// <summary>A stretch of pairs.</summary>
internal readonly record struct Stretch(int From, int Count);

/// <summary>
/// What is known of pairs of fractions, one of each half of a layer. First come pairs whose numerators are both one, then general ones,
/// then those whose second fraction is neutral, 0 / 1. Regions begin at whole vectors.
/// </summary>
/// <param name="Ones">The end of the first region.</param>
/// <param name="Neutral">The start of the last region.</param>
internal readonly record struct LogupRegions(int Ones, int Neutral)
{
    public static LogupRegions General(int pairs) => new(0, pairs);

    /// <summary>Cuts a stretch at the regions' borders. Parts may be empty.</summary>
    public (Stretch Ones, Stretch General, Stretch Neutral) Cut(int from, int count)
    {
        var end = from + count;
        var (ones, neutral) = (Math.Clamp(Ones, from, end), Math.Clamp(Neutral, from, end));
        return (new(from, ones - from), new(ones, neutral - ones), new(neutral, end - neutral));
    }

    /// <summary>Regions of pairs of pairs, <paramref name="half"/> apart: both are of the region.</summary>
    public LogupRegions Pair(int half) =>
        half < FeltArray.Granule ? General(half) : new(Math.Max(0, Ones - half), Math.Min(Neutral, half));
}
