using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>Evaluates every site of a circuit in every cell, by the terms' plain definition.</summary>
internal static class WitnessCheck
{
    public static void Satisfies(Witness witness)
    {
        var circuit = witness.Circuit;
        var counts = new int[circuit.Multiplicities.Positions * circuit.Multiplicities.Width];
        for (var i = 0; i < circuit.Lookups.Length; i++)
            CheckLookups(circuit.Lookups[i], witness.EntriesOf(i), witness, counts);
        foreach (var site in circuit.Equalities)
            for (var p = 0; p < site.Grid.Positions; p++)
                for (var c = 0; c < site.Grid.Channels; c++)
                    Assert.True(Sum(site, 0, p, c, witness) == Felt.Zero, $"{site.Name} at {p}, {c}");
        Assert.Equal(counts, witness.Cells.AsSpan(circuit.Multiplicities.Base, counts.Length).ToArray());
    }

    private static void CheckLookups(LookupSite site, EntryColumn[] entries, Witness witness, int[] counts)
    {
        var tuple = new int[entries.Length];
        for (var p = 0; p < site.Grid.Positions; p++)
            for (var c = 0; c < site.Grid.Channels; c++)
            {
                var table = site.TableOf(c);
                for (var k = 0; k < tuple.Length; k++)
                {
                    tuple[k] = entries[k].Numbers[entries[k].First + (p * site.Grid.Width) + c];
                    Assert.True(Felt.From(tuple[k]) == Sum(site, k + 1, p, c, witness), $"{site.Name}, entry {k + 1} at {p}, {c}: {tuple[k]}");
                }
                Assert.Equal(Felt.From(table.Tag), Sum(site, 0, p, c, witness));
                var row = table.RowOf(tuple);
                Assert.True(row >= 0, $"{site.Name} at {p}, {c}: ({string.Join(", ", tuple)}) is no row");
                foreach (var stated in table.Stated.Where(entry => entry.Row == row))
                    Assert.Equal(witness.Read(stated.Address), tuple[stated.Column]);
                counts[table.FirstRow + row]++;
            }
    }

    public static Felt Sum(Site site, int entry, int position, int channel, Witness witness)
    {
        var sum = Felt.Zero;
        foreach (var summand in site.Summands.Where(summand => summand.Entry == entry))
            sum += summand.FactorOf(channel) * (summand.Term is null ? Felt.One : Felt.From(summand.Term.ValueAt(witness.Read, position, channel)));
        return sum;
    }
}
