using System.Collections.Immutable;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Entry maps over numbers that are not public: what stands between a private input and the first layer.</summary>
internal sealed partial class CircuitBuilder
{
    /// <summary>Of few numbers a function of one number for each multiplier; of more, sums in limbs that are divided and clamped.</summary>
    private Error? AddQuantise(QuantiseNode node, int value)
    {
        if (IsHidden(node))
            return AddHiddenQuantise(node, value);
        var source = _values[node.Source];
        var isAlike = node.Multipliers.Count == 1;
        var isFunction = node.Output != ElementType.S64 && CircuitValue.IsNarrow(source.Info) && source.Info.Max - source.Info.Min < MaxFunctionRows;
        if (!isFunction || (!isAlike && source.Grid.ChannelsOutermost))
            return AddScaled(node, value, isAlike ? source.Grid : GridShape.OfRows(source.Info.Shape));
        var (info, grid) = (source.Info, source.Grid);
        var (positions, channels) = (samples * grid.Positions, grid.Channels);
        ImmutableArray<LookupTable> tables = [.. Enumerable.Range(0, node.Multipliers.Count).Select(channel => new FunctionTable(x => (int)node.Map(x, channel)))];
        foreach (var table in tables)
            ((FunctionTable)table).Cover((int)info.Min, (int)info.Max);
        var result = AddStorage(positions, channels);
        var view = GridOf(node.Source);
        var site = AddLookup($"value {value}", positions, channels, [new(1, new TapTerm(view), Once), new(2, Cells(result), Once)], tables);
        Gadgets.Add(new MapGadget(value, view, result, site));
        return Define(value, CircuitValue.Of(_infos[value], result, grid));
    }

    private Error? AddScaled(QuantiseNode node, int value, GridShape grid)
    {
        var source = _values[node.Source];
        var half = node.Shift == 0 ? Int128.Zero : Int128.One << (node.Shift - 1);
        ImmutableArray<WideSummand> sum =
        [
            new(NumberOf(source, limb => InGrid(limb, grid)), [.. node.Multipliers.ToArray().Select(multiplier => (Int128)multiplier)]),
            new(WideNumber.One, [.. node.Offsets.ToArray().Select(offset => offset + half)]),
        ];
        var (low, high) = (Int128.MaxValue, Int128.MinValue);
        for (var c = 0; c < node.Multipliers.Count; c++)
            foreach (var end in (ReadOnlySpan<long>)[source.Info.Min, source.Info.Max])
            {
                var image = ((Int128)end * node.Multipliers[c]) + node.Offsets[c] + half;
                (low, high) = (Int128.Min(low, image), Int128.Max(high, image));
            }
        return AddClamped(value, grid, sum, low, high, node.Shift);
    }

    private Error? AddClamp(ClampNode node, int value)
    {
        var (source, result) = (_values[node.Source], _infos[value]);
        if ((result.Min, result.Max) == (source.Info.Min, source.Info.Max))
            return Rearrange(value, node.Source, element => element);
        return AddClamped(value, source.Grid, [new(NumberOf(source, limb => InGrid(limb, source.Grid)), 1)], source.Info.Min, source.Info.Max, shift: 0);
    }

