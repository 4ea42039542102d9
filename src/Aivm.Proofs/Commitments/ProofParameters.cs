namespace Aivm.Proofs;

/// <summary>What a proof system's sizes follow from. Prover and verifier must use the same set; it is part of the version.</summary>
public sealed record ProofParameters
{
    /// <summary>
    /// Bits that the random positions of each opening and test must give, the work before them included: some above the goal, which all terms of a proof
    /// together must keep.
    /// </summary>
    public int QueryBits { get; internal init; }

    /// <summary>Those of them that are work: a prover tries 2^bits nonces on average before each draw of positions (<see cref="Grinding"/>).</summary>
    public int GrindingBits { get; internal init; }

    /// <summary>What positions alone must give, in units of <see cref="Log2"/>.</summary>
    internal long PositionBits => (long)(QueryBits - GrindingBits) << Log2.FractionBits;

    /// <summary>log2 of codeword over message length, for oracles that one proof commits and opens.</summary>
    public int BlowUpBits { get; internal init; }

    /// <summary>The same for oracles that are committed once and opened by many proofs: shorter openings for a longer codeword.</summary>
    public int ReusedBlowUpBits { get; internal init; }

    /// <summary>
    /// An oracle may always be encoded into so many elements (log2): a small one gets a lower rate and a shorter opening.
    /// </summary>
    public int SmallCodeBits { get; internal init; }

    /// <summary>Bits that all terms of a proof must give together: below it there is neither a proof nor a verdict.</summary>
    public int RequiredBits { get; internal init; }

    /// <summary>Of tests, in every transcript of a proof with these parameters; null otherwise.</summary>
    internal TranscriptProbe? Probe { get; init; }

    /// <summary>The transcript of a proof about a commitment to weights, after one message of five words, 4 bytes each, little-endian.</summary>
    internal Transcript Begin(string domain)
    {
        var transcript = new Transcript(domain, Probe);
        transcript.AbsorbWords(QueryBits, GrindingBits, BlowUpBits, ReusedBlowUpBits, SmallCodeBits);
        return transcript;
    }

    /// <summary>100 bits, proven for a hash that is a random function.</summary>
    public static ProofParameters Production { get; } =
        new() { RequiredBits = 100, QueryBits = 105, GrindingBits = 10, BlowUpBits = 2, ReusedBlowUpBits = 4, SmallCodeBits = 17 };

    /// <summary>For tests: a handful of positions, no work before them, no security.</summary>
    internal static ProofParameters Toy { get; } = new() { QueryBits = 20, BlowUpBits = 2, ReusedBlowUpBits = 3, SmallCodeBits = 13 };
}
