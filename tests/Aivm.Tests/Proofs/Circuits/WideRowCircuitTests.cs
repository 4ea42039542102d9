using Aivm.Inference;
using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>Operators along rows, and choices, over numbers that take more than one cell, and over long rows.</summary>
public sealed class WideRowCircuitTests
{
    private static readonly long[] Ends = [127, -127, 0, 1, -1, 5, 5, -127, 126];

    /// <summary>Value 3: nine numbers in rows of three, S64.</summary>
    private static GraphNode Far(long factor, params long[] offsets) => SmallCircuits.Widened(2, 3, factor, offsets);

    [Theory]
    [InlineData(1L << 20)]
    [InlineData(1L << 24)]
    [InlineData((1L << 54) + 12345)]
    public void The_largest_of_numbers_in_limbs(long factor)
    {
        foreach (var nodes in (GraphNode[][])[[Far(factor), new MaxNode { Source = 3 }], [Far(factor, 1L << 61, -(1L << 61), 7), new MaxNode { Source = 3 }]])
        {
            var model = SmallCircuits.OverCommitted([3, 3], nodes);
            ReductionCheck.Holds(SmallCircuits.Fill(model, 1, Ends), seed: 1);
            SmallCircuits.Fill(model, 2, [.. Enumerable.Repeat(-127L, 9), .. Enumerable.Range(-4, 9).Select(i => (long)i)]);
        }
    }

    [Theory]
    [InlineData(1L << 20)]
    [InlineData(1L << 24)]
    [InlineData((1L << 54) + 12345)]
    public void Numbers_in_limbs_are_compared(long factor)
    {
        foreach (var comparison in Enum.GetValues<Comparison>())
        {
            var model = SmallCircuits.OverCommitted(
                [3, 3], Far(factor), Far(factor, 0, factor, -1), new CompareNode { Left = 3, Right = 4, Comparison = comparison },
                new CompareNode { Left = 4, Right = 3, Comparison = comparison }, new ConcatNode { Parts = [5, 6], Axis = 0 });
            ReductionCheck.Holds(SmallCircuits.Fill(model, 1, Ends), seed: 1);
            SmallCircuits.Fill(model, 2, [.. Enumerable.Repeat(-127L, 9), .. Enumerable.Range(-4, 9).Select(i => (long)i)]);
        }
    }

    /// <summary>Conditions that vary choose between limbs and cells, constants and public numbers.</summary>
    [Fact]
    public void Choices_are_made_limb_by_limb()
    {
        foreach (var (left, right) in ((GraphNode, GraphNode)[])[
            (Far(1L << 50), Far(3)), (Far(3), Far(1L << 50, -5, 5, 1L << 60)),
            (Far(1L << 30), new ConstantNode { Value = Constant.S64([3, 3], [.. Enumerable.Range(0, 9).Select(i => i % 2 == 0 ? -long.MaxValue : i)]) }),
            (new ConstantNode { Value = Constant.S64([3, 3], [.. Enumerable.Repeat(-5L, 9)]) }, Far(1L << 30))])
        {
            var model = SmallCircuits.OverCommitted([3, 3], left, right, new WhereNode { Condition = 2, Left = 3, Right = 4 }, new ArgMaxNode { Source = 5, Axis = 1 });
            ReductionCheck.Holds(SmallCircuits.Fill(model, 2, [.. Ends, 0, 0, 0, 1, 0, -1, 127, -127, 0]), seed: 1);
        }
        var one = SmallCircuits.OverCommitted([3, 3], Far(1L << 50), Far(3), new WhereNode { Condition = 2, Left = 3, Right = 4 });
        SmallCircuits.Fill(one, 1, Ends);
    }

    [Theory]
    [InlineData(1L << 24, 12)]
    [InlineData(1L << 32, 14)]
    [InlineData(1L << 50, 3)]
    public void Softmax_of_numbers_in_limbs(long factor, int shift)
    {
        foreach (var last in (int[])[0, 12345])
        {
            var entries = Constant.S32([300], [.. Enumerable.Range(0, 300).Select(i => i == 299 ? last : (int)((1 << 30) * Math.Exp(-i / 30.0)))]);
            var model = SmallCircuits.OverCommitted([3, 3], Far(factor, 5, 12345, -77), new SoftmaxNode { Source = 3, Shift = shift, Entries = entries, OutputExponent = 14 });
            ReductionCheck.Holds(SmallCircuits.Fill(model, 1, Ends), seed: 1);
            SmallCircuits.Fill(model, 2, [.. Enumerable.Repeat(-127L, 9), .. Enumerable.Range(-4, 9).Select(i => (long)i / 3)]);
        }
    }

