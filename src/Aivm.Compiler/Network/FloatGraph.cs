namespace Aivm.Compiler.Network;

/// <summary>A model's output: a value, and what its integers will mean.</summary>
/// <param name="Classes">Names of the classes of a label, in order of index; empty when unknown or not a label.</param>
internal sealed record FloatOutput(string Name, FloatNode Node, bool IsLabel, IReadOnlyList<string> Classes);

/// <summary>The normalised model: static shapes, constants folded, every operator known.</summary>
internal sealed class FloatGraph(FloatInput input, IReadOnlyList<FloatOutput> outputs)
{
    public FloatInput Input { get; } = input;

    public IReadOnlyList<FloatOutput> Outputs { get; } = outputs;

    /// <summary>Every node that an output needs, operands before their users. The order depends on the graph alone.</summary>
    public List<FloatNode> Order()
    {
        var order = new List<FloatNode>();
        var entered = new HashSet<FloatNode>();
        var stack = new Stack<(FloatNode Node, int NextInput)>();
        foreach (var output in Outputs)
        {
            if (entered.Add(output.Node))
                stack.Push((output.Node, 0));
            while (stack.TryPop(out var top))
            {
                if (top.NextInput == top.Node.Inputs.Length)
                {
                    order.Add(top.Node);
                    continue;
                }
                stack.Push((top.Node, top.NextInput + 1));
                var input = top.Node.Inputs[top.NextInput];
                if (entered.Add(input))
                    stack.Push((input, 0));
            }
        }
        return order;
    }

    /// <summary>How often each node is read, by other nodes and as an output.</summary>
    public Dictionary<FloatNode, int> Uses()
    {
        var uses = new Dictionary<FloatNode, int>();
        foreach (var read in Order().SelectMany(node => node.Inputs).Concat(Outputs.Select(output => output.Node)))
            uses[read] = uses.GetValueOrDefault(read) + 1;
        return uses;
    }
}
