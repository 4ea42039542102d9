namespace Aivm.Proofs;

/// <summary>Everything about a proof that the circuit alone decides: sizes of the commitments, the order of messages, the soundness.</summary>
public sealed class ProofShape
{
    /// <param name="hiding">False for tests alone: the proof is then not zero-knowledge.</param>
    public ProofShape(Circuit circuit, ProofParameters parameters, bool hiding = true)
    {
        Circuit = circuit;
        Cells = OracleShape.Choose(parameters, circuit.CellCount, hiding ? 1 : 0);
        Inputs = circuit.InputCellCount > 0 ? OracleShape.Choose(parameters, circuit.InputCellCount, hiding ? 1 : 0) : null;
        Weights = circuit.Weights is { } weights ? OracleShape.Choose(parameters, weights.CellCount, WeightLayout.MaxOpenings) : null;
        LogupGkr.Reserve(Layout, LeafVariables);
        if (circuit.ProductCount > 0)
        {
            Layout.Next();
            ProductSumcheck.ReserveBoth(Layout, ProductVariables);
        }
        if (Weights is not null)
            Layout.Next();
        ProductSumcheck.Reserve(Layout, AddressVariables);
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

    /// <summary>Of private inputs, committed for one proof; null where inputs are public.</summary>
    public OracleShape? Inputs { get; }

    /// <summary>Of private weights, committed once for many proofs; null where weights are public.</summary>
    public OracleShape? Weights { get; }

    /// <summary>All messages of the arguments, in order.</summary>
    public PadLayout Layout { get; } = new();

    /// <summary>Null where nothing is hidden.</summary>
    public PadShape? Pads { get; }

    /// <summary>Of cells and private inputs together.</summary>
    internal int AddressVariables => LogupGkr.Variables(Circuit.AddressCount);

    /// <summary>Of the vectors of <see cref="ProductReduction"/>.</summary>
    internal int ProductVariables => LogupGkr.Variables(Circuit.ProductCount);

    internal int LeafVariables => LogupGkr.Variables(Circuit.LeafCount);

    /// <summary>
    /// The committed cells and the private inputs as one vector: at a point of all addresses its value is the sum of the two oracles' at the point's first
    /// coordinates, each times one of these. The top coordinate chooses the oracle, those in between are 0 for all inputs.
    /// </summary>
    internal (Ext4 Cells, Ext4 Inputs) OracleFactors(ReadOnlySpan<Ext4> point)
    {
        if (Inputs is null)
            return (Ext4.One, Ext4.Zero);
        var inputs = point[^1];
        foreach (var coordinate in point[Inputs.Variables..^1])
            inputs *= Ext4.One - coordinate;
        return (Ext4.One - point[^1], inputs);
    }

    internal int EqualityVariables => LogupGkr.Variables(Math.Max(1, Circuit.EqualityCount));
}
