namespace Aivm.Proofs;

/// <summary>Everything about a proof that the circuit alone decides: sizes of the commitments, the order of messages, the soundness.</summary>
public sealed class ProofShape
{
    /// <param name="hiding">False for tests alone: the proof is then not zero-knowledge.</param>
    public ProofShape(Circuit circuit, ProofParameters parameters, bool hiding = true)
    {
        Circuit = circuit;
        Cells = OracleShape.Choose(parameters, circuit.CellCount, hiding ? 1 : 0);
        Weights = circuit.Weights is { } weights ? OracleShape.Choose(parameters, weights.CellCount, WeightLayout.MaxOpenings) : null;
        LogupGkr.Reserve(Layout, LeafVariables);
        if (Weights is not null)
            Layout.Next();
        ProductSumcheck.Reserve(Layout, Cells.Variables);
        if (Weights is not null)
        {
            Layout.Next();
            ProductSumcheck.Reserve(Layout, Weights.Variables);
        }
        Pads = hiding ? PadShape.Choose(parameters, Layout) : null;
    }

    public Circuit Circuit { get; }

    /// <summary>Of the committed cells.</summary>
    public OracleShape Cells { get; }

    /// <summary>Of private weights, committed once for many proofs; null where weights are public.</summary>
    public OracleShape? Weights { get; }

    /// <summary>All messages of the arguments, in order.</summary>
    public PadLayout Layout { get; } = new();

    /// <summary>Null where nothing is hidden.</summary>
    public PadShape? Pads { get; }

    internal int LeafVariables => LogupGkr.Variables(Circuit.LeafCount);

    internal int EqualityVariables => LogupGkr.Variables(Math.Max(1, Circuit.EqualityCount));
}
