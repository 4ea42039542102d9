namespace Aivm.Proofs;

/// <summary>
/// What verifying a proof takes at most, from its shape alone: nanoseconds of a reference core, so that a chain can take gas for it before it begins.
/// Prices are measured (docs/benchmarks/gas.md): the benchmark proof-gas holds them against the clock.
/// </summary>
public static class VerificationWork
{
    /// <summary>Of two elements of the extension, and the sum.</summary>
    internal const int Product = 3;

    /// <summary>An address looked up alone.</summary>
    internal const int Lookup = 25;

    /// <summary>A public weight in a sum.</summary>
    internal const int Weight = 1;

    /// <summary>A position of a tap.</summary>
    internal const int Moved = 8;

    /// <summary>A public number, taken into the field.</summary>
    internal const int Number = 6;

    /// <summary>A number that a map reads or gives.</summary>
    internal const int Step = 25;

    internal const int WideProduct = 4;

    /// <summary>A group of a layer's channels, at one tap.</summary>
    internal const int Group = 60;

    private const int Fixed = 300_000;
    private const int EqElement = 3;
    private const int TableEntry = 1;
    private const int TableEnd = 1_000;
    private const int TableLine = 50;
    private const int TableRun = 300;
    private const int SiteFactor = 12;
    private const int SiteWork = 800;
    private const int TermWork = 200;
    private const int StatedEntry = 50;
    private const int Message = 400;
    private const int ColumnElement = 5;
    private const int CodeElement = 1;
    private const int Coefficient = 20;
    private const int Node = 150;
    private const int StoredWeight = 6;
    private const int StoredNumber = 12;

    internal static long Mapped(TapMaps maps) => (long)maps.Count * maps.BatchPositions * Moved;

    internal static long Of(GridView view) => view switch
    {
        { Whole: not null } => (view.Positions + (2L * view.Channels)) * Product,
        { Runs: not null, HasPublic: false } => (view.Positions * 3L * Lookup) + (view.Channels * 2L * Product),
        _ => OfInputs(view),
    };

    /// <summary>The same where each channel has a sum of its own, which rows that end early do not make easier.</summary>
    internal static long OfInputs(GridView view) => view switch
    {
        { Whole: not null } => (view.Positions + (2L * view.Channels)) * Product,
        { Blocks: not null } => (view.Positions * 3L * view.BlocksPerRow * Lookup) + (view.Channels * 2L * Product),
        { HasCells: false } => (long)view.Positions * view.Channels * Number,
        _ => (long)view.Positions * view.Channels * Lookup,
    };

    /// <summary>Of one proof of this shape, accepted or not.</summary>
    public static long Of(ProofShape shape)
    {
        var work = Fixed + OfStatements(shape.Circuit) + OfPoints(shape) + ((long)shape.Layout.Count * Message) + Of(shape.Cells);
        if (shape.Inputs is { } inputs)
            work += Of(inputs);
        if (shape.Weights is { } weights)
            work += Of(weights);
        return shape.Pads is { } pads ? work + Of(pads) : work;
    }

    /// <summary>Of one proof that two commitments hold the same weights.</summary>
    public static long Of(WeightEqualityShape shape) => Fixed + ((long)shape.Layout.Count * Message) + (2 * Of(shape.Weights)) + Of(shape.Pads);

    /// <summary>Of one proof that a commitment holds the weights that the verifier has: these are laid out and evaluated.</summary>
    public static long Of(PublicWeightsShape shape) => Fixed + ((long)shape.Layout.Count * Message) + Of(shape.Weights)
        + (shape.PlainWeights * StoredWeight) + ((shape.Weights.Cells - shape.PlainWeights) * StoredNumber);

    private static long OfStatements(Circuit circuit)
    {
        var work = circuit.Public.Work + Of(circuit.TableSums);
        foreach (var site in circuit.Lookups.Concat<Site>(circuit.Equalities))
        {
            work += SiteWork + ((site.Grid.Positions + (long)site.Grid.Channels) * Product);
            foreach (var summand in site.Summands)
                work += TermWork + (summand.Factors.Length == 1 ? 0 : site.Grid.Channels * (long)SiteFactor);
        }
        return work
            + circuit.Tables.Sum(table => table.Stated.Sum(entry => (long)StatedEntry + (PublicAddress.Is(entry.Address) ? 0 : Lookup + StatedEntry)))
            + circuit.Tables.Sum(table => table.Hidden.Sum(column => TermWork + (2L * (column.Place.Positions + column.Place.Channels) * Product)))
            + circuit.CellTerms.Sum(placed => placed.Term.EvaluationWork)
            + circuit.PublicTerms.Sum(placed => placed.Term.EvaluationWork)
            + circuit.Products.Sum(placed => placed.Term.EvaluationWork);
    }

    private static long Of(TableSums tables) =>
        tables.Runs.Sum(run => TableRun + ((long)run.Count * TableEntry)) + (tables.Ends.Length * (long)TableEnd) + (tables.Lines.Length * (long)TableLine);

    /// <summary>Tables of eq at the points that arguments end in: by bits of a row, for each width of a grid.</summary>
    private static long OfPoints(ProofShape shape)
    {
        var circuit = shape.Circuit;
        var leaves = Tables(shape.LeafVariables, circuit.Lookups.Select(site => site.Grid).Append(circuit.TableGrid));
        var equalities = Tables(shape.EqualityVariables, circuit.Equalities.Select(site => site.Grid));
        var cells = Tables(shape.AddressVariables, circuit.Storages);
        var products = Tables(shape.ProductVariables, circuit.Products.Select(placed => placed.Term.Elements));
        var weights = shape.Weights is { } oracle ? Tables(oracle.Variables, circuit.Weights!.Places) : 0;
        return (leaves + equalities + cells + products + weights) * EqElement;
    }

    /// <summary>As <see cref="EqPoint"/> makes them: for each width one of all rows, unless rectangles have few; of blocks of any width, those that split their numbers.</summary>
    private static long Tables(int variables, IEnumerable<Storage> grids)
    {
        var work = ((1L + variables) << EqPoint.SplitBits) + (2L << Math.Max(0, variables - EqPoint.SplitBits));
        foreach (var width in grids.GroupBy(grid => grid.ChannelBits))
            work += Math.Min(width.Sum(grid => (long)grid.Positions * EqPoint.SplitFactor), 1L << (variables - width.Key)) + (1L << width.Key);
        return work;
    }

    private static long Of(OracleShape oracle)
    {
        var columns = (long)oracle.Queries * oracle.ColumnHeight * ColumnElement;
        var paths = (long)oracle.Queries * oracle.CodeBits * Node;
        var tables = (1L << oracle.Variables - oracle.ColumnBits) + oracle.Columns;
        var combination = oracle.Combination is { } committed
            ? Of(committed) + ((long)oracle.Queries * committed.Variables * 4 * Product)
            : oracle.MessageLength * (long)(Coefficient + (oracle.Queries * CodeElement));
        return columns + paths + combination + (tables * EqElement);
    }

    private static long Of(PadShape pads)
    {
        var encodings = (long)(pads.Rows + 3) * pads.MessageLength * pads.Queries * CodeElement;
        var columns = (long)pads.Queries * pads.ColumnHeight * ColumnElement;
        var coefficients = (long)(pads.MessageLength + pads.LinearLength + pads.QuotientLength) * Coefficient;
        return encodings + columns + coefficients + ((long)pads.Queries * pads.CodeBits * Node) + ((pads.Pads + (3L * pads.Products)) * Lookup);
    }
}
