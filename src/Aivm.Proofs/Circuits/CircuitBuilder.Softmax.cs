using System.Collections.Immutable;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>
/// Softmax, <see cref="SoftmaxNode"/>. Elements that a mask holds so far below their row that their exponential is 0 take no part; rows
/// are brought together by how many elements are left, each length up to a power of two, and a row repeats an element of its own to fill it up.
/// </summary>
/// <remarks>
/// A prover has no choice:
/// <list type="bullet">
/// <item><c>sum of chosen = 1</c> along a row and <c>chosen * (largest - x) = 0</c> in each cell: some chosen is not 0, and there largest = x.</item>
/// <item>(largest - x - f) / 2^k = i is the index of a row of <see cref="ExponentialTable"/> and f lies in [0, 2^k). Both sides of largest - x = 2^k i + f lie
/// within p of each other, so that it holds in the integers: largest - x is not negative, and i and f are quotient and remainder. Where distances may go beyond
/// all rows there are, largest - x = 2^k i + f + above, with a number above &gt;= 0 that a flag of the row keeps at 0 but in the last one. In the others i and f
/// are quotient and remainder as before; the last says that largest - x &gt;= 2^k i, and its exponential is T[i] for any f, its steps being 0. Of scores in limbs
/// that is an identity of integers (<see cref="AddZeroSum"/>), and i a cell.</item>
/// <item>g and <c>s0 f + 2^(k-1) - 2^k g</c> lie in [0, 2^k), and s0 f &lt; 2^28: g is the quotient of s0 f + 2^(k-1). With it the exponential
/// e = T[i] + (s1 + 2^12 s2) f + g = u + 2^12 v, where (i, u - g - s1 f, v - s2 f, s0, s1, s2) is a row of the table: u and v are equal to sums that are below 2^29.</item>
/// <item>The row's sum of u + 2^12 v is an identity of integers, and so is the rounded quotient of e 2^q and it (<see cref="AddQuotient"/>). Where a row is too long for
/// sums of u, e is cut into limbs before.</item>
/// </list>
/// </remarks>
internal sealed partial class CircuitBuilder
{
    /// <summary>s0 f must stay below 2^28.</summary>
    private const int MaxExponentialShift = 14;

    /// <summary>Parts of exponentials that would be larger, when they are multiplied by what 2^q is more than a power of 2^12, are cut into limbs.</summary>
    private const int MaxScaledBits = 27;

    /// <summary>Shorter rows are filled up to it: sites of their own would cost a verifier more than the few cells that they save.</summary>
    private const int ShortestRow = 16;

    private readonly Dictionary<(Constant Entries, int Shift, bool EndsWithLast), ExponentialTable> _exponentials = [];

    /// <summary>Rows of a softmax with equally many elements.</summary>
    /// <param name="Rows">Of a sample.</param>
    /// <param name="Elements">By row: the elements that take part, the first again up to the full length.</param>
    private sealed record SoftmaxRows(int[] Rows, int[][] Elements, int[] Lengths);

    private Error? AddSoftmax(SoftmaxNode node, int value)
    {
        var (source, result) = (_values[node.Source], _infos[value]);
        if (node.Shift > MaxExponentialShift)
            return Unsupported($"exponentials 2^{node.Shift} apart; at most 2^{MaxExponentialShift}");
        var allLimbs = LimbsOf(source);
        var isSingle = AreSingle(source.Info, allLimbs, out var lows, out var highs);
        var (length, count) = (result.Shape.Last, allLimbs[0].Addresses.Length);
        var zero = Zeros(new Shape([1])).Addresses[0];
        var cells = new CircuitValue[QuotientLimbs(node)];
        for (var k = 0; k < cells.Length; k++)
            cells[k] = new CircuitValue(result, new int[count], new int[count]) { Grid = GridShape.OfRows(result.Shape) };
        foreach (var cell in cells)
            Array.Fill(cell.Addresses, zero);
        foreach (var rows in RowsOf(node, length, lows, highs))
        {
            int[] elements = [.. rows.Elements.SelectMany(row => row)];
            var (least, most) = (elements.Min(element => lows[element]), elements.Max(element => highs[element]));
            var limbs = isSingle && Math.Max(-least, most) < GraphAnalysis.AccumulatorBound ? [allLimbs[0]] : allLimbs;
            GridView[] views = [.. limbs.Select(limb => new GridView(
                samples, rows.Rows.Length, rows.Elements[0].Length,
                Array.ConvertAll(elements, element => limb.Addresses[element]), Array.ConvertAll(elements, element => limb.Strides[element]), _addresses))];
            var scores = new WideNumber(limbs.Length == 1
                ? [new Limb(new TapTerm(views[0]), least, most)]
                : [.. limbs.Select((limb, k) => new Limb(new TapTerm(views[k]), limb.Info.Min, limb.Info.Max))]);
            if (AddSoftmaxRows(node, value, scores, views, rows.Lengths, most - least, out var parts) is { } fault)
                return fault;
            for (var row = 0; row < rows.Rows.Length; row++)
                for (var c = 0; c < rows.Lengths[row]; c++)
                    for (var k = 0; k < cells.Length; k++)
                    {
                        var element = rows.Elements[row][c];
                        cells[k].Addresses[element] = parts[k].Base + (row * parts[k].Width) + c;
                        cells[k].Strides[element] = rows.Rows.Length * parts[k].Width;
                    }
        }
        return Define(value, CircuitValue.IsNarrow(result) ? cells[0] : CircuitValue.OfLimbs(result, [.. cells.Select((cell, k) => cell with { Info = CircuitValue.LimbInfo(result.Shape, LimbCut.Of(0, 1L << node.OutputExponent), k) })]));
    }

