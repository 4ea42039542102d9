using System.Collections.Immutable;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>A sum that a node requantises: terms with factors, a constant, and an interval that holds it, channel by channel or for all.</summary>
internal sealed record Accumulator(
    ImmutableArray<(Expression Term, ImmutableArray<Felt> Factors)> Terms, ImmutableArray<Felt> Constants, (long Low, long High)[] Bounds)
{
    public (long Low, long High) BoundOf(int channel) => Bounds.Length == 1 ? Bounds[0] : Bounds[channel];

    public Felt ConstantOf(int channel) => Constants.Length == 1 ? Constants[0] : Constants[channel];

    /// <summary>Its summands in an entry of a tuple, each channel times a factor and plus an offset before that.</summary>
    public IEnumerable<Summand> Scaled(int entry, int channels, Func<int, Felt> factor, Func<int, Felt> offset)
    {
        foreach (var (term, factors) in Terms)
            yield return new(entry, term, PerChannel(channels, c => (factors.Length == 1 ? factors[0] : factors[c]) * factor(c)));
        yield return new(entry, null, PerChannel(channels, c => (ConstantOf(c) + offset(c)) * factor(c)));
    }

    /// <summary>One number for all channels where they are equal.</summary>
    public static ImmutableArray<Felt> PerChannel(int channels, Func<int, Felt> of)
    {
        var all = new Felt[channels];
        for (var c = 0; c < channels; c++)
            all[c] = of(c);
        return Array.TrueForAll(all, each => each == all[0]) ? [all[0]] : [.. all];
    }
}

/// <summary>
/// What is taken from an accumulator before it is cut: T = acc * 2^Scale + 2^(Shift - 1), the rounding term only where Shift is not 0. Scaling lets
/// channels and layers of different shifts share their tables: round(acc, s) = round(acc * 2^k, s + k).
/// </summary>
/// <param name="Shift">Of T.</param>
internal readonly record struct Rescaling(int Scale, int Shift)
{
    public long Half => Shift == 0 ? 0 : 1L << (Shift - 1);

    public long Apply(long accumulator) => (accumulator << Scale) + Half;

    /// <summary>No T of these accumulators lies further from 0.</summary>
    public long Reach((long Low, long High) bounds) => (Math.Max(-bounds.Low, bounds.High) << Scale) + Half;

    /// <summary>To a shift of at least <paramref name="wanted"/>, where T stays below 2^29.</summary>
    public static Rescaling Of(int shift, int wanted, (long Low, long High) bounds)
    {
        var scaled = new Rescaling(Math.Max(0, wanted - shift), Math.Max(wanted, shift));
        return scaled.Reach(bounds) < GraphAnalysis.AccumulatorBound ? scaled : new Rescaling(0, shift);
    }
}

/// <summary>
/// Requantising: T = Q * 2^bits + low with low in [0, 2^bits). Q = (T - low) / 2^bits is no cell of its own: the lookup of (Q, f(Q)) divides in the
/// field. It holds in the integers, since |T| &lt; 2^29 and |Q| * 2^bits &lt;= 2^29 in every row. There are three ways; a node takes the cheapest, counting
/// the rows that its tables must grow by.
/// </summary>
/// <remarks>
/// <b>One part</b>: bits = min(shift, 12), and f shifts by what is left. <b>Two parts</b>: bits = shift, low = low0 + 2^12 low1, each in its own
/// range. <b>Wide clamp</b>: bits = 12 even for a smaller shift, so that Q has fewer values than what the shift leaves (<see cref="WideClamp"/>).
/// <b>One wide part</b>, where a range of 16 bits is there anyway: bits = min(shift, 16), so that most shifts share one table of f.
/// </remarks>
internal sealed partial class CircuitBuilder
{
    /// <summary>Bits of a range check, but for those that are wide (<see cref="MaxRangeBits"/>).</summary>
    internal const int PartBits = 12;

    /// <summary>The most rows of a function's table.</summary>
    private const int MaxFunctionRows = 1 << 17;

    /// <summary>The shift that wide clamps are brought to, so that they share tables.</summary>
    private const int WideClampShift = 4;

    /// <summary>What proving takes, in nanoseconds of one core: a committed cell, a lookup, a row of a table.</summary>
    private const int CellCost = 14;
    private const int LookupCost = 28;
    private const int RowCost = 45;

