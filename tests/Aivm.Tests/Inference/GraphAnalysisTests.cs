using Aivm.Inference;
using CsCheck;

namespace Aivm.Tests.Inference;

public sealed class GraphAnalysisTests
{
    // 33286 * 127 * 127 = 536,869,894 < 2^29 = 536,870,912: the worst fan-in of bytes by bytes.
    private const int WorstFanIn = 33286;

    [Fact]
    public void The_worst_fan_in_of_bytes_is_33286()
    {
        Assert.True(GraphAnalysis.TryAnalyse(Wide(WorstFanIn, bias: 0), out _, out _));
        Assert.False(GraphAnalysis.TryAnalyse(Wide(WorstFanIn + 1, bias: 0), out _, out var error));
        Assert.Equal("graph-bound", error.Code);
    }

    [Fact]
    public void The_accumulator_bound_holds_to_the_last_unit()
    {
        const int room = (1 << 29) - 1 - (127 * 127 * 100);
        Assert.True(GraphAnalysis.TryAnalyse(Wide(100, room), out _, out _));
        Assert.False(GraphAnalysis.TryAnalyse(Wide(100, room + 1), out _, out _));
        Assert.False(GraphAnalysis.TryAnalyse(Wide(100, -room - 1), out _, out _));
        // The rounding term of shift 4 is 8.
        Assert.True(GraphAnalysis.TryAnalyse(Wide(100, room - 8, shift: 4), out _, out _));
        Assert.False(GraphAnalysis.TryAnalyse(Wide(100, room - 7, shift: 4), out _, out _));
    }

    [Fact]
    public void A_model_at_the_bound_runs_alike_on_every_kernel_set()
    {
        const int room = (1 << 29) - 1 - (127 * 127 * 100);
        Assert.Equal([(1 << 29) - 1], Graphs.Run(Wide(100, room), Enumerable.Repeat(1000L, 100).ToArray()));
    }

    [Fact]
    public void A_channel_is_bounded_at_the_scale_of_the_largest_shift()
    {
        // Channel 0 is scaled by 2^(24 - 0): 127 * 2^24 is over 2^29; by 2^(22 - 0) it is under.
        Assert.Equal("graph-bound", Refusal(Shifted(24)));
        Assert.True(GraphAnalysis.TryAnalyse(Shifted(21), out _, out _));

        static Graph Shifted(byte largest) => Graphs.OfS8([1], source => new DenseNode
        {
            Source = source,
            Weights = Constant.S8([2, 1], [1, 1]),
            Bias = Constant.S32([2], [0, 0]),
            Requantise = Requantise.To(ElementType.S8, [0, largest], new Activation.Clamp(-127, 127)),
        });
    }

    [Fact]
    public void Minus_128_is_no_weight()
    {
        var graph = Graphs.OfS8([1], source => new DenseNode
        {
            Source = source,
            Weights = Constant.S8([1, 1], [-128]),
            Bias = Constant.S32([1], [0]),
            Requantise = Requantise.To(ElementType.S8, 0),
        });
        Assert.Equal("graph-field", Refusal(graph));
    }

    [Fact]
    public void A_value_that_nothing_reads_is_refused()
    {
        var graph = Graphs.Of([2], source => QuantiseNode.Scale(source, ElementType.S8, 1, 0), _ => QuantiseNode.Scale(0, ElementType.S8, 1, 0));
        Assert.Equal("graph-unused", Refusal(graph));
    }

    [Fact]
    public void A_node_cannot_read_itself_or_a_later_value()
    {
        Assert.Equal("graph-reference", Refusal(Graphs.Of([2], source => QuantiseNode.Scale(source + 1, ElementType.S8, 1, 0))));
        Assert.Equal("graph-reference", Refusal(Graphs.Of([2], _ => QuantiseNode.Scale(-1, ElementType.S8, 1, 0))));
    }

    [Fact]
    public void Only_ranks_read_a_feature_that_may_be_missing()
    {
        var graph = new Graph
        {
            Inputs = [new GraphInput("x", [1], new InputFormat.Fixed(0, AllowsMissing: true))],
            Nodes = [QuantiseNode.Scale(0, ElementType.S8, 1, 0)],
            Outputs = [new GraphOutput { Name = "y", Source = 1, Kind = OutputKind.Values }],
        };
        Assert.Equal("graph-type", Refusal(graph));
    }

