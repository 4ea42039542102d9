using Aivm.Compiler.Network;

namespace Aivm.Compiler.Quantisation;

/// <summary>Who reads a value; it decides how much precision the value keeps.</summary>
internal sealed class Readers
{
    private readonly Dictionary<FloatNode, List<FloatNode>> _readers = [];
    private readonly HashSet<FloatNode> _outputs;

    public Readers(FloatGraph graph)
    {
        _outputs = [.. graph.Outputs.Select(output => output.Node)];
        foreach (var node in graph.Order())
        {
            foreach (var input in node.Inputs)
            {
                if (!_readers.TryGetValue(input, out var readers))
                    _readers.Add(input, readers = []);
                readers.Add(node);
            }
        }
    }

    public int Count(FloatNode node) => Of(node).Count + (AreOutputs(node) ? 1 : 0);

    /// <summary>Whether the value only ends the model: it is returned, or read by a softmax, a maximum or a final curve. Such a value keeps its full accumulator.</summary>
    public bool AreFinal(FloatNode node) => Of(node).All(reader => reader switch
    {
        FloatReshape or FloatGather or FloatMask => AreFinal(reader),
        FloatSoftmax or FloatArgMax => true,
        FloatUnary unary => unary.Function is not UnaryFunction.Clamp && AreFinal(unary),
        _ => false,
    });

    public bool AreOutputs(FloatNode node) => _outputs.Contains(node);

    public IReadOnlyList<FloatNode> Of(FloatNode node) => _readers.GetValueOrDefault(node, []);
}
