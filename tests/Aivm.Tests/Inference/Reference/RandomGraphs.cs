using Aivm.Inference;

namespace Aivm.Tests.Inference.Reference;

/// <summary>Legal graphs of every operator, the same for the same seed: proposes nodes and keeps those that the analysis accepts.</summary>
internal sealed partial class RandomGraphs
{
    private const int MaxElements = 6000;

    private readonly Random _random;
    private readonly List<GraphInput> _inputs = [];
    private readonly List<GraphNode> _nodes = [];
    private GraphAnalysis _analysis = null!;

    private RandomGraphs(int seed) => _random = new Random(seed);

    public static (Graph Graph, long[] Input) Create(int seed)
    {
        var graphs = new RandomGraphs(seed);
        var graph = graphs.Create();
        return (graph, graphs.Input(graph));
    }

    /// <summary>Another input of a graph.</summary>
    public static long[] InputOf(Graph graph, int seed) => new RandomGraphs(seed).Input(graph);

    private Graph Create()
    {
        Shape image = [Pick(1, 3, 4, 16, 19, 32), _random.Next(1, 9), _random.Next(1, 9)];
        Shape rows = [_random.Next(1, 5), _random.Next(1, 70)];
        Shape features = [_random.Next(1, 12)];
        _inputs.Add(new("image", image, Coin() ? new InputFormat.U8() : new InputFormat.Fixed(_random.Next(0, 4))));
        _inputs.Add(new("rows", rows, new InputFormat.Fixed(2)));
        _inputs.Add(new("features", features, new InputFormat.Fixed(9, AllowsMissing: true)));
        _inputs.Add(new("tokens", [_random.Next(1, 20)], new InputFormat.Index(_random.Next(1, 40))));
        Propose(Quantise(0));
        Propose(Quantise(1));
        Propose(Rank());
        for (var convolutions = 0; convolutions < 3; convolutions++)
            Propose(Conv(_inputs.Count, _analysis.Values[_inputs.Count]));
        if (Coin())
            ProposeAttention();
        for (var attempts = 0; attempts < 40; attempts++)
            Propose(Next(_random.Next(_inputs.Count + _nodes.Count)));
        return Finished();
    }

    private Graph Finished()
    {
        var used = _nodes.SelectMany(node => node.Sources).ToHashSet();
        var outputs = Enumerable.Range(_inputs.Count, _nodes.Count)
            .Where(value => !used.Contains(value))
            .Select(value => new GraphOutput { Name = $"y{value}", Source = value, Kind = OutputKind.Values, Exponent = _random.Next(-3, 20) });
        return new() { Inputs = [.. _inputs], Nodes = [.. _nodes], Outputs = [.. outputs] };
    }

    /// <returns>Whether the graph has it now.</returns>
    private bool Propose(GraphNode? node)
    {
        if (node is null)
            return false;
        _nodes.Add(node);
        // Ranks are no output: until trees read them, they count as used.
        var graph = Finished();
        var outputs = graph.Outputs.Where(output => _nodes[output.Source - _inputs.Count] is not RankNode).ToList();
        if (outputs.Count == 0)
            return false;
        var candidate = new Graph { Inputs = graph.Inputs, Nodes = graph.Nodes, Outputs = [.. outputs] };
        if ((!GraphAnalysis.TryAnalyse(candidate, out var analysis, out var error) && error.Code != "graph-unused")
            || (analysis is not null && analysis.Values[^1].Shape.Elements > MaxElements))
        {
            _nodes.RemoveAt(_nodes.Count - 1);
            return false;
        }
        _analysis = analysis ?? _analysis;
        if (node is RankNode)
            Propose(Trees());
        return true;
    }

