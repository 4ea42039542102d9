using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>Both reductions of a filled circuit at random points, against the definitions.</summary>
internal static class ReductionCheck
{
    public static void Holds(Witness witness, int seed)
    {
        var (circuit, random) = (witness.Circuit, new Random(seed));
        Ext4 Next() => new(Felt.From(random.Next()), Felt.From(random.Next()), Felt.From(random.Next()), Felt.From(random.Next()));
        EqPoint Point(int length) => new(Enumerable.Range(0, Storage.BitLength(length - 1)).Select(_ => Next()).ToArray());
        using var leaves = Point(circuit.LeafCount);
        using var equalities = Point(circuit.EqualityCount);
        using var cells = Point(circuit.AddressCount);
        var (alpha, gamma, mu, nu) = (Next(), Next(), Next(), Next());
        var linear = new LinearReduction(circuit, leaves, equalities, alpha, gamma, mu);
        using var numbers = new FeltArray(circuit.AddressCount);
        ExtKernels.FromIntegers(witness.Cells, numbers, 0);
        ExtKernels.FromIntegers(witness.InputCells, numbers, circuit.AddressCount - circuit.InputCellCount);
        var known = witness.PublicNumbers.Elements;
        using var coefficients = new ExtArray(circuit.AddressCount);
        linear.MakeCoefficients(coefficients, (count, body) => Parts.Each(2, count, body));
        var claim = linear.Known(known, out _) + ExtKernels.Dot(coefficients, 0, numbers, 0, circuit.AddressCount);
        if (circuit.ProductCount > 0)
        {
            var (x, y) = ProductReduction.Vectors(linear, numbers, known, (count, body) => Parts.Each(2, count, body));
            claim += ExtKernels.Dot(x, 0, y, 0, circuit.ProductCount);
            using var s = Point(circuit.ProductCount);
            using var products = new ProductReduction(linear, s.Coordinates, nu);
            using var more = new ExtArray(circuit.AddressCount);
            products.AddCoefficients(more, (count, body) => Parts.Each(2, count, body));
            Assert.Equal((nu * At(x, s)) + (nu * nu * At(y, s)), products.Known(known) + ExtKernels.Dot(more, 0, numbers, 0, circuit.AddressCount));
            Assert.Equal(At(more, cells), products.EvaluateCoefficients(cells));
            x.Dispose();
            y.Dispose();
        }
        Assert.Equal(Defined(witness, leaves, equalities, alpha, gamma, mu), claim);
        Assert.Equal(At(coefficients, cells), linear.EvaluateCoefficients(cells, out _));
    }

    private static Ext4 At(ExtArray vector, EqPoint point)
    {
        var sum = Ext4.Zero;
        for (var i = 0; i < vector.Length; i++)
            sum += vector[i] * point.At(i);
        return sum;
    }

    /// <summary>N + mu D + mu^2 E, site by site.</summary>
    private static Ext4 Defined(Witness witness, EqPoint leaves, EqPoint equalities, Ext4 alpha, Ext4 gamma, Ext4 mu)
    {
        var (circuit, n, d, e) = (witness.Circuit, Ext4.Zero, Ext4.One, Ext4.Zero);
        foreach (var site in circuit.Lookups)
            for (var cell = 0; cell < site.Grid.Positions * site.Grid.Channels; cell++)
            {
                var (position, channel) = (cell / site.Grid.Channels, cell % site.Grid.Channels);
                var eq = leaves.At(site.Grid.Base + (position * site.Grid.Width) + channel);
                var (key, power) = (Ext4.Zero, Ext4.One);
                for (var entry = 0; entry < circuit.TableEntries.Length; entry++, power *= gamma)
                    key += power * WitnessCheck.Sum(site, entry, position, channel, witness);
                n += eq;
                d += eq * (alpha - Ext4.One - key);
            }
        var stated = circuit.Tables
            .SelectMany(table => table.Stated.Select(entry => (Place: (table.FirstRow + entry.Row, entry.Column + 1), Number: witness.Read(entry.Address))))
            .ToDictionary(entry => entry.Place, entry => entry.Number);
        for (var row = 0; row < circuit.TableGrid.Positions * circuit.TableGrid.Width; row++)
        {
            var eq = leaves.At(circuit.TableGrid.Base + row);
            var (key, power) = (Ext4.Zero, Ext4.One);
            for (var entry = 0; entry < circuit.TableEntries.Length; entry++, power *= gamma)
                key += power * (circuit.TableEntries[entry][row] + Felt.From(stated.GetValueOrDefault((row, entry))));
            n -= eq * Felt.From(witness.Cells[circuit.Multiplicities.Base + row]);
            d += eq * (alpha - Ext4.One - key);
        }
        foreach (var site in circuit.Equalities)
            for (var cell = 0; cell < site.Grid.Positions * site.Grid.Channels; cell++)
                e += equalities.At(site.Grid.Base + (cell / site.Grid.Channels * site.Grid.Width) + (cell % site.Grid.Channels))
                    * WitnessCheck.Sum(site, 0, cell / site.Grid.Channels, cell % site.Grid.Channels, witness);
        return n + (mu * d) + (mu * mu * e);
    }
}
