using Aivm.Inference;
using static Aivm.Benchmarks.Gas.CaseConstants;

namespace Aivm.Benchmarks.Gas;

/// <summary>Containers that take as much work to load as their bytes and nodes allow.</summary>
internal static class LoadCases
{
    public static IEnumerable<(string Name, Graph Graph)> All =>
    [
        ("one clamp", Over([1], x => new ClampNode { Source = x, Low = 0, High = 1 })),
        ("4096 clamps", Chain(4096, [1], x => new ClampNode { Source = x, Low = 0, High = 1 })),
        ("4096 reshapes", Chain(4096, [2], x => new ReshapeNode { Source = x, Shape = [2] })),
        ("4096 transposes", Chain(4096, [1, 1, 1, 1, 1, 1], x => new TransposeNode { Source = x, Permutation = [5, 4, 3, 2, 1, 0] })),
        ("4095 rescales", Chain8(4095, [1], x => new RescaleNode { Source = x, Factor = 1, Requantise = Clamp8(0) })),
        ("4095 convolutions", Chain8(4095, [1, 1, 1], x => Conv(x, 1, 1, 1))),
        ("4095 convolutions of their own constants", Chain8(4095, [1, 1, 1], x => Conv(x, 1, 1, 1, fresh: true))),
        ("4095 depthwise convolutions", Chain8(4095, [16, 1, 1], x => Conv(x, 16, 3, 16))),
        ("4095 dense layers", Chain8(4095, [1], x => Dense(x, 1, 1))),
        ("4095 products", Chain8(4095, [1, 1], x => new MatMulNode { Left = x, Right = x, Requantise = Clamp8(7) })),
        ("2000 gatherings of 64 parts", Gathered(2000)),
        ("3900 values that live to the end", Joined(61)),
        ("4095 pools", Chain8(4095, [1, 1, 1], x => new MaxPoolNode { Source = x, Window = new() { Kernel = Extent.One } })),
        ("a pool of a million positions", Over8([1, 1, 1 << 20], x => new MaxPoolNode { Source = x, Window = new() { Kernel = Extent.One } })),
        ("pools with much padding", Chain8(100, [1, 1, 1], x => new MaxPoolNode { Source = x, Window = new() { Kernel = new(4096, 4096), Padding = new(4095, 4095, 0, 0) } })),
        ("a softmax", Chain8(1, [1], x => new SoftmaxNode { Source = x, Shift = 0, Entries = Constant.S32([1], [1]), OutputExponent = 4 })),
        ("900 small tables for S16", Chain16(900, [1], x => new TableNode { Source = x, Low = 0, Entries = Tiny })),
        ("100 large tables", Chain16(100, [1], x => new TableNode { Source = x, Low = -32768, Entries = LargeTable })),
        ("100 layers with large tables", Chain16(100, [1], x => new RescaleNode { Source = x, Factor = 1, Requantise = LargeFinish })),
        ("100 large interpolations", Chain(100, [1], x => new InterpolateNode { Source = x, Low = 0, Shift = 1, Entries = LargeCurve })),
        ("a shared matrix", Wide8(8, 512, 2048)),
        ("a large matrix", Over8([2048], x => Dense(x, 2048, 1024))),
        ("a large matrix for S16", Over16([2048], x => Dense(x, 2048, 1024, limit: 1))),
        ("a long row", Over8([1 << 15], x => Dense(x, 1 << 15, 8))),
        ("narrow rows and 131072 shifts", Over8([1], x => Dense(x, 1, 1 << 17, shifts: true))),
        ("a large kernel", Over8([16, 64, 64], x => Conv(x, 4, 45, 1, inputs: 16))),
        ("a large kernel for one channel", Over8([32, 32, 32], x => Conv(x, 1, 31, 1, inputs: 32))),
        ("16384 depthwise kernels", Over8([16384, 3, 3], x => Conv(x, 16384, 3, 16384))),
        ("16384 narrow groups", Over8([16384, 3, 3], x => Conv(x, 16384, 3, 8192))),
        ("131072 wide channels", Over([1 << 17], x => new QuantiseNode { Source = x, Output = ElementType.S8, Multipliers = S64([1 << 17], 1L << 60), Offsets = S64([1 << 17], 1L << 60), Shift = 60 })),
        ("wide rows of S8", WideDense(ElementType.S8, 1024, 1024)),
        ("wide rows of S64", WideDense(ElementType.S64, 512, 512)),
        ("wide rows of one", WideDense(ElementType.S8, 1, 1 << 17)),
        ("16000 features without thresholds", Ranked(16_000, 0)),
        ("16000 features of thresholds", Ranked(16_000, 10)),
        ("a feature of thresholds", Ranked(8, 60_000)),
        ("20000 leaves", Forest(20_000, 0, 1)),
        ("20000 leaves of many targets", Forest(2_000, 0, 100)),
        ("10000 stumps", Forest(10_000, 1, 1)),
        ("deep trees", Forest(16, 13, 1)),
        ("chains", Chains(200)),
        ("65536 indices that follow nothing", Over([1 << 16], x => new GatherNode { Source = x, Axis = 0, Indices = Constant.S32([1 << 16], [.. Enumerable.Range(0, 1 << 16).Reverse()]) })),
        ("layers over rows put together", Moved([512, 2048], x => new ReshapeNode { Source = x, Shape = [256, 4096] }, x => Dense(x, 4096, 1))),
        ("layers over rows that were columns", Moved([512, 512], x => new TransposeNode { Source = x, Permutation = [1, 0] }, x => Dense(x, 512, 1))),
        ("kernels over a turned image", Moved([16, 32, 32], x => new TransposeNode { Source = x, Permutation = [0, 2, 1] }, x => Conv(x, 1, 7, 1, inputs: 16))),
        ("kernels over rows as channels", Moved([16, 32, 32], x => new TransposeNode { Source = x, Permutation = [1, 0, 2] }, x => Conv(x, 1, 7, 1, inputs: 32))),
        ("kernels as large as what they read", Moved([16, 16, 16], x => new TransposeNode { Source = x, Permutation = [1, 0, 2] }, x => Conv(x, 1, 16, 1, inputs: 16))),
        ("kernels over pairs of channels", Moved([64, 16, 16], x => new ReshapeNode { Source = x, Shape = [32, 16, 32] }, x => Conv(x, 1, 7, 1, inputs: 32))),
        ("a large constant", Constants(1 << 20)),
        ("a large table of rows", Embedding(1 << 12, 1 << 8)),
        ("names of one byte", Named(name => $"{(char)('a' + (name % 26))}")),
        ("long names", Named(name => new string((char)0xE9, 3))),
    ];