    private GraphNode? Next(int source)
    {
        if (source >= _analysis.Values.Length)
            return null;
        var x = _analysis.Values[source];
        return _random.Next(28) switch
        {
            0 => new ReshapeNode { Source = source, Shape = Reshaped(x.Shape) },
            1 => new TransposeNode { Source = source, Permutation = [.. Shuffled(x.Shape.Rank)] },
            2 => Quantise(source),
            3 => new ClampNode { Source = source, Low = -_random.Next(100000), High = _random.Next(100000) },
            4 or 5 or 6 => x.Shape.Rank == 3 ? Conv(source, x) : null,
            7 or 8 => Dense(source, x),
            9 => Add(source, x),
            10 => new RescaleNode { Source = source, Factor = Factor(x), Requantise = RequantiseOne() },
            11 => new TableNode { Source = source, Low = _random.Next(-200, 10), Entries = Entries(Coin() ? ElementType.S8 : ElementType.S16, _random.Next(1, 400)) },
            12 => Coin()
                ? new InterpolateNode { Source = source, Low = _random.Next(-1000, 1000), Shift = _random.Next(0, 12), Entries = Entries(ElementType.S32, _random.Next(1, 50)) }
                : new SoftmaxNode { Source = source, Shift = _random.Next(0, 12), Entries = Exponentials(), OutputExponent = _random.Next(1, 31) },
            13 => x.Shape.Rank == 3 ? Pool(source, x) : null,
            14 => x.Shape.Rank == 0 ? null : new ArgMaxNode { Source = source, Axis = _random.Next(x.Shape.Rank) },
            15 => Wide(source, x),
            _ => NextOfRows(source, x),
        };
    }

    private QuantiseNode Quantise(int source)
    {
        var bytes = _inputs[Math.Min(source, _inputs.Count - 1)].Format is InputFormat.U8;
        var channels = Coin() && source < _inputs.Count ? _inputs[source].Shape.Last : 1;
        return new()
        {
            Source = source,
            Output = _random.Next(5) == 0 ? ElementType.S64 : Coin() ? ElementType.S8 : ElementType.S16,
            Multipliers = Constant.S64([channels], [.. Many(channels, () => bytes ? _random.Next(1, 200) : _random.NextInt64(-1L << 40, 1L << 40))]),
            Offsets = Constant.S64([channels], [.. Many(channels, () => Coin() ? 0 : _random.NextInt64(-1L << 45, 1L << 45))]),
            Shift = bytes ? _random.Next(0, 10) : _random.Next(30, 50),
        };
    }

    private RankNode Rank()
    {
        var counts = Many(_inputs[2].Shape[0], () => _random.Next(0, 6)).ToArray();
        counts[0] = 3;
        var thresholds = counts.SelectMany(count => Many(count, () => (long)_random.Next(-50, 50)).Distinct().Order().ToArray()).ToArray();
        // Duplicates may have shortened a list: rebuild the counts from what is strictly ascending.
        var (position, actual) = (0, new int[counts.Length]);
        var rebuilt = new List<long>();
        for (var f = 0; f < counts.Length; f++)
        {
            var mine = thresholds.Skip(position).Take(counts[f]).Distinct().Order().ToArray();
            position = Math.Min(thresholds.Length, position + counts[f]);
            actual[f] = mine.Length;
            rebuilt.AddRange(mine);
        }
        return new() { Source = 2, Counts = [.. actual], Thresholds = Constant.S64([rebuilt.Count], [.. rebuilt]) };
    }

    private TreeEnsembleNode Trees()
    {
        var targets = _random.Next(1, 4);
        var (shapes, splits, leaves) = (new List<TreeShape>(), new List<int>(), new List<long>());
        for (var t = 0; t < 6; t++)
        {
            var (first, count, start) = (_random.Next(targets), 1, splits.Count);
            if (Coin())
                (first, count) = (0, targets);
            Grow(splits, leaves, count, depth: 0);
            shapes.Add(new TreeShape(splits.Count - start, first, count));
        }
        return new()
        {
            Source = _inputs.Count + _nodes.Count - 1,
            Targets = targets,
            Trees = [.. shapes],
            Splits = Constant.S32([splits.Count], [.. splits]),
            Leaves = Coin() ? Constant.S64([leaves.Count], [.. leaves]) : Constant.S32([leaves.Count], [.. leaves.Select(leaf => (int)leaf)]),
            Base = Constant.S64([targets], [.. Many(targets, () => _random.NextInt64(-1L << 30, 1L << 30))]),
        };
    }

