using Aivm.Inference;

namespace Aivm.Tests.Inference;

/// <summary>Small graphs for tests.</summary>
internal static class Graphs
{
    /// <summary>Integers with no decimals, narrowed to S8, through the nodes; the last value is the output.</summary>
    /// <param name="nodes">Each is given the number of the value before it.</param>
    public static Graph OfS8(Shape shape, params Func<int, GraphNode>[] nodes) =>
        Of(shape, [source => QuantiseNode.Scale(source, ElementType.S8, 1, 0), .. nodes]);

    public static Graph OfS16(Shape shape, params Func<int, GraphNode>[] nodes) =>
        Of(shape, [source => QuantiseNode.Scale(source, ElementType.S16, 1, 0), .. nodes]);

    /// <summary>The same over the raw int64 input.</summary>
    public static Graph Of(Shape shape, params Func<int, GraphNode>[] nodes) => new()
    {
        Inputs = [new GraphInput("x", shape, new InputFormat.Fixed(0))],
        Nodes = [.. nodes.Select((node, i) => node(i))],
        Outputs = [new GraphOutput { Name = "y", Source = nodes.Length, Kind = OutputKind.Values }],
    };

    /// <summary>Every kernel set that this machine has, and AVX-VNNI's with its instruction emulated where AVX2 is all there is.</summary>
    public static IEnumerable<SimdLevel> Levels =>
        Enum.GetValues<SimdLevel>().Where(level => Simd.IsSupported(level == SimdLevel.Vnni ? SimdLevel.Avx2 : level));

    public static Model Load(Graph graph, SimdLevel level)
    {
        Assert.True(Model.TryLoad(Container.Encode(graph), ModelLimits.OffChain, level, out var model, out var error), error?.ToString());
        return model;
    }

    /// <summary>The output, the same on every kernel set.</summary>
    public static long[] Run(Graph graph, params long[] input)
    {
        long[]? expected = null;
        foreach (var level in Levels)
        {
            var model = Load(graph, level);
            var output = new long[model.OutputCount];
            Assert.True(model.TryRun(input, output, out var error), error?.ToString());
            Assert.Equal(expected ??= output, output);
        }
        return expected!;
    }

    /// <summary>A small image classifier with a residual connection and probabilities.</summary>
    public static Graph Image()
    {
        var relu = new Activation.Clamp(0, 127);
        var window = new Window { Kernel = new(3, 3), Padding = new(1, 1, 1, 1) };
        return new()
        {
            Inputs = [new GraphInput("image", [4, 4, 2], new InputFormat.U8())],
            Nodes =
            [
                new TransposeNode { Source = 0, Permutation = [2, 0, 1] },
                QuantiseNode.Scale(1, ElementType.S8, 127, 8),
                new ConvNode { Source = 2, Weights = Ramp(4, 2, 3, 3), Bias = Constant.S32([4], [1, 2, 3, 4]), Window = window, Requantise = Requantise.To(ElementType.S8, [3, 4, 5, 6], relu) },
                new ConvNode { Source = 3, Weights = Ramp(4, 1, 3, 3), Bias = Constant.S32([4], [0, 0, 0, 0]), Window = window, Groups = 4, Requantise = Requantise.To(ElementType.S8, [5], new Activation.Table(-3, Constant.S8([6], [-9, -4, 0, 1, 5, 70]))) },
                new AddNode { Left = 3, Right = 4, LeftFactor = 2, RightFactor = -3, Requantise = Requantise.To(ElementType.S16, 1) },
                new MaxPoolNode { Source = 5, Window = new() { Kernel = new(2, 2), Strides = new(2, 2) } },
                new TableNode { Source = 6, Low = -2, Entries = Constant.S8([5], [-7, -3, 0, 4, 9]) },
                new AveragePoolNode { Source = 7, Window = new() { Kernel = new(2, 2) }, Multiplier = 4, ExcludesPadding = true, Requantise = Requantise.To(ElementType.S8, 3) },
                new ReshapeNode { Source = 8, Shape = [4] },
                new DenseNode { Source = 9, Weights = Ramp(3, 4), Bias = Constant.S32([3], [7, 8, 9]), Requantise = Requantise.Raw([2]) },
                new RescaleNode { Source = 10, Factor = 3, Requantise = Requantise.To(ElementType.S16, 1) },
                new SoftmaxNode { Source = 11, Shift = 1, Entries = Constant.S32([4], [1 << 20, 1 << 18, 1 << 16, 0]), OutputExponent = 14 },
                new ArgMaxNode { Source = 11, Axis = 0 },
            ],
            Outputs =
            [
                new GraphOutput { Name = "label", Source = 13, Kind = OutputKind.Label, ClassNames = ["cat", "dog", "\"quoted\\ é\""] },
                new GraphOutput { Name = "probabilities", Source = 12, Kind = OutputKind.Values, Exponent = 14 },
            ],
        };
    }