    /// <summary>A mask that the input gives, as an encoder has it: everything, something and nothing of a row is left.</summary>
    [Theory]
    [InlineData(ProofPrivacy.None)]
    [InlineData(ProofPrivacy.Inputs)]
    public void A_mask_may_be_part_of_the_input(ProofPrivacy privacy)
    {
        var graph = new Graph
        {
            Inputs = [new("x", [3, 4], new InputFormat.U8()), new("mask", [3, 4], new InputFormat.Index(2))],
            Nodes =
            [
                QuantiseNode.Scale(0, ElementType.S8, 1, 1),
                new RescaleNode { Source = 2, Factor = 1000, Requantise = Requantise.Raw([0]) },
                QuantiseNode.Scale(1, ElementType.S8, 1, 0),
                new ConstantNode { Value = Constant.S32([3, 4], [.. Enumerable.Repeat(-int.MaxValue, 12)]) },
                new WhereNode { Condition = 4, Left = 3, Right = 5 },
                new SoftmaxNode { Source = 6, Shift = 6, Entries = Constant.S32([769], [.. Enumerable.Range(0, 769).Select(i => i == 768 ? 0 : (int)((1 << 30) * Math.Exp(-i / 38.4)))]), OutputExponent = 14 },
                new MatMulNode { Left = 7, Right = 2, TransposesRight = true, Requantise = Requantise.To(ElementType.S8, 13) },
            ],
            Outputs = [new GraphOutput { Name = "y", Source = 8, Kind = OutputKind.Values }],
        };
        var model = OperatorCircuits.Load(graph);
        long[] inputs = [0, 255, 7, 100, 3, 2, 1, 0, 200, 100, 50, 25, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0];
        ReductionCheck.Holds(SmallCircuits.Fill(model, 1, inputs, privacy), seed: 1);
        if (privacy == ProofPrivacy.Inputs)
            PrivateRun.AssertProved(model, 1, inputs);
    }

    /// <summary>Scores as large as one cell holds, beside the number that stands for masked ones.</summary>
    [Fact]
    public void Scores_of_29_bits_are_masked_by_cells()
    {
        var model = SmallCircuits.OverCommitted(
            [3, 3],
            new RescaleNode { Source = 2, Factor = 32767, Requantise = Requantise.Raw([0]) }, new RescaleNode { Source = 3, Factor = 128, Requantise = Requantise.Raw([0]) },
            new ConstantNode { Value = Constant.S32([3, 3], [.. Enumerable.Repeat(-int.MaxValue, 9)]) }, new WhereNode { Condition = 2, Left = 4, Right = 5 },
            new SoftmaxNode { Source = 6, Shift = 14, Entries = Constant.S32([769], [.. Enumerable.Range(0, 769).Select(i => i == 768 ? 0 : (int)((1 << 30) * Math.Exp(-i / 38.4)))]), OutputExponent = 14 });
        foreach (var inputs in (long[][])[Ends, [0, 0, 0, 0, 0, 127, 1, 0, 2]])
            ReductionCheck.Holds(SmallCircuits.Fill(model, 1, inputs), seed: 1);
    }

    [Theory]
    [InlineData(600, 3)]
    [InlineData(4096, 4)]
    [InlineData(5000, 0)]
    public void Softmax_of_long_rows(int length, int shift)
    {
        var entries = Constant.S32([4000], [.. Enumerable.Range(0, 4000).Select(i => i == 3999 ? 0 : (int)((1 << 30) * Math.Exp(-i / 200.0)))]);
        var graph = OperatorCircuits.Of(
            [[1, length]], OperatorCircuits.Quantise(0, ElementType.S16), OperatorCircuits.Committed(1, ElementType.S16),
            new SoftmaxNode { Source = 2, Shift = shift, Entries = entries, OutputExponent = 14 });
        foreach (var (low, high) in ((int, int)[])[(-40000, 40000), (-5, 6), (0, 1)])
        {
            var witness = OperatorCircuits.Fill(graph, samples: 1, seed: length, low, high);
            WitnessCheck.Satisfies(witness);
            Assert.Empty(WitnessFaults.Of(witness));
        }
    }