    private readonly Dictionary<int, RangeTable> _ranges = [];
    private readonly Dictionary<(Activation Activation, int Shift, int Bits), FunctionTable> _functions = [];
    private readonly Dictionary<(Activation.Clamp Clamp, int Shift), WideClamp> _wideClamps = [];
    private WideClamp? _withoutParts;

    private RangeTable Range(int bits)
    {
        if (!_ranges.TryGetValue(bits, out var table))
            _ranges[bits] = table = new RangeTable(bits);
        return table;
    }

    private Error? AddRequantised(int value, GridShape grid, Accumulator accumulator, Requantise requantise)
    {
        var channels = grid.Channels;
        // The analysis has seen to it. What follows divides in the field on the strength of it, and a sum that went beyond would have two quotients.
        for (var c = 0; c < channels; c++)
            if (new Rescaling(0, requantise.ShiftOf(c)).Reach(accumulator.BoundOf(c)) >= GraphAnalysis.AccumulatorBound)
                return Unsupported($"the sum of channel {c} may reach 2^29");
        if (requantise.Output == ElementType.S32)
            return AddRaw(value, grid, accumulator, requantise);
        var clamp = requantise.Activation as Activation.Clamp;
        var cells = (long)samples * grid.Elements;
        var one = Plan.Of(accumulator, requantise, channels, requantise.MaxShift == 0 ? 0 : PartBits, shift => Math.Min(shift, PartBits));
        var two = Plan.Of(accumulator, requantise, channels, requantise.MaxShift == 0 ? 0 : PartBits, shift => shift);
        var wide = Plan.Of(accumulator, requantise, channels, WideClampShift, _ => PartBits);
        var (oneGrowth, twoGrowth) = (GrowthOfFunctions(one, requantise.Activation!), GrowthOfFunctions(two, requantise.Activation!));
        var oneCost = oneGrowth > MaxFunctionRows ? long.MaxValue : oneGrowth * RowCost;
        var twoCost = twoGrowth > MaxFunctionRows || !two.Exceeds(PartBits) ? long.MaxValue : (twoGrowth * RowCost) + (cells * (CellCost + LookupCost));
        var wideCost = clamp is null ? long.MaxValue : (GrowthOfClamps(wide, clamp) * RowCost) + (cells * 2 * CellCost);
        if (HasManyQuotients && requantise.MaxShift > 0)
        {
            var widePart = Plan.Of(accumulator, requantise, channels, MaxRangeBits, shift => Math.Min(shift, MaxRangeBits));
            var growth = GrowthOfFunctions(widePart, requantise.Activation!);
            var ranges = widePart.Channels.Select(channel => channel.Bits).Distinct().Where(bits => !_ranges.ContainsKey(bits)).Sum(bits => 1L << bits);
            if (growth <= MaxFunctionRows && (growth + ranges) * RowCost < Math.Min(wideCost, Math.Min(oneCost, twoCost)))
                return AddNarrow(value, grid, accumulator, widePart, requantise.Activation!, MaxRangeBits);
        }
        if (wideCost < Math.Min(oneCost, twoCost))
            return AddWideClamp(value, grid, accumulator, wide, clamp!);
        return oneCost == long.MaxValue && twoCost == long.MaxValue
            ? Unsupported($"its activation would need a table of {Math.Min(oneGrowth, twoGrowth)} rows; at most {MaxFunctionRows}")
            : AddNarrow(value, grid, accumulator, oneCost <= twoCost ? one : two, requantise.Activation!, PartBits);
    }

    /// <summary>How accumulators are cut, channel by channel or alike for all: rescaled, then bits are taken off, then the interval of Q.</summary>
    private sealed record Plan((Rescaling Rescaling, int Bits, int Low, int High)[] Channels)
    {
        public static Plan Of(Accumulator accumulator, Requantise requantise, int channels, int wanted, Func<int, int> bitsOf)
        {
            var all = new (Rescaling Rescaling, int Bits, int Low, int High)[channels];
            for (var c = 0; c < channels; c++)
            {
                var (low, high) = accumulator.BoundOf(c);
                var rescaling = Rescaling.Of(requantise.ShiftOf(c), wanted, (low, high));
                var bits = bitsOf(rescaling.Shift);
                all[c] = (rescaling, bits, (int)(rescaling.Apply(low) >> bits), (int)(rescaling.Apply(high) >> bits));
            }
            return new Plan(all);
        }

