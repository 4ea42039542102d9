using System.Collections.Immutable;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Choices between elements, and rows of tables.</summary>
internal sealed partial class CircuitBuilder
{
    private FunctionTable? _flags;

    /// <summary>
    /// Where the condition is constant, elements are only moved. Elsewhere (condition, flag) is a row of a table, so that flag = [condition is not 0], and
    /// <c>result = right + flag (left - right)</c>, limb by limb.
    /// </summary>
    private Error? AddWhere(WhereNode node, int value)
    {
        var (condition, info) = (_values[node.Condition], _infos[value]);
        if (ConstantsOf(condition) is { } chosen)
        {
            CircuitValue Choose(ValueInfo result, CircuitValue[] parts)
            {
                var cells = new CircuitValue(result, new int[chosen.Length], new int[chosen.Length])
                {
                    Grid = parts[parts[0].IsPublic ? 1 : 0].RearrangedGrid(result.Shape),
                };
                for (var i = 0; i < chosen.Length; i++)
                    (cells.Addresses[i], cells.Strides[i]) = chosen[i] != 0 ? (parts[0].Addresses[i], parts[0].Strides[i]) : (parts[1].Addresses[i], parts[1].Strides[i]);
                return cells;
            }

            CircuitValue[] parts = [_values[node.Left], _values[node.Right]];
            var isWhole = !parts[0].IsWide && !parts[1].IsWide && (CircuitValue.IsNarrow(info) || (parts[0].IsPublic && parts[1].IsPublic));
            return Define(value, isWhole ? Choose(info, parts) : JoinedLimbs(info, parts, Choose));
        }
        var grid = GridFor([node.Condition, node.Left, node.Right]);
        var (positions, channels) = (samples * grid.Positions, grid.Channels);
        var (view, flag) = (GridOf(node.Condition, grid), AddStorage(positions, channels));
        _flags ??= new FunctionTable(x => x == 0 ? 0 : 1);
        _flags.Cover((int)condition.Info.Min, (int)condition.Info.Max);
        var site = AddLookup($"value {value}, condition", positions, channels, [new(1, new TapTerm(view), Once), new(2, Cells(flag), Once)], [_flags]);
        Gadgets.Add(new MapGadget(value, view, flag, site));
        return Define(value, CircuitValue.IsNarrow(info)
            ? ChooseBy(info, [_values[node.Left], _values[node.Right]])
            : JoinedLimbs(info, [CutAbove(MaxLowestBits, value, node.Left), CutAbove(MaxLowestBits, value, node.Right)], ChooseBy));

        CircuitValue ChooseBy(ValueInfo limb, CircuitValue[] parts)
        {
            var (left, right, result) = (parts[0].ToGrid(samples, _addresses, grid), parts[1].ToGrid(samples, _addresses, grid), AddStorage(positions, channels));
            AddEquality(
                $"value {value}", positions, channels,
                [
                    new(0, new TapTerm(right), Once), new(0, new ElementwiseProduct(left, ViewOf(flag)), Once),
                    new(0, new ElementwiseProduct(right, ViewOf(flag)), [-Felt.One]), new(0, Cells(result), [-Felt.One]),
                ]);
            Gadgets.Add(new WhereGadget(value, left, right, flag, result));
            return CircuitValue.Of(limb, result, grid);
        }
    }

    /// <summary>Beside numbers in limbs, larger ones are cut too: sums of a few such limbs stay far below p.</summary>
    private const int MaxLowestBits = 24;

    /// <summary>A value's numbers where all are constants, or null.</summary>
    private long[]? ConstantsOf(CircuitValue value)
    {
        if (value.IsWide)
            return null;
        var numbers = new long[value.Addresses.Length];
        for (var i = 0; i < numbers.Length; i++)
            if (!TryConstant(value, i, out numbers[i]))
                return null;
        return numbers;
    }

    private readonly Dictionary<Comparison, FunctionTable> _comparisons = [];

