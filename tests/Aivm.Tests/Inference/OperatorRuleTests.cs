using Aivm.Inference;

namespace Aivm.Tests.Inference;

/// <summary>Each rule of the operators over several values and over rows, by the error that names it. What a rule protects stands beside it.</summary>
public sealed class OperatorRuleTests
{
    private static readonly Constant S8 = Constant.S8([2, 3], [1, 2, 3, 4, 5, 6]);
    private static readonly Constant S16 = Constant.S16([2, 3], [1, 2, 3, 4, 5, 6]);
    private static readonly Constant S32 = Constant.S32([2, 3], [1, 2, 3, 4, 5, 6]);
    private static readonly Constant S64 = Constant.S64([2, 3], [1, 2, 3, 4, 5, 6]);
    private static readonly Constant Wider = Constant.S8([2, 4], new sbyte[8]);
    private static readonly Constant Scalar = Constant.S8([], [1]);
    private static readonly Requantise Narrow = Requantise.To(ElementType.S8, 0);

    [Fact]
    public void Joined_values_have_one_type_and_one_shape_but_for_the_axis()
    {
        GraphNode Concat(int axis, int parts = 2) => new ConcatNode { Parts = [1, .. Enumerable.Repeat(2, parts - 1)], Axis = axis };
        Accepted(Concat(1), S8, Wider);
        Accepted(Concat(1, parts: 64), S8, Wider);
        Refused("graph-shape", Concat(0), S8, Wider);
        Refused("graph-shape", Concat(1), S8, Constant.S8([2, 3, 1], new sbyte[6]));
        Refused("graph-type", Concat(0), S8, S16);
        Refused("graph-field", Concat(2), S8, S8);
        Refused("graph-field", Concat(-1), S8, S8);
        Refused("graph-field", Concat(0), Scalar, Scalar);
        Refused("graph-field", new ConcatNode { Parts = [1], Axis = 0 }, S8);
        Refused("graph-field", Concat(1, parts: 65), S8, Wider);
        // Its length would not fit into the shape.
        Refused("graph-shape", Over([1 << 24], new ConcatNode { Parts = [.. new int[64]], Axis = 0 }));
    }

    [Fact]
    public void Indices_stay_within_their_axis()
    {
        GraphNode Gather(int axis, Constant indices) => new GatherNode { Source = 1, Axis = axis, Indices = indices };
        Accepted(Gather(1, Constant.S32([2], [0, 2])), S8);
        Refused("graph-field", Gather(1, Constant.S32([2], [0, 3])), S8);
        Refused("graph-field", Gather(1, Constant.S32([2], [-1, 0])), S8);
        Refused("graph-field", Gather(2, Constant.S32([1], [0])), S8);
        Refused("graph-field", Gather(-1, Constant.S32([1], [0])), S8);
        Refused("graph-type", Gather(1, Constant.S64([1], [0])), S8);
        Refused("graph-type", Gather(1, Constant.S32([1, 1], [0])), S8);
        // Few indices along one axis of a large tensor: refused by size, not by memory.
        Refused("limit-size", Over([1 << 12, 1 << 12], new GatherNode { Source = 0, Axis = 0, Indices = Constant.S32([5000], new int[5000]) }));
    }

    [Fact]
    public void A_constant_holds_elements_of_its_type()
    {
        Accepted(new ConstantNode { Value = Constant.S64([1], [-long.MaxValue]) });
        Accepted(new ConstantNode { Value = Constant.S32([1], [int.MinValue]) });
        Refused("graph-field", new ConstantNode { Value = Constant.S64([1], [long.MinValue]) });
        Refused("graph-field", new ConstantNode { Value = Constant.S16([1], [short.MinValue]) });
        Refused("graph-field", new ConstantNode { Value = Constant.S8([1], [sbyte.MinValue]) });
        Refused("graph-type", new ConstantNode { Value = Constant.FromBytes(ElementType.Rank, [1], [0, 0]) });
    }

