using System.Collections.Immutable;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Numbers beyond the field: committed limb by limb, and sums of them that hold in the integers.</summary>
internal sealed partial class CircuitBuilder
{
    /// <summary>
    /// Commits a number of an interval in each cell of a grid. Each limb is looked up in its range, so that no prover leaves the interval of
    /// <see cref="WideCells.Number"/>: the given one, its length up to the next power of two.
    /// </summary>
    private WideCells AddNumber(string name, int positions, int channels, Int128 low, Int128 high) =>
        AddNumber(name, positions, channels, LimbCut.Of(low, high));

    private WideCells AddNumber(string name, int positions, int channels, LimbCut cut)
    {
        var (storages, checks) = (new Storage[cut.Count], new LookupSite[cut.Count]);
        for (var k = 0; k < cut.Count; k++)
        {
            storages[k] = AddStorage(positions, channels);
            checks[k] = AddCheck(name, storages[k], cut, k);
        }
        return NumberIn(storages, cut, checks);
    }

    /// <summary>The same of storages that are there.</summary>
    private WideCells AddChecks(string name, Storage[] storages, LimbCut cut) =>
        NumberIn(storages, cut, [.. storages.Select((limb, k) => AddCheck(name, limb, cut, k))]);

    private LookupSite AddCheck(string name, Storage limb, LimbCut cut, int k)
    {
        var first = cut.IntervalOf(k).Low;
        return AddLookup(
            $"{name}, limb {k}", limb.Positions, limb.Channels,
            [new(1, Cells(limb), Once), .. first == 0 ? [] : (Summand[])[new(1, null, [Felt.From(-first)])]],
            [Range(cut.BitsOf(k))]);
    }

    private WideCells NumberIn(Storage[] storages, LimbCut cut, LookupSite[] checks) => new(
        [.. storages], cut, [.. checks],
        new WideNumber([.. storages.Select((limb, k) => new Limb(Cells(limb), cut.IntervalOf(k).Low, cut.IntervalOf(k).High))], cut.LimbBits));

    /// <summary>
    /// Where there are many of them, carries of up to 16 bits are one limb: a larger table is less than another lookup and another cell of each. A carry may
    /// reach further than it needs to; other numbers may not, whose upper end can be what leaves no choice.
    /// </summary>
    private LimbCut CutOfCarry(Int128 low, Int128 high)
    {
        var cut = LimbCut.Of(low, high);
        return HasManyQuotients && cut.Count == 2 && high - low < 1 << MaxRangeBits ? new LimbCut(1, (long)low, MaxRangeBits) : cut;
    }

    /// <summary>
    /// Likewise what a division leaves in [0, most] has two limbs of up to 16 bits instead of three of 12, where ranges of so many bits are there. The
    /// interval stays the same.
    /// </summary>
    private LimbCut CutOfRest(Int128 most)
    {
        var cut = LimbCut.Of(0, most);
        var bits = ((cut.Count - 1) * WideNumber.LimbBits) + cut.TopBits;
        var low = Math.Max(WideNumber.LimbBits, bits - MaxRangeBits);
        var isShorter = HasManyQuotients && cut.Count == 3 && low <= MaxRangeBits && _ranges.ContainsKey(low) && _ranges.ContainsKey(bits - low);
        return isShorter ? new LimbCut(2, 0, bits - low, low) : cut;
    }

    /// <summary>
    /// Likewise a quotient of 16 bits, which its remainder leaves no choice: it takes the range that is there for carries, though it may be shorter.
    /// </summary>
    private LimbCut CutOfQuotient(long low, long high)
    {
        var first = low < 0 ? -1L << (MaxRangeBits - 1) : 0;
        return HasManyQuotients && low >= first && high < first + (1 << MaxRangeBits) ? new LimbCut(1, first, MaxRangeBits) : LimbCut.Of(low, high);
    }

    /// <summary>Quotients have two carries each.</summary>
    private bool HasManyQuotients { get; } = graph.Nodes
        .Select((node, i) => node is SoftmaxNode or LayerNormNode ? analysis.Values[graph.Inputs.Length + i].Shape.Elements : 0)
        .Sum() * samples * 2 * (CellCost + LookupCost) > RowCost << MaxRangeBits;

