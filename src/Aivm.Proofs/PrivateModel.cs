using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>A model whose weights stay with its owner: everybody sees its architecture, and a commitment to the weights.</summary>
public static class PrivateModel
{
    /// <summary>
    /// The architecture: the graph with all weights of Conv and Dense 0, and with each bias replaced by a bound on its magnitude, of three significant bits.
    /// Shapes, shifts, tables and these bounds are public.
    /// </summary>
    public static Graph Skeleton(Graph graph) => new()
    {
        Inputs = graph.Inputs,
        Nodes = [.. graph.Nodes.Select(Hide)],
        Outputs = graph.Outputs,
    };

    private static GraphNode Hide(GraphNode node) => node switch
    {
        ConvNode n => new ConvNode
        {
            Source = n.Source,
            Weights = Zeros(n.Weights),
            Bias = Bounds(n.Bias),
            Window = n.Window,
            Groups = n.Groups,
            Requantise = n.Requantise,
        },
        DenseNode n => new DenseNode { Source = n.Source, Weights = Zeros(n.Weights), Bias = Bounds(n.Bias), Requantise = n.Requantise },
        _ => node,
    };

    private static Constant Zeros(Constant weights) => Constant.S8(weights.Shape, new sbyte[weights.Count]);

    private static Constant Bounds(Constant bias) => Constant.S32(bias.Shape, [.. bias.ToArray().Select(BoundOf)]);

    private static int BoundOf(long bias)
    {
        var unit = 1L << Math.Max(0, Storage.BitLength((int)Math.Abs(bias)) - SignificantBits);
        return (int)((Math.Abs(bias) + unit - 1) / unit * unit);
    }

    private const int SignificantBits = 3;
}
