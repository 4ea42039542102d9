namespace Aivm.Proofs.Prover;

/// <summary>Fills numbers that lie in limbs, and the lookups of small gadgets from what their terms say.</summary>
internal static class WideFiller
{
    public static void Fill(SumGadget gadget, Witness witness)
    {
        var result = gadget.Result;
        ForEachCell(result.Limbs[0], (p, c) =>
        {
            var sum = Int128.Zero;
            foreach (var summand in gadget.Summands)
                sum += summand.CoefficientOf(c) * summand.Number.ValueAt(witness.Read, p, c);
            Write(result, p, c, sum, witness);
        });
        Look(result.Checks, witness);
    }

    public static void Fill(CarryGadget gadget, Witness witness)
    {
        var divisor = Felt.From(1L << gadget.Bits).Inverse();
        ForEachCell(gadget.Carry.Limbs[0], (p, c) => Write(gadget.Carry, p, c, Centred(Sum(gadget.Sum, p, c, witness) * divisor), witness));
        Look(gadget.Carry.Checks, witness);
    }

    public static void Write(WideCells number, int position, int channel, Int128 value, Witness witness)
    {
        for (var k = 0; k < number.Limbs.Length; k++)
            Write(number.Limbs[k], position, channel, number.Cut.LimbOf(value, k), witness);
    }

    public static void Write(Storage storage, int position, int channel, long value, Witness witness) =>
        witness.Cells[storage.Base + (position * storage.Width) + channel] = (int)value;

    public static void ForEachCell(Storage grid, Action<int, int> visit)
    {
        for (var p = 0; p < grid.Positions; p++)
            for (var c = 0; c < grid.Channels; c++)
                visit(p, c);
    }

    public static void Look(IEnumerable<LookupSite> sites, Witness witness)
    {
        foreach (var site in sites)
            Look(site, witness);
    }

    /// <summary>Evaluates a site's entries from cells that are filled, and counts the rows that they are.</summary>
    /// <exception cref="InvalidOperationException">The circuit and what filled it disagree, which no input may bring about.</exception>
    public static void Look(LookupSite site, Witness witness)
    {
        var columns = site.TableOf(0).Columns;
        var summands = Enumerable.Range(1, columns).Select(entry => site.Summands.Where(summand => summand.Entry == entry).ToArray()).ToArray();
        var entries = Enumerable.Range(1, columns).Select(entry => witness.NewEntry(site, entry)).ToArray();
        var tuple = new int[columns];
        ForEachCell(site.Grid, (p, c) =>
        {
            for (var k = 0; k < columns; k++)
                tuple[k] = entries[k][(p * site.Grid.Width) + c] = Centred(Sum(summands[k], p, c, witness));
            var (table, row) = (site.TableOf(c), site.TableOf(c).RowOf(tuple));
            if (row < 0)
                throw new InvalidOperationException($"{site.Name}: no row of the table is ({string.Join(", ", tuple)}).");
            witness.Count(table, row);
        });
    }

    private static Felt Sum(IEnumerable<Summand> summands, int position, int channel, Witness witness)
    {
        var sum = Felt.Zero;
        foreach (var summand in summands)
            sum += summand.FactorOf(channel) * (summand.Term is null ? Felt.One : Felt.From(summand.Term.ValueAt(witness.Read, position, channel)));
        return sum;
    }

    /// <summary>The representative of least magnitude.</summary>
    private static int Centred(Felt element)
    {
        var value = (long)element.ToUInt32();
        return (int)(value > Felt.Modulus / 2 ? value - Felt.Modulus : value);
    }
}
