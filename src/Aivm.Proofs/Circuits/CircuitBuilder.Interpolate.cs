using System.Collections.Immutable;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>
/// Interpolation between the entries of a table, <see cref="InterpolateNode"/>, of numbers of any size.
/// </summary>
/// <remarks>
/// <c>x - low = 2^k i + f - below + above</c> with f = sum of 2^(w j) digit_j in [0, 2^k), and <c>2^k y + r = 2^k T[i] + f step(i) + 2^(k-1)</c> with r in
/// [0, 2^k), both in the integers (<see cref="AddZeroSum"/>). A prover has no choice: i, each digit, each digit times step(i), T[i] and the flags are
/// one row of <see cref="InterpolationTable"/> a digit, all of the same i. For 0 &lt;= i &lt; n - 1 both flags are set, so that below = above = 0 (each limb
/// is looked up with its flag), and i and f are quotient and remainder. Else below or above is any number that is not negative: i = -1 then says
/// x - low &lt;= f - 2^k &lt; 0, and i = n - 1 that x - low >= 2^k (n - 1), where T[i] is the answer whatever f is, as the step is 0. Quotient and remainder
/// again make y the only solution.
/// </remarks>
internal sealed partial class CircuitBuilder
{
    private const int MaxInterpolationRows = 1 << 18;

    private const int MaxDigitBits = 8;

    private readonly Dictionary<int, UnlessTable> _unless = [];

    private UnlessTable Unless(int bits)
    {
        if (!_unless.TryGetValue(bits, out var table))
            _unless[bits] = table = new UnlessTable(bits);
        return table;
    }

    private Error? AddInterpolate(InterpolateNode node, int value)
    {
        var (info, result) = (_values[node.Source].Info, _infos[value]);
        var (channels, positions) = (result.Shape.Last, samples * (int)(result.Shape.Elements / result.Shape.Last));
        var (name, shift, lastEntry) = ($"value {value}", node.Shift, node.Entries.Count - 1);
        var highest = node.Low + ((long)lastEntry << shift);
        int IndexOf(long x) => x < node.Low ? -1 : (int)Int128.Min(lastEntry, ((Int128)x - node.Low) >> shift);
        var (first, last) = (IndexOf(info.Min), IndexOf(info.Max));
        var digitBits = DigitBitsOf(shift, last - first + 1, (long)positions * channels);
        if (((long)(last - first + 1) << digitBits) > MaxInterpolationRows)
            return Unsupported($"a table of {last - first + 1} entries to interpolate; at most {MaxInterpolationRows / 2}");
        var table = new InterpolationTable(node.Entries, digitBits, first, last, info.Min < node.Low, info.Max > highest);

        var source = NumberOf(node.Source, limb => Rows(limb, channels));
        var index = AddStorage(positions, channels);
        var digits = new Storage[digitBits == 0 ? 0 : (shift + digitBits - 1) / digitBits];
        for (var j = 0; j < digits.Length; j++)
            digits[j] = AddStorage(positions, channels);
        var products = new WideCells[digits.Length];
        for (var j = 0; j < digits.Length; j++)
            products[j] = AddEntry(positions, channels, table.Products);
        var entry = AddEntry(positions, channels, table.Entries);
        var below = info.Min < node.Low ? AddGated($"{name}, below", positions, channels, (Int128)node.Low - info.Min) : null;
        var above = info.Max > highest ? AddGated($"{name}, above", positions, channels, (Int128)info.Max - highest) : null;
        var rows = new LookupSite[Math.Max(1, digits.Length)];
        for (var j = 0; j < rows.Length; j++)
            rows[j] = AddLookup($"{name}, row {j}", positions, channels, RowOf(j), [table]);
        var topBits = shift - (digitBits * (digits.Length - 1));
        LookupSite[] ranges = digits.Length > 0 && topBits < digitBits
            ? [AddLookup($"{name}, last digit", positions, channels, [new(1, Cells(digits[^1]), Once)], [Range(topBits)])]
            : [];
        Gadgets.Add(new InterpolateGadget(value, node, source, table, index, digits, products, entry, below, above, rows, ranges));

        var place = ImmutableArray.CreateBuilder<WideSummand>();
        place.Add(new(source, 1));
        place.Add(new(WideNumber.One, -(Int128)node.Low));
        place.Add(new(WideNumber.Of(Cells(index), first, last), -((Int128)1 << shift)));
        for (var j = 0; j < digits.Length; j++)
            place.Add(new(WideNumber.Of(Cells(digits[j]), 0, (1L << (j == digits.Length - 1 ? topBits : digitBits)) - 1), -((Int128)1 << (digitBits * j))));
        if (below is not null)
            place.Add(new(below.Number.Number, 1));
        if (above is not null)
            place.Add(new(above.Number.Number, -1));
        if (AddZeroSum(value, $"{name}, place", positions, channels, place.ToImmutable()) is { } tooLarge)
            return tooLarge;
        if (shift == 0)
            return Define(value, ValueOf(value, entry));

        var interpolated = AddNumber(name, positions, channels, result.Min, result.Max);
        Gadgets.Add(new InterpolatedGadget(value, node, source, interpolated));
        ImmutableArray<WideSummand> rest =
        [
            new(entry.Number, (Int128)1 << shift), new(WideNumber.One, (Int128)1 << (shift - 1)), new(interpolated.Number, -((Int128)1 << shift)),
            .. products.Select((product, j) => new WideSummand(product.Number, (Int128)1 << (digitBits * j))),
        ];
        var remainder = AddNumber($"{name}, remainder", positions, channels, 0, (1L << shift) - 1);
        Gadgets.Add(new SumGadget(value, remainder, rest));
        return AddZeroSum(value, $"{name}, result", positions, channels, [.. rest, new(remainder.Number, -1)]) ?? Define(value, ValueOf(value, interpolated));

        ImmutableArray<Summand> RowOf(int digit)
        {
            var tuple = ImmutableArray.CreateBuilder<Summand>();
            tuple.Add(new(1, Cells(index), Once));
            var column = InterpolationTable.Leading + 1;
            if (digits.Length > 0)
            {
                tuple.Add(new(2, Cells(digits[digit]), Once));
                foreach (var limb in products[digit].Limbs)
                    tuple.Add(new(column++, Cells(limb), Once));
            }
            column = InterpolationTable.Leading + 1 + table.Products.Count;
            foreach (var limb in entry.Limbs)
                tuple.Add(new(column++, Cells(limb), Once));
            foreach (var gated in (ReadOnlySpan<GatedNumber?>)[below, above])
                if (gated is not null)
                    tuple.Add(new(column++, Cells(gated.Flag), Once));
            return tuple.ToImmutable();
        }
    }

