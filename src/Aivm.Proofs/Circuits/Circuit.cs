using System.Collections.Immutable;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>What of a run its proof keeps to the prover. Outputs are public.</summary>
[Flags]
public enum ProofPrivacy
{
    /// <summary>Weights are in the model's container, inputs in the statement.</summary>
    None = 0,
    /// <summary>The weights of layers, linear models, trees and embeddings are secret, behind a commitment that serves many proofs.</summary>
    Weights = 1,
    /// <summary>All inputs are behind a commitment, fresh for each proof.</summary>
    Inputs = 2,
    /// <summary>Weights are no secret, and yet behind a commitment, whose root was checked against them once (<see cref="PublicWeightsVerifier"/>).</summary>
    CommittedWeights = 4,
}

/// <summary>
/// What a proof of a model's run says: committed cells, lookups of them in tables, and linear equalities between them. Both sides derive it from the
/// graph alone (of committed weights, from their shapes and bounds), so that it is never sent.
/// </summary>
public sealed class Circuit
{
    internal Circuit(CircuitBuilder builder)
    {
        Values = [.. builder.Values];
        Domain = builder.Domain;
        (Graph, Samples) = (builder.Graph, builder.Samples);
        (Lookups, Equalities, Gadgets) = ([.. builder.Lookups], [.. builder.Equalities], [.. builder.Gadgets]);
        (Tables, TableGrid, Multiplicities) = ([.. builder.Tables], builder.TableGrid, builder.Multiplicities);
        (CellCount, RandomCells, LeafCount, EqualityCount) = (builder.CellCount, builder.RandomCells, TableGrid.End, builder.EqualityCount);
        FullLeafCount = builder.FullLeafCount;
        (Weights, InputBase, InputCellCount, RandomInputCells) = (builder.Weights, builder.InputBase, builder.InputCellCount, builder.RandomInputCells);
        (ProductCount, Storages) = (builder.ProductCount, [.. builder.Storages]);
        TableEntries = EntriesOf(Tables, TableGrid, out var sums);
        TableSums = sums;
        (Public, Inputs, Outputs) = (builder.Public, [.. builder.Inputs], [.. builder.Outputs]);
        Public.Complete();
        (CellTerms, PublicTerms, Products) = (Terms<Term>(term => term.ReadsCells), Terms<Term>(term => term.ReadsPublic), Terms<ProductTerm>(_ => true));
        (PlainCells, OtherCellTerms) = ([.. CellTerms.Select(Proofs.PlainCells.Of).OfType<PlainCells>()], [.. CellTerms.Where(term => Proofs.PlainCells.Of(term) is null)]);
        PaddedLookups = [.. Lookups.Where(site => site.Grid.Channels != site.Grid.Width)];
        (Site Site, Summand Summand)[] constants =
            [.. from site in Lookups.Concat<Site>(Equalities) from summand in site.Summands where summand.Term is null select (site, summand)];
        PlainConstants = [.. PlainConstant.Joined(constants.Select(constant => PlainConstant.Of(constant.Site, constant.Summand)).OfType<PlainConstant>())];
        OtherConstants =
        [
            .. constants.Where(constant => PlainConstant.Of(constant.Site, constant.Summand) is null)
                .GroupBy(constant => constant.Site, (site, own) => (site, own.Select(constant => constant.Summand).ToImmutableArray())),
        ];
        PublicProducts = [.. Products.Where(placed => placed.Term.Left.HasPublic || placed.Term.Right.HasPublic)];
        ResidentMemory = builder.ManagedBytes + (sizeof(uint) * (long)TableEntries.Length * TableEntries[0].Length);
    }

    private ImmutableArray<PlacedTerm<T>> Terms<T>(Func<T, bool> counts)
        where T : Expression =>
        [
            .. from site in Lookups.Concat<Site>(Equalities)
               from summand in site.Summands
               let term = summand.Term as T
               where term is not null && counts(term)
               select new PlacedTerm<T>(site, summand, term),
        ];

    private static FeltArray[] EntriesOf(ImmutableArray<LookupTable> tables, Storage grid, out TableSums sums)
    {
        var entries = new FeltArray[1 + tables.Select(table => table.Columns).DefaultIfEmpty(0).Max()];
        var column = new int[tables.Select(table => table.Rows).DefaultIfEmpty(0).Max()];
        var builder = new TableSums.Builder();
        for (var k = 0; k < entries.Length; k++)
        {
            entries[k] = FeltArray.Collected(grid.Positions * grid.Width);
            foreach (var table in tables)
            {
                if (k > table.Columns)
                    continue;
                var rows = column.AsSpan(0, table.Rows);
                Write(table, k, rows);
                ExtKernels.FromIntegers(rows, entries[k], table.FirstRow);
                builder.Add(k, table.FirstRow, rows);
            }
        }
        sums = builder.Build();
        return entries;
    }