    [Fact]
    public void A_row_is_looked_up_only_by_a_number_that_is_proved_to_be_a_rows()
    {
        GraphNode Embedding(Constant table) => new EmbeddingNode { Source = 1, Table = table };
        var seven = Constant.S16([7, 2], new short[14]);
        Accepted(Embedding(seven), S32);
        Accepted(Embedding(seven), S64);
        Refused("graph-field", Embedding(Constant.S16([6, 2], new short[12])), S32);
        Refused("graph-field", Embedding(seven), Constant.S64([1], [-1]));
        Refused("graph-field", Embedding(seven), Constant.S64([1], [long.MaxValue]));
        Refused("graph-type", Embedding(seven), S16);
        Refused("graph-type", Embedding(Constant.S64([7], new long[7])), S32);
        Refused("graph-shape", Embedding(Constant.S8([], [1])), Constant.S32([1], [0]));
        Refused("graph-shape", Embedding(Constant.S8([1, 1, 1, 1], [1])), Constant.S32([1, 1, 1, 1], [0]));
        Refused("limit-size", Over([1 << 13], new EmbeddingNode { Source = 0, Table = Constant.S8([256, 1 << 12], new sbyte[1 << 20]) }, new InputFormat.U8()));
    }

    [Fact]
    public void Matrices_fit_each_other()
    {
        GraphNode MatMul(bool transposes = false, Requantise? requantise = null) =>
            new MatMulNode { Left = 1, Right = 2, TransposesRight = transposes, Requantise = requantise ?? Narrow };
        var cube = Constant.S8([2, 3, 3], new sbyte[18]);
        Accepted(MatMul(transposes: true), S8, S16);
        Accepted(MatMul(), S8, Constant.S8([3, 1], new sbyte[3]));
        Accepted(MatMul(), cube, cube);
        Refused("graph-shape", MatMul(), S8, S8);
        Refused("graph-shape", MatMul(transposes: true), S8, Wider);
        Refused("graph-shape", MatMul(), cube, Constant.S8([3, 3, 3], new sbyte[27]));
        Refused("graph-shape", MatMul(), S8, cube);
        Refused("graph-shape", MatMul(), Constant.S8([3], new sbyte[3]), Constant.S8([3], new sbyte[3]));
        Refused("graph-type", MatMul(transposes: true), S8, S32);
        Refused("graph-type", MatMul(transposes: true), S64, S8);
        Refused("graph-field", MatMul(true, Requantise.To(ElementType.S8, [0, 1], new Activation.Clamp(0, 1))), S8, S8);
    }

    [Fact]
    public void A_product_of_matrices_stays_below_the_accumulator_bound()
    {
        GraphNode MatMul() => new MatMulNode { Left = 1, Right = 2, Requantise = Requantise.Raw([0]) };
        // 2^14 * 32767 = 2^29 - 2^14; 16385 * 32767 is over.
        Accepted(MatMul(), Constant.S16([1, 1], [1 << 14]), Constant.S16([1, 1], [32767]));
        Refused("graph-bound", MatMul(), Constant.S16([1, 1], [16385]), Constant.S16([1, 1], [-32767]));
        Refused("graph-bound", MatMul(), Constant.S16([1, 2], [1, -(1 << 14)]), Constant.S16([2, 1], [32767, 1]));
    }

