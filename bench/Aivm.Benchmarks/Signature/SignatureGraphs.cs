using System.Collections.Immutable;
using Aivm.Inference;

namespace Aivm.Benchmarks.Signature;

/// <summary>
/// The fixed set of graphs behind the signature: every operator, and linear layers of every kind of geometry. Whoever changes one
/// changes the signature. A new operator is appended at the end.
/// </summary>
internal static class SignatureGraphs
{
    public static IEnumerable<(Graph Graph, long[] Input)> All()
    {
        var numbers = new NumberStream(1);
        foreach (var kind in Enum.GetValues<SourceKind>())
            foreach (var window in Windows)
                foreach (var (channels, outputs, groups) in Layers)
                    yield return Image(numbers, kind, window, channels, outputs, groups);
        foreach (var kind in Enum.GetValues<SourceKind>())
            foreach (var (rows, inputs, outputs) in Matrices)
            {
                yield return Rows(numbers, kind, rows, inputs, outputs);
                yield return Norms(numbers, kind, rows, inputs, outputs);
            }
        yield return Features(numbers);
    }

    private static readonly Window[] Windows =
    [
        new() { Kernel = new(1, 1) },
        new() { Kernel = new(3, 3), Padding = new(1, 1, 1, 1) },
        new() { Kernel = new(3, 3), Padding = new(0, 0, 1, 1), Strides = new(2, 2) },
        new() { Kernel = new(5, 2), Padding = new(2, 1, 2, 0), Strides = new(1, 3) },
        new() { Kernel = new(2, 3), Padding = new(1, 2, 1, 2), Dilations = new(2, 2) },
    ];

    private static readonly (int Channels, int Outputs, int Groups)[] Layers =
    [
        (1, 9, 1), (3, 16, 1), (16, 40, 1), (19, 5, 1), (8, 8, 8), (16, 16, 16), (45, 45, 45), (64, 64, 64), (24, 32, 2), (6, 12, 3),
    ];

    private static readonly (int Rows, int Inputs, int Outputs)[] Matrices = [(1, 100, 1), (1, 37, 70), (7, 64, 24), (13, 5, 33)];

    /// <summary>A convolution finished in each way, and what windows and channels are otherwise good for.</summary>
    private static (Graph Graph, long[] Input) Image(NumberStream numbers, SourceKind kind, Window window, int channels, int outputs, int groups)
    {
        var graph = new GraphBuilder(numbers);
        var source = graph.Quantised([channels, 9, 11], kind);
        var relu = graph.Add(Conv(Requantise.To(ElementType.S8, [(byte)numbers.Between(8, 10)], new Activation.Clamp(0, 127))));
        var signed = graph.Add(Conv(Requantise.To(ElementType.S8, Shifts(6, 11), new Activation.Clamp(-127, 127))));
        graph.Add(Conv(Requantise.To(ElementType.S16, [3], new Activation.Clamp(-32767, 20000))));
        graph.Add(Conv(Requantise.To(ElementType.S8, [9], new Activation.Table(-100, numbers.Constant(ElementType.S8, [201])))));
        graph.Add(Conv(Requantise.Raw(Shifts(0, 2))));
        var sum = graph.Add(new AddNode { Left = relu, Right = signed, LeftFactor = 300, RightFactor = -77, Requantise = Requantise.To(ElementType.S8, 8) });
        graph.Add(new MaxPoolNode { Source = sum, Window = new() { Kernel = new(2, 2), Strides = new(2, 2) } });
        graph.Add(new AveragePoolNode { Source = relu, Window = new() { Kernel = new(2, 3), Padding = new(1, 1, 0, 1) }, Multiplier = 171, ExcludesPadding = true, Requantise = Requantise.To(ElementType.S8, 10) });
        graph.Add(new RescaleNode { Source = signed, Factor = 200, Requantise = Requantise.To(ElementType.S16, 1) });
        graph.Add(new TableNode { Source = signed, Low = -100, Entries = numbers.Constant(ElementType.S16, [150]) });
        graph.Add(new TransposeNode { Source = relu, Permutation = [1, 2, 0] });
        return graph.Finish();

        // Sums of 16-bit elements leave no room for channels of different scales.
        ImmutableArray<byte> Shifts(int low, int high) => kind == SourceKind.S16 ? [(byte)low] : [.. Enumerable.Range(0, outputs).Select(_ => (byte)numbers.Between(low, high))];

        ConvNode Conv(Requantise requantise) => new()
        {
            Source = source,
            Weights = numbers.Constant(ElementType.S8, [outputs, channels / groups, window.Kernel.Height, window.Kernel.Width]),
            Bias = numbers.Constant(ElementType.S32, [outputs], 20000),
            Window = window,
            Groups = groups,
            Requantise = requantise,
        };
    }