        /// <summary>Whether some channel's shift is larger.</summary>
        public bool Exceeds(int shift) => Array.Exists(Channels, channel => channel.Rescaling.Shift > shift);

        /// <summary>One item for all channels where they are equal.</summary>
        public T[] Items<T>(Func<(Rescaling Rescaling, int Bits), T> of)
        {
            var same = Array.TrueForAll(Channels, channel => (channel.Rescaling, channel.Bits) == (Channels[0].Rescaling, Channels[0].Bits));
            return [.. Channels.Take(same ? 1 : Channels.Length).Select(channel => of((channel.Rescaling, channel.Bits)))];
        }
    }

    private long GrowthOfFunctions(Plan plan, Activation activation) => plan.Channels
        .GroupBy(channel => KeyOf(activation, channel.Rescaling.Shift, channel.Bits))
        .Sum(group => (long)(_functions.TryGetValue(group.Key, out var table) ? table : Empty).Growth(group.Min(c => c.Low), group.Max(c => c.High)));

    /// <summary>Lookups that cut more bits off have tables of their own, whose rows times 2^bits stay within the field.</summary>
    private static (Activation Activation, int Shift, int Bits) KeyOf(Activation activation, int shift, int bits) => (activation, shift - bits, Math.Max(bits, PartBits));

    private static readonly FunctionTable Empty = new(q => q);

    private long GrowthOfClamps(Plan plan, Activation.Clamp clamp) => plan.Channels
        .GroupBy(channel => channel.Rescaling.Shift)
        .Sum(group => (long)(_wideClamps.TryGetValue((clamp, group.Key), out var wide) ? wide : new WideClamp(group.Key, clamp)).Growth(group.Min(c => c.Low), group.Max(c => c.High)));

    private Error? AddRaw(int value, GridShape grid, Accumulator accumulator, Requantise requantise)
    {
        var (positions, channels) = (samples * grid.Positions, grid.Channels);
        var result = AddStorage(positions, channels);
        var summands = accumulator.Scaled(0, channels, c => Felt.From(1L << (requantise.MaxShift - requantise.ShiftOf(c))), _ => Felt.Zero);
        AddEquality($"value {value}", positions, channels, [.. summands, new(0, Cells(result), [-Felt.One])]);
        Gadgets.Add(new RawGadget(value, requantise, result));
        return Define(value, CircuitValue.Of(_infos[value], result, grid));
    }

    /// <summary>2^-bits, for the bits of any shift.</summary>
    private static readonly Felt[] InversesOfPowers = [.. Enumerable.Range(0, 63).Select(bits => Felt.From(1L << bits).Inverse())];

    /// <summary>T / 2^bits as summands of an entry; less low / 2^bits it is Q.</summary>
    private static IEnumerable<Summand> Divided(Accumulator accumulator, int entry, int channels, Plan plan)
    {
        Felt Inverse(int channel) => InversesOfPowers[plan.Channels[channel].Bits];
        return accumulator.Scaled(entry, channels, c => Felt.From(1L << plan.Channels[c].Rescaling.Scale) * Inverse(c), _ => Felt.Zero)
            .Append(new(entry, null, Accumulator.PerChannel(channels, c => Felt.From(plan.Channels[c].Rescaling.Half) * Inverse(c))));
    }

    private Error? AddNarrow(int value, GridShape grid, Accumulator accumulator, Plan plan, Activation activation, int partBits)
    {
        var (positions, channels) = (samples * grid.Positions, grid.Channels);
        foreach (var (rescaling, bits, low, high) in plan.Channels)
            Function(activation, rescaling.Shift, bits).Cover(low, high);
        var entries = Divided(accumulator, 1, channels, plan).ToList();
        var (parts, sites) = (new List<Storage>(), new List<LookupSite>());
        for (var first = 0; plan.Channels.Any(channel => channel.Bits > first); first += partBits)
        {
            var (part, from) = (AddStorage(positions, channels), first);
            parts.Add(part);
            sites.Add(AddLookup(
                $"value {value}, bits from {first}", positions, channels, [new(1, Cells(part), Once)],
                [.. plan.Items(channel => Range(Math.Clamp(channel.Bits - from, 0, partBits)))]));
            entries.Add(new(1, Cells(part), Accumulator.PerChannel(channels, c => -(Felt.From(1L << from) * InversesOfPowers[plan.Channels[c].Bits]))));
        }
        var result = AddStorage(positions, channels);
        entries.Add(new(2, Cells(result), Once));
        var site = AddLookup($"value {value}, activation", positions, channels, [.. entries], [.. plan.Items(channel => Function(activation, channel.Rescaling.Shift, channel.Bits))]);
        Gadgets.Add(new RequantiseGadget(value, plan.Items(channel => channel), [.. parts], result, [.. sites], site));
        return Define(value, CircuitValue.Of(_infos[value], result, grid));
    }