    [Fact]
    public void Huge_dimensions_are_refused_before_memory_is_taken()
    {
        Assert.Equal("limit-size", Refusal(Graphs.Of([int.MaxValue, int.MaxValue, int.MaxValue])));
        Assert.Equal("graph-shape", Refusal(Graphs.Of([0])));
        Assert.Equal("graph-shape", Refusal(Graphs.Of([-1])));
        Assert.Equal("graph-shape", Refusal(Graphs.Of([1, 1, 1, 1, 1, 1, 1])));
        var padded = Graphs.OfS8([1, 1, 1], source => new ConvNode
        {
            Source = source,
            Weights = Constant.S8([1, 1, 1, 1], [1]),
            Bias = Constant.S32([1], [0]),
            Window = new() { Kernel = Extent.One, Padding = new(4096, 4096, 4096, 4096), Strides = new(4096, 4096) },
            Requantise = Requantise.To(ElementType.S8, 0),
        });
        Assert.False(GraphAnalysis.TryAnalyse(padded, ModelLimits.OnChain, out _, out var error));
        Assert.Equal("limit-memory", error.Code);
    }

    [Fact]
    public void Work_and_memory_over_a_limit_are_refused()
    {
        var graph = Wide(100, bias: 0);
        Assert.True(GraphAnalysis.TryAnalyse(graph, out var analysis, out _));
        Assert.Equal(100ul, analysis.Macs);
        Assert.False(GraphAnalysis.TryAnalyse(graph, ModelLimits.OnChain with { Macs = 99 }, out _, out var error));
        Assert.Equal("limit-macs", error.Code);
        Assert.False(GraphAnalysis.TryAnalyse(graph, ModelLimits.OnChain with { MemoryBytes = analysis.MemoryBytes - 1 }, out _, out error));
        Assert.Equal("limit-memory", error.Code);
    }

    [Fact]
    public void Loading_that_costs_more_than_there_is_to_the_last_gas_is_refused()
    {
        var container = Container.Encode(Wide(100, bias: 0));
        Assert.True(Model.TryLoad(container, out var model, out _));
        Assert.True(Model.TryLoad(container, ModelLimits.OnChain with { LoadGas = model.LoadGas }, out _, out _));
        Assert.False(Model.TryLoad(container, ModelLimits.OnChain with { LoadGas = model.LoadGas - 1 }, out _, out var error));
        Assert.Equal("limit-load", error.Code);
    }

    /// <summary>Each channel compared with all others would take minutes, and every validator would spend them.</summary>
    [Fact]
    public void A_million_channels_with_shifts_of_their_own_are_analysed_each_by_itself()
    {
        const int Channels = 1 << 20;
        var graph = Graphs.OfS8([1], source => new DenseNode
        {
            Source = source,
            Weights = Constant.S8([Channels, 1], new sbyte[Channels]),
            Bias = Constant.S32([Channels], new int[Channels]),
            Requantise = Requantise.To(ElementType.S8, [.. Enumerable.Range(0, Channels).Select(c => (byte)(c % 3))], new Activation.Clamp(-127, 127)),
        }, source => new ArgMaxNode { Source = source, Axis = 0 });
        Assert.True(GraphAnalysis.TryAnalyse(graph, ModelLimits.OnChain, out _, out var error), error?.ToString());
    }

    [Fact]
    public void The_range_of_a_table_is_that_of_its_entries_whatever_their_type() => Gen.Short[-127, 127].Array[1, 300].Sample(entries =>
    {
        foreach (var table in new[]
        {
            Constant.S8([entries.Length], [.. entries.Select(entry => (sbyte)entry)]),
            Constant.S16([entries.Length], [.. entries.Select(entry => (short)(entry * 250))]),
        })
        {
            var graph = Graphs.OfS8([1], source => new TableNode { Source = source, Low = -5, Entries = table });
            Assert.True(GraphAnalysis.TryAnalyse(graph, out var analysis, out _));
            var values = table.ToArray();
            Assert.Equal((values.Min(), values.Max()), (analysis.Values[^1].Min, analysis.Values[^1].Max));
        }
    });

