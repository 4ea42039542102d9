using Aivm.Inference;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>Graphs of a few nodes, and their circuits.</summary>
internal static partial class SmallCircuits
{
    /// <summary>The last node's value, over one input.</summary>
    public static Model Model(GraphInput input, params GraphNode[] nodes)
    {
        var graph = new Graph
        {
            Inputs = [input],
            Nodes = [.. nodes],
            Outputs = [new GraphOutput { Name = "y", Source = nodes.Length, Kind = OutputKind.Values, Exponent = 0 }],
        };
        Assert.True(Aivm.Inference.Model.TryLoad(Container.Encode(graph), out var model, out var error), error?.ToString());
        return model;
    }

    /// <summary>A model over committed S8 elements, value 2, which are the input's.</summary>
    public static Model OverCommitted(Shape shape, params GraphNode[] nodes) => Model(
        new GraphInput("x", shape, new InputFormat.Fixed(0)),
        [
            QuantiseNode.Scale(0, ElementType.S8, 1, 0),
            new RescaleNode { Source = 1, Factor = 1, Requantise = Requantise.To(ElementType.S8, [0], new Activation.Clamp(-127, 127)) },
            .. nodes,
        ]);

    /// <summary>Each element of a row times a factor, plus an offset of its own: S64.</summary>
    public static WideDenseNode Widened(int source, int elements, long factor, params long[] offsets)
    {
        var weights = new long[elements * elements];
        for (var i = 0; i < elements; i++)
            weights[(i * elements) + i] = factor;
        return new WideDenseNode
        {
            Source = source,
            Weights = Constant.S64([elements, elements], weights),
            Bias = Constant.S64([elements], offsets.Length == 0 ? new long[elements] : offsets),
        };
    }
}
