namespace Aivm.Proofs;

/// <summary>Everything about a proof that two commitments hold the same weights which the model alone decides.</summary>
public sealed class WeightEqualityShape
{
    internal const string Domain = "AIVM weight equality 1";

    /// <param name="circuit">Of the weights' ranges (<see cref="ProvedModel.WeightRanges"/>): both commitments are laid out as it says.</param>
    public WeightEqualityShape(Circuit circuit, ProofParameters parameters)
    {
        var layout = circuit.Weights ?? throw new ArgumentException("The circuit's weights are public.", nameof(circuit));
        (Parameters, WeightCount) = (parameters, layout.RandomCells.Base);
        Weights = OracleShape.Choose(parameters, layout.CellCount, WeightLayout.MaxOpenings);
        ProductSumcheck.Reserve(Layout, Weights.Variables);
        // Of the old commitment and of the fresh one.
        Weights.Reserve(Layout);
        Weights.Reserve(Layout);
        Pads = PadShape.Choose(parameters, Layout);
        Soundness = new Soundness(parameters, TermsOf(Weights, Pads, Layout.Count));
    }

    public ProofParameters Parameters { get; }

    /// <summary>Of each commitment.</summary>
    public OracleShape Weights { get; }

    /// <summary>Addresses below it are compared; the random cells behind them are each commitment's own.</summary>
    public int WeightCount { get; }

    /// <summary>All hidden messages, in order.</summary>
    public PadLayout Layout { get; } = new();

    public PadShape Pads { get; }

    public Soundness Soundness { get; }

    /// <summary>
    /// The transcript after what stands before the pads: the parameters (one message of five words, 4 bytes each, little-endian), and the statement.
    /// </summary>
    internal Transcript Begin(WeightEqualityStatement statement)
    {
        var transcript = Parameters.Begin(Domain);
        statement.AbsorbInto(transcript);
        return transcript;
    }

    /// <summary>Where all differences of weights are taken together.</summary>
    internal Ext4[] DrawPoint(Transcript transcript)
    {
        var point = new Ext4[Weights.Variables];
        transcript.NextChallenges(point);
        return point;
    }

    /// <summary>
    /// The sum over the weights' addresses i of eq(comparison, i) eq(point, i), bit by bit from the lowest: an index is below the count if its highest bit is,
    /// or is equal and the rest is below the count's rest.
    /// </summary>
    internal Ext4 EvaluateCoefficients(ReadOnlySpan<Ext4> comparison, ReadOnlySpan<Ext4> point)
    {
        // The count is below 2^variables: random cells follow.
        var (sum, below) = (Ext4.Zero, Ext4.One);
        for (var k = 0; k < point.Length; k++)
        {
            var (one, zero) = (comparison[k] * point[k], (Ext4.One - comparison[k]) * (Ext4.One - point[k]));
            sum = ((WeightCount >> k) & 1) == 1 ? (zero * below) + (one * sum) : zero * sum;
            below *= one + zero;
        }
        return sum;
    }

    private static IEnumerable<SoundnessTerm> TermsOf(OracleShape weights, PadShape pads, int constraints)
    {
        yield return SoundnessTerm.Challenge("weights, compared at one point", weights.Variables);
        yield return ArgumentSoundness.ProductSumcheck("weights, the sum of differences", weights.Variables);
        foreach (var term in weights.Soundness("old weights").Concat(weights.Soundness("fresh weights")).Concat(pads.Soundness(constraints)))
            yield return term;
        yield return Soundness.Hash;
    }
}