    private void Grow(List<int> splits, List<long> leaves, int count, int depth)
    {
        if (depth == 5 || _random.Next(4) == 0)
        {
            splits.Add(TreeSplit.Leaf);
            leaves.AddRange(Many(count, () => (long)_random.Next(-1 << 24, 1 << 24)));
            return;
        }
        splits.Add(new TreeSplit(_random.Next(_inputs[2].Shape[0]), _random.Next(6), Coin()).Pack());
        Grow(splits, leaves, count, depth + 1);
        Grow(splits, leaves, count, depth + 1);
    }

    private ConvNode Conv(int source, ValueInfo x)
    {
        var channels = x.Shape[0];
        var groups = _random.Next(3) switch
        {
            0 => channels,
            1 when channels % 4 == 0 => Pick(2, 4),
            _ => 1,
        };
        var outputs = groups * (groups == channels && Coin() ? 1 : Pick(1, 2, 5, 8, 12, 24));
        outputs = outputs > 48 ? groups : outputs;
        var window = Window();
        Shape shape = [outputs, channels / groups, window.Kernel.Height, window.Kernel.Width];
        return new()
        {
            Source = source,
            Weights = Constant.S8(shape, Weights((int)shape.Elements)),
            Bias = Constant.S32([outputs], [.. Many(outputs, () => _random.Next(-5000, 5000))]),
            Window = window,
            Groups = groups,
            Requantise = Requantises(outputs),
        };
    }

    private DenseNode Dense(int source, ValueInfo x)
    {
        var (inputs, outputs) = (x.Shape.Last, Pick(1, 3, 8, 10, 17, 40));
        return new()
        {
            Source = source,
            Weights = Constant.S8([outputs, inputs], Weights(outputs * inputs)),
            Bias = Constant.S32([outputs], [.. Many(outputs, () => _random.Next(-5000, 5000))]),
            Requantise = Requantises(outputs),
        };
    }

    private AddNode Add(int left, ValueInfo x)
    {
        var right = OfShape(x.Shape);
        return new() { Left = left, Right = right, LeftFactor = Factor(x), RightFactor = Factor(_analysis.Values[right]), Requantise = RequantiseOne() };
    }

    private GraphNode Pool(int source, ValueInfo x)
    {
        var window = _random.Next(3) == 0 ? new Window { Kernel = new(x.Shape[1], x.Shape[2]) } : Window();
        return Coin()
            ? new MaxPoolNode { Source = source, Window = window }
            : new AveragePoolNode { Source = source, Window = window, Multiplier = _random.Next(1, 300), ExcludesPadding = Coin(), Requantise = RequantiseOne() };
    }

    private WideDenseNode? Wide(int source, ValueInfo x)
    {
        var (inputs, outputs) = (x.Shape.Last, _random.Next(1, 6));
        return new()
        {
            Source = source,
            Weights = _random.Next(4) switch
            {
                0 => Constant.S8([outputs, inputs], Weights(outputs * inputs)),
                1 => Constant.S16([outputs, inputs], [.. Many(outputs * inputs, () => (short)_random.Next(-32767, 32768))]),
                2 => Constant.S32([outputs, inputs], [.. Many(outputs * inputs, () => _random.Next(int.MinValue, int.MaxValue))]),
                _ => Constant.S64([outputs, inputs], [.. Many(outputs * inputs, () => _random.NextInt64(-1L << 30, 1L << 30))]),
            },
            Bias = Constant.S64([outputs], [.. Many(outputs, () => _random.NextInt64(-1L << 50, 1L << 50))]),
        };
    }

    private Window Window() => new()
    {
        Kernel = new(_random.Next(1, 5), _random.Next(1, 5)),
        Strides = new(_random.Next(1, 3), _random.Next(1, 3)),
        Dilations = _random.Next(4) == 0 ? new(_random.Next(1, 3), _random.Next(1, 3)) : Extent.One,
        Padding = Coin() ? Padding.None : new(_random.Next(0, 3), _random.Next(0, 3), _random.Next(0, 3), _random.Next(0, 3)),
    };