    private static void Write(LookupTable table, int entry, Span<int> rows)
    {
        if (entry == 0)
            rows.Fill(table.Tag);
        else
            table.CopyColumn(entry - 1, rows);
    }

    /// <summary>Of proofs that a model gives certain outputs.</summary>
    internal const string RunDomain = "AIVM proof 1";

    /// <summary>Of proofs that private weights lie in their ranges.</summary>
    internal const string WeightRangesDomain = "AIVM weight ranges 1";

    /// <summary>Rows of tables lie in rectangles of this many columns.</summary>
    internal const int TableColumns = 64;

    /// <summary>Cells at the end that hold nothing but randomness, so that an evaluation of all cells says nothing of the others.</summary>
    internal const int RandomCellCount = 64;

    /// <summary>Names protocol, version and purpose in the transcript.</summary>
    internal string Domain { get; }

    public Graph Graph { get; }

    /// <summary>Inferences in one proof.</summary>
    public int Samples { get; }

    /// <summary>Addresses below it are committed.</summary>
    public int CellCount { get; }

    /// <summary>The random cells, last of all.</summary>
    internal Storage RandomCells { get; }

    /// <summary>Where the cells of private inputs begin: a power of two, not below <see cref="CellCount"/> and <see cref="InputCellCount"/>.</summary>
    internal int InputBase { get; }

    /// <summary>Cells of private inputs, the random ones included; 0 where inputs are public.</summary>
    public int InputCellCount { get; }

    internal Storage? RandomInputCells { get; }

    /// <summary>Addresses below it are committed, in one oracle or the other.</summary>
    internal int AddressCount => InputCellCount == 0 ? CellCount : InputBase + InputCellCount;

    internal ImmutableArray<LookupSite> Lookups { get; }

    internal ImmutableArray<EqualitySite> Equalities { get; }

    /// <summary>Lookups whose cells leave gaps between their leaves: those from <see cref="FullLeafCount"/> on.</summary>
    internal ImmutableArray<LookupSite> PaddedLookups { get; }

    /// <summary>Summands without a term, where they are plain.</summary>
    internal ImmutableArray<PlainConstant> PlainConstants { get; }

    /// <summary>The others, by site.</summary>
    internal ImmutableArray<(Site Site, ImmutableArray<Summand> Summands)> OtherConstants { get; }

    /// <summary>All terms that read committed cells.</summary>
    internal ImmutableArray<PlacedTerm<Term>> CellTerms { get; }

    /// <summary>Those of them that are cells as they are.</summary>
    internal ImmutableArray<PlainCells> PlainCells { get; }

    /// <summary>The others.</summary>
    internal ImmutableArray<PlacedTerm<Term>> OtherCellTerms { get; }

    /// <summary>All terms that read public numbers or committed weights.</summary>
    internal ImmutableArray<PlacedTerm<Term>> PublicTerms { get; }

    internal ImmutableArray<PlacedTerm<ProductTerm>> Products { get; }

    /// <summary>Those of them that read public numbers.</summary>
    internal ImmutableArray<PlacedTerm<ProductTerm>> PublicProducts { get; }

    internal ImmutableArray<LookupTable> Tables { get; }

    /// <summary>Where the tables' rows are among the leaves: row n is cell (n / 64, n % 64). Past the last come rows of zeros, whose tag no lookup has.</summary>
    internal Storage TableGrid { get; }

    /// <summary>Entry by entry, the tag first: all rows in the order of <see cref="TableGrid"/>.</summary>
    internal FeltArray[] TableEntries { get; }

    /// <summary>What a sum over their rows takes.</summary>
    internal TableSums TableSums { get; }

    /// <summary>How often each row is looked up; laid out like <see cref="TableGrid"/>.</summary>
    internal Storage Multiplicities { get; }

    /// <summary>Lookups and rows together, with the neutral ones in between.</summary>
    public int LeafCount { get; }

    /// <summary>Leaves below it are lookups without a gap.</summary>
    internal int FullLeafCount { get; }

    public int EqualityCount { get; }

    /// <summary>Rectangles of cells.</summary>
    internal ImmutableArray<Storage> Storages { get; }