    /// <summary>Storages that hold a result: one, or one for each limb.</summary>
    private static int QuotientLimbs(SoftmaxNode node) => 1L << node.OutputExponent < GraphAnalysis.AccumulatorBound ? 1 : LimbCut.Of(0, 1L << node.OutputExponent).Count;

    /// <summary>
    /// What the elements of a value lie between, by element of a sample: those that are constants are known themselves. Where some element takes more than one
    /// cell, false. Constants may be of any size.
    /// </summary>
    private bool AreSingle(ValueInfo info, CircuitValue[] limbs, out long[] lows, out long[] highs)
    {
        var (count, isSingle) = (limbs[0].Addresses.Length, true);
        (lows, highs) = (new long[count], new long[count]);
        for (var i = 0; i < count; i++)
        {
            var (upper, isUpperKnown) = (0L, true);
            for (var k = limbs.Length - 1; k > 0; k--)
            {
                isUpperKnown &= TryConstant(limbs[k], i, out var limb);
                upper = (upper + limb) << WideNumber.LimbBits;
            }
            if (isUpperKnown && TryConstant(limbs[0], i, out var lowest))
                (lows[i], highs[i]) = (upper + lowest, upper + lowest);
            else if (isUpperKnown && upper == 0 && CircuitValue.IsNarrow(limbs[0].Info))
                (lows[i], highs[i]) = (limbs[0].Info.Min, limbs[0].Info.Max);
            else
                (lows[i], highs[i], isSingle) = (info.Min, info.Max, false);
        }
        return isSingle;
    }

    private bool TryConstant(CircuitValue value, int element, out long number)
    {
        number = 0;
        return value.Strides[element] == 0 && Public.TryConstant(value.Addresses[element], out number);
    }

    /// <summary>Rows by the number of their elements that take part.</summary>
    private static IEnumerable<SoftmaxRows> RowsOf(SoftmaxNode node, int length, long[] lows, long[] highs)
    {
        var reach = (long)(node.Entries.Count - 1) << node.Shift;
        var vanishes = node.Entries[^1] == 0;
        var all = new int[lows.Length / length][];
        for (var row = 0; row < all.Length; row++)
        {
            var elements = Enumerable.Range(row * length, length);
            var largest = elements.Max(element => lows[element]);
            all[row] = [.. elements.Where(element => !vanishes || largest - highs[element] < reach)];
        }
        foreach (var group in Enumerable.Range(0, all.Length).GroupBy(row => Math.Min(length, Math.Max(ShortestRow, 1 << Storage.BitLength(all[row].Length - 1)))).OrderBy(group => group.Key))
        {
            int[] rows = [.. group];
            yield return new SoftmaxRows(
                rows, [.. rows.Select(row => (int[])[.. all[row], .. Enumerable.Repeat(all[row][0], group.Key - all[row].Length)])], [.. rows.Select(row => all[row].Length)]);
        }
    }

