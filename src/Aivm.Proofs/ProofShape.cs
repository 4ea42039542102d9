namespace Aivm.Proofs;

/// <summary>Everything about a proof that the circuit alone decides: sizes of the commitments, the order of messages, the soundness.</summary>
public sealed class ProofShape
{
    /// <summary>Names protocol and version in the transcript.</summary>
    public const string Domain = "AIVM proof 1";

    public ProofShape(Circuit circuit, ProofParameters parameters, bool hiding = true)
    {
        Circuit = circuit;
        Cells = OracleShape.Choose(parameters, circuit.CellCount, hiding ? 1 : 0);
        LogupGkr.Reserve(Layout, LeafVariables);
        ProductSumcheck.Reserve(Layout, Cells.Variables);
        Pads = hiding ? PadShape.Choose(parameters, Layout) : null;
    }

    public Circuit Circuit { get; }

    /// <summary>Of the committed cells.</summary>
    public OracleShape Cells { get; }

    /// <summary>All messages of the arguments, in order.</summary>
    public PadLayout Layout { get; } = new();

    /// <summary>Null where nothing is hidden: a proof for tests, which is not zero-knowledge.</summary>
    public PadShape? Pads { get; }

    internal int LeafVariables => LogupGkr.Variables(Circuit.LeafCount);

    internal int EqualityVariables => LogupGkr.Variables(Circuit.EqualityCount);
}
