using Aivm.Inference;

namespace Aivm.Tests.Inference.Reference;

/// <summary>
/// The specification once more, slow and obvious: every operator by its formula, on row-major int64 arrays, in 128 bits.
/// It shares no code with the kernels, and it checks what the analysis promised: ranges, sums of rows and the accumulator bound.
/// </summary>
internal sealed partial class ReferenceInterpreter
{
    private readonly Graph _graph;
    private readonly GraphAnalysis _analysis;
    private readonly long[][] _values;

    private ReferenceInterpreter(Graph graph)
    {
        Assert.True(GraphAnalysis.TryAnalyse(graph, out _analysis, out var error), error?.ToString());
        _graph = graph;
        _values = new long[graph.ValueCount][];
    }

    public static long[] Run(Graph graph, long[] input) => new ReferenceInterpreter(graph).Run(input);

    private long[] Run(long[] input)
    {
        var position = 0;
        for (var i = 0; i < _graph.Inputs.Length; i++)
        {
            var elements = (int)_graph.Inputs[i].Shape.Elements;
            _values[i] = input[position..(position + elements)];
            position += elements;
        }
        for (var i = 0; i < _graph.Nodes.Length; i++)
        {
            var number = _graph.Inputs.Length + i;
            var info = _analysis.Values[number];
            var shape = info.Shape.Dimensions.ToArray();
            var result = Evaluate(_graph.Nodes[i], shape);
            Assert.Equal(info.Shape.Elements, result.Length);
            Assert.All(result, element => Assert.InRange(element, info.Min, info.Max));
            _values[number] = result;
            if (info.RowSum != ValueInfo.NoRowSum)
                Assert.All(Rows(number), row => Assert.InRange(row.Sum(Math.Abs), 0, info.RowSum));
        }
        return [.. _graph.Outputs.SelectMany(output => _values[output.Source])];
    }

    private int[] ShapeOf(int value) => [.. _analysis.Values[value].Shape.Dimensions];

    private long[] Evaluate(GraphNode node, int[] shape) => node switch
    {
        ReshapeNode n => _values[n.Source],
        TransposeNode n => Transpose(n, shape),
        ConcatNode n => Concat(n, shape),
        GatherNode n => Gather(n, shape),
        ConstantNode n => n.Value.ToArray(),
        EmbeddingNode n => Embedding(n),
        QuantiseNode n => Quantise(n),
        ClampNode n => [.. _values[n.Source].Select(x => x < n.Low ? n.Low : x > n.High ? n.High : x)],
        RankNode n => Rank(n),
        ConvNode n => Conv(n, shape),
        DenseNode n => Dense(n),
        MatMulNode n => MatMul(n, shape),
        AddNode n => [.. _values[n.Left].Zip(_values[n.Right], (a, b) => Requantised(n.Requantise, 0, ((Int128)a * n.LeftFactor) + ((Int128)b * n.RightFactor)))],
        RescaleNode n => [.. _values[n.Source].Select(x => Requantised(n.Requantise, 0, (Int128)x * n.Factor))],
        TableNode n => [.. _values[n.Source].Select(x => Lookup(n.Low, n.Entries, x))],
        InterpolateNode n => [.. _values[n.Source].Select(x => Interpolate(n.Low, n.Shift, n.Entries, x))],
        MultiplyNode n => [.. _values[n.Left].Zip(_values[n.Right], (a, b) => Requantised(n.Requantise, 0, (Int128)a * b))],
        CompareNode n => [.. _values[n.Left].Zip(_values[n.Right], (a, b) => Compare(n.Comparison, a, b))],
        WhereNode n => Where(n),
        MaxPoolNode n => Pool(n.Source, n.Window, shape, taps => taps.Max()),
        AveragePoolNode n => Pool(n.Source, n.Window, shape, taps => Average(n, taps)),
        SumNode n => [.. Rows(n.Source).Select(row => Requantised(n.Requantise, 0, (Int128)row.Sum() * n.Multiplier))],
        MaxNode n => [.. Rows(n.Source).Select(row => row.Max())],
        LayerNormNode n => LayerNorm(n),
        NormaliseNode n => Normalise(n),
        SoftmaxNode n => Softmax(n),
        ArgMaxNode n => ArgMax(n),
        WideDenseNode n => WideDense(n),
        TreeEnsembleNode n => Trees(n),
        _ => throw new NotSupportedException(node.Operator.ToString()),
    };

    private long[] Transpose(TransposeNode n, int[] shape)
    {
        var (source, sourceShape) = (_values[n.Source], ShapeOf(n.Source));
        var result = new long[source.Length];
        for (var i = 0; i < result.Length; i++)
        {
            var (rest, index) = (i, new int[shape.Length]);
            for (var axis = shape.Length - 1; axis >= 0; axis--)
            {
                index[n.Permutation[axis]] = rest % shape[axis];
                rest /= shape[axis];
            }
            var from = 0;
            for (var axis = 0; axis < shape.Length; axis++)
                from = (from * sourceShape[axis]) + index[axis];
            result[i] = source[from];
        }
        return result;
    }