    /// <summary>A dense layer, and what works element by element or moves elements.</summary>
    private static (Graph Graph, long[] Input) Rows(NumberStream numbers, SourceKind kind, int rows, int inputs, int outputs)
    {
        var graph = new GraphBuilder(numbers);
        var source = graph.Quantised([rows, inputs], kind);
        var bytes = graph.Add(Dense(numbers, source, inputs, outputs, Requantise.To(ElementType.S8, 9)));
        var raw = graph.Add(Dense(numbers, source, inputs, outputs, Requantise.Raw([0])));
        var matrix = graph.Add(new TransposeNode { Source = bytes, Permutation = [1, 0] });
        graph.Add(new MatMulNode { Left = bytes, Right = matrix, Requantise = Requantise.To(ElementType.S8, 7) });
        graph.Add(new MatMulNode { Left = bytes, Right = bytes, TransposesRight = true, Requantise = Requantise.To(ElementType.S16, 3) });
        graph.Add(new MultiplyNode { Left = bytes, Right = bytes, Requantise = Requantise.To(ElementType.S8, 7) });
        var condition = graph.Add(new CompareNode { Left = bytes, Right = graph.Add(new RescaleNode { Source = raw, Factor = 1, Requantise = Requantise.To(ElementType.S8, 10) }), Comparison = Comparison.LessOrEqual });
        var zeros = graph.Add(new ConstantNode { Value = numbers.Constant(ElementType.S8, [rows, outputs]) });
        graph.Add(new WhereNode { Condition = condition, Left = bytes, Right = zeros });
        graph.Add(new ConcatNode { Parts = [bytes, zeros], Axis = 1 });
        graph.Add(new GatherNode { Source = bytes, Axis = 1, Indices = Constant.S32([3], [outputs - 1, 0, outputs / 2]) });
        graph.Add(new ReshapeNode { Source = bytes, Shape = [outputs, rows, 1] });
        return graph.Finish();
    }

    /// <summary>What works on the last axis.</summary>
    private static (Graph Graph, long[] Input) Norms(NumberStream numbers, SourceKind kind, int rows, int inputs, int outputs)
    {
        var graph = new GraphBuilder(numbers);
        var source = graph.Quantised([rows, inputs], kind);
        var bytes = graph.Add(Dense(numbers, source, inputs, outputs, Requantise.To(ElementType.S8, 9)));
        var raw = graph.Add(Dense(numbers, source, inputs, outputs, Requantise.Raw([0])));
        graph.Add(new SumNode { Source = bytes, Multiplier = 1000, Requantise = Requantise.To(ElementType.S16, 7) });
        graph.Add(new MaxNode { Source = raw });
        graph.Add(new ArgMaxNode { Source = raw, Axis = 1 });
        graph.Add(new LayerNormNode { Source = kind == SourceKind.S16 ? bytes : raw, Centred = true, Fraction = 4, Epsilon = 3, OutputExponent = 10 });
        graph.Add(new LayerNormNode { Source = bytes, Centred = false, Fraction = 8, Epsilon = 1, OutputExponent = 12 });
        foreach (var norm in (ReadOnlySpan<Norm>)[Norm.Max, Norm.L1, Norm.L2])
            graph.Add(new NormaliseNode { Source = raw, Norm = norm, OutputExponent = 20 });
        graph.Add(new SoftmaxNode { Source = bytes, Shift = 2, Entries = Exponentials(numbers), OutputExponent = 14 });
        graph.Add(new SoftmaxNode { Source = raw, Shift = 10, Entries = Exponentials(numbers), OutputExponent = 24 });
        graph.Add(new InterpolateNode { Source = raw, Low = -5000, Shift = 9, Entries = numbers.Constant(ElementType.S32, [21], 1 << 29) });
        return graph.Finish();
    }