    /// <summary>y = floor(sum / 2^shift), brought into the interval [low, high] of the value.</summary>
    /// <remarks>
    /// <c>sum = 2^shift (low + inside - below + above) + remainder</c> and <c>inside + slack = high - low</c>, identities of integers (<see cref="AddZeroSum"/>)
    /// over numbers that are not negative, the remainder below 2^shift. Beside a flag of its own, below or inside is 0, and above or slack (each limb is
    /// looked up with the flag). So the quotient is low + inside where both are 0; else it is at most low, and inside is 0, or at least high, and slack is 0.
    /// What can never be below or above the interval has none of these.
    /// </remarks>
    /// <param name="least">No sum is less.</param>
    /// <param name="most">No sum is more.</param>
    private Error? AddClamped(int value, GridShape grid, ImmutableArray<WideSummand> sum, Int128 least, Int128 most, int shift)
    {
        var (info, name, positions, channels) = (_infos[value], $"value {value}", samples * grid.Positions, grid.Channels);
        var (low, high) = ((Int128)info.Min, (Int128)info.Max);
        var below = AddOutside($"{name}, below", positions, channels, low - (least >> shift));
        var above = AddOutside($"{name}, above", positions, channels, (most >> shift) - high);
        var inside = below is null ? AddNumber($"{name}, inside", positions, channels, 0, high - low) : AddUnless($"{name}, inside", positions, channels, high - low, Not(below.Flag));
        var slack = above is null ? null : AddUnless($"{name}, slack", positions, channels, high - low, Not(above.Flag));
        var remainder = shift == 0 ? null : AddNumber($"{name}, remainder", positions, channels, 0, ((Int128)1 << shift) - 1);
        Gadgets.Add(new ClampGadget(value, sum, shift, low, high, below, above, inside, slack, remainder));
        var unit = (Int128)1 << shift;
        ImmutableArray<WideSummand> difference =
        [
            .. sum, new(WideNumber.One, -low * unit), new(inside.Number, -unit),
            .. below is null ? [] : (WideSummand[])[new(below.Number.Number, unit)],
            .. above is null ? [] : (WideSummand[])[new(above.Number.Number, -unit)],
            .. remainder is null ? [] : (WideSummand[])[new(remainder.Number, -1)],
        ];
        if (AddZeroSum(value, $"{name}, place", positions, channels, difference) is { } tooLarge)
            return tooLarge;
        if (slack is not null && AddZeroSum(value, $"{name}, slack", positions, channels, [new(inside.Number, 1), new(slack.Number, 1), new(WideNumber.One, low - high)]) is { } unfit)
            return unfit;
        return AddSumOf(value, name, positions, channels, [new(inside.Number, 1), new(WideNumber.One, low)], low, high, out var result)
            ?? Define(value, ValueOf(value, result, grid));
    }

    /// <summary>How far something lies outside of an interval, where it can.</summary>
    private GatedNumber? AddOutside(string name, int positions, int channels, Int128 most) => most > 0 ? AddGated(name, positions, channels, most) : null;

    /// <summary>Entry 1 of a lookup: that a flag is not set.</summary>
    private ImmutableArray<Summand> Not(Storage flag) => [new(1, null, Once), new(1, Cells(flag), [-Felt.One])];

    /// <summary>The rank of each feature: of all intervals between its thresholds one holds the number.</summary>
    /// <remarks>
    /// (feature, rank, lower end, upper end) is a row of a table, and <c>x - lower</c> and <c>upper - x</c> are numbers that are not negative. The rows of a
    /// feature part all numbers among them, that of a missing one included.
    /// </remarks>
    private Error? AddRank(RankNode node, int value)
    {
        var (info, features, name) = (_values[node.Source].Info, node.Counts.Length, $"value {value}");
        var table = new RankTable(node, info);
        var source = NumberOf(node.Source, limb => Rows(limb, features));
        var rank = AddStorage(samples, features);
        var (lower, upper) = (AddEntry(samples, features, table.Ends), AddEntry(samples, features, table.Ends));
        ImmutableArray<Felt> numbers = [.. Enumerable.Range(0, features).Select(feature => Felt.From(feature))];
        var row = AddLookup(
            $"{name}, interval", samples, features,
            [new(1, null, numbers), new(2, Cells(rank), Once), .. lower.Limbs.AddRange(upper.Limbs).Select((limb, k) => new Summand(RankTable.Leading + 1 + k, Cells(limb), Once))],
            [table]);
        var span = (Int128)table.Highest - table.Lowest;
        var (fromLower, toUpper) = (AddNumber($"{name}, from the lower end", samples, features, 0, span), AddNumber($"{name}, to the upper end", samples, features, 0, span));
        Gadgets.Add(new RankGadget(value, source, table, rank, lower, upper, fromLower, toUpper, row));
        return AddZeroSum(value, $"{name}, from the lower end", samples, features, [new(source, 1), new(lower.Number, -1), new(fromLower.Number, -1)])
            ?? AddZeroSum(value, $"{name}, to the upper end", samples, features, [new(upper.Number, 1), new(source, -1), new(toUpper.Number, -1)])
            ?? Define(value, CircuitValue.OfRows(_infos[value], rank));
    }
}