    private long[] Quantise(QuantiseNode n)
    {
        var (low, high) = n.Output switch
        {
            ElementType.S8 => (-127L, 127L),
            ElementType.S16 => (-32767L, 32767L),
            _ => (-long.MaxValue, long.MaxValue),
        };
        var channels = n.Multipliers.Count;
        return [.. _values[n.Source].Select((x, i) =>
        {
            var scaled = ((Int128)x * n.Multipliers[i % channels]) + n.Offsets[i % channels];
            return (long)Int128.Clamp(ShiftedHalfUp(scaled, n.Shift), low, high);
        })];
    }

    private long[] Rank(RankNode n)
    {
        var ranks = new long[n.Counts.Length];
        var first = 0;
        for (var f = 0; f < ranks.Length; f++)
        {
            var x = _values[n.Source][f];
            ranks[f] = x == long.MinValue ? 65535 : Enumerable.Range(first, n.Counts[f]).Count(j => n.Thresholds[j] <= x);
            first += n.Counts[f];
        }
        return ranks;
    }

    private long[] Conv(ConvNode n, int[] shape)
    {
        var (x, from) = (_values[n.Source], ShapeOf(n.Source));
        var (inputs, outputs) = (n.Weights.Shape[1], shape[0] / n.Groups);
        var (kernel, strides, dilations, padding) = (n.Window.Kernel, n.Window.Strides, n.Window.Dilations, n.Window.Padding);
        var result = new List<long>();
        for (var o = 0; o < shape[0]; o++)
            for (var oy = 0; oy < shape[1]; oy++)
                for (var ox = 0; ox < shape[2]; ox++)
                {
                    var acc = (Int128)n.Bias[o];
                    for (var i = 0; i < inputs; i++)
                        for (var u = 0; u < kernel.Height; u++)
                            for (var v = 0; v < kernel.Width; v++)
                            {
                                var channel = (o / outputs * inputs) + i;
                                var y = (oy * strides.Height) + (u * dilations.Height) - padding.Top;
                                var z = (ox * strides.Width) + (v * dilations.Width) - padding.Left;
                                if (y < 0 || y >= from[1] || z < 0 || z >= from[2])
                                    continue;
                                var weight = n.Weights[(((((o * inputs) + i) * kernel.Height) + u) * kernel.Width) + v];
                                acc += weight * x[(((channel * from[1]) + y) * from[2]) + z];
                            }
                    result.Add(Requantised(n.Requantise, o, acc));
                }
        return [.. result];
    }

    private long[] Dense(DenseNode n)
    {
        var (x, inputs, outputs) = (_values[n.Source], n.Weights.Shape[1], n.Weights.Shape[0]);
        var result = new List<long>();
        for (var row = 0; row < x.Length; row += inputs)
            for (var o = 0; o < outputs; o++)
            {
                var acc = (Int128)n.Bias[o];
                for (var i = 0; i < inputs; i++)
                    acc += n.Weights[(o * inputs) + i] * x[row + i];
                result.Add(Requantised(n.Requantise, o, acc));
            }
        return [.. result];
    }

    private long[] Pool(int source, Window window, int[] shape, Func<List<long>, long> combine)
    {
        var (x, from) = (_values[source], ShapeOf(source));
        var result = new List<long>();
        for (var c = 0; c < shape[0]; c++)
            for (var oy = 0; oy < shape[1]; oy++)
                for (var ox = 0; ox < shape[2]; ox++)
                {
                    var taps = new List<long>();
                    for (var u = 0; u < window.Kernel.Height; u++)
                        for (var v = 0; v < window.Kernel.Width; v++)
                        {
                            var y = (oy * window.Strides.Height) + (u * window.Dilations.Height) - window.Padding.Top;
                            var z = (ox * window.Strides.Width) + (v * window.Dilations.Width) - window.Padding.Left;
                            if (y >= 0 && y < from[1] && z >= 0 && z < from[2])
                                taps.Add(x[(((c * from[1]) + y) * from[2]) + z]);
                        }
                    result.Add(combine(taps));
                }
        return [.. result];
    }

    private static long Average(AveragePoolNode n, List<long> taps)
    {
        var whole = (long)n.Window.Kernel.Height * n.Window.Kernel.Width;
        var multiplier = n.ExcludesPadding && taps.Count != whole
            ? ((n.Multiplier * whole) + (taps.Count / 2)) / taps.Count
            : n.Multiplier;
        return Requantised(n.Requantise, 0, (Int128)taps.Sum() * multiplier);
    }

