using Aivm.Inference;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>Cells that mean nothing may hold anything, and cells of one layer are none of another.</summary>
public sealed class PaddingTests
{
    /// <summary>Three and five channels, in rectangles of four and eight: one cell in each row is padding, or three are.</summary>
    private static readonly Graph Layers = OperatorCircuits.Of(
        [[4, 5]],
        OperatorCircuits.Quantise(0, ElementType.S8), OperatorCircuits.Committed(1, ElementType.S8),
        Dense(2, seed: 1, 3, 5), Dense(3, seed: 2, 3, 3), Dense(4, seed: 3, 3, 3));

    /// <summary>Between channels and width, before the next rectangle's multiple: no site reads such a cell, and the proof of the same statement is accepted.</summary>
    [Fact]
    public void Padding_that_is_not_zero_changes_nothing_that_is_claimed() =>
        Assert.True(OperatorCircuits.TryProve(Layers, samples: 2, seed: 1, witness => Assert.True(FillPadding(witness) > 50), out var error), error?.ToString());

    /// <summary>It is none of the cells that a lie could lean on either.</summary>
    [Fact]
    public void Padding_proves_no_other_cell()
    {
        Assert.False(OperatorCircuits.TryProve(Layers, samples: 2, seed: 1, ChangeOne, out var error));
        Assert.Equal(PrivateRun.UnmetConstraints, error);

        static void ChangeOne(Witness witness)
        {
            FillPadding(witness);
            witness.Cells[Results(witness)[0].Base]++;
        }
    }

    /// <summary>Rows behind the last of all tables have the tag 0, which no lookup has: to count one takes from the sum what no other row gives.</summary>
    [Fact]
    public void Rows_behind_the_last_table_are_not_counted()
    {
        Assert.False(OperatorCircuits.TryProve(Layers, samples: 2, seed: 1, CountPadding, out var error));
        Assert.Equal(PrivateRun.UnmetConstraints, error);

        static void CountPadding(Witness witness)
        {
            var rows = witness.Circuit.Tables.Sum(table => table.Rows);
            Assert.True(rows < witness.Circuit.Multiplicities.Positions * Circuit.TableColumns);
            witness.Counts.AsSpan()[rows]++;
        }
    }

    /// <summary>Two layers of one shape and one shift share all tables: only the sums that they requantise tell them apart.</summary>
    [Fact]
    public void Cells_of_one_layer_are_refused_in_another_of_the_same_shape()
    {
        var witness = OperatorCircuits.Fill(Layers, samples: 2, seed: 1);
        var (first, second) = (LayersOf(witness)[1], LayersOf(witness)[2]);
        foreach (var (from, to) in first.Parts.Append(first.Result).Zip(second.Parts.Append(second.Result)))
            Array.Copy(witness.Cells, from.Base, witness.Cells, to.Base, to.Positions * to.Width);
        Assert.Contains(second.FunctionSite.Name, WitnessFaults.Of(witness));
        Assert.DoesNotContain(first.FunctionSite.Name, WitnessFaults.Of(witness));
        Assert.DoesNotContain(second.PartSites[0].Name, WitnessFaults.Of(witness));
    }

    private static RequantiseGadget[] LayersOf(Witness witness) => [.. witness.Circuit.Gadgets.OfType<RequantiseGadget>().Where(gadget => gadget.Value > 2)];

    private static Storage[] Results(Witness witness) => [.. LayersOf(witness).Select(layer => layer.Result)];

    /// <summary>Random numbers in all cells but those that some site reads, the multiplicities and the random ones.</summary>
    private static int FillPadding(Witness witness)
    {
        var (read, random, filled) = (WitnessFaults.CellsThatMatter(witness), new Random(5), 0);
        for (var address = 0; address < witness.Circuit.Multiplicities.Base; address++)
            if (!read.Contains(address))
            {
                witness.Cells[address] = random.Next(int.MinValue, int.MaxValue);
                filled++;
            }
        return filled;
    }

    private static DenseNode Dense(int source, int seed, int outputs, int inputs)
    {
        var random = new Random(seed);
        return new DenseNode
        {
            Source = source,
            Weights = Constant.S8([outputs, inputs], [.. Enumerable.Range(0, outputs * inputs).Select(_ => (sbyte)random.Next(-127, 128))]),
            Bias = Constant.S32([outputs], [.. Enumerable.Range(0, outputs).Select(_ => random.Next(-100, 100))]),
            Requantise = Requantise.To(ElementType.S8, 7),
        };
    }
}
