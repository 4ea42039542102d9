using System.Numerics;
using System.Text;
using Aivm.Inference;

namespace Aivm.Tests.Inference.Reference;

/// <summary>The specification's section on gas once more, with numbers of its own: what a run and a loading cost.</summary>
internal static class ReferenceGas
{
    /// <summary>Of one run.</summary>
    public static BigInteger OfRun(Graph graph, ReadOnlySpan<ValueInfo> values)
    {
        BigInteger sum = 1_000_000;
        foreach (var input in graph.Inputs)
            sum += 2_000 * Count(input.Shape);
        foreach (var output in graph.Outputs)
            sum += 2_000 * Count(values[output.Source].Shape);
        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            ValueInfo[] sources = new ValueInfo[graph.Nodes[i].Sources.Length];
            for (var s = 0; s < sources.Length; s++)
                sources[s] = values[graph.Nodes[i].Sources[s]];
            sum += 150_000 + Layouts(graph.Nodes[i], sources) + OfNode(graph.Nodes[i], sources, values[graph.Inputs.Length + i]);
        }
        return RoundUp(sum);
    }

    /// <summary>Of loading a container.</summary>
    public static BigInteger OfLoading(Graph graph, ReadOnlySpan<ValueInfo> values, int containerBytes)
    {
        BigInteger sum = 20_000_000 + (1_000 * (BigInteger)containerBytes) + (4_000_000 * (BigInteger)graph.Nodes.Length);
        sum += 150_000 * (BigInteger)graph.Nodes.SelectMany(node => node.Constants).Distinct().Count();
        for (var i = 0; i < graph.Nodes.Length; i++)
            sum += (500 * Prepared(graph.Nodes[i])) + (60_000 * Channels(graph.Nodes[i]));
        foreach (var name in graph.Outputs.SelectMany(output => output.ClassNames))
            sum += 80_000 + (500 * (64 + (2 * (BigInteger)Encoding.UTF8.GetByteCount(name))));
        return RoundUp(sum);
    }

    private static BigInteger RoundUp(BigInteger thousandths) => (thousandths + 999) / 1000;

    private static BigInteger Layouts(GraphNode node, ValueInfo[] sources)
    {
        var free = node is AddNode or RescaleNode or TableNode or MultiplyNode or CompareNode or WhereNode ? 1 : 0;
        BigInteger sum = 0;
        foreach (var source in sources.Skip(free))
            if (source.Shape.Rank == 3 && source.Shape[0] > 1 && source.Shape[1] * source.Shape[2] > 1)
                sum += Count(source.Shape) * (500 + (300 * Size(source)));
        return sum;
    }

    private static BigInteger OfNode(GraphNode node, ValueInfo[] sources, ValueInfo result)
    {
        var n = Count(result.Shape);
        var source = sources.Length > 0 ? Count(sources[0].Shape) : 0;
        var last = sources.Length > 0 && sources[0].Shape.Rank > 0 ? sources[0].Shape[^1] : 1;
        var rows = source / last;
        return node switch
        {
            ReshapeNode => 0,
            TransposeNode => (2_000 * n) + (10_000 * (n / (result.Shape.Rank == 0 ? 1 : result.Shape[^1]))),
            ClampNode => (2_000 * n) + (150 * 8 * n),
            ConcatNode concat => (4_000 * concat.Parts.Length * Before(result.Shape, concat.Axis)) + Bytes(result),
            GatherNode gather => (4_000 * Runs(gather.Indices.ToArray()) * Before(result.Shape, gather.Axis)) + Bytes(result),
            ConstantNode => Bytes(result),
            EmbeddingNode => ((4_000 + 5_000) * source) + Bytes(result),
            QuantiseNode quantise => n * (IsNarrow(quantise, sources[0]) ? 5_000 : 27_000),
            TableNode => 2_000 * n,
            InterpolateNode => 7_000 * n,
            RankNode rank => rank.Counts.Aggregate(BigInteger.Zero, (sum, count) => sum + (5_000 * (Bits(count) + 1))),
            AddNode add => Finish(add.Requantise, n) + (500 * 2 * n),
            MultiplyNode multiply => Finish(multiply.Requantise, n) + (500 * 2 * n),
            RescaleNode rescale => Finish(rescale.Requantise, n) + (500 * n),
            CompareNode => (500 * n) + (150 * n * 2 * Size(sources[0])),
            WhereNode => (500 * n) + (150 * n * (1 + (2 * Size(result)))),
            SumNode total => (300 * source) + (10_000 * n) + Finish(total.Requantise, n),
            MaxNode => (300 * source) + (10_000 * n),
            ArgMaxNode => 5_000 * source,
            MatMulNode product => Product(product, sources[0].Shape, result.Shape) + Finish(product.Requantise, n),
            ConvNode conv => Convolution(conv, sources[0].Shape, result.Shape) + Finish(conv.Requantise, n),
            DenseNode dense => (500 * source) + Vectors(dense.Weights, 1, 1, n / dense.Bias.Count) + Finish(dense.Requantise, n),
            MaxPoolNode pool => Pool(pool.Window, result.Shape),
            AveragePoolNode pool => Pool(pool.Window, result.Shape) + Finish(pool.Requantise, n),
            SoftmaxNode => ((7_000 + 2_000) * n) + (10_000 * rows),
            LayerNormNode => ((1_000 + 2_000) * n) + (40_000 * rows),
            NormaliseNode => ((5_000 + 2_000) * n) + (10_000 * rows),
            WideDenseNode => (1_000 * n * last) + (5_000 * n) + (10_000 * rows),
            TreeEnsembleNode trees => Trees(trees, source),
            _ => throw new InvalidOperationException($"The specification has no price for {node.Operator}."),
        };
    }

    private static BigInteger Product(MatMulNode node, Shape left, Shape result)
    {
        var (m, k, columns) = ((BigInteger)left[^2], (BigInteger)left[^1], (BigInteger)result[^1]);
        var matrices = Count(result) / (m * columns);
        return (40 * matrices * m * Up(columns, 8) * Up(k, 2))
            + (500 * 2 * matrices * (m + Up(columns, 8)) * Up(k, 2))
            + (20_000 * matrices * ((m * Up(columns, 16) / 16) + 1))
            + (2_000 * matrices * Up(columns, 8));
    }

    private static BigInteger Convolution(ConvNode node, Shape source, Shape result)
    {
        var padding = node.Window.Padding;
        var padded = (BigInteger)source[0] * (source[1] + padding.Top + padding.Bottom) * (source[2] + padding.Left + padding.Right);
        var (positions, taps) = ((BigInteger)result[1] * result[2], (BigInteger)node.Window.Kernel.Height * node.Window.Kernel.Width);
        var (g, outputs, inputs) = (node.Groups, node.Weights.Shape[0], node.Weights.Shape[1]);
        var gathers = 500 * padded;
        if (g >= 8 && g == outputs && inputs == 1)
            return gathers + (60 * positions * Up(g, 16) * Up(taps, 2)) + (20_000 * Up(g, 16) / 16);
        if (g > 1 && (outputs / g < 8 || inputs < 4))
        {
            var weights = (BigInteger)node.Weights.Count;
            return gathers + (1_000 * positions * weights) + (15_000 * (weights + outputs)) + (8_000 * result[1] * weights);
        }
        return gathers + Vectors(node.Weights, g, taps, positions);
    }

    private static BigInteger Vectors(Constant weights, int groups, BigInteger taps, BigInteger positions)
    {
        var each = weights.Shape[0] / groups;
        var vectors = groups * Up(each, 8) * taps * Up(weights.Shape[1], 4);
        return (40 * vectors * positions) + (80 * vectors) + (20_000 * positions * groups * Up(each, 16) / 16);
    }

    private static BigInteger Pool(Window window, Shape result)
    {
        var positions = (BigInteger)result[1] * result[2];
        return (window.Kernel.Height * (BigInteger)window.Kernel.Width * ((300 * Count(result)) + (30_000 * positions))) + (20_000 * positions);
    }

    private static BigInteger Trees(TreeEnsembleNode node, BigInteger features)
    {
        var (sum, position) = (2_000 * (node.Targets + features), 0);
        foreach (var tree in node.Trees)
        {
            sum += ((node.Splits.Count > 65536 ? 30_000 : 5_000) * Depth(node.Splits, position)) + (5_000 * (BigInteger)tree.TargetCount);
            position += tree.Nodes;
        }
        return sum;
    }

    /// <summary>Splits on the longest path from a node. A node's depth is known when it is met: it waits as a false subtree or follows its split.</summary>
    private static BigInteger Depth(Constant splits, int root)
    {
        var (depth, deepest, waiting) = (0, 0, new Stack<int>());
        for (var node = root; ; node++)
        {
            if (splits[node] != -1)
            {
                waiting.Push(++depth);
                deepest = Math.Max(deepest, depth);
            }
            else if (waiting.Count == 0)
            {
                return deepest;
            }
            else
            {
                depth = waiting.Pop();
            }
        }
    }

    private static BigInteger Prepared(GraphNode node)
    {
        BigInteger bytes = 2048;
        foreach (var constant in node.Constants)
            bytes += constant.Bytes.Length;
        return bytes + node switch
        {
            ConvNode conv => PreparedWeights(conv.Weights, conv.Groups),
            DenseNode dense => PreparedWeights(dense.Weights, 1),
            GatherNode gather => gather.Indices.Bytes.Length,
            QuantiseNode quantise => 24 * (BigInteger)quantise.Multipliers.Count,
            RankNode rank => 8 * (BigInteger)rank.Counts.Length,
            TableNode => 1 << 17,
            TreeEnsembleNode trees => (8 * (BigInteger)trees.Splits.Count) + (8 * (BigInteger)trees.Leaves.Count) + (28 * (BigInteger)trees.Trees.Length),
            _ => 0,
        };
    }

    private static BigInteger PreparedWeights(Constant weights, int g)
    {
        var (outputs, inputs) = (weights.Shape[0], weights.Shape[1]);
        var isSmall = g > 1 && (outputs / g < 8 || inputs < 4);
        var taps = (BigInteger)weights.Count / outputs / inputs;
        return (16 * (BigInteger)(outputs + 8)) + (isSmall ? 8 * (BigInteger)weights.Count : 2 * g * Up(outputs / g, 8) * taps * Up(inputs, 4));
    }

    private static BigInteger Channels(GraphNode node) => node switch
    {
        ConvNode conv => conv.Bias.Count,
        DenseNode dense => dense.Bias.Count,
        WideDenseNode wide => wide.Bias.Count,
        QuantiseNode quantise => quantise.Multipliers.Count,
        TreeEnsembleNode trees => trees.Trees.Length,
        _ => 0,
    };

    private static bool IsNarrow(QuantiseNode node, ValueInfo source)
    {
        var magnitude = BigInteger.Max(BigInteger.Abs(source.Min), BigInteger.Abs(source.Max));
        var rounding = node.Shift > 0 ? BigInteger.One << (node.Shift - 1) : 0;
        return Enumerable.Range(0, node.Multipliers.Count).All(c =>
            (magnitude * BigInteger.Abs(node.Multipliers[c])) + BigInteger.Abs(node.Offsets[c]) + rounding < BigInteger.One << 62);
    }

    private static BigInteger Finish(Requantise requantise, BigInteger n) => n * (requantise.Activation is Activation.Table ? 2_000 : 500);

    private static BigInteger Count(Shape shape) => shape.Dimensions.Aggregate(BigInteger.One, (product, dimension) => product * dimension);

    private static BigInteger Before(Shape shape, int axis) => shape.Dimensions.Take(axis).Aggregate(BigInteger.One, (product, dimension) => product * dimension);

    private static BigInteger Bytes(ValueInfo value) => 150 * Count(value.Shape) * Size(value);

    private static BigInteger Size(ValueInfo value) => value.Type switch
    {
        ElementType.S8 => 1,
        ElementType.S16 or ElementType.Rank => 2,
        ElementType.S32 => 4,
        _ => 8,
    };

    private static BigInteger Up(BigInteger x, int multiple) => (x + multiple - 1) / multiple * multiple;

    private static int Bits(int count) => Convert.ToString(count, 2).TrimStart('0').Length;

    private static int Runs(long[] indices) => Enumerable.Range(0, indices.Length).Count(i => i == 0 || indices[i] != indices[i - 1] + 1);
}