    /// <summary>(left - right, result) is a row of a table, where that is not too long.</summary>
    private Error? AddCompare(CompareNode node, int value)
    {
        var (left, right) = (_values[node.Left].Info, _values[node.Right].Info);
        var (low, high) = ((Int128)left.Min - right.Max, (Int128)left.Max - right.Min);
        if (high - low >= MaxFunctionRows || !CircuitValue.IsNarrow(left) || !CircuitValue.IsNarrow(right))
            return AddFarComparison(node, value, -low, high);
        if (!_comparisons.TryGetValue(node.Comparison, out var table))
            _comparisons[node.Comparison] = table = new FunctionTable(node.Comparison switch
            {
                Comparison.Less => difference => difference < 0 ? 1 : 0,
                Comparison.LessOrEqual => difference => difference <= 0 ? 1 : 0,
                _ => difference => difference == 0 ? 1 : 0,
            });
        table.Cover((int)low, (int)high);
        var grid = GridFor([node.Left, node.Right]);
        var (positions, channels) = (samples * grid.Positions, grid.Channels);
        var (views, result) = ((Left: GridOf(node.Left, grid), Right: GridOf(node.Right, grid)), AddStorage(positions, channels));
        var site = AddLookup(
            $"value {value}", positions, channels,
            [new(1, new TapTerm(views.Left), Once), new(1, new TapTerm(views.Right), [-Felt.One]), new(2, Cells(result), Once)], [table]);
        Gadgets.Add(new CompareGadget(value, views.Left, views.Right, result, site));
        return Define(value, CircuitValue.Of(_infos[value], result, grid));
    }

    /// <summary>Of numbers that no table holds the differences of: <c>left - right = (above + isAbove) - (below + isBelow)</c>, an identity of integers.</summary>
    /// <remarks>
    /// above is a number that is not negative, and 0 unless isAbove is 1; below likewise (each limb is looked up with the flag). Not both flags are 1, since
    /// 1 - isAbove - isBelow is 0 or 1 too. So left > right where isAbove is 1, left &lt; right where isBelow is, and left = right where none is.
    /// </remarks>
    private Error? AddFarComparison(CompareNode node, int value, Int128 mostBelow, Int128 mostAbove)
    {
        var (grid, name) = (GridFor([node.Left, node.Right]), $"value {value}");
        var (positions, channels) = (samples * grid.Positions, grid.Channels);
        WideNumber Side(int source) => NumberOf(source, limb => InGrid(limb, grid));
        var (left, right, isBelow, isAbove, isEqual) = (Side(node.Left), Side(node.Right), AddStorage(positions, channels), AddStorage(positions, channels), AddStorage(positions, channels));
        var below = AddUnless($"{name}, below", positions, channels, Int128.Max(0, mostBelow - 1), Not(isBelow));
        var above = AddUnless($"{name}, above", positions, channels, Int128.Max(0, mostAbove - 1), Not(isAbove));
        var check = AddLookup($"{name}, equal", positions, channels, [new(1, Cells(isEqual), Once)], [Range(1)]);
        AddEquality($"{name}, one of three", positions, channels, [.. new[] { isBelow, isAbove, isEqual }.Select(flag => new Summand(0, Cells(flag), Once)), new(0, null, [-Felt.One])]);
        var result = node.Comparison switch
        {
            Comparison.Less => isBelow,
            Comparison.Equal => isEqual,
            _ => AddStorage(positions, channels),
        };
        if (node.Comparison == Comparison.LessOrEqual)
            AddEquality(name, positions, channels, [new(0, Cells(result), Once), new(0, Cells(isAbove), Once), new(0, null, [-Felt.One])]);
        Gadgets.Add(new FarComparisonGadget(value, left, right, isBelow, isAbove, isEqual, below, above, check, result));
        return AddZeroSum(
            value, $"{name}, difference", positions, channels,
            [
                new(left, 1), new(right, -1), new(below.Number, 1), new(WideNumber.Of(Cells(isBelow), 0, 1), 1), new(above.Number, -1), new(WideNumber.Of(Cells(isAbove), 0, 1), -1),
            ])
            ?? Define(value, CircuitValue.Of(_infos[value], result, grid));
    }

    /// <summary>
    /// The largest is some element (<see cref="AddLargest"/>); and largest - x is a number that is not negative, whose limbs are looked up.
    /// </summary>
    private Error? AddMax(MaxNode node, int value)
    {
        var (info, name) = (_values[node.Source].Info, $"value {value}");
        var limbs = LimbsOf(_values[node.Source]);
        GridView[] views = [.. limbs.Select(limb => limb.ToGrid(samples, _addresses, GridShape.OfRows(info.Shape)))];
        var source = new WideNumber([.. limbs.Select((limb, k) => new Limb(new TapTerm(views[k]), limb.Info.Min, limb.Info.Max))]);
        return AddMaximum(value, name, source, views, (Int128)info.Max - info.Min, out var largest) ?? Define(value, limbs.Length == 1
            ? CircuitValue.OfRows(_infos[value], largest.Limbs[0])
            : CircuitValue.OfLimbs(_infos[value], [.. limbs.Select((limb, k) => CircuitValue.OfRows(limb.Info with { Shape = _infos[value].Shape }, largest.Limbs[k]))]));
    }

