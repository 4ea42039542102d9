using Aivm.Inference;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>Operators along rows, on elements that a seed draws, and at their extremes.</summary>
public sealed class RowCircuitTests
{
    private static readonly Constant Exponentials = Decay(769, 38.4);

    /// <summary>From 2^30 down to 0, as the compiler makes them.</summary>
    private static Constant Decay(int count, double scale) =>
        Constant.S32([count], [.. Enumerable.Range(0, count).Select(i => i == count - 1 ? 0 : (int)((1 << 30) * Math.Exp(-i / scale)))]);

    private static Constant Random(int count, int seed)
    {
        var random = new Random(seed);
        return Constant.S32([count], [.. Enumerable.Range(0, count).Select(i => i == 0 ? 1 : random.Next(1 << 30))]);
    }

    private static SoftmaxNode Softmax(int source, int shift, int exponent, Constant? entries = null) =>
        new() { Source = source, Shift = shift, Entries = entries ?? Exponentials, OutputExponent = exponent };

    /// <summary>S32 elements: value 3, committed elements of S8 times a factor.</summary>
    private static GraphNode[] Scores(int factor) => [new RescaleNode { Source = 2, Factor = factor, Requantise = Requantise.Raw([0]) }];

    [Theory]
    [InlineData(0, 14, 1)]
    [InlineData(3, 14, 2)]
    [InlineData(8, 24, 3)]
    [InlineData(10, 14, 1)]
    [InlineData(14, 30, 2)]
    public void Softmax_of_scores_in_32_bits(int shift, int exponent, int samples)
    {
        var factor = shift == 0 ? 2 : shift == 3 ? 3000 : 6000;
        var model = SmallCircuits.OverCommitted([3, 5], [.. Scores(factor), Softmax(3, shift, exponent)]);
        var random = new Random(shift);
        Check(model, samples, [.. Enumerable.Range(0, samples * 15).Select(_ => (long)random.Next(-127, 128))]);
        // All alike, and as far apart as can be.
        Check(model, 1, [.. Enumerable.Repeat(-127L, 15)]);
        Check(model, 1, [.. Enumerable.Range(0, 15).Select(i => i % 5 == 3 ? 127L : -127L)]);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 4)]
    [InlineData(40, 2)]
    [InlineData(300, 5)]
    public void Softmax_of_any_exponentials(int count, int shift)
    {
        var model = SmallCircuits.OverCommitted([4, 7], Softmax(2, shift, 9, Random(count, seed: count)));
        var random = new Random(count);
        Check(model, 2, [.. Enumerable.Range(0, 56).Select(_ => (long)random.Next(-127, 128))]);
    }

    /// <summary>One step of the elements lies within the table, two lie beyond.</summary>
    [Theory]
    [InlineData(0, 600)]
    [InlineData(3, 4300)]
    [InlineData(5, 17_000)]
    public void Softmax_of_scores_that_no_table_reaches(int shift, int factor)
    {
        foreach (var entries in (Constant[])[Exponentials, Random(769, seed: 5)])
        {
            var model = SmallCircuits.OverCommitted([3, 5], [.. Scores(factor), Softmax(3, shift, 14, entries)]);
            var gadget = Assert.Single(VectorCircuits.Build(model, samples: 1).Gadgets.OfType<SoftmaxGadget>());
            Assert.NotNull(gadget.Above);
            Assert.Equal(769, gadget.Table.Rows);
            Check(model, 1, [1, 0, 0, -1, 1, 127, 126, 125, -127, 127, -127, -127, -126, -125, -127]);
            Check(model, 2, [.. Enumerable.Range(0, 30).Select(i => (long)((i * 89 % 255) - 127))]);
        }
    }

    /// <summary>Carries may be looked up in more than their interval where there are many. An offset of 13 bits may not: another index would go with it.</summary>
    [Fact]
    public void Many_quotients_widen_no_offset()
    {
        var model = SmallCircuits.OverCommitted([1400, 32], [.. Scores(6000), Softmax(3, shift: 13, exponent: 14)]);
        var circuit = VectorCircuits.Build(model, samples: 1);
        var gadget = Assert.Single(circuit.Gadgets.OfType<SoftmaxGadget>());
        Assert.Equal((1 << 13) - 1, gadget.Offset!.Number.Interval.High);
        Assert.Contains(circuit.Tables, table => table is RangeTable { Bits: 16 });
    }

    /// <summary>The interval of what divisions leave stays what it was; a shift of 14 is brought to 16 and checked at once.</summary>
    [Fact]
    public void Many_quotients_take_ranges_of_16_bits()
    {
        var witness = ManyQuotients();
        ReductionCheck.Holds(witness, seed: 1);
        var quotient = witness.Gadget<QuotientGadget>();
        foreach (var number in (WideCells[])[quotient.Remainder, quotient.Slack])
        {
            Assert.Equal([12, 16], number.Checks.Select(check => ((RangeTable)check.TableOf(0)).Bits));
            Assert.Equal((0, (1 << 28) - 1), number.Number.Interval);
        }
        Assert.Equal((-32768, 32767), quotient.Quotient.Number.Interval);
        Assert.Single(quotient.Quotient.Limbs);
        var requantised = Assert.Single(witness.Circuit.Gadgets.OfType<RequantiseGadget>(), gadget => gadget.Value == 4);
        Assert.Equal([16], requantised.Cuts.Select(cut => cut.Bits));
        Assert.Single(requantised.Parts);
    }

    /// <summary>So many elements, normalised (value 3) and shifted by 14 bits (value 4).</summary>
    internal static Witness ManyQuotients(long epsilon = 45_035_995_136)
    {
        var graph = OperatorCircuits.Of(
            [[600, 64]], OperatorCircuits.Quantise(0, ElementType.S16), OperatorCircuits.Committed(1, ElementType.S16),
            new LayerNormNode { Source = 2, Centred = true, Fraction = 12, Epsilon = epsilon, OutputExponent = 12 },
            new RescaleNode { Source = 3, Factor = 3, Requantise = Requantise.To(ElementType.S8, 14) });
        var witness = OperatorCircuits.Fill(graph, samples: 1, seed: 5, low: -30000, high: 30000);
        WitnessCheck.Satisfies(witness);
        return witness;
    }

    /// <param name="lengths">Of rows taken together: up to a power of two, 16 at least, or all there are.</param>
    [Theory]
    [InlineData(6, new[] { 6 })]
    [InlineData(16, new[] { 16 })]
    [InlineData(40, new[] { 16, 32, 40 })]
    public void A_mask_leaves_elements_out(int rows, int[] lengths)
    {
        var graph = Masked(rows, masked: (row, column) => column > row);
        var witness = OperatorCircuits.Fill(graph, samples: 2, seed: 1, low: -127, high: 128);
        WitnessCheck.Satisfies(witness);
        ReductionCheck.Holds(witness, seed: 1);
        Assert.Equal(lengths, witness.Circuit.Gadgets.OfType<SoftmaxGadget>().Select(gadget => gadget.Source.Channels));
    }

    /// <summary>Attention scores [2, rows, rows], those that are masked at the least number there is.</summary>
    private static Graph Masked(int rows, Func<int, int, bool> masked)
    {
        var mask = Enumerable.Range(0, rows * rows).Select(i => (sbyte)(masked(i / rows, i % rows) ? 0 : 1)).ToArray();
        return OperatorCircuits.Of(
            [[2, rows, 4]],
            OperatorCircuits.Quantise(0, ElementType.S8), OperatorCircuits.Committed(1, ElementType.S8),
            new MatMulNode { Left = 2, Right = 2, TransposesRight = true, Requantise = Requantise.Raw([0]) },
            new ConstantNode { Value = Constant.S8([2, rows, rows], [.. mask, .. mask]) },
            new ConstantNode { Value = Constant.S32([2, rows, rows], [.. Enumerable.Repeat(-int.MaxValue, 2 * rows * rows)]) },
            new WhereNode { Condition = 4, Left = 3, Right = 5 },
            Softmax(6, shift: 6, exponent: 14),
            new MatMulNode { Left = 7, Right = 2, Requantise = Requantise.To(ElementType.S8, 13) });
    }

    [Theory]
    [InlineData(ElementType.S8, true, 8, 1L, 6)]
    [InlineData(ElementType.S8, false, 0, 1L, 12)]
    [InlineData(ElementType.S16, true, 12, 45035995136L, 12)]
    [InlineData(ElementType.S16, false, 3, 2L, 10)]
    public void Layer_normalisation(ElementType type, bool centred, int fraction, long epsilon, int exponent)
    {
        foreach (var length in (int[])[1, 2, 7, 64])
        {
            var graph = OperatorCircuits.Of(
                [[3, length]], OperatorCircuits.Quantise(0, type), OperatorCircuits.Committed(1, type),
                new LayerNormNode { Source = 2, Centred = centred, Fraction = fraction, Epsilon = epsilon, OutputExponent = exponent });
            foreach (var (low, high) in ((int, int)[])[(-40000, 40000), (0, 1), (32766, 50000), (-1, 2), (-100, 101)])
            {
                var witness = OperatorCircuits.Fill(graph, samples: 2, seed: length, low, high);
                WitnessCheck.Satisfies(witness);
                if (length == 7)
                    ReductionCheck.Holds(witness, seed: 1);
            }
        }
    }

    [Fact]
    public void One_element_far_from_all_others_is_normalised_to_the_largest_quotient()
    {
        var graph = OperatorCircuits.Of(
            [[1, 64]], OperatorCircuits.Quantise(0, ElementType.S16), OperatorCircuits.Committed(1, ElementType.S16),
            new LayerNormNode { Source = 2, Centred = false, Fraction = 4, Epsilon = 1, OutputExponent = 12 });
        var model = OperatorCircuits.Load(graph);
        foreach (var far in (long[])[32767, -32767, 1, -1])
            WitnessCheck.Satisfies(OperatorCircuits.Fill(model, OperatorCircuits.Build(model, 1), [far, .. new long[63]]));
    }

    /// <summary>Tables and limbs of a normalisation are made for quotients up to a bound: it must hold for any row, and be no looser than rows can come to.</summary>
    [Fact]
    public void No_row_is_normalised_to_more_than_the_largest_quotient()
    {
        var random = new Random(7);
        foreach (var epsilon in (long[])[1, 2, 3, 4, 9, 100, 12345, 1L << 40])
            foreach (var (fraction, exponent) in ((int, int)[])[(0, 1), (0, 12), (1, 7), (4, 14), (12, 12)])
                foreach (var centred in (bool[])[true, false])
                {
                    var node = new LayerNormNode { Source = 0, Centred = centred, Fraction = fraction, Epsilon = epsilon, OutputExponent = exponent };
                    foreach (var length in (int[])[1, 2, 3, 5, 64, 257])
                        foreach (var reach in (int[])[1, 2, 3, 9, 300, 32767])
                        {
                            var largest = CircuitBuilder.LargestQuotient(node, length);
                            Assert.InRange(Quotient(node, [reach, .. new long[length - 1]]), -largest, largest);
                            for (var row = 0; row < 20; row++)
                                Assert.InRange(Quotient(node, [.. Enumerable.Range(0, length).Select(i => i == 0 || row % 2 == 0 ? (long)random.Next(-reach, reach + 1) : 0)]), -largest, largest);
                        }
                }
        var common = new LayerNormNode { Source = 0, Centred = true, Fraction = 12, Epsilon = 175_921_856, OutputExponent = 12 };
        Assert.InRange(Quotient(common, [32767, .. new long[63]]), 32_500, CircuitBuilder.LargestQuotient(common, 64));
        Assert.InRange(CircuitBuilder.LargestQuotient(common, 64), 0, 32767);
    }

    /// <summary>The first element's, as docs/spec/aivm-q.md has it, before the clamp.</summary>
    private static long Quotient(LayerNormNode node, long[] row)
    {
        var count = row.Length;
        Int128 Floored(Int128 number, Int128 divisor) => (number - (((number % divisor) + divisor) % divisor)) / divisor;
        var mean = node.Centred ? Floored(((Int128)row.Sum() << node.Fraction) + (count / 2), count) : 0;
        Int128[] distances = [.. row.Select(element => ((Int128)element << node.Fraction) - mean)];
        var variance = (distances.Aggregate(Int128.Zero, (sum, distance) => sum + (distance * distance)) + (count / 2)) / count;
        var root = CircuitBuilder.RootOf(variance + node.Epsilon);
        return (long)Floored((distances[0] << node.OutputExponent) + (root / 2), root);
    }

    [Fact]
    public void The_largest_along_rows_and_choices_between_elements()
    {
        foreach (var shape in (Shape[])[[4, 3], [2, 3, 5]])
        {
            var graph = OperatorCircuits.Of(
                [shape, shape],
                OperatorCircuits.Quantise(0, ElementType.S8), OperatorCircuits.Committed(2, ElementType.S8),
                OperatorCircuits.Quantise(1, ElementType.S8), OperatorCircuits.Committed(4, ElementType.S8),
                new CompareNode { Left = 3, Right = 5, Comparison = Comparison.Less }, new CompareNode { Left = 3, Right = 5, Comparison = Comparison.LessOrEqual },
                new CompareNode { Left = 5, Right = 3, Comparison = Comparison.Equal },
                new WhereNode { Condition = 6, Left = 3, Right = 5 }, new WhereNode { Condition = 3, Left = 7, Right = 8 },
                new AddNode { Left = 9, Right = 10, LeftFactor = 1, RightFactor = 1, Requantise = Requantise.Raw([0]) },
                new MaxNode { Source = 11 });
            var witness = OperatorCircuits.Fill(graph, samples: 2, seed: 3, low: -3, high: 4);
            WitnessCheck.Satisfies(witness);
            ReductionCheck.Holds(witness, seed: 2);
        }
    }

    private static void Check(Model model, int samples, long[] inputs)
    {
        var witness = SmallCircuits.Fill(model, samples, inputs);
        ReductionCheck.Holds(witness, seed: 1);
    }
}