    /// <summary>
    /// For provers, the longest first: each storage with the addresses up to the next one, or to the end, and the terms that read no cells but its own. The
    /// first begins at 0.
    /// </summary>
    internal (Storage Storage, int End, ImmutableArray<PlacedTerm<Term>> Terms)[] TermsByStorage => field ??= SplitTerms();

    private (Storage Storage, int End, ImmutableArray<PlacedTerm<Term>> Terms)[] SplitTerms()
    {
        var terms = CellTerms.Where(placed => placed.Term.Target is not null).ToLookup(placed => placed.Term.Target!.Base);
        Storage[] storages = [.. Storages.OrderBy(storage => storage.Base)];
        return
        [
            .. storages
                .Select((storage, i) => (Storage: storage, End: i + 1 < storages.Length ? storages[i + 1].Base : AddressCount, Terms: terms[storage.Base].ToImmutableArray()))
                .OrderByDescending(stretch => stretch.End - stretch.Storage.Base),
        ];
    }

    /// <summary>Null where no commitment holds them.</summary>
    internal WeightLayout? Weights { get; }

    /// <summary>Length of the two vectors of <see cref="ProductReduction"/>; 0 where no operator multiplies committed cells.</summary>
    public int ProductCount { get; }

    internal ImmutableArray<Gadget> Gadgets { get; }

    /// <summary>Where the graph's values are.</summary>
    internal ImmutableArray<CircuitValue> Values { get; }

    /// <summary>How a value of the graph is numbered by position and channel.</summary>
    internal GridShape GridOf(int value) => Values[value].Grid;

    internal Shape ShapeOf(int value) => Values[value].Info.Shape;

    internal PublicNumbers Public { get; }

    internal ImmutableArray<CircuitValue> Inputs { get; }

    internal ImmutableArray<CircuitValue> Outputs { get; }

    /// <summary>Errors: <c>proof-unsupported</c> (an operator without an argument, or a model too large), by node.</summary>
    /// <param name="samples">Inferences in one proof, 1 to <see cref="MaxSamples"/>.</param>
    /// <param name="privacy">With committed weights, private or not, the graph is the architecture (<see cref="PrivateModel.Skeleton"/>).</param>
    public static bool TryBuild(Graph graph, GraphAnalysis analysis, int samples, ProofPrivacy privacy, out Circuit circuit, out Error error) =>
        TryBuild(graph, analysis, samples, privacy, new WorkMeter(long.MaxValue), out circuit, out error);