    private Requantise RequantiseOne() => Requantises(1);

    private Requantise Requantises(int channels)
    {
        var shifts = Coin() ? Many(channels, () => (byte)_random.Next(0, 9)).ToArray() : [(byte)_random.Next(0, 12)];
        if (_random.Next(4) == 0)
            return Requantise.Raw([.. shifts.Select(shift => (byte)Math.Min((int)shift, 3))]);
        var type = _random.Next(3) == 0 ? ElementType.S16 : ElementType.S8;
        var limit = type == ElementType.S8 ? 127 : 32767;
        Activation activation = _random.Next(5) switch
        {
            0 => new Activation.Table(_random.Next(-300, 50), Entries(type, _random.Next(1, 700))),
            1 => new Activation.Clamp(-limit, limit),
            2 => new Activation.Clamp(-limit / 20, limit / 20),
            _ => new Activation.Clamp(0, limit),
        };
        return Requantise.To(type, [.. shifts], activation);
    }

    private Constant Entries(ElementType type, int count) => Entries(type, [count]);

    private Constant Entries(ElementType type, Shape shape)
    {
        var count = (int)shape.Elements;
        return type switch
        {
            ElementType.S8 => Constant.S8(shape, Weights(count)),
            ElementType.S16 => Constant.S16(shape, [.. Many(count, () => (short)_random.Next(-32767, 32768))]),
            ElementType.S32 => Constant.S32(shape, [.. Many(count, () => _random.Next(int.MinValue, int.MaxValue))]),
            _ => Constant.S64(shape, [.. Many(count, () => _random.NextInt64(-long.MaxValue, long.MaxValue))]),
        };
    }

    private Constant Exponentials()
    {
        var values = Many(_random.Next(1, 60), () => _random.Next(0, 1 << 30)).ToArray();
        values[0]++;
        return Constant.S32([values.Length], values);
    }

    /// <summary>Often at the limits, where a wrong kernel saturates.</summary>
    private sbyte[] Weights(int count)
    {
        var extreme = _random.Next(3) == 0;
        return [.. Many(count, () => extreme ? (sbyte)(Coin() ? 127 : -127) : (sbyte)_random.Next(-127, 128))];
    }

    private int Factor(ValueInfo x)
    {
        var factor = _random.Next(1, x.Type == ElementType.S8 ? 2000 : 30);
        return Coin() ? factor : -factor;
    }

    private Shape Reshaped(Shape shape)
    {
        var elements = (int)shape.Elements;
        var divisors = Enumerable.Range(1, elements).Where(d => elements % d == 0).ToArray();
        var first = divisors[_random.Next(divisors.Length)];
        return _random.Next(3) switch
        {
            0 => [elements],
            1 => [first, elements / first],
            _ => [first, elements / first, 1],
        };
    }

    private long[] Input(Graph graph) => [.. graph.Inputs.SelectMany(input => Many((int)input.Shape.Elements, () => input.Format switch
    {
        InputFormat.U8 => _random.Next(256),
        InputFormat.Index(var count) => _random.Next(count),
        InputFormat.Fixed { AllowsMissing: true } => _random.Next(8) == 0 ? long.MinValue : _random.Next(-60, 60),
        _ => _random.Next(20) == 0 ? (Coin() ? long.MaxValue : long.MinValue + 1) : _random.Next(-3000, 3000),
    }))];

    private IEnumerable<int> Shuffled(int count)
    {
        var order = Enumerable.Range(0, count).ToArray();
        _random.Shuffle(order);
        return order;
    }

    private T[] Many<T>(int count, Func<T> next) => [.. Enumerable.Range(0, count).Select(_ => next())];

    private T Pick<T>(params ReadOnlySpan<T> choices) => choices[_random.Next(choices.Length)];

    private bool Coin() => _random.Next(2) == 0;
}
