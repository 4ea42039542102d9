using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Everything about a proof that the circuit alone decides: sizes of the commitments, the order of messages, the soundness.</summary>
public sealed class ProofShape
{
    public ProofShape(Circuit circuit, ProofParameters parameters)
        : this(circuit, parameters, hiding: true)
    {
    }

    /// <summary>Of a model's runs. Errors: <c>proof-unsupported</c>, <c>proof-work</c>.</summary>
    /// <param name="meter">Counts the work of deriving it.</param>
    public static bool TryBuild(
        Graph graph, GraphAnalysis analysis, int samples, ProofPrivacy privacy, WorkMeter meter, out ProofShape shape, out Error error)
    {
        shape = null!;
        if (!Circuit.TryBuild(graph, analysis, samples, privacy, meter, out var circuit, out error) || !TryTakeParameters(meter, out error))
            return false;
        shape = new ProofShape(circuit, ProofParameters.Production);
        return true;
    }

    /// <summary>Counts the search of a shape's parameters, before it is done. Errors: <c>proof-work</c>.</summary>
    internal static bool TryTakeParameters(WorkMeter meter, out Error error)
    {
        error = meter.TryTake(ParameterWork) ? null! : new("proof-work", $"the proof's parameters take more than the limit: {meter.Work} so far");
        return error is null;
    }

    /// <summary>Of the search for the shortest openings, in nanoseconds.</summary>
    private const long ParameterWork = 2_500_000;

    /// <param name="hiding">False for tests alone: the proof is then not zero-knowledge, so that nothing can be private.</param>
    internal ProofShape(Circuit circuit, ProofParameters parameters, bool hiding)
    {
        if (!hiding && (circuit.Weights is not null || circuit.InputCellCount > 0))
            throw new ArgumentException("A proof that hides nothing keeps neither weights nor inputs private.", nameof(hiding));
        (Circuit, Parameters) = (circuit, parameters);
        Cells = OracleShape.Choose(parameters, circuit.CellCount, hiding ? 1 : 0);
        Inputs = circuit.InputCellCount > 0 ? OracleShape.Choose(parameters, circuit.InputCellCount, hiding ? 1 : 0) : null;
        Weights = circuit.Weights is { } weights ? OracleShape.Choose(parameters, weights.CellCount, weights.Openings) : null;
        LogupGkr.Reserve(Layout, LeafVariables);
        if (circuit.ProductCount > 0)
        {
            Layout.Next();
            ProductSumcheck.ReserveBoth(Layout, ProductVariables);
        }
        if (Weights is not null)
            Layout.Next();
        ProductSumcheck.Reserve(Layout, AddressVariables);
        Cells.Reserve(Layout);
        Inputs?.Reserve(Layout);
        if (Weights is not null)
        {
            Layout.Next();
            ProductSumcheck.Reserve(Layout, Weights.Variables);
            Weights.Reserve(Layout);
        }
        Pads = hiding ? PadShape.Choose(parameters, Layout) : null;
        Soundness = new Soundness(this);
    }

    public Circuit Circuit { get; }

    public ProofParameters Parameters { get; }

    /// <summary>Of the committed cells.</summary>
    public OracleShape Cells { get; }

    /// <summary>Of private inputs, committed for one proof; null where inputs are public.</summary>
    public OracleShape? Inputs { get; }

    /// <summary>Of weights that are committed once for many proofs; null where the verifier reads them.</summary>
    public OracleShape? Weights { get; }

    /// <summary>All messages of the arguments, in order.</summary>
    public PadLayout Layout { get; } = new();

    /// <summary>Null where nothing is hidden.</summary>
    public PadShape? Pads { get; }

    public Soundness Soundness { get; }

    /// <summary>A bound on the bytes that it takes while it is kept.</summary>
    public long ResidentMemory => Circuit.ResidentMemory + (64 << 10);

    /// <summary>
    /// The transcript after what stands before any commitment: the number of samples, whether the proof hides, the parameters (one message of
    /// seven words, 4 bytes each, little-endian), and the statement. Without the first, proofs of one statement made in different ways would
    /// have challenges in common.
    /// </summary>
    internal Transcript Begin(ProofStatement statement)
    {
        var transcript = new Transcript(Circuit.Domain, Parameters.Probe);
        transcript.AbsorbWords(
            Circuit.Samples, Pads is null ? 0 : 1, Parameters.QueryBits, Parameters.GrindingBits, Parameters.BlowUpBits, Parameters.ReusedBlowUpBits,
            Parameters.SmallCodeBits);
        statement.AbsorbInto(transcript);
        return transcript;
    }

    /// <summary>Of cells and private inputs together.</summary>
    internal int AddressVariables => LogupGkr.Variables(Circuit.AddressCount);

    /// <summary>Of the vectors of <see cref="ProductReduction"/>.</summary>
    internal int ProductVariables => LogupGkr.Variables(Circuit.ProductCount);

    internal int LeafVariables => LogupGkr.Variables(Circuit.LeafCount);

    /// <summary>
    /// The committed cells and the private inputs as one vector: at a point of all addresses its value is the sum of the two oracles' at the point's first
    /// coordinates, each times one of these. The top coordinate chooses the oracle, those between it and an oracle's own are 0 in all its addresses.
    /// </summary>
    internal (Ext4 Cells, Ext4 Inputs) OracleFactors(ReadOnlySpan<Ext4> point)
    {
        if (Inputs is null)
            return (Ext4.One, Ext4.Zero);
        return ((Ext4.One - point[^1]) * AtZero(point[Cells.Variables..^1]), point[^1] * AtZero(point[Inputs.Variables..^1]));

        static Ext4 AtZero(ReadOnlySpan<Ext4> coordinates)
        {
            var product = Ext4.One;
            foreach (var coordinate in coordinates)
                product *= Ext4.One - coordinate;
            return product;
        }
    }

    internal int EqualityVariables => LogupGkr.Variables(Math.Max(1, Circuit.EqualityCount));
}
