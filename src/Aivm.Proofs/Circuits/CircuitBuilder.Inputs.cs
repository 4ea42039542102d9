using System.Collections.Immutable;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Private inputs: committed before the proof, checked to be numbers that a run would accept, and mapped into the network by lookups.</summary>
internal sealed partial class CircuitBuilder
{
    /// <summary>
    /// Each number of the input is looked up in its format's interval: without that it could be any element of the field.
    /// </summary>
    private Error? AddPrivateInput(int input)
    {
        var (info, grid) = (_infos[input], GridShape.Of(_infos[input].Shape));
        if (graph.Inputs[input].Format is InputFormat.Fixed || info.Max - info.Min >= MaxFunctionRows)
            return Unsupported($"input {graph.Inputs[input].Name}: private inputs are bytes, or indices below {MaxFunctionRows}");
        var (positions, channels) = (samples * grid.Positions, grid.Channels);
        var numbers = AddInputStorage(positions, channels);
        var site = AddLookup($"input {graph.Inputs[input].Name}", positions, channels, [new(1, Cells(numbers), Once)], [Interval(info.Min, info.Max)]);
        Gadgets.Add(new PrivateInputGadget(input, numbers, site));
        return Define(input, CircuitValue.Of(info, numbers, grid));
    }

    private readonly Dictionary<(long Low, long High), IntervalTable> _intervals = [];

    private IntervalTable Interval(long low, long high)
    {
        if (!_intervals.TryGetValue((low, high), out var table))
            _intervals[(low, high)] = table = new IntervalTable(low, high);
        return table;
    }

    /// <summary>The entry map of a private input: a function of one number for each multiplier.</summary>
    private Error? AddQuantise(QuantiseNode node, int value)
    {
        var (info, grid) = (_values[node.Source].Info, _values[node.Source].Grid);
        var (positions, channels) = (samples * grid.Positions, grid.Channels);
        if (node.Output == ElementType.S64 || info.Max - info.Min >= MaxFunctionRows || !(node.Multipliers.Count == 1 || (node.Multipliers.Count == grid.Channels && !grid.ChannelsOutermost)))
            return Unsupported("an entry map of private numbers to 64 bits, of more than 2^17 values, or with a multiplier for each column of an image");
        ImmutableArray<LookupTable> tables = [.. Enumerable.Range(0, node.Multipliers.Count).Select(channel => new FunctionTable(x => (int)node.Map(x, channel)))];
        foreach (var table in tables)
            ((FunctionTable)table).Cover((int)info.Min, (int)info.Max);
        var result = AddStorage(positions, channels);
        var view = GridOf(node.Source);
        var site = AddLookup($"value {value}", positions, channels, [new(1, new TapTerm(view), Once), new(2, Cells(result), Once)], tables);
        Gadgets.Add(new MapGadget(value, view, result, site));
        return Define(value, CircuitValue.Of(_infos[value], result, grid));
    }
}