    /// <summary>The same within a limit of work. Errors besides: <c>proof-work</c>.</summary>
    /// <param name="meter">Counts the work, that of a refused circuit too.</param>
    public static bool TryBuild(
        Graph graph, GraphAnalysis analysis, int samples, ProofPrivacy privacy, WorkMeter meter, out Circuit circuit, out Error error)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(samples, MaxSamples);
        var builder = new CircuitBuilder(graph, analysis, samples, privacy, meter);
        error = builder.Build()!;
        circuit = error is null ? new Circuit(builder) : null!;
        return error is null;
    }

    /// <summary>
    /// What the owner of private weights proves once: each weight lies in [-127, 127], those of an output are together no larger than declared, and each bias
    /// is within its bound. Without it a weight could be any element of the field, and a sum could wrap around.
    /// </summary>
    /// <param name="architecture">As of <see cref="PrivateModel"/>.</param>
    public static bool TryBuildWeightRanges(Graph architecture, GraphAnalysis analysis, out Circuit circuit, out Error error) =>
        TryBuildWeightRanges(architecture, analysis, new WorkMeter(long.MaxValue), out circuit, out error);

    /// <summary>The same within a limit of work. Errors besides: <c>proof-work</c>.</summary>
    /// <param name="meter">Counts the work, that of a refused circuit too.</param>
    public static bool TryBuildWeightRanges(Graph architecture, GraphAnalysis analysis, WorkMeter meter, out Circuit circuit, out Error error)
    {
        var builder = new CircuitBuilder(architecture, analysis, samples: 1, ProofPrivacy.Weights, meter);
        error = builder.BuildWeightRanges()!;
        circuit = error is null ? new Circuit(builder) : null!;
        return error is null;
    }

    public const int MaxSamples = 256;

    /// <summary>A bound on the bytes that it takes while it is kept: of its views and maps, and of the tables' rows.</summary>
    public long ResidentMemory { get; }

    /// <summary>All public numbers of a statement. Errors: <c>proof-statement</c>.</summary>
    /// <param name="numbers">For <see cref="PublicNumbers.Keep"/> in the end.</param>
    internal bool TryCompute(ProofStatement statement, out PublicNumbers.Room numbers, out Error error)
    {
        error = Check(statement)!;
        numbers = error is null ? Public.Compute([.. Split(statement.Inputs, Inputs), .. Split(statement.Outputs, Outputs)]) : null!;
        return error is null;
    }

    private Error? Check(ProofStatement statement) =>
        (Inputs.IsEmpty ? CheckCount("public input", statement.Inputs.Length, 0) : CheckInputs(statement.Inputs.Span))
            ?? CheckCount("output", statement.Outputs.Length, Outputs.Sum(output => output.Info.Shape.Elements))
            ?? CheckOutputs(statement.Outputs.Span);

    private Error? CheckCount(string name, int count, long perSample) => count == Samples * perSample
        ? null
        : new("proof-statement", $"{count} {name} numbers; {Samples} inferences have {Samples * perSample}");

    /// <summary>Numbers that a run of the model would refuse have no proof.</summary>
    internal Error? CheckInputs(ReadOnlySpan<long> inputs)
    {
        if (CheckCount("input", inputs.Length, Graph.Inputs.Sum(input => input.Shape.Elements)) is { } miscounted)
            return miscounted;
        for (var sample = 0; sample < Samples; sample++)
            foreach (var input in Graph.Inputs)
            {
                var values = inputs[..(int)input.Shape.Elements];
                inputs = inputs[values.Length..];
                var (low, high) = input.Format switch
                {
                    InputFormat.U8 => (0, 255),
                    InputFormat.Index(var count) => (0, count - 1),
                    InputFormat.Fixed { AllowsMissing: false } => (long.MinValue + 1, long.MaxValue),
                    _ => (long.MinValue, long.MaxValue),
                };
                if (values.ContainsAnyExceptInRange(low, high))
                    return new("proof-statement", $"input {input.Name} takes {low} to {high}");
            }
        return null;
    }

    /// <summary>The cells of private inputs, by address from their base on, without the random ones.</summary>
    internal int[] LayOutInputs(ReadOnlySpan<long> inputs)
    {
        var (cells, perSample) = (new int[InputCellCount], inputs.Length / Samples);
        foreach (var gadget in Gadgets.OfType<PrivateInputGadget>())
        {
            var first = (int)Graph.Inputs.Take(gadget.Value).Sum(input => input.Shape.Elements);
            foreach (var (k, cellsOfLimb) in gadget.Limbs.Index())
                LayOut(cellsOfLimb, gadget, k, inputs[first..], perSample, cells);
        }
        return cells;
    }

    private void LayOut(Storage limb, PrivateInputGadget gadget, int number, ReadOnlySpan<long> inputs, int perSample, int[] cells)
    {
        var positions = limb.Positions / Samples;
        for (var p = 0; p < limb.Positions; p++)
            for (var c = 0; c < limb.Channels; c++)
                cells[limb.Base - InputBase + (p * limb.Width) + c] =
                    (int)gadget.Cut.LimbOf(inputs[(p / positions * perSample) + gadget.Grid.ElementOf(p % positions, c)], number);
    }

    /// <summary>No run gives numbers beyond a value's range: the field would take some of them for others.</summary>
    private Error? CheckOutputs(ReadOnlySpan<long> outputs)
    {
        for (var sample = 0; sample < Samples; sample++)
            for (var i = 0; i < Outputs.Length; i++)
            {
                var info = Outputs[i].Info;
                var values = outputs[..(int)Outputs[i].Info.Shape.Elements];
                outputs = outputs[values.Length..];
                if (values.ContainsAnyExceptInRange(info.Min, info.Max))
                    return new("proof-statement", $"output {Graph.Outputs[i].Name} lies within {info.Min} to {info.Max}");
            }
        return null;
    }

    /// <summary>Each value's numbers, sample after sample, from those of whole samples.</summary>
    private IEnumerable<(CircuitValue Value, ReadOnlyMemory<long> Numbers)> Split(ReadOnlyMemory<long> numbers, ImmutableArray<CircuitValue> values)
    {
        var (perSample, first) = (values.Sum(value => value.Addresses.Length), 0);
        foreach (var value in values)
        {
            var own = new long[Samples * value.Addresses.Length];
            for (var sample = 0; sample < Samples; sample++)
                numbers.Slice((sample * perSample) + first, value.Addresses.Length).CopyTo(own.AsMemory(sample * value.Addresses.Length));
            yield return (value, own);
            first += value.Addresses.Length;
        }
    }

    /// <summary>log2 of the most cells, and of the most leaves: with more, the sum of errors would pass 2^-100.</summary>
    internal const int MaxCellBits = 24;

    internal const int MaxLeafBits = 22;
}