    [Fact]
    public void A_constant_that_many_nodes_share_is_paid_for_by_each()
    {
        var weights = Constant.S8([64, 64], new sbyte[64 * 64]);
        var bias = Constant.S32([64], new int[64]);
        DenseNode Layer(int source) => new() { Source = source, Weights = weights, Bias = bias, Requantise = Requantise.To(ElementType.S8, 0) };
        Assert.True(GraphAnalysis.TryAnalyse(Graphs.OfS8([64], Layer), out var one, out _));
        Assert.True(GraphAnalysis.TryAnalyse(Graphs.OfS8([64], Layer, Layer), out var two, out _));
        Assert.True(GraphAnalysis.TryAnalyse(Graphs.OfS8([64], Layer, Layer, Layer), out var three, out _));
        Assert.InRange(two.PreparedBytes - one.PreparedBytes, (64 * 64) + (4 * 64), long.MaxValue);
        Assert.Equal(two.PreparedBytes - one.PreparedBytes, three.PreparedBytes - two.PreparedBytes);
    }

    [Fact]
    public void A_pool_window_that_may_lie_in_the_padding_is_refused()
    {
        Graph Pool(int height, Window window) => Graphs.OfS8([1, height, 1], source => new MaxPoolNode { Source = source, Window = window });
        Assert.Equal("graph-shape", Refusal(Pool(4, new() { Kernel = new(2, 1), Padding = new(2, 0, 0, 0) })));
        Assert.Equal("graph-shape", Refusal(Pool(4, new() { Kernel = new(2, 1), Padding = new(0, 0, 2, 0) })));
        // Taps at -1 and 2 step over a source of 2 rows.
        Assert.Equal("graph-shape", Refusal(Pool(2, new() { Kernel = new(2, 1), Dilations = new(3, 1), Padding = new(1, 0, 1, 0) })));
        Assert.Equal([5, 7, 9, 9, 9], Graphs.Run(Pool(4, new() { Kernel = new(2, 1), Padding = new(1, 0, 1, 0) }), 5, 7, 9, 9));
    }

    [Fact]
    public void Names_are_printable_text_of_1_to_128_bytes()
    {
        foreach (var name in (string[])["", "line\nbreak", "\u0085", "\ud800", "x\udc00y", new string('x', 129), new string('é', 65)])
            Assert.Equal("graph-name", Refusal(Named(name)));
        foreach (var name in (string[])["x", "é", "\ud83d\ude00", new string('x', 128)])
            Assert.True(GraphAnalysis.TryAnalyse(Named(name), out _, out _), name);

        static Graph Named(string name) => new()
        {
            Inputs = [new GraphInput(name, [1], new InputFormat.U8())],
            Nodes = [],
            Outputs = [new GraphOutput { Name = name, Source = 0, Kind = OutputKind.Values }],
        };
    }

    [Fact]
    public void Labels_stay_below_the_number_of_class_names()
    {
        Graph Labelled(int classes) => new()
        {
            Inputs = [new GraphInput("x", [3], new InputFormat.U8())],
            Nodes = [new ArgMaxNode { Source = 0, Axis = 0 }],
            Outputs = [new GraphOutput { Name = "y", Source = 1, Kind = OutputKind.Label, ClassNames = [.. Enumerable.Range(0, classes).Select(c => $"c{c}")] }],
        };
        Assert.Equal("graph-field", Refusal(Labelled(2)));
        Assert.True(GraphAnalysis.TryAnalyse(Labelled(3), out _, out _));
        Assert.True(GraphAnalysis.TryAnalyse(Labelled(0), out _, out _));
    }

    private static Graph Wide(int inputs, int bias, byte shift = 0) => Graphs.OfS8([inputs], source => new DenseNode
    {
        Source = source,
        Weights = Constant.S8([1, inputs], [.. Enumerable.Repeat((sbyte)127, inputs)]),
        Bias = Constant.S32([1], [bias]),
        Requantise = shift == 0 ? Requantise.Raw([0]) : Requantise.To(ElementType.S16, shift),
    });

    private static string Refusal(Graph graph)
    {
        Assert.False(GraphAnalysis.TryAnalyse(graph, out _, out var error));
        return error.Code;
    }
}
