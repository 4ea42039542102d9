using System.Numerics;

namespace Aivm.Proofs.Prover;

/// <summary>Fills numbers that lie in limbs, and the lookups of small gadgets from what their terms say.</summary>
internal static class WideFiller
{
    public static void Fill(SumGadget gadget, Witness witness)
    {
        var result = gadget.Result;
        var grid = result.Limbs[0];
        witness.ForPositions(grid.Positions, grid.Channels, (first, count) =>
        {
            for (var p = first; p < first + count; p++)
                for (var c = 0; c < grid.Channels; c++)
                    Write(result, p, c, Sum(gadget.Summands, p, c, witness), witness);
        });
        Look(result.Checks, witness);
    }

    public static Int128 Sum(IEnumerable<WideSummand> summands, int position, int channel, Witness witness)
    {
        var sum = Int128.Zero;
        foreach (var summand in summands)
            sum += summand.CoefficientOf(channel) * summand.Number.ValueAt(witness.Read, position, channel);
        return sum;
    }

    public static void Fill(CarryGadget gadget, Witness witness)
    {
        var (grid, divisor) = (gadget.Carry.Limbs[0], Felt.From(1L << gadget.Bits).Inverse());
        witness.ForPositions(grid.Positions, grid.Channels, (first, count) =>
        {
            using var sums = new CellSums(witness, count, grid.Channels);
            sums.Evaluate(gadget.Sum, first, count, divisor, (position, positions, carries) =>
            {
                for (var p = 0; p < positions; p++)
                    WriteRow(gadget.Carry, position + p, carries.Slice(p * grid.Channels, grid.Channels), witness);
            });
        });
        Look(gadget.Carry.Checks, witness);
    }

    public static void Write(WideCells number, int position, int channel, Int128 value, Witness witness)
    {
        for (var k = 0; k < number.Limbs.Length; k++)
            Write(number.Limbs[k], position, channel, number.Cut.LimbOf(value, k), witness);
    }

    public static void Write(WideCells number, int position, int channel, long value, Witness witness)
    {
        for (var k = 0; k < number.Limbs.Length; k++)
            Write(number.Limbs[k], position, channel, number.Cut.LimbOf(value, k), witness);
    }

    /// <summary>Numbers of all channels, of 64 bits at most.</summary>
    public static void WriteRow<T>(WideCells number, int position, ReadOnlySpan<T> values, Witness witness)
        where T : IBinaryInteger<T>
    {
        for (var k = 0; k < number.Limbs.Length; k++)
        {
            var (limb, cut) = (number.Limbs[k], number.Cut);
            var cells = witness.Cells.AsSpan(limb.Base + (position * limb.Width), values.Length);
            for (var c = 0; c < values.Length; c++)
                cells[c] = (int)cut.LimbOf(long.CreateChecked(values[c]), k);
        }
    }

    public static void Write(Storage storage, int position, int channel, long value, Witness witness) =>
        witness.Cells[storage.Base + (position * storage.Width) + channel] = (int)value;

    public static void ForEachCell(Storage grid, Action<int, int> visit)
    {
        for (var p = 0; p < grid.Positions; p++)
            for (var c = 0; c < grid.Channels; c++)
                visit(p, c);
    }

    /// <summary>The sites' cells are filled: they are looked up when all are.</summary>
    public static void Look(IEnumerable<LookupSite> sites, Witness witness) => witness.Filled.AddRange(sites);

    /// <inheritdoc cref="Look(IEnumerable{LookupSite}, Witness)"/>
    public static void Look(LookupSite site, Witness witness) => witness.Filled.Add(site);

    /// <summary>Evaluates a site's entries from cells that are filled, and counts the rows that they are.</summary>
    /// <param name="counts">By row of all tables.</param>
    /// <exception cref="InvalidOperationException">The circuit and what filled it disagree, which no input may bring about.</exception>
    public static void LookUp(LookupSite site, Witness witness, Span<int> counts)
    {
        var (grid, columns) = (site.Grid, new EntryColumn[site.TableOf(0).Columns]);
        for (var k = 0; k < columns.Length; k++)
            columns[k] = NameEntry(site, k + 1, witness);
        if (site.Tables is [RangeTable or IntervalTable])
        {
            LookUpNumbers(site, columns[0], counts);
            return;
        }
        Span<int> tuple = stackalloc int[columns.Length];
        for (var p = 0; p < grid.Positions; p++)
            for (var c = 0; c < grid.Channels; c++)
            {
                for (var k = 0; k < tuple.Length; k++)
                    tuple[k] = columns[k].Numbers[columns[k].First + (p * grid.Width) + c];
                var (table, row) = (site.TableOf(c), site.TableOf(c).RowOf(tuple));
                if (row < 0)
                    throw new InvalidOperationException($"{site.Name}: no row of the table is ({string.Join(", ", tuple.ToArray())}).");
                counts[table.FirstRow + row]++;
            }
    }

    /// <summary>The same in a table of all numbers of an interval.</summary>
    private static void LookUpNumbers(LookupSite site, EntryColumn column, Span<int> counts)
    {
        var (grid, table) = (site.Grid, site.Tables[0]);
        var low = table.Entry(0, 0);
        var rows = counts.Slice(table.FirstRow, table.Rows);
        for (var p = 0; p < grid.Positions; p++)
            foreach (var number in column.Numbers.AsSpan(column.First + (p * grid.Width), grid.Channels))
            {
                var row = (long)number - low;
                if (row < 0 || row >= rows.Length)
                    throw new InvalidOperationException($"{site.Name}: no row of the table is {number}.");
                rows[(int)row]++;
            }
    }

    /// <summary>An entry that is a storage needs no copy.</summary>
    private static EntryColumn NameEntry(LookupSite site, int entry, Witness witness)
    {
        var summands = site.Summands.Where(summand => summand.Entry == entry).ToArray();
        if (summands is [{ Term: TapTerm { IsPlain: true, Source.Whole: { } cells }, Factors: [var factor] }] && factor == Felt.One)
            return witness.SetEntry(site, entry, cells);
        var (grid, numbers) = (site.Grid, witness.NewEntry(site, entry));
        using var sums = new CellSums(witness, grid.Positions, grid.Channels);
        sums.Evaluate(summands, 0, grid.Positions, Felt.One, (first, positions, integers) =>
        {
            for (var p = 0; p < positions; p++)
                integers.Slice(p * grid.Channels, grid.Channels).CopyTo(numbers.AsSpan((first + p) * grid.Width));
        });
        return new EntryColumn(numbers, 0);
    }
}