    private const int MaxRangeBits = 16;

    /// <summary>The same for a number below 2^16 in one limb, looked up in the interval itself.</summary>
    private WideCells AddWhole(string name, int positions, int channels, long low, long high)
    {
        var cell = AddStorage(positions, channels);
        var check = AddLookup(name, positions, channels, [new(1, Cells(cell), Once)], [Interval(low, high)]);
        return new WideCells([cell], new LimbCut(1, low, Storage.BitLength((int)(high - low))), [check], WideNumber.Of(Cells(cell), low, high));
    }

    /// <summary>
    /// The sum is zero in each cell, in the integers. Digits of 2^12 are summed group by group, as many as the field can tell apart; group by group
    /// <c>carry + sum = 2^(12 count) * next carry</c>, the last with nothing to carry. All limbs and carries lie in known intervals, so that both sides of
    /// each equality differ by less than p: equal modulo p, they are equal, and the weighted sum of all groups is the sum itself.
    /// </summary>
    /// <returns>An error where even a single digit may be too large.</returns>
    private Error? AddZeroSum(int value, string name, int positions, int channels, ImmutableArray<WideSummand> summands)
    {
        var digits = new DigitSums(channels, summands);
        WideNumber? carried = null;
        for (var first = 0; first < digits.Count;)
        {
            var count = MostDigits(digits, first, carried);
            if (count == 0)
                return Unsupported($"sums of numbers too large for the field ({name})");
            ImmutableArray<Summand> sum = [.. digits.SummandsOf(first, count), .. carried is null ? [] : Joined(carried)];
            var bits = WideNumber.LimbBits * count;
            first += count;
            if (first == digits.Count)
            {
                AddEquality($"{name}, last digit", positions, channels, sum);
                return null;
            }
            var (low, high) = CarryOf(digits, first - count, count, carried);
            var carry = AddNumber($"{name}, carry to digit {first}", positions, channels, CutOfCarry(low, high));
            AddEquality($"{name}, digit {first - count}", positions, channels, [.. sum, .. Joined(carry.Number, -(1L << bits))]);
            Gadgets.Add(new CarryGadget(value, carry, sum, bits));
            carried = carry.Number;
        }
        return null;
    }

    /// <summary>Whether <see cref="AddZeroSum"/> takes these numbers.</summary>
    private bool FitsZeroSum(int channels, ImmutableArray<WideSummand> summands)
    {
        var digits = new DigitSums(channels, summands);
        WideNumber? carried = null;
        for (var first = 0; first < digits.Count;)
        {
            var count = MostDigits(digits, first, carried);
            if (count == 0)
                return false;
            var (low, high) = CarryOf(digits, first, count, carried);
            var cut = CutOfCarry(low, high);
            carried = NumberWithin(cut);
            first += count;
        }
        return true;
    }

    /// <summary>What limbs lie between, without them.</summary>
    private static WideNumber NumberWithin(LimbCut cut) =>
        new([.. Enumerable.Range(0, cut.Count).Select(k => new Limb(null, cut.IntervalOf(k).Low, cut.IntervalOf(k).High))], cut.LimbBits);

    /// <summary>How many digits of a sum one equality takes; 0 where even a single one may be too large.</summary>
    private int MostDigits(DigitSums digits, int first, WideNumber? carried)
    {
        var count = digits.Count - first;
        while (count > 0 && !Fits(digits, first, count, carried))
            count--;
        return count;
    }

    private static (Int128 Low, Int128 High) SumOf(DigitSums digits, int first, int count, WideNumber? carried)
    {
        var (sum, carry) = (digits.IntervalOf(first, count), carried?.Interval ?? default);
        return (sum.Low + carry.Low, sum.High + carry.High);
    }

    private static (Int128 Low, Int128 High) CarryOf(DigitSums digits, int first, int count, WideNumber? carried)
    {
        var (low, high) = SumOf(digits, first, count, carried);
        return (low >> (WideNumber.LimbBits * count), high >> (WideNumber.LimbBits * count));
    }

