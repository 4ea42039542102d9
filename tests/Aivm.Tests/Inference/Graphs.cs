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

    /// <summary>Every kernel set that this machine has.</summary>
    public static IEnumerable<SimdLevel> Levels => Enum.GetValues<SimdLevel>().Where(Simd.IsSupported);

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
}