    /// <summary>Weights that are stored once and bounded for each node that reads them.</summary>
    public static IEnumerable<(string Name, Graph Graph)> OfSharedWeights =>
    [
        ("58 wide layers of the same 2^20 weights", SharedWide(58, 256, 4096)),
        ("240 wide rows of the same 60000 weights", SharedWide(240, 1, 60_000)),
        ("20 layers of the same 2^20 weights", SharedLayers(20, 1024)),
    ];

    private static Graph SharedWide(int count, int outputs, int inputs)
    {
        Constant weights = Weights([outputs, inputs]), bias = Constant.S64([outputs], new long[outputs]);
        List<GraphNode> nodes = [.. Enumerable.Range(0, count).Select(_ => new WideDenseNode { Source = 0, Weights = weights, Bias = bias })];
        var parts = Enumerable.Range(1, count).Chunk(30).ToArray();
        nodes.AddRange(parts.Select(part => new ConcatNode { Parts = [.. part], Axis = 0 }));
        nodes.Add(new ConcatNode { Parts = [.. Enumerable.Range(count + 1, parts.Length)], Axis = 0 });
        return Finish([new GraphInput("x", [inputs], new InputFormat.U8())], nodes);
    }

    private static Graph SharedLayers(int count, int width)
    {
        Constant weights = Weights([width, width]), bias = Bias(width);
        return Chain8(count, [width], x => new DenseNode { Source = x, Weights = weights, Bias = bias, Requantise = Clamp8(4) });
    }

    private static readonly Constant Tiny = Constant.S16([1], [1]);
    private static readonly Constant LargeTable = Of(ElementType.S16, [65536], 32767);
    private static readonly Constant LargeCurve = Of(ElementType.S32, [65537], int.MaxValue);
    private static readonly Requantise LargeFinish = Requantise.To(ElementType.S16, [0], new Activation.Table(-32768, LargeTable));
    private static readonly Constant[] Weight = [Weights([1, 1, 1, 1]), Weights([16, 1, 3, 3]), Weights([1, 1])];
    private static readonly Constant OneBias = Bias(1);
    private static readonly Constant SixteenBiases = Bias(16);

    private static Graph Over(Shape shape, Func<int, GraphNode> node) => Chain(1, shape, node);

    private static Graph Over8(Shape shape, Func<int, GraphNode> node) => Chain8(1, shape, node);

    private static Graph Over16(Shape shape, Func<int, GraphNode> node) => Chain16(1, shape, node);

    private static Graph Chain8(int count, Shape shape, Func<int, GraphNode> node) =>
        Chain(count + 1, shape, x => x == 0 ? QuantiseNode.Scale(x, ElementType.S8, 1, 0) : node(x));