    [Theory]
    [InlineData(512, ElementType.S16, 10, 12)]
    [InlineData(768, ElementType.S16, 8, 14)]
    [InlineData(1024, ElementType.S16, 8, 12)]
    [InlineData(4096, ElementType.S16, 6, 12)]
    [InlineData(9000, ElementType.S16, 6, 14)]
    [InlineData(5000, ElementType.S8, 4, 12)]
    public void Layer_normalisation_of_long_rows(int length, ElementType type, int fraction, int exponent)
    {
        foreach (var centred in (bool[])[true, false])
        {
            var graph = OperatorCircuits.Of(
                [[1, length]], OperatorCircuits.Quantise(0, type), OperatorCircuits.Committed(1, type),
                new LayerNormNode { Source = 2, Centred = centred, Fraction = fraction, Epsilon = 7, OutputExponent = exponent });
            foreach (var (low, high) in ((int, int)[])[(-40000, 40000), (0, 1), (32766, 50000)])
            {
                var witness = OperatorCircuits.Fill(graph, samples: 1, seed: length, low, high);
                WitnessCheck.Satisfies(witness);
                Assert.Empty(WitnessFaults.Of(witness));
            }
            // One far from all others is beyond S16.
            var model = OperatorCircuits.Load(graph);
            foreach (var far in (long[])[32767, -32767])
                WitnessCheck.Satisfies(OperatorCircuits.Fill(model, OperatorCircuits.Build(model, 1), [far, .. new long[length - 1]]));
        }
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(1_000_000)]
    [InlineData(4_000_000)]
    public void Layer_normalisation_of_numbers_of_32_bits(int factor)
    {
        var model = SmallCircuits.OverCommitted(
            [3, 3], new RescaleNode { Source = 2, Factor = Math.Min(factor, 30000), Requantise = Requantise.Raw([0]) },
            new RescaleNode { Source = 3, Factor = Math.Max(1, factor / 30000), Requantise = Requantise.Raw([0]) },
            new LayerNormNode { Source = 4, Centred = true, Fraction = 0, Epsilon = 5, OutputExponent = 10 });
        ReductionCheck.Holds(SmallCircuits.Fill(model, 1, Ends), seed: 1);
    }

    [Theory]
    [InlineData(Norm.L1)]
    [InlineData(Norm.L2)]
    [InlineData(Norm.Max)]
    public void Rows_are_divided_by_their_norm(Norm norm)
    {
        foreach (var exponent in (int[])[1, 10, 24, 30])
        {
            var narrow = SmallCircuits.OverCommitted([3, 3], new NormaliseNode { Source = 2, Norm = norm, OutputExponent = exponent });
            var scaled = SmallCircuits.OverCommitted(
                [3, 3], new RescaleNode { Source = 2, Factor = 12345, Requantise = Requantise.Raw([0]) }, new NormaliseNode { Source = 3, Norm = norm, OutputExponent = exponent });
            var wide = SmallCircuits.OverCommitted([3, 3], Far(norm == Norm.L2 ? 9_000_000 : 1L << 52, 1, 2, 3), new NormaliseNode { Source = 3, Norm = norm, OutputExponent = exponent });
            foreach (var model in (Model[])[narrow, scaled, wide])
                foreach (var inputs in (long[][])[Ends, [0, 0, 0, -1, -127, -127, 0, -5, -5], [1, 1, 1, -1, 0, 0, -1, -2, -3], [127, 127, 127, -127, -127, -127, 1, -127, -127]])
                    SmallCircuits.Fill(model, 1, inputs);
            ReductionCheck.Holds(SmallCircuits.Fill(wide, 2, [.. Ends, .. Ends.Select(x => -x)]), seed: 1);
        }
    }

    [Theory]
    [InlineData(Norm.L1)]
    [InlineData(Norm.L2)]
    [InlineData(Norm.Max)]
    public void Private_rows_are_divided_by_their_norm_and_public_ones_by_the_verifier(Norm norm)
    {
        var limit = norm == Norm.L2 ? 1L << 30 : 1L << 58;
        var model = SmallCircuits.Model(
            new GraphInput("x", [2, 3], new InputFormat.Fixed(2)), new ClampNode { Source = 0, Low = -limit, High = limit },
            new NormaliseNode { Source = 1, Norm = norm, OutputExponent = 20 });
        foreach (var inputs in (long[][])[[0, 0, 0, -5, -7, -9], [long.MaxValue, 5, -long.MaxValue, 1, 2, 3], [-1, 0, 0, -1L << 50, -1, -1]])
        {
            SmallCircuits.Fill(model, 1, inputs, ProofPrivacy.Inputs);
            Assert.Empty(SmallCircuits.Fill(model, 1, inputs).Circuit.Lookups);
        }
        PrivateRun.AssertProved(model, 1, [long.MaxValue, 5, -long.MaxValue, -1, -2, -3]);
    }

    [Theory]
    [InlineData(Norm.L1, 3000)]
    [InlineData(Norm.L2, 3000)]
    [InlineData(Norm.Max, 3000)]
    public void Long_rows_are_divided_by_their_norm(Norm norm, int length)
    {
        var graph = OperatorCircuits.Of(
            [[1, length]], OperatorCircuits.Quantise(0, ElementType.S16), OperatorCircuits.Committed(1, ElementType.S16),
            new NormaliseNode { Source = 2, Norm = norm, OutputExponent = 20 });
        var witness = OperatorCircuits.Fill(graph, samples: 1, seed: length);
        WitnessCheck.Satisfies(witness);
    }
}