    private static DenseNode Dense(NumberStream numbers, int source, int inputs, int outputs, Requantise requantise) => new()
    {
        Source = source,
        Weights = numbers.Constant(ElementType.S8, [outputs, inputs]),
        Bias = numbers.Constant(ElementType.S32, [outputs], 20000),
        Requantise = requantise,
    };

    /// <summary>Classical models and what takes int64.</summary>
    private static (Graph Graph, long[] Input) Features(NumberStream numbers)
    {
        const int features = 10;
        var graph = new GraphBuilder(numbers);
        var raw = graph.Input([features], new InputFormat.Fixed(3), -100_000, 100_000);
        var missing = graph.Input([features], new InputFormat.Fixed(9, AllowsMissing: true), -60, 60);
        var index = graph.Input([4], new InputFormat.Index(9), 0, 8);
        var clamped = graph.Add(new ClampNode { Source = raw, Low = -30_000, High = 50_000 });
        var scaled = graph.Add(new QuantiseNode
        {
            Source = raw,
            Output = ElementType.S64,
            Multipliers = numbers.Constant(ElementType.S64, [features], 1L << 40),
            Offsets = numbers.Constant(ElementType.S64, [features], 1L << 50),
            Shift = 30,
        });
        foreach (var type in (ReadOnlySpan<ElementType>)[ElementType.S8, ElementType.S16, ElementType.S32, ElementType.S64])
            graph.Add(new WideDenseNode { Source = clamped, Weights = numbers.Constant(type, [3, features], type == ElementType.S64 ? 1L << 35 : 0), Bias = numbers.Constant(ElementType.S64, [3], 1L << 50) });
        graph.Add(new MaxNode { Source = scaled });
        graph.Add(new EmbeddingNode { Source = index, Table = numbers.Constant(ElementType.S16, [9, 17]) });
        var ranks = graph.Add(new RankNode { Source = missing, Counts = [.. Enumerable.Repeat(5, features)], Thresholds = Thresholds(numbers, features) });
        graph.Add(Trees(numbers, ranks, features));
        return graph.Finish();
    }

    private static Constant Exponentials(NumberStream numbers) => Constant.S32([40], [.. Enumerable.Range(0, 40).Select(i => (1 << 28) / ((i * i) + 1) + (int)numbers.Next(50))]);

    private static Constant Thresholds(NumberStream numbers, int features) =>
        Constant.S64([5 * features], [.. Enumerable.Range(0, 5 * features).Select(i => ((i % 5) * 20) - 50 + numbers.Next(15))]);

    private static TreeEnsembleNode Trees(NumberStream numbers, int source, int features)
    {
        var (shapes, splits, leaves) = (new List<TreeShape>(), new List<int>(), new List<long>());
        for (var tree = 0; tree < 20; tree++)
        {
            var start = splits.Count;
            var (first, count) = tree % 3 == 0 ? (0, 3) : (tree % 3, 1);
            Grow(depth: 0, count);
            shapes.Add(new TreeShape(splits.Count - start, first, count));
        }
        return new()
        {
            Source = source,
            Targets = 3,
            Trees = [.. shapes],
            Splits = Constant.S32([splits.Count], [.. splits]),
            Leaves = Constant.S64([leaves.Count], [.. leaves]),
            Base = numbers.Constant(ElementType.S64, [3], 1L << 30),
        };

        void Grow(int depth, int count)
        {
            if (depth == 6 || numbers.Next(5) == 0)
            {
                splits.Add(TreeSplit.Leaf);
                for (var i = 0; i < count; i++)
                    leaves.Add(numbers.Between(-1L << 24, 1L << 24));
                return;
            }
            splits.Add(new TreeSplit((int)numbers.Next(features), (int)numbers.Next(5), numbers.Next(2) == 1).Pack());
            Grow(depth + 1, count);
            Grow(depth + 1, count);
        }
    }
}

/// <summary>What a linear layer reads.</summary>
internal enum SourceKind
{
    /// <summary>S8 that is never negative, from bytes.</summary>
    Byte,
    S8,
    S16,
}
