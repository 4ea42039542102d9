using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>Everything about a proof that a commitment holds a model's public weights which the model's architecture alone decides.</summary>
public sealed class PublicWeightsShape
{
    internal const string Domain = "AIVM public weights 1";

    /// <param name="layout">Of public weights; the shape's alone.</param>
    internal PublicWeightsShape(WeightLayout layout, ProofParameters parameters)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(layout.Openings, 0);
        (Places, Parameters) = (layout, parameters);
        Weights = OracleShape.Choose(parameters, Places.CellCount, Places.Openings);
        Weights.Reserve(Layout);
        Soundness = new Soundness(parameters, TermsOf(Weights));
    }

    public ProofParameters Parameters { get; }

    /// <summary>Where the weights lie in their oracle.</summary>
    internal WeightLayout Places { get; }

    /// <summary>Of the commitment, which hides nothing.</summary>
    public OracleShape Weights { get; }

    /// <summary>Of its cells those that are weights as they are stored.</summary>
    internal long PlainWeights => Places.PlainCells;

    /// <summary>All messages that would be hidden elsewhere, in order.</summary>
    public PadLayout Layout { get; } = new();

    public Soundness Soundness { get; }

    /// <summary>The transcript after the parameters (one message of five words, 4 bytes each, little-endian) and the statement.</summary>
    internal Transcript Begin(PublicWeightsStatement statement)
    {
        var transcript = Parameters.Begin(Domain);
        statement.AbsorbInto(transcript);
        return transcript;
    }

    /// <summary>Where the committed weights are compared with the stored ones.</summary>
    internal Ext4[] DrawPoint(Transcript transcript)
    {
        var point = new Ext4[Weights.Variables];
        transcript.NextChallenges(point);
        return point;
    }

    /// <summary>The value at a point of the weights that a verifier has.</summary>
    internal Ext4 Evaluate(Graph graph, ReadOnlySpan<Ext4> point)
    {
        using var cells = new FeltArray(Weights.Rows << Weights.ColumnBits);
        ExtKernels.FromIntegers(Places.Reveal(graph), cells, 0);
        using var rows = Weights.RowWeights(point[Weights.ColumnBits..], Ext4.One);
        using var combination = new ExtArray(Weights.Columns);
        ExtKernels.CombineRows(combination, 0, rows, cells, 0, Weights.Columns, Weights.Columns);
        using var columns = new ExtArray(Weights.Columns);
        ExtKernels.EqTable(point[..Weights.ColumnBits], Ext4.One, columns);
        return ExtKernels.Dot(combination, 0, columns, 0, Weights.Columns);
    }

    private static IEnumerable<SoundnessTerm> TermsOf(OracleShape weights)
    {
        yield return SoundnessTerm.Challenge("weights, compared at one point", weights.Variables);
        foreach (var term in weights.Soundness("weights"))
            yield return term;
        yield return Soundness.Hash;
    }
}