    private Error? AddSoftmaxRows(SoftmaxNode node, int value, WideNumber scores, GridView[] views, int[] lengths, long span, out ImmutableArray<Storage> parts)
    {
        var (source, isWide) = (views[0], views.Length > 1);
        var (positions, channels, shift) = (source.Positions, source.Channels, node.Shift);
        var name = $"value {value}, rows of {channels}";
        parts = [];
        var reach = (long)(node.Entries.Count - 1) << shift;
        var endsWithLast = isWide || (span >> shift >= MaxFunctionRows && span > reach && node.Entries.Count <= MaxFunctionRows);
        var longest = endsWithLast ? reach + LimbCut.Of(0, Math.Max(0, span - reach)).Most : span;
        if ((!isWide && span + longest + (2L << shift) >= Felt.Modulus) || (span >> shift >= MaxFunctionRows && !endsWithLast))
            return Unsupported($"scores {span} apart, with exponentials 2^{shift} apart");
        var table = ExponentialsOf(node, endsWithLast);
        table.Cover(isWide ? reach : Math.Min(span, endsWithLast ? reach : span));

        var (largest, chosen) = AddLargest(name, scores, views);

        var index = isWide ? AddStorage(positions, channels) : null;
        var offset = shift == 0 ? null : AddNumber($"{name}, offset", positions, channels, 0, (1L << shift) - 1);
        var above = endsWithLast ? AddGated($"{name}, above", positions, channels, Math.Max(0, span - reach)) : null;
        var rounded = table.Steps == 0 ? null : AddNumber($"{name}, rounded", positions, channels, 0, (1L << shift) - 1);
        Storage[] steps = [.. Enumerable.Range(0, table.Steps).Select(_ => AddStorage(positions, channels))];
        var (low, high) = (AddStorage(positions, channels), AddStorage(positions, channels));
        var perStep = Felt.From(1L << shift).Inverse();
        var row = AddLookup($"{name}, exponential", positions, channels, [.. Index(), .. Parts()], [table]);
        var rest = rounded is null ? null : AddLookup($"{name}, rest", positions, channels, [.. Rest()], [Range(shift)]);
        Gadgets.Add(new SoftmaxGadget(value, table, source, scores, largest, chosen, index, offset, above, rounded, steps, low, high, row, rest));

        var (lowNumber, highNumber) = (WideNumber.Of(Cells(low), Reach(0, 3).Low, Reach(0, 3).High + (1L << shift)), WideNumber.Of(Cells(high), Reach(1, 4).Low, Reach(1, 4).High));
        if (isWide && AddZeroSum(value, $"{name}, distance", positions, channels, [.. Distance()]) is { } tooFar)
            return tooFar;
        ImmutableArray<WideSummand> exponential = [new(lowNumber, 1), new(highNumber, 1 << WideNumber.LimbBits)];
        ImmutableArray<WideSummand> sums = [new(SumOfRow(low, lowNumber, lengths), 1), new(SumOfRow(high, highNumber, lengths), 1 << WideNumber.LimbBits)];
        var largestSum = (Int128)node.Entries.Range().Max * channels;
        var isCut = false;
        if (!FitsZeroSum(1, [.. sums, new(NumberWithin(LimbCut.Of(0, largestSum)), -1)]))
        {
            if (CutExponential(out var limbs) is { } uncut)
                return uncut;
            sums = [.. limbs.Limbs.Select((limb, k) => new WideSummand(SumOfRow(limb, new WideNumber([limbs.Number.Limbs[k]]), lengths), (Int128)1 << (WideNumber.LimbBits * k)))];
        }
        var sum = AddNumber($"{name}, sum", positions, 1, 0, largestSum);
        Gadgets.Add(new SumGadget(value, sum, sums));
        if (AddZeroSum(value, $"{name}, sum", positions, 1, [.. sums, new(sum.Number, -1)]) is { } tooLong)
            return tooLong;

        if (!isCut && (Math.Max(-lowNumber.Limbs[0].Low, lowNumber.Limbs[0].High) << (node.OutputExponent % WideNumber.LimbBits)) >= 1 << MaxScaledBits
            && CutExponential(out _) is { } untied)
            return untied;
        var (exponent, most) = (node.OutputExponent, 1L << node.OutputExponent);
        var result = AddNumber($"{name}, result", positions, channels, CutOfQuotient(0, most));
        if (AddQuotient(value, name, [.. exponential.Select(part => part with { Coefficients = [part.Coefficients[0] << exponent] })], sum, largestSum, result) is { } tooLarge)
            return tooLarge;
        if (result.Limbs.Length > 1 && most < GraphAnalysis.AccumulatorBound && AddSumOf(value, $"{name}, result", positions, channels, [new(result.Number, 1)], 0, most, out result) is { } unjoined)
            return unjoined;
        parts = result.Limbs;
        return null;

        Error? CutExponential(out WideCells cut)
        {
            cut = AddNumber($"{name}, exponential", positions, channels, 0, node.Entries.Range().Max);
            Gadgets.Add(new SumGadget(value, cut, exponential));
            var fault = AddZeroSum(value, $"{name}, exponential", positions, channels, [.. exponential, new(cut.Number, -1)]);
            (exponential, isCut) = ([new(cut.Number, 1)], true);
            return fault;
        }

        IEnumerable<WideSummand> Distance()
        {
            yield return new(Broadcast(largest, channels), 1);
            yield return new(scores, -1);
            yield return new(WideNumber.Of(Cells(index!), 0, table.Last), -((Int128)1 << shift));
            foreach (var number in (WideCells?[])[offset, above?.Number])
                if (number is not null)
                    yield return new(number.Number, -1);
        }

        IEnumerable<Summand> Index()
        {
            if (index is not null)
            {
                yield return new(1, Cells(index), Once);
                yield break;
            }
            yield return new(1, new BroadcastTerm(largest.Limbs[0], channels), [perStep]);
            yield return new(1, new TapTerm(source), [-perStep]);
            foreach (var number in (WideCells?[])[offset, above?.Number])
                foreach (var summand in number is null ? [] : Joined(number.Number))
                    yield return summand with { Entry = 1, Factors = [-(summand.Factors[0] * perStep)] };
        }

        IEnumerable<Summand> Parts()
        {
            yield return new(2, Cells(low), Once);
            yield return new(3, Cells(high), Once);
            if (above is not null)
                yield return new(4 + table.Steps, Cells(above.Flag), Once);
            if (rounded is null)
                yield break;
            foreach (var summand in Joined(rounded.Number, -1))
                yield return summand with { Entry = 2 };
            foreach (var summand in TimesOffset(steps[1]))
                yield return summand with { Entry = 2, Factors = [-summand.Factors[0]] };
            foreach (var summand in TimesOffset(steps[2]))
                yield return summand with { Entry = 3, Factors = [-summand.Factors[0]] };
            for (var part = 0; part < steps.Length; part++)
                yield return new(4 + part, Cells(steps[part]), Once);
        }

        IEnumerable<Summand> Rest() =>
            [.. TimesOffset(steps[0]).Select(summand => summand with { Entry = 1 }), new(1, null, [Felt.From(1L << (shift - 1))]), .. Joined(rounded.Number, -(1L << shift)).Select(summand => summand with { Entry = 1 })];

        IEnumerable<Summand> TimesOffset(Storage step) => offset!.Limbs.Select((limb, k) =>
            new Summand(1, new ElementwiseProduct(ViewOf(step), ViewOf(limb)), [Felt.From(1L << (WideNumber.LimbBits * k))]));

        // What T0 + s1 f and T1 + s2 f lie between.
        (long Low, long High) Reach(int entry, int step)
        {
            var (entryLow, entryHigh) = table.IntervalOf(entry);
            var (stepLow, stepHigh) = table.Steps == 0 ? (0, 0) : table.IntervalOf(step);
            var most = (1L << shift) - 1;
            return (entryLow + Math.Min(0, stepLow * most), entryHigh + Math.Max(0, stepHigh * most));
        }
    }

    /// <summary>The sum of a row's first cells.</summary>
    private static WideNumber SumOfRow(Storage storage, WideNumber number, int[] lengths) =>
        WideNumber.Of(new RowSumTerm(storage, lengths), Math.Min(0, number.Limbs[0].Low) * storage.Channels, Math.Max(0, number.Limbs[0].High) * storage.Channels);

    private ExponentialTable ExponentialsOf(SoftmaxNode node, bool endsWithLast)
    {
        var key = (node.Entries, node.Shift, endsWithLast);
        if (_exponentials.TryGetValue(key, out var table))
            return table;
        Spend((Int128)node.Entries.Count * ExponentialWork);
        return _exponentials[key] = new ExponentialTable(node.Entries, node.Shift, endsWithLast);
    }
}
