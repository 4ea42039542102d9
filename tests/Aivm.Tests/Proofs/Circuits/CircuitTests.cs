using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

public sealed class CircuitTests
{
    [Theory]
    [InlineData("resnet8_cifar10", true, 1)]
    [InlineData("mobilenetv1_025_vww96", true, 1)]
    [InlineData("fashion_lenetish", true, 2)]
    [InlineData("fashion_dscnn", true, 1)]
    [InlineData("ad01_autoencoder", false, 3)]
    public void A_run_of_a_vector_model_satisfies_every_lookup_and_every_equality(string file, bool takesBytes, int samples)
    {
        var model = VectorCircuits.ModelOf(file, takesBytes);
        var circuit = VectorCircuits.Build(model, samples);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{circuit.CellCount} cells, {circuit.LeafCount} leaves, {circuit.TableGrid.Positions * Circuit.TableColumns} rows of {circuit.Tables.Length} tables, {circuit.EqualityCount} equalities: {string.Join(" ", circuit.Tables.Select(t => $"{t.GetType().Name}:{t.Rows}"))}");
        WitnessCheck.Satisfies(VectorCircuits.Fill(model, circuit, VectorCircuits.RandomInputs(model, samples, seed: 1)));
    }

    [Fact]
    public void Coefficients_of_the_prover_are_those_that_the_verifier_evaluates()
    {
        foreach (var (file, samples) in ((string, int)[])[("fashion_lenetish", 2), ("resnet8_cifar10", 1)])
        {
            var circuit = VectorCircuits.Build(VectorCircuits.ModelOf(file, takesBytes: true), samples);
            var random = new Random(3);
            Ext4 Next() => new(Felt.From(random.Next()), Felt.From(random.Next()), Felt.From(random.Next()), Felt.From(random.Next()));
            Ext4[] Point(int length) => [.. Enumerable.Range(0, Storage.BitLength(length - 1)).Select(_ => Next())];
            using var leaves = new EqPoint(Point(circuit.LeafCount));
            using var equalities = new EqPoint(Point(circuit.EqualityCount));
            using var cells = new EqPoint(Point(circuit.CellCount));
            var reduction = new LinearReduction(circuit, leaves, equalities, Next(), Next(), Next());
            using var coefficients = new ExtArray(circuit.CellCount);
            reduction.MakeCoefficients(coefficients, (count, body) => Parts.Each(1, count, body));
            var expected = Ext4.Zero;
            for (var i = 0; i < circuit.CellCount; i++)
                expected += coefficients[i] * cells.At(i);
            Assert.Equal(expected, reduction.EvaluateCoefficients(cells, out _));
        }
    }

    /// <summary>With strides or without: elements are only moved.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_pool_of_one_element_is_a_copy(int stride)
    {
        var model = SmallCircuits.OverCommitted([2, 5, 4], new MaxPoolNode { Source = 2, Window = new() { Kernel = new(1, 1), Strides = new(stride, stride) } });
        var witness = SmallCircuits.Fill(model, samples: 2, [.. Enumerable.Range(0, 80).Select(i => (long)(i * 37 % 255) - 127)]);
        Assert.DoesNotContain(witness.Circuit.Lookups, site => Statement.ValueOf(site) == 3);
        Assert.True(OperatorCircuits.TryProve(model.Graph, samples: 2, seed: 1, _ => { }, out var error), error?.ToString());
    }

    /// <summary>Rows of 5 cells lie 8 apart, and all are one row of the output.</summary>
    [Fact]
    public void A_matrix_in_one_row_is_read_run_by_run()
    {
        var model = SmallCircuits.OverCommitted([3, 5]);
        var witness = SmallCircuits.Fill(model, samples: 2, [.. Enumerable.Range(0, 30).Select(i => (long)(i * 37 % 255) - 127)]);
        var output = Assert.Single(witness.Circuit.CellTerms, placed => placed.Term is TapTerm { Source: { Whole: null, HasPublic: false } });
        Assert.Equal((5, 3), (((TapTerm)output.Term).Source.Blocks!.LengthOf(0), ((TapTerm)output.Term).Source.BlocksPerRow));
        ReductionCheck.Holds(witness, seed: 1);
    }

    [Fact]
    public void A_statement_that_has_no_witness_leaves_nothing_for_the_next()
    {
        var model = SmallCircuits.OverCommitted([32], SmallCircuits.Widened(2, 32, 1L << 40));
        var (circuit, inputs) = (VectorCircuits.Build(model, samples: 1), Enumerable.Range(-16, 32).Select(i => (long)i).ToArray());
        Assert.True(WitnessFiller.TryCreate(circuit, model.Graph, out var filler, out var refused, threads: 2), refused?.ToString());
        var (outputs, wanted) = (VectorCircuits.Run(model, 1, inputs), VectorCircuits.Fill(model, circuit, inputs).Cells);
        for (var round = 0; round < 10; round++)
        {
            Assert.ThrowsAny<Exception>(() => filler.Fill(inputs, Numbers([.. outputs[..^1], outputs[^1] + 1])));
            Assert.Equal(wanted, filler.Fill(inputs, Numbers(outputs)).Cells);
        }

        PublicNumbers.Room Numbers(long[] stated)
        {
            Assert.True(circuit.TryCompute(new ProofStatement(model.Hash, Hash256.Zero, inputs, stated), out var numbers, out var error), error?.ToString());
            return numbers;
        }
    }
}
