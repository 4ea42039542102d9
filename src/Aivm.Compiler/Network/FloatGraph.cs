using Aivm.Compiler.Classical;

namespace Aivm.Compiler.Network;

/// <summary>A model's output: a value, and what its integers will mean.</summary>
/// <param name="Classes">Names of the classes of a label, in order of index; empty when unknown or not a label.</param>
internal sealed record FloatOutput(string Name, FloatNode Node, bool IsLabel, IReadOnlyList<string> Classes);

/// <summary>The normalised model: static shapes, constants folded, every operator known.</summary>
internal sealed class FloatGraph(IReadOnlyList<FloatInput> inputs, IReadOnlyList<FloatOutput> outputs)
{
    /// <summary>In the order of the ONNX file; an input that no output needs is one too.</summary>
    public IReadOnlyList<FloatInput> Inputs { get; } = inputs;

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

    /// <summary>Every value that a sample gives a meaning: the nodes in order, and the inputs that no output needs.</summary>
    public IReadOnlyList<FloatNode> Values() => [.. Order().Union(Inputs)];

    /// <summary>Whether an input may be missing: all that read it are tree ensembles that say what becomes of missing values.</summary>
    public bool AllowsMissing(FloatInput input)
    {
        var readers = Order().Where(node => node.Inputs.Contains(input)).ToArray();
        return readers.Length > 0 && readers.All(reader => reader is FloatTrees { Ensemble.TakesMissing: true });
    }

    /// <summary>How many rows the smallest table has that an input's numbers are looked up in; null where there is none.</summary>
    public int? RowsNumberedBy(FloatInput input) => Order().OfType<FloatEmbedding>()
        .Where(embedding => Reshaped(embedding.Source) == input)
        .Min(embedding => (int?)embedding.Rows);

    private static FloatNode Reshaped(FloatNode node)
    {
        while (node is FloatReshape)
            node = node.Source;
        return node;
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
