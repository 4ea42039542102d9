namespace Aivm.Proofs.Prover;

/// <summary>The fractions of a circuit's lookups, from its witness: 1 / (alpha - key), and -multiplicity / (alpha - key) for the tables' rows.</summary>
internal static class LookupLeaves
{
    /// <summary>Rows of tables that a thread takes at a time.</summary>
    private const int RowPiece = 1 << 14;

    /// <summary>Numbers that are brought into the field at a time.</summary>
    private const int NumberPiece = 1 << 10;

    /// <param name="weights">The numbers of committed ones.</param>
    /// <param name="denominators">Room for 2^variables elements.</param>
    /// <param name="numerators">Room for those that may be other than 1.</param>
    public static LogupLeaves Build(Witness witness, int[] weights, Ext4 alpha, Ext4 gamma, ExtArray denominators, FeltArray numerators, int threads)
    {
        var circuit = witness.Circuit;
        var powers = new Ext4[circuit.TableEntries.Length];
        powers[0] = Ext4.One;
        for (var i = 1; i < powers.Length; i++)
            powers[i] = powers[i - 1] * gamma;
        // What lies between sites with gaps is neutral.
        Fill(denominators, circuit.FullLeafCount, circuit.TableGrid.Base - circuit.FullLeafCount, Ext4.One);
        numerators.AsSpan()[..(circuit.TableGrid.Base - circuit.FullLeafCount)].Clear();
        var (sites, rows) = (circuit.Lookups.Length, circuit.TableGrid.Positions * circuit.TableGrid.Width);
        Parts.Each(threads, sites + ((rows + RowPiece - 1) / RowPiece), i =>
        {
            if (i >= sites)
            {
                var first = (i - sites) * RowPiece;
                FillTables(witness, first, Math.Min(RowPiece, rows - first), alpha, powers, denominators, numerators);
                return;
            }
            FillSite(circuit.Lookups[i], witness.EntriesOf(i), alpha, powers, denominators);
            FillOnes(circuit.Lookups[i], circuit.FullLeafCount, numerators);
        });
        SubtractStated(witness, powers, denominators);
        SubtractHidden(circuit, weights, powers, denominators);
        return new LogupLeaves(denominators, circuit.FullLeafCount, numerators);
    }

    private static void FillSite(LookupSite site, EntryColumn[] entries, Ext4 alpha, Ext4[] powers, ExtArray denominators)
    {
        using var scratch = new FeltArray(NumberPiece);
        var grid = site.Grid;
        if (grid.Channels == grid.Width && site.Tables.Length == 1)
        {
            // Piece by piece, so that denominators stay in the nearest cache until all entries are off.
            var (start, leaves) = (alpha - Felt.From(site.Tables[0].Tag), grid.Positions * grid.Width);
            for (var first = 0; first < leaves; first += NumberPiece)
            {
                var count = Math.Min(NumberPiece, leaves - first);
                Fill(denominators, grid.Base + first, count, start);
                for (var k = 0; k < entries.Length; k++)
                    Subtract(entries[k], first, count, powers[k + 1], denominators, grid.Base, scratch);
            }
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

    /// <summary>Rows from the first on: their keys, and minus how often each is met.</summary>
    private static void FillTables(Witness witness, int first, int count, Ext4 alpha, Ext4[] powers, ExtArray denominators, FeltArray numerators)
    {
        var (circuit, leaf) = (witness.Circuit, witness.Circuit.TableGrid.Base);
        Fill(denominators, leaf + first, count, alpha);
        foreach (var table in circuit.Tables)
        {
            var (from, to) = (Math.Max(first, table.FirstRow), Math.Min(first + count, table.FirstRow + table.Rows));
            for (var k = 0; k <= table.Columns && from < to; k++)
                ExtKernels.AddScaled(denominators, leaf + from, -powers[k], circuit.TableEntries[k], from, to - from);
        }
        Span<int> negative = stackalloc int[NumberPiece];
        for (var end = first + count; first < end; first += negative.Length)
        {
            negative = negative[..Math.Min(negative.Length, end - first)];
            var counts = witness.Counts.AsSpan(first, negative.Length);
            for (var i = 0; i < counts.Length; i++)
                negative[i] = -counts[i];
            ExtKernels.FromIntegers(negative, numerators, leaf + first - circuit.FullLeafCount);
        }
    }

    /// <summary>Rows whose entries are public numbers.</summary>
    private static void SubtractStated(Witness witness, Ext4[] powers, ExtArray denominators)
    {
        var circuit = witness.Circuit;
        foreach (var table in circuit.Tables)
            foreach (var (row, column, address) in table.Stated)
                denominators[circuit.TableGrid.Base + table.FirstRow + row] -= powers[column + 1] * Felt.From(witness.Read(address));
    }

    /// <summary>Rows whose entries are committed weights.</summary>
    private static void SubtractHidden(Circuit circuit, int[] weights, Ext4[] powers, ExtArray denominators)
    {
        using var scratch = new FeltArray(NumberPiece);
        foreach (var table in circuit.Tables)
            foreach (var (column, first, place) in table.Hidden)
                Subtract(
                    new EntryColumn(weights, place.Base), 0, place.Positions * place.Width, powers[column + 1],
                    denominators, circuit.TableGrid.Base + table.FirstRow + first, scratch);
    }

    /// <summary>The numerators of lookups behind the full sites.</summary>
    private static void FillOnes(LookupSite site, int fullLeaves, FeltArray numerators)
    {
        for (var p = 0; site.Grid.Channels != site.Grid.Width && p < site.Grid.Positions; p++)
            numerators.AsSpan().Slice(site.Grid.Base + (p * site.Grid.Width) - fullLeaves, site.Grid.Channels).Fill(Felt.One.Montgomery);
    }

    private static void Fill(ExtArray array, int first, int count, Ext4 value)
    {
        array.AsSpan(0).Slice(first, count).Fill(value.C0.Montgomery);
        array.AsSpan(1).Slice(first, count).Fill(value.C1.Montgomery);
        array.AsSpan(2).Slice(first, count).Fill(value.C2.Montgomery);
        array.AsSpan(3).Slice(first, count).Fill(value.C3.Montgomery);
    }
}