    /// <summary>512 probabilities of up to 2^14 times 127 would be over the bound, but together they are 2^14 and 256 halves.</summary>
    [Fact]
    public void Probabilities_add_up_to_one_however_long_the_row_until_their_row_is_broken()
    {
        const int Length = 512;
        Graph Attend(params Func<int, GraphNode>[] between) => new()
        {
            Inputs = [new GraphInput("x", [Length, Length], new InputFormat.U8())],
            Nodes =
            [
                QuantiseNode.Scale(0, ElementType.S8, 1, 1),
                new SoftmaxNode { Source = 1, Shift = 0, Entries = Constant.S32([2], [9, 1]), OutputExponent = 14 },
                .. between.Select((node, i) => node(i + 2)),
                new MatMulNode { Left = between.Length + 2, Right = 1, Requantise = Requantise.To(ElementType.S8, 14) },
                new MaxNode { Source = between.Length + 3 },
            ],
            Outputs = [new GraphOutput { Name = "y", Source = between.Length + 4, Kind = OutputKind.Values }],
        };
        var reversed = Constant.S32([Length], [.. Enumerable.Range(0, Length).Reverse()]);
        Assert.Null(Fault(Attend()));
        Assert.Null(Fault(Attend(source => new GatherNode { Source = source, Axis = 0, Indices = reversed })));
        Assert.Null(Fault(Attend(source => new ReshapeNode { Source = source, Shape = [1, Length, Length] }, source => new ReshapeNode { Source = source, Shape = [Length, Length] })));
        Assert.Equal("graph-bound", Fault(Attend(source => new GatherNode { Source = source, Axis = 1, Indices = reversed })));
        Assert.Equal("graph-bound", Fault(Attend(source => new TransposeNode { Source = source, Permutation = [1, 0] })));
        Assert.Equal("graph-bound", Fault(Attend(source => new ReshapeNode { Source = source, Shape = [Length * 2, Length / 2] }, source => new ReshapeNode { Source = source, Shape = [Length, Length] })));
    }

    [Fact]
    public void A_product_of_elements_stays_below_the_accumulator_bound()
    {
        GraphNode Multiply() => new MultiplyNode { Left = 1, Right = 2, Requantise = Requantise.Raw([0]) };
        Accepted(Multiply(), S8, S32);
        Accepted(Multiply(), Constant.S32([1], [(1 << 29) - 1]), Constant.S8([1], [-1]));
        Refused("graph-bound", Multiply(), Constant.S32([1], [1 << 29]), Constant.S8([1], [1]));
        Refused("graph-bound", Multiply(), Constant.S32([1], [int.MinValue]), Constant.S32([1], [int.MinValue]));
        Refused("graph-shape", Multiply(), S8, Wider);
        Refused("graph-type", Multiply(), S8, S64);
    }

    [Fact]
    public void Values_are_compared_and_chosen_within_one_type_and_shape()
    {
        GraphNode Compare(int comparison = 1) => new CompareNode { Left = 1, Right = 2, Comparison = (Comparison)comparison };
        Accepted(Compare(3), S64, S64);
        Refused("graph-type", Compare(), S8, S16);
        Refused("graph-shape", Compare(), S8, Wider);
        Refused("graph-field", Compare(0), S8, S8);
        Refused("graph-field", Compare(4), S8, S8);
        Assert.Equal("graph-type", Fault(Ranked(2, value => new CompareNode { Left = value, Right = value, Comparison = Comparison.Equal })));

        GraphNode Where() => new WhereNode { Condition = 1, Left = 2, Right = 3 };
        Accepted(Where(), S8, S64, S64);
        Refused("graph-type", Where(), S16, S8, S8);
        Refused("graph-type", Where(), S8, S8, S16);
        Refused("graph-shape", Where(), Wider, S8, S8);
        Refused("graph-shape", Where(), S8, S8, Wider);
    }

    [Fact]
    public void A_row_is_summed_below_the_accumulator_bound()
    {
        GraphNode Sum(int multiplier = 1) => new SumNode { Source = 1, Multiplier = multiplier, Requantise = Requantise.Raw([0]) };
        Accepted(Sum(1 << 24), S8);
        Refused("graph-field", Sum((1 << 24) + 1), S8);
        Refused("graph-field", Sum(0), S8);
        Refused("graph-shape", Sum(), Scalar);
        Refused("graph-type", Sum(), S64);
        Accepted(Sum(), Constant.S32([2], [1, (1 << 28) - 1]));
        Refused("graph-bound", Sum(), Constant.S32([2], [1, 1 << 28]));
        Refused("graph-bound", Sum(1 << 24), Constant.S32([2], [int.MinValue, int.MinValue]));
    }

