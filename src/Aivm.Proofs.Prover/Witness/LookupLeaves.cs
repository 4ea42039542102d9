namespace Aivm.Proofs.Prover;

/// <summary>The fractions of a circuit's lookups, from its witness: 1 / (alpha - key), and -multiplicity / (alpha - key) for the tables' rows.</summary>
internal static class LookupLeaves
{
    /// <param name="denominators">Room for 2^variables elements.</param>
    public static LogupLeaves Build(Witness witness, Ext4 alpha, Ext4 gamma, ExtArray denominators, FeltArray scratch)
    {
        var circuit = witness.Circuit;
        var powers = new Ext4[circuit.TableEntries.Length];
        powers[0] = Ext4.One;
        for (var i = 1; i < powers.Length; i++)
            powers[i] = powers[i - 1] * gamma;
        Fill(denominators, 0, circuit.LeafCount, Ext4.One);
        for (var i = 0; i < circuit.Lookups.Length; i++)
            FillSite(circuit.Lookups[i], witness.EntriesOf(i), alpha, powers, denominators, scratch);
        FillTables(circuit, alpha, powers, denominators);
        SubtractStated(witness, powers, denominators);
        return new LogupLeaves(denominators, circuit.FullLeafCount, Numerators(witness));
    }

    private static void FillSite(LookupSite site, EntryColumn[] entries, Ext4 alpha, Ext4[] powers, ExtArray denominators, FeltArray scratch)
    {
        var grid = site.Grid;
        if (grid.Channels == grid.Width && site.Tables.Length == 1)
        {
            Fill(denominators, grid.Base, grid.Positions * grid.Width, alpha - Felt.From(site.Tables[0].Tag));
            for (var k = 0; k < entries.Length; k++)
                Subtract(entries[k], 0, grid.Positions * grid.Width, powers[k + 1], denominators, grid.Base, scratch);
            return;
        }
        var starts = new Ext4[grid.Channels];
        for (var c = 0; c < starts.Length; c++)
            starts[c] = alpha - Felt.From(site.TableOf(c).Tag);
        for (var p = 0; p < grid.Positions; p++)
        {
            for (var c = 0; c < grid.Channels; c++)
                denominators[grid.Base + (p * grid.Width) + c] = starts[c];
            for (var k = 0; k < entries.Length; k++)
                Subtract(entries[k], p * grid.Width, grid.Channels, powers[k + 1], denominators, grid.Base, scratch);
        }
    }

    /// <summary>denominators[at + i] -= power * entry i, for so many i from the first.</summary>
    private static void Subtract(EntryColumn entry, int first, int count, Ext4 power, ExtArray denominators, int at, FeltArray scratch)
    {
        for (var end = first + count; first < end; first += scratch.Length)
        {
            var length = Math.Min(scratch.Length, end - first);
            ExtKernels.FromIntegers(entry.Numbers.AsSpan(entry.First + first, length), scratch, 0);
            ExtKernels.AddScaled(denominators, at + first, -power, scratch, 0, length);
        }
    }

    private static void FillTables(Circuit circuit, Ext4 alpha, Ext4[] powers, ExtArray denominators)
    {
        var grid = circuit.TableGrid;
        Fill(denominators, grid.Base, grid.Positions * grid.Width, alpha);
        for (var k = 0; k < powers.Length; k++)
            ExtKernels.AddScaled(denominators, grid.Base, -powers[k], circuit.TableEntries[k], 0, grid.Positions * grid.Width);
    }

    /// <summary>Rows whose entries are public numbers.</summary>
    private static void SubtractStated(Witness witness, Ext4[] powers, ExtArray denominators)
    {
        var circuit = witness.Circuit;
        foreach (var table in circuit.Tables)
            foreach (var (row, column, address) in table.Stated)
                denominators[circuit.TableGrid.Base + table.FirstRow + row] -= powers[column + 1] * Felt.From(witness.Read(address));
    }

    /// <summary>Of the leaves behind the full sites: 1 for lookups, minus the multiplicity for rows, 0 in between.</summary>
    private static FeltArray Numerators(Witness witness)
    {
        var circuit = witness.Circuit;
        var numerators = new FeltArray(circuit.LeafCount - circuit.FullLeafCount);
        foreach (var site in circuit.Lookups)
            for (var p = 0; site.Grid.Channels != site.Grid.Width && p < site.Grid.Positions; p++)
                for (var c = 0; c < site.Grid.Channels; c++)
                    numerators[site.Grid.Base + (p * site.Grid.Width) + c - circuit.FullLeafCount] = Felt.One;
        var rows = circuit.TableGrid.Positions * circuit.TableGrid.Width;
        for (var row = 0; row < rows; row++)
            numerators[circuit.TableGrid.Base + row - circuit.FullLeafCount] = Felt.From(-witness.Cells[circuit.Multiplicities.Base + row]);
        return numerators;
    }

    private static void Fill(ExtArray array, int first, int count, Ext4 value)
    {
        array.AsSpan(0).Slice(first, count).Fill(value.C0.Montgomery);
        array.AsSpan(1).Slice(first, count).Fill(value.C1.Montgomery);
        array.AsSpan(2).Slice(first, count).Fill(value.C2.Montgomery);
        array.AsSpan(3).Slice(first, count).Fill(value.C3.Montgomery);
    }
}