    private long[] Softmax(SoftmaxNode n)
    {
        var (x, length) = (_values[n.Source], ShapeOf(n.Source)[^1]);
        var result = new List<long>();
        for (var row = 0; row < x.Length; row += length)
        {
            var scores = x[row..(row + length)];
            var max = scores.Max();
            var e = scores.Select(score => Interpolate(0, n.Shift, n.Entries, max - score)).ToArray();
            var sum = e.Sum();
            result.AddRange(e.Select(value => (long)((((Int128)value << n.OutputExponent) + (sum / 2)) / sum)));
        }
        return [.. result];
    }

    private long[] ArgMax(ArgMaxNode n)
    {
        var (x, shape) = (_values[n.Source], ShapeOf(n.Source));
        var (length, inner) = (shape[n.Axis], shape[(n.Axis + 1)..].Aggregate(1, (a, b) => a * b));
        var result = new List<long>();
        for (var outer = 0; outer < x.Length; outer += length * inner)
            for (var i = 0; i < inner; i++)
            {
                var line = Enumerable.Range(0, length).Select(j => x[outer + (j * inner) + i]).ToList();
                result.Add(line.IndexOf(line.Max()));
            }
        return [.. result];
    }

    private long[] WideDense(WideDenseNode n)
    {
        var (x, inputs, outputs) = (_values[n.Source], n.Weights.Shape[1], n.Weights.Shape[0]);
        var result = new List<long>();
        for (var row = 0; row < x.Length; row += inputs)
            for (var o = 0; o < outputs; o++)
            {
                var sum = (Int128)n.Bias[o];
                for (var i = 0; i < inputs; i++)
                    sum += (Int128)n.Weights[(o * inputs) + i] * x[row + i];
                result.Add((long)sum);
            }
        return [.. result];
    }

    private long[] Trees(TreeEnsembleNode n)
    {
        var scores = n.Base.ToArray();
        var (node, leaf) = (0, 0);
        foreach (var tree in n.Trees)
        {
            AddTree(n, tree, isReached: true, scores, ref node, ref leaf);
        }
        return scores;
    }

    /// <summary>Visits every node in preorder; a leaf counts when all the turns to it were taken.</summary>
    private void AddTree(TreeEnsembleNode n, TreeShape tree, bool isReached, long[] scores, ref int node, ref int leaf)
    {
        var word = n.Splits[node++];
        if (word < 0)
        {
            for (var t = 0; t < tree.TargetCount; t++, leaf++)
                scores[tree.FirstTarget + t] += isReached ? n.Leaves[leaf] : 0;
            return;
        }
        var (feature, missingTrue, threshold) = ((int)(word / 131072), word / 65536 % 2 == 1, word % 65536);
        var rank = _values[n.Source][feature];
        var isTrue = rank == 65535 ? missingTrue : rank <= threshold;
        AddTree(n, tree, isReached && isTrue, scores, ref node, ref leaf);
        AddTree(n, tree, isReached && !isTrue, scores, ref node, ref leaf);
    }

    private static long Requantised(Requantise requantise, int channel, Int128 acc)
    {
        // As the specification has it: the public factor first, then the layer's one shift.
        var (largest, own) = (requantise.Shifts.Max(), requantise.Shifts.Length == 1 ? requantise.Shifts[0] : requantise.Shifts[channel]);
        var scaled = acc << (largest - own);
        Assert.True(Int128.Abs(scaled) + (largest > 0 ? Int128.One << (largest - 1) : 0) < 1L << 29, "the accumulator bound");
        if (requantise.Output == ElementType.S32)
            return (long)scaled;
        var h = (long)ShiftedHalfUp(scaled, largest);
        return requantise.Activation switch
        {
            Activation.Clamp(var low, var high) => Math.Max(low, Math.Min(high, h)),
            Activation.Table(var low, var entries) => Lookup(low, entries, h),
            _ => throw new InvalidOperationException(),
        };
    }

    /// <summary>floor(x / 2^shift + 1/2).</summary>
    private static Int128 ShiftedHalfUp(Int128 x, int shift) => shift == 0 ? x : (x + (Int128.One << (shift - 1))) >> shift;

    private static long Lookup(int low, Constant entries, long x) => entries[(int)Math.Max(0, Math.Min(entries.Count - 1, x - low))];

    private static long Interpolate(long low, int shift, Constant entries, long x)
    {
        var high = low + ((Int128)(entries.Count - 1) << shift);
        var t = Int128.Max(low, Int128.Min(high, x)) - low;
        var (index, fraction) = ((int)(t >> shift), t & ((Int128.One << shift) - 1));
        return fraction == 0
            ? entries[index]
            : (long)ShiftedHalfUp((entries[index] * ((Int128.One << shift) - fraction)) + (entries[index + 1] * fraction), shift);
    }
}