    [Fact]
    public void The_largest_of_a_row_needs_a_row_of_integers()
    {
        Accepted(new MaxNode { Source = 1 }, S64);
        Refused("graph-shape", new MaxNode { Source = 1 }, Scalar);
        Assert.Equal("graph-type", Fault(Ranked(2, value => new MaxNode { Source = value })));
    }

    [Fact]
    public void A_layer_is_normalised_below_2_to_the_62()
    {
        GraphNode Norm(int fraction = 0, long epsilon = 1, int exponent = 10) =>
            new LayerNormNode { Source = 1, Centred = true, Fraction = fraction, Epsilon = epsilon, OutputExponent = exponent };
        Accepted(Norm(16, (1L << 62) - 1, 14), S8);
        Refused("graph-field", Norm(fraction: -1), S8);
        Refused("graph-field", Norm(fraction: 17), S8);
        // Nothing else keeps the divisor away from zero.
        Refused("graph-field", Norm(epsilon: 0), S8);
        Refused("graph-field", Norm(epsilon: 1L << 62), S8);
        Refused("graph-field", Norm(exponent: 0), S8);
        Refused("graph-field", Norm(exponent: 15), S8);
        Refused("graph-shape", Norm(), Scalar);
        Refused("graph-type", Norm(), S64);
        Accepted(Norm(), Constant.S32([1], [(1 << 30) - 1]));
        Refused("graph-bound", Norm(), Constant.S32([1], [1 << 30]));
        Refused("graph-bound", Norm(), Constant.S32([2], [0, (1 << 30) - 1]));
        Refused("graph-bound", Norm(16), Constant.S32([2], [int.MinValue, int.MaxValue]));
    }

    [Fact]
    public void A_norm_stays_below_2_to_the_62()
    {
        GraphNode Normalise(Norm norm, int exponent = 20) => new NormaliseNode { Source = 1, Norm = norm, OutputExponent = exponent };
        foreach (var norm in Enum.GetValues<Norm>())
        {
            Accepted(Normalise(norm, 30), S64);
            Refused("graph-field", Normalise(norm, 0), S64);
            Refused("graph-field", Normalise(norm, 31), S64);
            Refused("graph-shape", Normalise(norm), Scalar);
            Refused("graph-bound", Normalise(norm), Constant.S64([2], [-long.MaxValue, long.MaxValue]));
            Refused("graph-bound", Over([1 << 24], new NormaliseNode { Source = 0, Norm = norm, OutputExponent = 1 }));
            Assert.Equal("graph-type", Fault(Ranked(2, value => new NormaliseNode { Source = value, Norm = norm, OutputExponent = 1 })));
        }
        Refused("graph-field", Normalise(0), S64);
        Refused("graph-field", Normalise((Norm)4), S64);
        Accepted(Normalise(Norm.L1), Constant.S64([2], [0, (1L << 61) - 1]));
        Refused("graph-bound", Normalise(Norm.L1), Constant.S64([2], [0, 1L << 61]));
        Accepted(Normalise(Norm.L2), Constant.S64([1], [int.MaxValue]));
        Refused("graph-bound", Normalise(Norm.L2), Constant.S64([1], [1L + int.MaxValue]));
    }

    [Fact]
    public void A_missing_feature_may_be_moved_but_only_ranks_read_it()
    {
        Graph Moved(GraphNode reader) => new()
        {
            Inputs = [new GraphInput("x", [2], new InputFormat.Fixed(0, AllowsMissing: true))],
            Nodes =
            [
                new GatherNode { Source = 0, Axis = 0, Indices = Constant.S32([1], [1]) },
                new ConcatNode { Parts = [1, 0], Axis = 0 },
                reader,
                new TreeEnsembleNode
                {
                    Source = 3,
                    Targets = 1,
                    Trees = [new TreeShape(3, 0, 1)],
                    Splits = Constant.S32([3], [new TreeSplit(0, 0, true).Pack(), -1, -1]),
                    Leaves = Constant.S32([2], [10, 20]),
                    Base = Constant.S64([1], [0]),
                },
            ],
            Outputs = [new GraphOutput { Name = "y", Source = 4, Kind = OutputKind.Values }],
        };
        var ranks = Moved(new RankNode { Source = 2, Counts = [1, 0, 0], Thresholds = Constant.S64([1], [5]) });
        Assert.Equal([10], Graphs.Run(ranks, 0, long.MinValue));
        Assert.Equal([20], Graphs.Run(ranks, long.MinValue, 6));
        Assert.Equal("graph-type", Fault(Moved(new MaxNode { Source = 2 })));
    }

