using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Maxima and functions of single elements.</summary>
internal sealed partial class CircuitBuilder
{
    private FunctionTable? _positivePart;

    /// <summary>
    /// One tap after another: m_k - m_(k-1) = max(x_k - m_(k-1), 0), a lookup a tap. A tap outside of the source is replaced by one that is inside. A single tap is only moved.
    /// </summary>
    private Error? AddMaxPool(MaxPoolNode node, int value)
    {
        var (info, shape) = (_values[node.Source].Info, _infos[value].Shape);
        var (maps, positions) = (WindowMaps(node.Window, info.Shape, shape), shape[1] * shape[2]);
        if (maps.Length <= 1)
            return Rearrange(value, node.Source, element => maps is [var only] ? (element / positions * info.Shape[1] * info.Shape[2]) + only[element % positions] : element);
        var view = GridOf(node.Source, GridShape.OfImage(info.Shape));
        for (var p = 0; p < positions; p++)
        {
            var inside = maps.First(map => map[p] >= 0)[p];
            foreach (var map in maps)
                map[p] = map[p] < 0 ? inside : map[p];
        }
        _positivePart ??= new FunctionTable(difference => Math.Max(difference, 0));
        _positivePart.Cover((int)(info.Min - info.Max), (int)(info.Max - info.Min));
        Term running = new TapTerm(view, positions, [maps[0]]);
        var (stages, sites) = (new Storage[maps.Length - 1], new LookupSite[maps.Length - 1]);
        for (var tap = 1; tap < maps.Length; tap++)
        {
            var stage = stages[tap - 1] = AddStorage(samples * positions, shape[0]);
            sites[tap - 1] = AddLookup(
                $"value {value}, tap {tap}", samples * positions, shape[0],
                [
                    new(1, new TapTerm(view, positions, [maps[tap]]), Once), new(1, running, [-Felt.One]),
                    new(2, Cells(stage), Once), new(2, running, [-Felt.One]),
                ],
                [_positivePart]);
            running = Cells(stage);
        }
        Gadgets.Add(new MaxPoolGadget(value, view, maps, stages, sites));
        return Define(value, CircuitValue.Of(_infos[value], stages[^1], GridShape.OfImage(shape)));
    }

    private Error? AddTable(TableNode node, int value)
    {
        var (info, grid) = (_values[node.Source].Info, _values[node.Source].Grid);
        var (positions, channels) = (samples * grid.Positions, grid.Channels);
        if (info.Max - info.Min >= MaxFunctionRows)
            return Unsupported($"a table over {info.Max - info.Min + 1} values; at most {MaxFunctionRows}");
        var table = Function(new Activation.Table(node.Low, node.Entries), shift: 0, bits: 0);
        table.Cover((int)info.Min, (int)info.Max);
        var result = AddStorage(positions, channels);
        var view = GridOf(node.Source);
        var site = AddLookup($"value {value}", positions, channels, [new(1, new TapTerm(view), Once), new(2, Cells(result), Once)], [table]);
        Gadgets.Add(new MapGadget(value, view, result, site));
        return Define(value, CircuitValue.Of(_infos[value], result, grid));
    }
}
