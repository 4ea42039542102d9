using Aivm.Inference;

namespace Aivm.Benchmarks.Gas;

/// <summary>One operator at one shape: a graph with one node that is measured. The nodes before it bring its sources into the form wanted.</summary>
/// <param name="Price">The entry of the gas table that makes up most of the price: what the case is there to set.</param>
/// <param name="Node">The number of the node.</param>
/// <param name="Input">Elements of all inputs.</param>
internal sealed record GasCase(string Name, string Price, Graph Graph, int Node, long[] Input)
{
    public Operator Operator => Graph.Nodes[Node].Operator;
}