    /// <summary>Whether the field tells all differences of a group's two sides from zero.</summary>
    private bool Fits(DigitSums digits, int first, int count, WideNumber? carried)
    {
        // Beyond, no carry would help, and 128 bits might not do.
        if (count > 4)
            return false;
        var (low, high) = SumOf(digits, first, count, carried);
        if (first + count == digits.Count)
            return Int128.Max(-low, high) < Felt.Modulus;
        var (least, most) = CarryOf(digits, first, count, carried);
        var cut = CutOfCarry(least, most);
        var reach = ((Int128)1 << (WideNumber.LimbBits * (cut.Count - 1))) * Int128.Max(-cut.TopLow, cut.TopLow + (1L << cut.TopBits));
        return Int128.Max(-low, high) + (reach << (WideNumber.LimbBits * count)) < Felt.Modulus;
    }

    /// <summary>A number's limbs with their powers, in one equality.</summary>
    private static IEnumerable<Summand> Joined(WideNumber number, long factor = 1)
    {
        var power = Felt.From(factor);
        foreach (var limb in number.Limbs)
        {
            yield return new Summand(0, limb.Term, [power]);
            power *= Felt.From(1L << number.Step);
        }
    }

    /// <summary>
    /// Commits the sum of numbers, which lies in an interval. Below 2^29 one cell holds it without any range check: it is equal to the sum modulo p, and
    /// the sum itself is in the interval. Above, limbs are committed, and <see cref="AddZeroSum"/> compares.
    /// </summary>
    private Error? AddSumOf(int value, string name, int positions, int channels, ImmutableArray<WideSummand> summands, Int128 low, Int128 high, out WideCells result)
    {
        if (Int128.Max(-low, high) < GraphAnalysis.AccumulatorBound)
        {
            var cell = AddStorage(positions, channels);
            result = new WideCells([cell], new LimbCut(1, (long)low, 0), [], WideNumber.Of(Cells(cell), (long)low, (long)high));
            Gadgets.Add(new SumGadget(value, result, summands));
            var digits = new DigitSums(channels, summands);
            AddEquality(name, positions, channels, [.. SummandsModuloP(digits), new(0, Cells(cell), [-Felt.One])]);
            return null;
        }
        result = AddNumber(name, positions, channels, low, high);
        Gadgets.Add(new SumGadget(value, result, summands));
        return AddZeroSum(value, name, positions, channels, [.. summands, new(result.Number, -1)]);
    }

    private static IEnumerable<Summand> SummandsModuloP(DigitSums digits)
    {
        var power = Felt.One;
        for (var d = 0; d < digits.Count; d++, power *= Felt.From(1L << WideNumber.LimbBits))
            foreach (var summand in digits.SummandsOf(d, 1))
                yield return summand with { Factors = [.. summand.Factors.Select(factor => factor * power)] };
    }

    /// <summary>A value's elements where a grid reads them: as they are, or limb by limb.</summary>
    private WideNumber NumberOf(int value, Func<CircuitValue, Term> read) => NumberOf(_values[value], read);

    private WideNumber NumberOf(CircuitValue cells, Func<CircuitValue, Term> read) =>
        new([.. LimbsOf(cells).Select(limb => new Limb(read(limb), limb.Info.Min, limb.Info.Max))]);

    /// <summary>A value's limbs: itself where one cell holds an element.</summary>
    private CircuitValue[] LimbsOf(CircuitValue cells)
    {
        if (!CircuitValue.IsNarrow(cells.Info) && !cells.IsWide)
            cells = Public.AddLimbs(cells);
        return cells.IsWide ? [.. cells.Limbs] : [cells];
    }

