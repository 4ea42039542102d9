using System.Collections.Immutable;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Private inputs: committed before the proof, and checked to be numbers that a run would accept.</summary>
internal sealed partial class CircuitBuilder
{
    /// <summary>
    /// Each number of the input is looked up in its format's interval: without that it could be any element of the field. Numbers of more than 2^17 values
    /// are committed limb by limb.
    /// </summary>
    private Error? AddPrivateInput(int input)
    {
        var (info, grid, name) = (_infos[input], GridShape.Of(_infos[input].Shape), $"input {graph.Inputs[input].Name}");
        if ((Int128)info.Max - info.Min >= MaxFunctionRows)
            return AddPrivateLimbs(input, name, grid);
        var (positions, channels) = (samples * grid.Positions, grid.Channels);
        var numbers = AddInputStorage(positions, channels);
        var site = AddLookup(name, positions, channels, [new(1, Cells(numbers), Once)], [Interval(info.Min, info.Max)]);
        Gadgets.Add(new PrivateInputGadget(input, grid, new LimbCut(1, info.Min, Storage.BitLength((int)(info.Max - info.Min))), [numbers], [site]));
        return Define(input, CircuitValue.Of(info, numbers, grid));
    }

    /// <summary>
    /// Limbs of an interval that is a power of two long say that the number lies in it; where the format's is shorter, one more number says the rest.
    /// </summary>
    /// <remarks>
    /// Numbers of 64 bits: the limbs are those of [-2^63, 2^63). -2^63 is a missing number, and alone has all limbs at their lowest; where none may be missing,
    /// the limbs' distances from their lowest add up to 1 or more. Indices below a count: count - 1 - x is a number that is not negative.
    /// </remarks>
    private Error? AddPrivateLimbs(int input, string name, GridShape grid)
    {
        var (info, positions, channels) = (_infos[input], samples * grid.Positions, grid.Channels);
        var cut = LimbCut.Of(info.Min, info.Max);
        Spend(NodeWork + ((Int128)RequireFits(info) * ElementWork * cut.Count));
        var storages = new Storage[cut.Count];
        for (var k = 0; k < cut.Count; k++)
            storages[k] = AddInputStorage(positions, channels);
        var number = AddChecks(name, storages, cut);
        Gadgets.Add(new PrivateInputGadget(input, grid, cut, storages, [.. number.Checks]));
        var unfit = graph.Inputs[input].Format switch
        {
            InputFormat.Fixed { AllowsMissing: true } => null,
            InputFormat.Fixed => RequirePresent(input, name, number),
            _ => RequireAtMost(input, name, number, info.Max),
        };
        return unfit ?? Define(input, ValueOf(input, number, grid));
    }

    private Error? RequirePresent(int input, string name, WideCells number)
    {
        var (positions, channels) = (number.Limbs[0].Positions, number.Limbs[0].Channels);
        ImmutableArray<WideSummand> distance =
        [
            .. number.Number.Limbs.Select(limb => new WideSummand(new WideNumber([limb]), 1)), new(WideNumber.One, -number.Number.Limbs.Sum(limb => limb.Low) - 1),
        ];
        var rest = AddNumber($"{name}, present", positions, channels, 0, number.Number.Limbs.Sum(limb => limb.High - limb.Low) - 1);
        Gadgets.Add(new SumGadget(input, rest, distance));
        return AddZeroSum(input, $"{name}, present", positions, channels, [.. distance, new(rest.Number, -1)]);
    }

    private Error? RequireAtMost(int input, string name, WideCells number, long most)
    {
        var (positions, channels) = (number.Limbs[0].Positions, number.Limbs[0].Channels);
        ImmutableArray<WideSummand> distance = [new(WideNumber.One, most), new(number.Number, -1)];
        var rest = AddNumber($"{name}, below its count", positions, channels, 0, most);
        Gadgets.Add(new SumGadget(input, rest, distance));
        return AddZeroSum(input, $"{name}, below its count", positions, channels, [.. distance, new(rest.Number, -1)]);
    }

    private readonly Dictionary<(long Low, long High), IntervalTable> _intervals = [];

    private IntervalTable Interval(long low, long high)
    {
        if (!_intervals.TryGetValue((low, high), out var table))
            _intervals[(low, high)] = table = new IntervalTable(low, high);
        return table;
    }
}