    /// <param name="span">No two elements are further apart.</param>
    private Error? AddMaximum(int value, string name, WideNumber source, GridView[] views, Int128 span, out WideCells largest)
    {
        var (positions, channels) = (views[0].Positions, views[0].Channels);
        (largest, var chosen) = AddLargest(name, source, views);
        var gap = AddNumber($"{name}, gap", positions, channels, 0, span);
        Gadgets.Add(new MaxGadget(value, source, largest, chosen, gap));
        if (views.Length > 1 || span >= GraphAnalysis.AccumulatorBound)
            return AddZeroSum(value, $"{name}, gap", positions, channels, [new(Broadcast(largest, channels), 1), new(source, -1), new(gap.Number, -1)]);
        AddEquality(
            $"{name}, gap", positions, channels,
            [new(0, new BroadcastTerm(largest.Limbs[0], channels), Once), new(0, new TapTerm(views[0]), [-Felt.One]), .. Joined(gap.Number, -1)]);
        return null;
    }

    /// <summary>
    /// <c>sum of chosen = 1</c> along a row and <c>chosen * (largest - x) = 0</c> in each cell, limb by limb: some chosen is not 0, and all limbs of the largest are
    /// those of its element.
    /// </summary>
    private (WideCells Largest, Storage Chosen) AddLargest(string name, WideNumber source, GridView[] views)
    {
        var (positions, channels) = (views[0].Positions, views[0].Channels);
        Storage[] limbs = [.. views.Select(_ => AddStorage(positions, 1))];
        var chosen = AddStorage(positions, channels);
        var everyCell = Enumerable.Repeat(channels, views[0].PositionsPerSample).ToArray();
        AddEquality($"{name}, one is chosen", positions, 1, [new(0, new RowSumTerm(chosen, everyCell), Once), new(0, null, [-Felt.One])]);
        for (var k = 0; k < limbs.Length; k++)
            AddEquality(
                $"{name}, the chosen is the largest", positions, channels,
                [new(0, new MatrixProduct(ViewOf(limbs[k]), ViewOf(chosen), positions), Once), new(0, new ElementwiseProduct(views[k], ViewOf(chosen)), [-Felt.One])]);
        var number = new WideNumber([.. limbs.Select((limb, k) => new Limb(Cells(limb), source.Limbs[k].Low, source.Limbs[k].High))]);
        return (new WideCells([.. limbs], new LimbCut(limbs.Length, 0, 0), [], number), chosen);
    }

    /// <summary>Indices that are not public: a function of the index for each element of a row.</summary>
    private Error? AddEmbedding(EmbeddingNode node, int value)
    {
        var (source, result) = (_values[node.Source], _infos[value]);
        var channels = (int)(node.Table.Count / node.Table.Shape[0]);
        if (IsHidden(node))
            return AddHiddenEmbedding(node, value, channels);
        if (node.Table.Count > MaxFunctionRows || !CircuitValue.IsNarrow(result))
            return Unsupported($"an embedding of {node.Table.Count} numbers by indices that are not public; at most {MaxFunctionRows}, below 2^29");
        ImmutableArray<LookupTable> tables = [.. Enumerable.Range(0, channels).Select(c => new FunctionTable(x => (int)node.Table[(x * channels) + c]))];
        foreach (var table in tables)
            ((FunctionTable)table).Cover((int)source.Info.Min, (int)source.Info.Max);
        var view = source.ToGrid(samples, _addresses, source.Addresses.Length, channels, (element, _) => element);
        var cells = AddStorage(view.Positions, channels);
        var site = AddLookup($"value {value}", view.Positions, channels, [new(1, new TapTerm(view), Once), new(2, Cells(cells), Once)], tables);
        Gadgets.Add(new MapGadget(value, view, cells, site));
        return Define(value, CircuitValue.OfRows(result, cells));
    }

    /// <summary>Rows (index · channels + channel, number), the numbers being private.</summary>
    private Error? AddHiddenEmbedding(EmbeddingNode node, int value, int channels)
    {
        var source = _values[node.Source];
        var view = source.ToGrid(samples, _addresses, source.Addresses.Length, channels, (element, _) => element);
        var cells = AddStorage(view.Positions, channels);
        var rows = Weights!.AddRows(value - graph.Inputs.Length, node.Table.Count);
        var site = AddLookup(
            $"value {value}", view.Positions, channels,
            [
                new(1, new TapTerm(view), [Felt.From(channels)]), new(1, null, [.. Enumerable.Range(0, channels).Select(c => Felt.From(c))]),
                new(2, Cells(cells), Once),
            ],
            [new HiddenRowTable(rows)]);
        Gadgets.Add(new EmbeddingGadget(value, view, rows, cells, site));
        return Define(value, CircuitValue.OfRows(_infos[value], cells));
    }
}
