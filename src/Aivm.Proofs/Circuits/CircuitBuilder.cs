using System.Collections.Immutable;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Turns a graph into a circuit, node by node: each operator's arithmetic is in the file of its family.</summary>
internal sealed partial class CircuitBuilder(
    Graph graph, GraphAnalysis analysis, int samples, ProofPrivacy privacy, WorkMeter meter)
{
    private static readonly ImmutableArray<Felt> Once = [Felt.One];

    /// <summary>What is known of each value: of committed weights only their bounds.</summary>
    private readonly ValueInfo[] _infos = analysis.Values.ToArray();

    private readonly CircuitValue[] _values = new CircuitValue[graph.ValueCount];
    private readonly List<Storage> _storages = [];
    private readonly AddressMap _addresses = new();
    private int _leafCount;

    public Graph Graph => graph;

    /// <summary>Of committed cells and private inputs, in the order of their making.</summary>
    public IReadOnlyList<Storage> Storages => _storages;

    /// <summary>Bytes that this thread has allocated since the builder was made: no circuit of it holds more, tables' rows apart.</summary>
    public long ManagedBytes => GC.GetAllocatedBytesForCurrentThread() - _allocatedBefore;

    private readonly long _allocatedBefore = GC.GetAllocatedBytesForCurrentThread();

    public int Samples => samples;

    public List<LookupSite> Lookups { get; } = [];

    public List<EqualitySite> Equalities { get; } = [];

    public List<LookupTable> Tables { get; } = [];

    public List<Gadget> Gadgets { get; } = [];

    /// <summary>Null where no commitment holds them.</summary>
    public WeightLayout? Weights { get; } = LayOut(privacy);

    private static WeightLayout? LayOut(ProofPrivacy privacy)
    {
        if (privacy.HasFlag(ProofPrivacy.Weights))
            return new WeightLayout(WeightLayout.MaxOpenings);
        return privacy.HasFlag(ProofPrivacy.CommittedWeights) ? new WeightLayout(openings: 0) : null;
    }

    /// <summary>Where the cells of private inputs begin, in an oracle of their own: a power of two above all other cells.</summary>
    public int InputBase => privacy.HasFlag(ProofPrivacy.Inputs) ? _addresses.InputBase : 0;

    /// <summary>Of private inputs, the random ones included; 0 where inputs are public.</summary>
    public int InputCellCount { get; private set; }

    public PublicNumbers Public { get; } = new(samples);

    public int CellCount { get; private set; }

    public int EqualityCount { get; private set; }

    public int ProductCount { get; private set; }

    public Storage TableGrid { get; private set; } = null!;

    public Storage Multiplicities { get; private set; } = null!;

    public Storage RandomCells { get; private set; } = null!;

    /// <summary>What the circuit's proofs are for: <see cref="Circuit.Domain"/>.</summary>
    public string Domain { get; private set; } = Circuit.RunDomain;

    /// <summary>The error, or null.</summary>
    public Error? Build() => Limited(BuildRun);

    /// <summary>Whatever a graph asks for, limits refuse it by name.</summary>
    private static Error? Limited(Func<Error?> build)
    {
        try
        {
            return build();
        }
        catch (CircuitLimit limit)
        {
            return limit.Error;
        }
        catch (OverflowException)
        {
            return CircuitLimit.TooLarge("its sizes leave 32 bits").Error;
        }
    }

    private Error? BuildRun()
    {
        Spend(NodeWork + ((Int128)graph.ValueCount * ValueWork));
        for (var i = 0; i < graph.Inputs.Length; i++)
        {
            if (privacy.HasFlag(ProofPrivacy.Inputs))
            {
                if (AddPrivateInput(i) is { } unfit)
                    return unfit;
                continue;
            }
            SpendOnPublic(_infos[i]);
            _values[i] = Public.AddStated(_infos[i]);
            Inputs.Add(_values[i]);
        }
        if (privacy.HasFlag(ProofPrivacy.Inputs))
            RandomInputCells = AddInputStorage(Circuit.RandomCellCount, 1);
        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            var value = graph.Inputs.Length + i;
            if (InferAgain(graph.Nodes[i], value) is { } unfit)
                return At(i, unfit);
            Foresee(graph.Nodes[i], value);
            if (AddNode(graph.Nodes[i], value) is { } fault)
                return At(i, fault);
        }
        if (CheckQuotients() is { } unsound)
            return unsound;
        if (AddOutputs() is { } refused)
            return refused;
        AddTables();
        RandomCells = AddStorage(Circuit.RandomCellCount, 1);
        if (CheckWeights() is { } tooMany)
            return tooMany;
        if (privacy.HasFlag(ProofPrivacy.Inputs))
            _addresses.MoveInputs(1 << LogupGkr.Variables(Math.Max(CellCount, InputCellCount)));
        return CellCount > 1 << Circuit.MaxCellBits || TableGrid.End > 1 << Circuit.MaxLeafBits
            ? Unsupported($"the model, or the batch, is too large for one proof: {CellCount} cells, {TableGrid.End} lookups and rows")
            : null;
    }

    private Error At(int node, Error fault) => fault with { Message = $"node {node} ({graph.Nodes[node].Operator}): {fault.Message}" };

    /// <summary>
    /// The analysis saw bounds in place of committed weights. That does not matter for activations, whose range is their own; sums that are kept as they are
    /// reach as far as any weights could take them, rows as far as is declared, and what is made of them follows.
    /// </summary>
    private Error? InferAgain(GraphNode node, int value)
    {
        if (Weights is null)
            return null;
        var inferred = node.Infer([.. node.Sources.Select(source => _infos[source])]);
        if (inferred.Fault is not null)
            return Unsupported(inferred.Fault.Message);
        var reach = node switch
        {
            ConvNode { Requantise: { Activation: null } end } n => DeclaredReach(n.Weights, n.Bias, _infos[n.Source], end),
            DenseNode { Requantise: { Activation: null } end } n => DeclaredReach(n.Weights, n.Bias, _infos[n.Source], end),
            EmbeddingNode n when IsHidden(n) => n.Table[0],
            QuantiseNode n when IsHidden(n) => (long)Int128.Min((DeclaredReach(n, _infos[n.Source]) >> n.Shift) + 1, ElementTypes.MaxOf(ElementType.S64)),
            _ => -1,
        };
        _infos[value] = reach < 0 ? inferred.Value : inferred.Value with { Min = -reach, Max = reach };
        return null;
    }

    private Error? AddNode(GraphNode node, int value)
    {
        if (node.Sources.Length == 1 && !IsHidden(node) && _values[node.Sources[0]] is { IsPublic: true, IsWide: false } source && EntryMaps.Of(node, source.Info) is { } map)
            return Define(value, Public.AddMapped(_infos[value], map, source, EntryMaps.WorkOf(node, source.Info)));
        return TakesWide(node) || node.Sources.All(number => CircuitValue.IsNarrow(_values[number].Info))
            ? AddOperator(node, value)
            : Unsupported("no argument of the proof system covers this operator over numbers from 2^29 on yet");
    }

    /// <summary>Whether it reads numbers that one cell may not hold.</summary>
    private static bool TakesWide(GraphNode node) =>
        node is ReshapeNode or TransposeNode or GatherNode or ConcatNode or InterpolateNode or ArgMaxNode or WideDenseNode or WhereNode or SoftmaxNode
            or QuantiseNode or ClampNode or RankNode or CompareNode or MaxNode or LayerNormNode or NormaliseNode;

    private Error? AddOperator(GraphNode node, int value) => node switch
    {
        ReshapeNode n => Rearrange(value, n.Source, element => element),
        TransposeNode n => AddTranspose(n, value),
        GatherNode n => AddGather(n, value),
        ConcatNode n => AddConcat(n, value),
        ConstantNode n => Define(value, Public.AddConstant(_infos[value], n.Value)),
        ConvNode n => AddConv(n, value),
        DenseNode n => AddDense(n, value),
        MatMulNode n => AddMatMul(n, value),
        MultiplyNode n => AddMultiply(n, value),
        AddNode n => AddSum(value, [(n.Left, n.LeftFactor), (n.Right, n.RightFactor)], n.Requantise),
        RescaleNode n => AddSum(value, [(n.Source, n.Factor)], n.Requantise),
        TableNode n => AddTable(n, value),
        QuantiseNode n => AddQuantise(n, value),
        ClampNode n => AddClamp(n, value),
        RankNode n => AddRank(n, value),
        MaxPoolNode n => AddMaxPool(n, value),
        AveragePoolNode n => AddAveragePool(n, value),
        SumNode n => AddRowSum(n, value),
        InterpolateNode n => AddInterpolate(n, value),
        WideDenseNode n => AddWideDense(n, value),
        TreeEnsembleNode n => AddTrees(n, value),
        ArgMaxNode n => AddArgMax(n, value),
        SoftmaxNode n => AddSoftmax(n, value),
        LayerNormNode n => AddLayerNorm(n, value),
        NormaliseNode n => AddNormalise(n, value),
        MaxNode n => AddMax(n, value),
        WhereNode n => AddWhere(n, value),
        CompareNode n => AddCompare(n, value),
        EmbeddingNode n => AddEmbedding(n, value),
        _ => Unsupported("no argument of the proof system covers this operator yet"),
    };

    private static Error Unsupported(string message) => new("proof-unsupported", message);

    private Error? Define(int value, CircuitValue cells)
    {
        _values[value] = cells;
        return null;
    }

    private GridView GridOf(int value, GridShape? grid = null) => _values[value].ToGrid(samples, _addresses, grid);

    private Storage AddStorage(int positions, int channels)
    {
        var storage = new Storage(FirstBehind(CellCount, positions, channels, 1 << Circuit.MaxCellBits, "cells"), positions, channels);
        CellCount = storage.End;
        _storages.Add(storage);
        _addresses.Add(storage);
        return storage;
    }

    private Storage AddInputStorage(int positions, int channels)
    {
        var storage = new Storage(
            _addresses.InputBase + FirstBehind(InputCellCount, positions, channels, 1 << Circuit.MaxCellBits, "private inputs"), positions, channels);
        InputCellCount = storage.End - _addresses.InputBase;
        _storages.Add(storage);
        _addresses.Add(storage);
        return storage;
    }

    /// <summary>Where the next rectangle begins, if it ends before a limit.</summary>
    private static int FirstBehind(int end, int positions, int channels, int limit, string what)
    {
        var width = 1L << Storage.BitLength(channels - 1);
        var first = (end + width - 1) & -width;
        return first + (positions * width) <= limit ? (int)first : throw CircuitLimit.TooLarge($"more than {limit} {what}");
    }

    /// <summary>The random cells of private inputs.</summary>
    public Storage? RandomInputCells { get; private set; }

    private LookupSite AddLookup(string name, int positions, int channels, ImmutableArray<Summand> entries, ImmutableArray<LookupTable> tables)
    {
        foreach (var table in tables)
            if (table.Tag == 0)
            {
                Tables.Add(table);
                table.Tag = Tables.Count;
            }
        ImmutableArray<Summand> summands = [new(0, null, [.. tables.Select(table => Felt.From(table.Tag))]), .. entries];
        SpendOnSite(channels, summands);
        SpendOnRows(tables);
        _leafCount = FirstBehind(_leafCount, positions, channels, 1 << Circuit.MaxLeafBits, "lookups") + (positions << Storage.BitLength(channels - 1));
        var site = new LookupSite(name, positions, channels, Place(summands), tables);
        Lookups.Add(site);
        return site;
    }

    private EqualitySite AddEquality(string name, int positions, int channels, ImmutableArray<Summand> summands)
    {
        SpendOnSite(channels, summands);
        FirstBehind(EqualityCount, positions, channels, 1 << Circuit.MaxCellBits, "equalities");
        var site = new EqualitySite(name, positions, channels, Place(summands));
        EqualityCount = site.Place(EqualityCount);
        Equalities.Add(site);
        return site;
    }

    /// <summary>Gives each product a place of its own in the vectors of all products.</summary>
    private ImmutableArray<Summand> Place(ImmutableArray<Summand> summands)
    {
        var placed = summands.ToBuilder();
        for (var i = 0; i < placed.Count; i++)
            if (placed[i].Term is ProductTerm product)
            {
                FirstBehind(ProductCount, product.Elements.Positions, product.Elements.Channels, 1 << Circuit.MaxCellBits, "products");
                product = product.Place(ProductCount);
                ProductCount = product.Elements.End;
                placed[i] = placed[i] with { Term = product };
            }
        return placed.ToImmutable();
    }

    /// <summary>A storage as it is.</summary>
    private TapTerm Cells(Storage storage) => new(ViewOf(storage));

    private GridView ViewOf(Storage storage) => new(samples, storage);

    /// <summary>A sum of any addresses in each cell.</summary>
    private SparseTerm Sparse(int channels, int[][] addresses)
    {
        foreach (var summed in addresses)
            _addresses.Hold(summed);
        return new SparseTerm(channels, addresses);
    }

    private Error? AddOutputs()
    {
        for (var i = 0; i < graph.Outputs.Length; i++)
        {
            SpendOnPublic(_values[graph.Outputs[i].Source].Info);
            var stated = Public.AddStated(_values[graph.Outputs[i].Source].Info);
            Outputs.Add(stated);
            if (AddOutput($"output {graph.Outputs[i].Name}", graph.Outputs[i].Source, stated) is { } fault)
                return fault;
        }
        return null;
    }

    /// <summary>The value is what is stated, element by element: equal in the integers, since what is stated lies in the value's range.</summary>
    private Error? AddOutput(string name, int source, CircuitValue stated)
    {
        var elements = (int)stated.Info.Shape.Elements;
        Term InRow(CircuitValue value) => Elements(value, 1, elements, (_, channel) => channel);
        var (proved, claimed) = (NumberOf(source, InRow), NumberOf(stated, InRow));
        if (!CircuitValue.IsNarrow(stated.Info) && !_values[source].IsPublic)
            return AddZeroSum(source, name, samples, elements, [new(proved, 1), new(claimed, -1)]);
        // One cell, or limbs of public numbers, which are cut alike.
        for (var limb = 0; limb < proved.Limbs.Length; limb++)
            AddEquality(name, samples, elements, [new(0, proved.Limbs[limb].Term, Once), new(0, claimed.Limbs[limb].Term, [-Felt.One])]);
        return null;
    }

    /// <summary>The outputs' public numbers.</summary>
    public List<CircuitValue> Outputs { get; } = [];

    public IEnumerable<CircuitValue> Values => _values;

    /// <summary>The inputs' public numbers.</summary>
    public List<CircuitValue> Inputs { get; } = [];

    /// <summary>Lookups without a cell in between come first, the widest before others, so that they fill the first leaves without a gap.</summary>
    /// <returns>The number of leaves.</returns>
    private int PlaceLookups()
    {
        var leaves = 0;
        foreach (var site in Lookups.Where(IsFull).OrderByDescending(site => site.Grid.Width))
            leaves = site.Place(leaves);
        FullLeafCount = leaves;
        foreach (var site in Lookups.Where(site => !IsFull(site)).OrderByDescending(site => site.Grid.Width))
            leaves = site.Place(leaves);
        return leaves;
    }

    private static bool IsFull(LookupSite site) => site.Grid.Channels == site.Grid.Width;

    /// <summary>Leaves below it are lookups, each of them.</summary>
    public int FullLeafCount { get; private set; }

    private void AddTables()
    {
        var rows = 0;
        foreach (var table in Tables)
        {
            if (!table.Hidden.IsEmpty)
                rows = (rows + Circuit.TableColumns - 1) & -Circuit.TableColumns;
            table.FirstRow = rows;
            rows = checked(rows + table.Rows);
        }
        Spend((Int128)rows * (1 + Tables.Select(table => table.Columns).DefaultIfEmpty(0).Max()) * ColumnWork);
        var positions = Math.Max(1, (rows + Circuit.TableColumns - 1) / Circuit.TableColumns);
        TableGrid = new Storage((PlaceLookups() + Circuit.TableColumns - 1) & -Circuit.TableColumns, positions, Circuit.TableColumns);
        Multiplicities = AddStorage(positions, Circuit.TableColumns);
    }
}
