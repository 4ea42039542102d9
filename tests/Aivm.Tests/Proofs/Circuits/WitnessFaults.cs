using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>
/// What a verifier would object to in a changed witness: the lookups that are no row of their table and the equalities that do not hold, whatever the
/// multiplicities are. Evaluated modulo p by the terms' plain definition.
/// </summary>
internal static class WitnessFaults
{
    /// <summary>The names of the sites at fault.</summary>
    public static List<string> Of(Witness witness)
    {
        var faults = new List<string>();
        foreach (var site in witness.Circuit.Lookups)
            if (Cells(site).Any(cell => !IsRow(site, cell.Position, cell.Channel, witness)))
                faults.Add(site.Name);
        foreach (var site in witness.Circuit.Equalities)
            if (Cells(site).Any(cell => Sum(site, 0, cell.Position, cell.Channel, witness.Read) != Felt.Zero))
                faults.Add(site.Name);
        return faults;
    }

    /// <summary>Some sites are at fault, and all of them have this in their names.</summary>
    public static void AssertOnly(Witness witness, string part)
    {
        var faults = Of(witness);
        Assert.NotEmpty(faults);
        Assert.All(faults, name => Assert.Contains(part, name));
    }

    /// <summary>The addresses of committed cells that some site reads: all others are padding, multiplicities or random.</summary>
    public static SortedSet<int> CellsThatMatter(Witness witness)
    {
        var cells = new SortedSet<int>();
        foreach (var site in (IEnumerable<Site>)[.. witness.Circuit.Lookups, .. witness.Circuit.Equalities])
            foreach (var (position, channel) in Cells(site))
                foreach (var summand in site.Summands)
                    summand.Term?.ValueAt(Note, position, channel);
        return cells;

        long Note(int address)
        {
            if (!PublicAddress.Is(address))
                cells.Add(address);
            return 0;
        }
    }

    private static bool IsRow(LookupSite site, int position, int channel, Witness witness)
    {
        var table = site.TableOf(channel);
        int[] tuple = [.. Enumerable.Range(1, table.Columns).Select(entry => Centred(Sum(site, entry, position, channel, witness.Read)))];
        return table.RowOf(tuple) is var row && row >= 0
            && table.Stated.Where(entry => entry.Row == row).All(entry => witness.Read(entry.Address) == tuple[entry.Column]);
    }

    private static IEnumerable<(int Position, int Channel)> Cells(Site site) =>
        from position in Enumerable.Range(0, site.Grid.Positions)
        from channel in Enumerable.Range(0, site.Grid.Channels)
        select (position, channel);

    private static Felt Sum(Site site, int entry, int position, int channel, Func<int, long> read)
    {
        var sum = Felt.Zero;
        foreach (var summand in site.Summands)
            if (summand.Entry == entry)
                sum += summand.FactorOf(channel) * (summand.Term is null ? Felt.One : Felt.From(summand.Term.ValueAt(read, position, channel)));
        return sum;
    }

    private static int Centred(Felt element)
    {
        var value = (long)element.ToUInt32();
        return (int)(value > Felt.Modulus / 2 ? value - Felt.Modulus : value);
    }
}
