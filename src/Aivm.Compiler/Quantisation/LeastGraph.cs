using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>
/// The least that the integer graph of a model can be. Where that is beyond AIVM-Q's limits already, the model is refused before a
/// sample is drawn; what else the lowering adds is checked when it is there.
/// </summary>
internal static class LeastGraph
{
    public static void Check(FloatGraph graph)
    {
        var nodes = graph.Order().Where(BecomesNode).ToArray();
        if (nodes.Length > GraphAnalysis.MaxNodes)
            throw Refusal.TooLarge($"the compiled graph has more than {GraphAnalysis.MaxNodes} nodes");
        var outputs = graph.Outputs.Sum(output => (long)output.Node.Count);
        if (outputs > GraphAnalysis.MaxOutputElements)
            throw Refusal.DoesNotFit(new("limit-size", $"{outputs} output elements; at most {GraphAnalysis.MaxOutputElements}"));
        var bytes = sizeof(long) * nodes.Concat(graph.Inputs).Sum(value => (long)value.Count);
        if (bytes > ModelLimits.OffChain.MemoryBytes)
            throw Refusal.DoesNotFit(new("limit-memory", $"a run needs {bytes} bytes or more; at most {ModelLimits.OffChain.MemoryBytes}"));
    }

    /// <summary>Whether a node of the integer graph, at least one, has this one's elements. Equal constants are one, and another shape may need no node.</summary>
    private static bool BecomesNode(FloatNode node) => node switch
    {
        FloatInput or FloatConstant or FloatReshape => false,
        FloatConcat concat => concat.Inputs.Length > 1,
        _ => true,
    };
}
