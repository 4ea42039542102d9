using Aivm.Compiler.Network;

namespace Aivm.Compiler.Quantisation;

/// <summary>Who reads a value; it decides how much precision the value keeps.</summary>
internal sealed class Readers
{
    private readonly Dictionary<FloatNode, List<FloatNode>> _readers = [];
    private readonly HashSet<FloatNode> _outputs;
    private readonly HashSet<FloatNode> _final = [];
    private readonly HashSet<FloatNode> _deciding = [];

    public Readers(FloatGraph graph)
    {
        _outputs = [.. graph.Outputs.Select(output => output.Node)];
        var order = graph.Order();
        foreach (var node in order)
        {
            foreach (var input in node.Inputs)
            {
                if (!_readers.TryGetValue(input, out var readers))
                    _readers.Add(input, readers = []);
                readers.Add(node);
            }
        }
        for (var place = order.Count - 1; place >= 0; place--)
        {
            if (Of(order[place]).All(EndsTheModel))
                _final.Add(order[place]);
            if (Of(order[place]).All(reader => EndsTheModel(reader) && _deciding.Contains(reader)))
                _deciding.Add(order[place]);
        }
    }

    public int Count(FloatNode node) => Of(node).Count + (AreOutputs(node) ? 1 : 0);

    /// <summary>Whether the value only ends the model: it is returned, or read by a softmax, a maximum or a final curve. Such a value keeps its full accumulator.</summary>
    public bool AreFinal(FloatNode node) => _final.Contains(node);

    /// <summary>Whether the model's outputs are made of the value and nothing else: unlike scores of attention, it is what a caller judges.</summary>
    public bool AreDecisive(FloatNode node) => _deciding.Contains(node);

    public bool AreOutputs(FloatNode node) => _outputs.Contains(node);

    public IReadOnlyList<FloatNode> Of(FloatNode node) => _readers.GetValueOrDefault(node, []);

    private bool EndsTheModel(FloatNode reader) => reader switch
    {
        FloatReshape or FloatGather or FloatMask => _final.Contains(reader),
        FloatSoftmax or FloatArgMax or FloatThreshold => true,
        FloatUnary unary => unary.Function is not UnaryFunction.Clamp && _final.Contains(reader),
        _ => false,
    };
}