    private static Graph Chain16(int count, Shape shape, Func<int, GraphNode> node) =>
        Chain(count + 1, shape, x => x == 0 ? QuantiseNode.Scale(x, ElementType.S16, 1, 0) : node(x));

    /// <summary>Each node reads the one before. Of a large result, one element is returned.</summary>
    private static Graph Chain(int count, Shape shape, Func<int, GraphNode> node) =>
        Finish([new GraphInput("x", shape, new InputFormat.Fixed(0))], [.. Enumerable.Range(0, count).Select(node)]);

    private static Graph Finish(GraphInput[] inputs, List<GraphNode> nodes)
    {
        GraphOutput[] Output() => [new GraphOutput { Name = "y", Source = inputs.Length + nodes.Count - 1, Kind = OutputKind.Values }];
        var graph = new Graph { Inputs = [.. inputs], Nodes = [.. nodes], Outputs = [.. Output()] };
        if (GraphAnalysis.TryAnalyse(graph, out _, out var error) || error.Code != "limit-size")
            return graph;
        nodes.Add(new GatherNode { Source = inputs.Length + nodes.Count - 1, Axis = 0, Indices = Constant.S32([1], [0]) });
        nodes.Add(new MaxNode { Source = inputs.Length + nodes.Count - 1 });
        return new Graph { Inputs = [.. inputs], Nodes = [.. nodes], Outputs = [.. Output()] };
    }

    private static ConvNode Conv(int source, int outputs, int kernel, int groups, int inputs = 1, bool fresh = false) => new()
    {
        Source = source,
        Weights = !fresh && outputs == 1 && kernel == 1 ? Weight[0] : outputs == 16 ? Weight[1] : Weights([outputs, groups == 8192 ? 2 : inputs, kernel, kernel]),
        Bias = !fresh && outputs == 1 ? OneBias : outputs == 16 ? SixteenBiases : Bias(outputs),
        Window = new() { Kernel = new(kernel, kernel), Padding = outputs == 16 ? new(1, 1, 1, 1) : Padding.None },
        Groups = groups,
        Requantise = Clamp8(4),
    };

    private static DenseNode Dense(int source, int inputs, int outputs, int limit = 127, bool shifts = false) => new()
    {
        Source = source,
        Weights = inputs * outputs == 1 ? Weight[2] : Weights([outputs, inputs], limit),
        Bias = outputs == 1 ? OneBias : Bias(outputs),
        Requantise = shifts
            ? Requantise.To(ElementType.S8, [.. Enumerable.Range(0, outputs).Select(i => (byte)(i % 9))], new Activation.Clamp(-127, 127))
            : Clamp8(4),
    };

    private static Graph Gathered(int count)
    {
        var nodes = new List<GraphNode>();
        for (var i = 0; i < count; i++)
        {
            nodes.Add(new ConcatNode { Parts = [.. Enumerable.Repeat(2 * i, 64)], Axis = 0 });
            nodes.Add(new GatherNode { Source = (2 * i) + 1, Axis = 0, Indices = Zero });
        }
        return Finish([new GraphInput("x", [1], new InputFormat.Fixed(0))], nodes);
    }

    private static Graph Joined(int joints)
    {
        var nodes = new List<GraphNode>();
        for (var i = 0; i < 64 * joints; i++)
            nodes.Add(new ClampNode { Source = 0, Low = 0, High = 1 });
        nodes.AddRange(Enumerable.Range(0, joints).Select(joint => new ConcatNode { Parts = [.. Enumerable.Range(1 + (64 * joint), 64)], Axis = 0 }));
        nodes.Add(new ConcatNode { Parts = [.. Enumerable.Range(1 + (64 * joints), joints)], Axis = 0 });
        return Finish([new GraphInput("x", [1], new InputFormat.Fixed(0))], nodes);
    }

    private static readonly Constant Zero = Constant.S32([1], [0]);

    /// <summary>One matrix that several layers read.</summary>
    private static Graph Wide8(int layers, int inputs, int outputs)
    {
        var layer = Dense(1, inputs, outputs);
        var nodes = new List<GraphNode> { QuantiseNode.Scale(0, ElementType.S8, 1, 0) };
        for (var i = 0; i < layers; i++)
            nodes.Add(new DenseNode { Source = 1, Weights = layer.Weights, Bias = layer.Bias, Requantise = layer.Requantise });
        nodes.Add(new ConcatNode { Parts = [.. Enumerable.Range(2, layers)], Axis = 0 });
        return Finish([new GraphInput("x", [inputs], new InputFormat.Fixed(0))], nodes);
    }

