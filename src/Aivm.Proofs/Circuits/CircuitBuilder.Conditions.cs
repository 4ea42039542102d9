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
    /// <c>result = right + flag (left - right)</c>.
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
        if (!CircuitValue.IsNarrow(_values[node.Left].Info) || !CircuitValue.IsNarrow(_values[node.Right].Info))
            return Unsupported("choices between numbers from 2^29 on by numbers that are not constant");
        var grid = GridFor([node.Condition, node.Left, node.Right]);
        var (positions, channels) = (samples * grid.Positions, grid.Channels);
        var (views, flag, result) = ((Condition: GridOf(node.Condition, grid), Left: GridOf(node.Left, grid), Right: GridOf(node.Right, grid)), AddStorage(positions, channels), AddStorage(positions, channels));
        _flags ??= new FunctionTable(x => x == 0 ? 0 : 1);
        _flags.Cover((int)condition.Info.Min, (int)condition.Info.Max);
        var site = AddLookup($"value {value}, condition", positions, channels, [new(1, new TapTerm(views.Condition), Once), new(2, Cells(flag), Once)], [_flags]);
        AddEquality(
            $"value {value}", positions, channels,
            [
                new(0, new TapTerm(views.Right), Once), new(0, new ElementwiseProduct(views.Left, ViewOf(flag)), Once),
                new(0, new ElementwiseProduct(views.Right, ViewOf(flag)), [-Felt.One]), new(0, Cells(result), [-Felt.One]),
            ]);
        Gadgets.Add(new WhereGadget(value, views.Condition, views.Left, views.Right, flag, result, site));
        return Define(value, CircuitValue.Of(info, result, grid));
    }

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

    /// <summary>(left - right, result) is a row of a table.</summary>
    private Error? AddCompare(CompareNode node, int value)
    {
        var (left, right) = (_values[node.Left].Info, _values[node.Right].Info);
        var (low, high) = (left.Min - right.Max, left.Max - right.Min);
        if (high - low >= MaxFunctionRows)
            return Unsupported($"comparisons of numbers up to {high - low} apart; at most {MaxFunctionRows}");
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

    /// <summary>
    /// <c>sum of chosen = 1</c> along a row and <c>chosen * (largest - x) = 0</c> in each cell, so that the largest is some element; and largest - x is a number
    /// that is not negative, whose limbs are looked up.
    /// </summary>
    private Error? AddMax(MaxNode node, int value)
    {
        var (source, info) = (_values[node.Source], _values[node.Source].Info);
        var view = GridOf(node.Source, GridShape.OfRows(info.Shape));
        var (positions, channels, name) = (view.Positions, view.Channels, $"value {value}");
        if (info.Max - info.Min >= GraphAnalysis.AccumulatorBound)
            return Unsupported($"the largest of numbers {info.Max - info.Min} apart");
        var (largest, chosen) = (AddStorage(positions, 1), AddStorage(positions, channels));
        AddLargest(name, view, largest, chosen);
        var gap = AddNumber($"{name}, gap", positions, channels, 0, info.Max - info.Min);
        Gadgets.Add(new MaxGadget(value, view, largest, chosen, gap));
        AddEquality(
            $"{name}, gap", positions, channels,
            [new(0, new BroadcastTerm(largest, channels), Once), new(0, new TapTerm(view), [-Felt.One]), .. Joined(gap.Number, -1)]);
        return Define(value, CircuitValue.OfRows(_infos[value], largest));
    }

    /// <summary>Some element of each row is its largest.</summary>
    private void AddLargest(string name, GridView source, Storage largest, Storage chosen)
    {
        var (positions, channels) = (source.Positions, source.Channels);
        var everyCell = Enumerable.Repeat(channels, source.PositionsPerSample).ToArray();
        AddEquality($"{name}, one is chosen", positions, 1, [new(0, new RowSumTerm(chosen, everyCell), Once), new(0, null, [-Felt.One])]);
        AddEquality(
            $"{name}, the chosen is the largest", positions, channels,
            [new(0, new MatrixProduct(ViewOf(largest), ViewOf(chosen), positions), Once), new(0, new ElementwiseProduct(source, ViewOf(chosen)), [-Felt.One])]);
    }

    /// <summary>Indices that are not public: a function of the index for each element of a row.</summary>
    private Error? AddEmbedding(EmbeddingNode node, int value)
    {
        var (source, result) = (_values[node.Source], _infos[value]);
        var channels = (int)(node.Table.Count / node.Table.Shape[0]);
        if (node.Table.Count > MaxFunctionRows || !CircuitValue.IsNarrow(result))
            return Unsupported($"an embedding of {node.Table.Count} numbers by indices that are not public; at most {MaxFunctionRows}, below 2^29");
        ImmutableArray<LookupTable> tables = [.. Enumerable.Range(0, channels).Select(c => new FunctionTable(x => (int)node.Table[(x * channels) + c]))];
        foreach (var table in tables)
            ((FunctionTable)table).Cover((int)source.Info.Min, (int)source.Info.Max);
        var view = source.ToGrid(samples, _storageAt, source.Addresses.Length, channels, (element, _) => element);
        var cells = AddStorage(view.Positions, channels);
        var site = AddLookup($"value {value}", view.Positions, channels, [new(1, new TapTerm(view), Once), new(2, Cells(cells), Once)], tables);
        Gadgets.Add(new MapGadget(value, view, cells, site));
        return Define(value, CircuitValue.OfRows(result, cells));
    }
}