    [Fact]
    public void An_index_input_takes_its_numbers_and_no_others()
    {
        Graph Indexed(int count) => new()
        {
            Inputs = [new GraphInput("x", [2], new InputFormat.Index(count))],
            Nodes = [new EmbeddingNode { Source = 0, Table = Constant.S8([3], [7, 8, 9]) }],
            Outputs = [new GraphOutput { Name = "y", Source = 1, Kind = OutputKind.Values }],
        };
        Assert.Equal([9, 7], Graphs.Run(Indexed(3), 2, 0));
        Assert.Equal("graph-field", Fault(Indexed(0)));
        Assert.Equal("graph-field", Fault(Indexed(-1)));
        Assert.Equal("graph-field", Fault(Indexed(4)));
        Assert.Equal("graph-field", Fault(Indexed(int.MaxValue)));
        var model = Graphs.Load(Indexed(3), Simd.Level);
        Assert.Equal(16, model.PackedInputLength);
        foreach (var wrong in (long[])[-1, 3, long.MaxValue, long.MinValue])
        {
            Assert.False(model.TryRun([0, wrong], new long[2], out var error));
            Assert.Equal("input-range", error.Code);
        }
        Assert.Contains("\"format\":\"index\",\"count\":3", model.Describe(), StringComparison.Ordinal);
    }

    /// <summary>The arithmetic of the analysis is checked: a container that makes it overflow would throw in every validator.</summary>
    [Fact]
    public void No_operator_overflows_the_analysis_over_the_widest_ranges_and_largest_shapes()
    {
        Shape[] shapes = [[1 << 24], [1 << 12, 1 << 12], [1, 1, 1, 1, 1, 1 << 24], [1 << 24, 1], [1, 1 << 24], [1]];
        Constant[] ends =
        [
            Constant.S64([2], [-long.MaxValue, long.MaxValue]), Constant.S32([2], [int.MinValue, int.MaxValue]),
            Constant.S16([2], [-32767, 32767]), Constant.S8([2], [-127, 127]),
        ];
        foreach (var shape in shapes)
            foreach (var end in ends)
                foreach (var node in Extremes(2))
                {
                    // The ends, spread over the shape by an input whose numbers are 0 and 1.
                    var graph = new Graph
                    {
                        Inputs = [new GraphInput("x", [1 << 24], new InputFormat.Index(2)), new GraphInput("shape", shape, new InputFormat.Index(2))],
                        Nodes = [end.Type == ElementType.S64 ? new ReshapeNode { Source = 1, Shape = shape } : new EmbeddingNode { Source = 1, Table = end }, node],
                        Outputs = [new GraphOutput { Name = "y", Source = 3, Kind = OutputKind.Values }],
                    };
                    var wide = new Graph { Inputs = [new GraphInput("x", shape, new InputFormat.Fixed(0)), graph.Inputs[1]], Nodes = graph.Nodes, Outputs = graph.Outputs };
                    Assert.Matches("^(graph|limit)-|^$", Fault(graph) ?? "");
                    Assert.Matches("^(graph|limit)-|^$", Fault(wide) ?? "");
                }
    }