    /// <summary>Layers that all read what a node makes of S8.</summary>
    private static Graph Moved(Shape shape, Func<int, GraphNode> view, Func<int, GraphNode> layer) => Finish(
        [new GraphInput("x", shape, new InputFormat.Fixed(0))],
        [
            QuantiseNode.Scale(0, ElementType.S8, 1, 0), view(1), .. Enumerable.Range(0, 6).Select(_ => layer(2)),
            new ConcatNode { Parts = [.. Enumerable.Range(3, 6)], Axis = 0 },
        ]);

    private static Graph WideDense(ElementType type, int inputs, int outputs) => Finish(
        [new GraphInput("x", [inputs], new InputFormat.Fixed(0))],
        [
            new ClampNode { Source = 0, Low = -1000, High = 1000 },
            new WideDenseNode { Source = 1, Weights = Of(type, [outputs, inputs], type == ElementType.S8 ? 127 : 1 << 20), Bias = S64([outputs], 1000) },
        ]);

    private static Graph Ranked(int features, int thresholds)
    {
        int[] counts = [.. Enumerable.Repeat(thresholds, features)];
        if (thresholds == 0)
            counts[0] = 1;
        var all = counts.SelectMany(count => Enumerable.Range(0, count).Select(i => (long)i)).ToArray();
        return Trees(features, [.. counts], Constant.S64([all.Length], all), [new TreeShape(1, 0, 1)], [TreeSplit.Leaf], 1);
    }

    private static Graph Forest(int trees, int depth, int targets)
    {
        var random = new Random(1);
        var splits = new List<int>();
        for (var t = 0; t < trees; t++)
            Grow(depth);
        return Trees(1, [1], Constant.S64([1], [0]), [.. Enumerable.Repeat(new TreeShape((2 << depth) - 1, 0, targets), trees)], splits, targets);

        void Grow(int left)
        {
            splits.Add(left == 0 ? TreeSplit.Leaf : new TreeSplit(0, random.Next(2), false).Pack());
            for (var child = 0; child < 2 && left > 0; child++)
                Grow(left - 1);
        }
    }

    private static Graph Chains(int trees)
    {
        var splits = new List<int>();
        for (var t = 0; t < trees; t++)
        {
            splits.AddRange(Enumerable.Repeat(new TreeSplit(0, 0, false).Pack(), TreeEnsembleNode.MaxDepth));
            splits.AddRange(Enumerable.Repeat(TreeSplit.Leaf, TreeEnsembleNode.MaxDepth + 1));
        }
        return Trees(1, [1], Constant.S64([1], [0]), [.. Enumerable.Repeat(new TreeShape((2 * TreeEnsembleNode.MaxDepth) + 1, 0, 1), trees)], splits, 1);
    }

    private static Graph Trees(int features, int[] counts, Constant thresholds, TreeShape[] trees, List<int> splits, int targets)
    {
        var leaves = splits.Count(split => split == TreeSplit.Leaf) * targets;
        return Finish(
            [new GraphInput("x", [features], new InputFormat.Fixed(0))],
            [
                new RankNode { Source = 0, Counts = [.. counts], Thresholds = thresholds },
                new TreeEnsembleNode
                {
                    Source = 1, Targets = targets, Trees = [.. trees], Splits = Constant.S32([splits.Count], [.. splits]),
                    Leaves = Of(ElementType.S32, [leaves], 1000), Base = S64([targets], 1000),
                },
            ]);
    }

    private static Graph Constants(int count) => Finish(
        [new GraphInput("x", [1], new InputFormat.Fixed(0))],
        [new ClampNode { Source = 0, Low = 0, High = 1 }, new ConstantNode { Value = Of(ElementType.S8, [count], 127) }, new MaxNode { Source = 2 }, QuantiseNode.Scale(1, ElementType.S8, 1, 0), new ReshapeNode { Source = 3, Shape = [] }, new ReshapeNode { Source = 4, Shape = [] }, new AddNode { Left = 5, Right = 6, LeftFactor = 1, RightFactor = 1, Requantise = Clamp8(0) }]);

    private static Graph Embedding(int rows, int width) => Finish(
        [new GraphInput("x", [1], new InputFormat.Index(rows))],
        [new EmbeddingNode { Source = 0, Table = Of(ElementType.S8, [rows, width], 127) }]);

    private static Graph Named(Func<int, string> name)
    {
        string[] names = [.. Enumerable.Range(0, GraphAnalysis.MaxClasses).Select(name)];
        return new Graph
        {
            Inputs = [new GraphInput("x", [1], new InputFormat.U8())],
            Nodes = [],
            Outputs = [.. Enumerable.Range(0, 16).Select(i => new GraphOutput { Name = $"y{i}", Source = 0, Kind = OutputKind.Label, ClassNames = [.. names] })],
        };
    }
}