    /// <summary>Larger digits are fewer lookups and more rows.</summary>
    private static int DigitBitsOf(int shift, int indices, long elements)
    {
        if (shift == 0)
            return 0;
        var (best, least) = (1, long.MaxValue);
        for (var bits = 1; bits <= Math.Min(shift, MaxDigitBits); bits++)
        {
            var rows = (long)indices << bits;
            var cost = (rows * RowCost) + (elements * ((shift + bits - 1) / bits) * ((2 * CellCost) + LookupCost));
            if (cost < least && (bits == 1 || rows <= MaxInterpolationRows))
                (best, least) = (bits, cost);
        }
        return best;
    }

    /// <summary>A number that rows of a table hold: lookups of all its limbs in the same tuple keep it in the interval.</summary>
    private WideCells AddEntry(int positions, int channels, LimbCut cut)
    {
        var (storages, limbs) = (new Storage[cut.Count], new Limb[cut.Count]);
        for (var k = 0; k < cut.Count; k++)
        {
            storages[k] = AddStorage(positions, channels);
            limbs[k] = new Limb(Cells(storages[k]), cut.IntervalOf(k).Low, cut.IntervalOf(k).High);
        }
        return new WideCells([.. storages], cut, [], new WideNumber([.. limbs]));
    }

    /// <summary>A number from 0 to <paramref name="high"/> or a little more, and a flag that says that it is 0.</summary>
    private GatedNumber AddGated(string name, int positions, int channels, Int128 high)
    {
        var flag = AddStorage(positions, channels);
        return new GatedNumber(flag, AddUnless(name, positions, channels, high, [new(1, Cells(flag), Once)]));
    }

    /// <summary>The number alone; entry 1 of its lookups is the flag.</summary>
    private WideCells AddUnless(string name, int positions, int channels, Int128 high, ImmutableArray<Summand> flag)
    {
        var number = AddEntry(positions, channels, LimbCut.Of(0, high));
        var checks = new LookupSite[number.Limbs.Length];
        for (var k = 0; k < checks.Length; k++)
            checks[k] = AddLookup($"{name}, limb {k}", positions, channels, [.. flag, new(2, Cells(number.Limbs[k]), Once)], [Unless(number.Cut.BitsOf(k))]);
        return number with { Checks = [.. checks] };
    }
}