    /// <summary>A tree ensemble and a logistic model over the same features.</summary>
    public static Graph Table() => new()
    {
        Inputs =
        [
            new GraphInput("features", [2], new InputFormat.Fixed(9, AllowsMissing: true)),
            new GraphInput("raw", [2], new InputFormat.Fixed(3)),
        ],
        Nodes =
        [
            new RankNode { Source = 0, Counts = [2, 1], Thresholds = Constant.S64([3], [-5, 10, 0]) },
            new TreeEnsembleNode
            {
                Source = 2,
                Targets = 2,
                Trees = [new TreeShape(5, 0, 1), new TreeShape(3, 0, 2)],
                Splits = Constant.S32([8], [Split(0, 1, true), Split(1, 0, false), -1, -1, -1, Split(0, 0, false), -1, -1]),
                Leaves = Constant.S32([7], [1, 10, 100, 1000, 2000, 10000, 20000]),
                Base = Constant.S64([2], [5, 6]),
            },
            new ClampNode { Source = 1, Low = -1000, High = 1000 },
            new WideDenseNode { Source = 4, Weights = Constant.S32([2, 2], [3, -4, 5, 6]), Bias = Constant.S64([2], [-7, 8]) },
            new InterpolateNode { Source = 5, Low = -2048, Shift = 11, Entries = Constant.S32([3], [0, 500, 1000]) },
        ],
        Outputs =
        [
            new GraphOutput { Name = "scores", Source = 3, Kind = OutputKind.Values, Exponent = 24 },
            new GraphOutput { Name = "probability", Source = 6, Kind = OutputKind.Values, Exponent = 10 },
        ],
    };

    /// <summary>Tokens through attention with a mask, a gate and a normalisation.</summary>
    public static Graph Sequence() => new()
    {
        Inputs = [new GraphInput("tokens", [3], new InputFormat.Index(5))],
        Nodes =
        [
            new EmbeddingNode { Source = 0, Table = Constant.S16([5, 4], [1, -2, 3, -4, 50, 60, 70, -80, 9, 0, 9, 0, 300, -300, 20, 1, 0, 0, 0, 7]) },
            new ConstantNode { Value = Constant.S16([3, 4], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) },
            new AddNode { Left = 1, Right = 2, LeftFactor = 1, RightFactor = 1, Requantise = Requantise.To(ElementType.S16, 0) },
            new LayerNormNode { Source = 3, Centred = true, Fraction = 4, Epsilon = 16, OutputExponent = 10 },
            new RescaleNode { Source = 4, Factor = 1, Requantise = Requantise.To(ElementType.S8, 4) },
            new MatMulNode { Left = 5, Right = 5, TransposesRight = true, Requantise = Requantise.To(ElementType.S16, 2) },
            new ConstantNode { Value = Constant.S8([3, 3], [1, 0, 0, 1, 1, 0, 1, 1, 1]) },
            new ConstantNode { Value = Constant.S16([3, 3], [.. Enumerable.Repeat((short)-32767, 9)]) },
            new WhereNode { Condition = 7, Left = 6, Right = 8 },
            new SoftmaxNode { Source = 9, Shift = 8, Entries = Constant.S32([4], [1 << 20, 1 << 18, 1 << 16, 0]), OutputExponent = 8 },
            new MatMulNode { Left = 10, Right = 5, Requantise = Requantise.To(ElementType.S8, 8) },
            new ConcatNode { Parts = [11, 5], Axis = 1 },
            new GatherNode { Source = 12, Axis = 1, Indices = Constant.S32([4], [0, 7, 2, 3]) },
            new MultiplyNode { Left = 13, Right = 5, Requantise = Requantise.To(ElementType.S8, 6) },
            new CompareNode { Left = 14, Right = 5, Comparison = Comparison.Less },
            new SumNode { Source = 15, Multiplier = 3, Requantise = Requantise.Raw([0]) },
            new MaxNode { Source = 14 },
            new NormaliseNode { Source = 3, Norm = Norm.L1, OutputExponent = 15 },
        ],
        Outputs =
        [
            new GraphOutput { Name = "sums", Source = 16, Kind = OutputKind.Values },
            new GraphOutput { Name = "largest", Source = 17, Kind = OutputKind.Values, Exponent = 7 },
            new GraphOutput { Name = "shares", Source = 18, Kind = OutputKind.Values, Exponent = 15 },
        ],
    };

    private static int Split(int feature, int rank, bool missingTrue) => new TreeSplit(feature, rank, missingTrue).Pack();

    /// <summary>S8 weights -3, -2, ..., 3, -3, ...</summary>
    private static Constant Ramp(params int[] shape)
    {
        var weights = new sbyte[Shape.Create(shape).Elements];
        for (var i = 0; i < weights.Length; i++)
            weights[i] = (sbyte)((i % 7) - 3);
        return Constant.S8(Shape.Create(shape), weights);
    }
}