    private FunctionTable Function(Activation activation, int shift, int bits)
    {
        var key = KeyOf(activation, shift, bits);
        if (!_functions.TryGetValue(key, out var table))
            _functions[key] = table = new FunctionTable(q => Apply(activation, q >> key.Shift));
        return table;
    }

    /// <summary>Q * 2^bits + low and T must be equal as integers, not only modulo p: no row may take them p apart.</summary>
    private Error? CheckQuotients()
    {
        foreach (var ((_, _, bits), table) in _functions)
            if (Reaches(table.Low, table.Rows, bits))
                return TooWide(table);
        foreach (var wide in _wideClamps.Values)
            if (Reaches(wide.FirstQuotient, wide.Classes.Rows, PartBits))
                return TooWide(wide.Classes);
        return null;

        static bool Reaches(long low, long rows, int bits) => (Math.Max(-low, low + rows) << bits) + GraphAnalysis.AccumulatorBound >= Felt.Modulus;

        static Error TooWide(LookupTable table) => Unsupported($"a table of {table.Rows} rows reaches beyond what the field can tell apart");
    }

    private static int Apply(Activation activation, int h) => activation switch
    {
        Activation.Clamp clamp => Math.Clamp(h, clamp.Low, clamp.High),
        Activation.Table table => (int)table.Entries[(int)(Math.Clamp((long)h, table.Low, (long)table.Low + table.Entries.Count - 1) - table.Low)],
        _ => throw new InvalidOperationException("An activation is a clamp or a table."),
    };

    private Error? AddWideClamp(int value, GridShape grid, Accumulator accumulator, Plan plan, Activation.Clamp clamp)
    {
        var (positions, channels) = (samples * grid.Positions, grid.Channels);
        WideClamp ClampOf(Rescaling rescaling)
        {
            if (!_wideClamps.TryGetValue((clamp, rescaling.Shift), out var wide))
                _wideClamps[(clamp, rescaling.Shift)] = wide = new WideClamp(rescaling.Shift, clamp);
            return wide;
        }

        LookupTable PartsOf(WideClamp wide) => (wide.HasNoParts ? _withoutParts ??= wide : wide).Parts;

        Spend((Int128)GrowthOfClamps(plan, clamp) * RowWork);
        foreach (var (rescaling, _, first, last) in plan.Channels)
            ClampOf(rescaling).Cover(first, last);
        var (low, kind, part, result) = (AddStorage(positions, channels), AddStorage(positions, channels), AddStorage(positions, channels), AddStorage(positions, channels));
        var partSite = AddLookup(
            $"value {value}, part", positions, channels,
            [new(1, Cells(kind), Once), new(2, Cells(low), Once), new(3, Cells(part), Once)], [.. plan.Items(channel => PartsOf(ClampOf(channel.Rescaling)))]);
        var classSite = AddLookup(
            $"value {value}, class", positions, channels,
            [
                .. Divided(accumulator, 1, channels, plan), new(1, Cells(low), [-InversesOfPowers[PartBits]]), new(2, Cells(kind), Once),
                new(3, Cells(result), Once), new(3, Cells(part), [-Felt.One]),
            ],
            [.. plan.Items(channel => ClampOf(channel.Rescaling).Classes)]);
        var clamps = plan.Items(channel => (channel.Rescaling, ClampOf(channel.Rescaling)));
        Gadgets.Add(new WideClampGadget(value, clamps, low, kind, part, result, classSite, partSite));
        return Define(value, CircuitValue.Of(_infos[value], result, grid));
    }
}