    /// <summary>A grid of a value's elements.</summary>
    /// <param name="element">Of a sample's position and a channel; -1 for a zero.</param>
    private TapTerm Elements(CircuitValue value, int positionsPerSample, int channels, Func<int, int, int> element)
    {
        var (addresses, strides) = (new int[positionsPerSample * channels], new int[positionsPerSample * channels]);
        for (var i = 0; i < addresses.Length; i++)
            (addresses[i], strides[i]) = element(i / channels, i % channels) is var from && from < 0
                ? (Zero.Addresses[0], Zero.Strides[0])
                : (value.Addresses[from], value.Strides[from]);
        return new TapTerm(new GridView(samples, positionsPerSample, channels, addresses, strides, _addresses));
    }

    /// <summary>A value's elements in row-major order, so many in a row.</summary>
    private TapTerm Rows(CircuitValue value, int channels) =>
        new(new GridView(samples, value.Addresses.Length / channels, channels, value.Addresses, value.Strides, _addresses));

    /// <summary>The same as another value's grid has them, or as its own does.</summary>
    private TapTerm InGrid(CircuitValue value, GridShape grid) => new(value.ToGrid(samples, _addresses, grid));

    /// <summary>A grid of a storage's cells.</summary>
    /// <param name="channel">The storage's channel for each of the grid's; -1 for a zero.</param>
    private TapTerm Elements(Storage storage, int channels, Func<int, int> channel)
    {
        var perSample = storage.Positions / samples;
        var value = CircuitValue.OfRows(new ValueInfo(ElementType.S32, [perSample, storage.Channels], 0, 0), storage);
        return Elements(value, perSample, channels, (position, c) => channel(c) is var from && from < 0 ? -1 : (position * storage.Channels) + from);
    }

    /// <summary>
    /// What a committed number is as a value, in row-major order: one cell an element below 2^29, limbs above.
    /// </summary>
    private CircuitValue ValueOf(int value, WideCells cells) =>
        ValueOf(value, cells, new GridShape((int)_infos[value].Shape.Elements / cells.Limbs[0].Channels, cells.Limbs[0].Channels, ChannelsOutermost: false));

    /// <param name="grid">By which the cells are laid out.</param>
    private CircuitValue ValueOf(int value, WideCells cells, GridShape grid)
    {
        var info = _infos[value];
        if (!CircuitValue.IsNarrow(info))
            return CircuitValue.OfLimbs(info, cells, grid);
        if (cells.Limbs.Length == 1)
            return CircuitValue.Of(info, cells.Limbs[0], grid);
        var (positions, channels) = (cells.Limbs[0].Positions, cells.Limbs[0].Channels);
        return AddSumOf(value, $"value {value}", positions, channels, [new(cells.Number, 1)], info.Min, info.Max, out var joined) is null
            ? CircuitValue.Of(info, joined.Limbs[0], grid)
            : throw new InvalidOperationException("A sum below 2^29 takes one cell.");
    }

    /// <summary>A value as it is, but in limbs where single cells hold numbers of more than some bits.</summary>
    private CircuitValue CutAbove(int bits, int value, int source)
    {
        var cells = _values[source];
        return !CircuitValue.IsNarrow(cells.Info) || cells.Info.Magnitude >> bits == 0 ? cells : cells.IsPublic ? Public.AddLimbs(cells) : Cut(value, source);
    }

    /// <summary>
    /// The limbs of a value that single cells hold: the sum of the limbs is equal to the cell modulo p, and both lie within intervals that together are
    /// shorter than p.
    /// </summary>
    private CircuitValue Cut(int value, int source)
    {
        var (cells, info) = (_values[source], _values[source].Info);
        var (channels, positions) = (info.Shape.Last, samples * (int)(info.Shape.Elements / info.Shape.Last));
        WideSummand whole = new(WideNumber.Of(Rows(cells, channels), info.Min, info.Max), 1);
        var limbs = AddNumber($"value {value}, source", positions, channels, info.Min, info.Max);
        Gadgets.Add(new SumGadget(value, limbs, [whole]));
        AddEquality(
            $"value {value}, source", positions, channels,
            [.. SummandsModuloP(new DigitSums(channels, [whole, new(limbs.Number, -1)]))]);
        return CircuitValue.OfLimbs(info, limbs, GridShape.OfRows(info.Shape));
    }
}