    /// <summary>Every field at its ends, over value <paramref name="x"/>.</summary>
    private static IEnumerable<GraphNode> Extremes(int x)
    {
        Requantise[] requantises = [Requantise.Raw([0]), Requantise.Raw([24]), Requantise.To(ElementType.S16, 24), Requantise.To(ElementType.S8, 255)];
        foreach (var requantise in requantises)
        {
            yield return new MatMulNode { Left = x, Right = x, TransposesRight = true, Requantise = requantise };
            yield return new MatMulNode { Left = x, Right = x, Requantise = requantise };
            yield return new MultiplyNode { Left = x, Right = x, Requantise = requantise };
            yield return new AddNode { Left = x, Right = x, LeftFactor = 32767, RightFactor = int.MinValue, Requantise = requantise };
            yield return new AddNode { Left = x, Right = x, LeftFactor = -32767, RightFactor = 32767, Requantise = requantise };
            yield return new RescaleNode { Source = x, Factor = -32767, Requantise = requantise };
            yield return new SumNode { Source = x, Multiplier = 1 << 24, Requantise = requantise };
            yield return new SumNode { Source = x, Multiplier = int.MinValue, Requantise = requantise };
        }
        foreach (var axis in (int[])[-1, 0, 1, 255])
        {
            yield return new ConcatNode { Parts = [.. Enumerable.Repeat(x, 64)], Axis = axis };
            yield return new GatherNode { Source = x, Axis = axis, Indices = Constant.S32([1 << 16], new int[1 << 16]) };
            yield return new ArgMaxNode { Source = x, Axis = axis };
        }
        foreach (var exponent in (int[])[1, 14, 30, 255])
        {
            foreach (var norm in Enum.GetValues<Norm>())
                yield return new NormaliseNode { Source = x, Norm = norm, OutputExponent = exponent };
            foreach (var fraction in (int[])[0, 16, 255])
                yield return new LayerNormNode { Source = x, Centred = true, Fraction = fraction, Epsilon = (1L << 62) - 1, OutputExponent = exponent };
            yield return new SoftmaxNode { Source = x, Shift = 31, Entries = Constant.S32([2], [1 << 30, 1 << 30]), OutputExponent = exponent };
        }
        yield return new CompareNode { Left = x, Right = x, Comparison = Comparison.Equal };
        yield return new WhereNode { Condition = x, Left = x, Right = x };
        yield return new MaxNode { Source = x };
        yield return new EmbeddingNode { Source = x, Table = Constant.S32([2, 1 << 10, 1 << 10], new int[1 << 21]) };
    }

    private static void Accepted(GraphNode node, params Constant[] sources) => Assert.Null(Fault(Over(node, sources)));

    private static void Refused(string code, GraphNode node, params Constant[] sources) => Refused(code, Over(node, sources));

    private static void Refused(string code, Graph graph) => Assert.Equal(code, Fault(graph));

    private static string? Fault(Graph graph) => GraphAnalysis.TryAnalyse(graph, out _, out var error) ? null : error.Code;

    /// <summary>A node over constants as values 1, 2, ...</summary>
    private static Graph Over(GraphNode node, Constant[] sources) => new()
    {
        Inputs = [new GraphInput("x", [1], new InputFormat.U8())],
        Nodes = [.. sources.Select(value => new ConstantNode { Value = value }), node],
        Outputs = [.. Enumerable.Range(1, sources.Length + 1).Select(value => new GraphOutput { Name = $"y{value}", Source = value, Kind = OutputKind.Values })],
    };

    /// <summary>A node over an input of a shape.</summary>
    private static Graph Over(Shape shape, GraphNode node, InputFormat? format = null) => new()
    {
        Inputs = [new GraphInput("x", shape, format ?? new InputFormat.Fixed(0))],
        Nodes = [node],
        Outputs = [new GraphOutput { Name = "y", Source = 1, Kind = OutputKind.Values }],
    };

    /// <summary>A node over ranks.</summary>
    private static Graph Ranked(int features, Func<int, GraphNode> node) => new()
    {
        Inputs = [new GraphInput("x", [features], new InputFormat.Fixed(0))],
        Nodes = [new RankNode { Source = 0, Counts = [1, .. new int[features - 1]], Thresholds = Constant.S64([1], [0]) }, node(1)],
        Outputs = [new GraphOutput { Name = "y", Source = 2, Kind = OutputKind.Values }],
    };
}
