using Aivm.Compiler.Onnx;

namespace Aivm.Compiler.Import;

/// <summary>
/// Finds layer and RMS normalisation where exporters wrote them out, before any of the parts is understood: d / sqrt(mean(d^2) +
/// epsilon), d = x - mean(x) or x itself. What follows, scale and bias, are ordinary operators.
/// </summary>
internal sealed class NormPatterns
{
    /// <summary>Marks a normalisation found here: its axis is the only one that it runs over.</summary>
    public const string SingleAxis = "single_axis";

    private readonly Dictionary<string, OnnxNode> _producers = new(StringComparer.Ordinal);
    private readonly IReadOnlyDictionary<string, Tensor> _initialisers;

    private NormPatterns(OnnxGraph graph)
    {
        _initialisers = graph.Initialisers;
        foreach (var node in graph.Nodes)
        {
            foreach (var output in node.Outputs)
                _producers.TryAdd(output, node);
        }
    }

    /// <summary>The graph with each quotient replaced by one operator; what only the quotient needed is left without a reader.</summary>
    public static OnnxGraph Join(OnnxGraph graph)
    {
        var patterns = new NormPatterns(graph);
        return graph with { Nodes = [.. graph.Nodes.Select(node => patterns.Normalisation(node) ?? node)] };
    }

    private OnnxNode? Normalisation(OnnxNode node)
    {
        if (node.Inputs.Count != 2 || node.Outputs.Count != 1)
            return null;
        return node.Operation switch
        {
            "Div" => Joined(node, node.Inputs[0], node.Inputs[1]),
            "Mul" => (Inverse(node.Inputs[1]) is { } right ? Joined(node, node.Inputs[0], right) : null)
                ?? (Inverse(node.Inputs[0]) is { } left ? Joined(node, node.Inputs[1], left) : null),
            _ => null,
        };
    }

    /// <param name="dividend">The value d.</param>
    /// <param name="divisor">sqrt(mean(d^2) + epsilon).</param>
    private OnnxNode? Joined(OnnxNode node, string dividend, string divisor)
    {
        if (Of("Sqrt", divisor) is not { Inputs: [var shifted] } || Of("Add", shifted) is not { Inputs: [var first, var second] })
            return null;
        var (squares, epsilon) = Number(second) is { } behind ? (first, behind) : (second, Number(first) ?? double.NaN);
        if (!double.IsFinite(epsilon) || Mean(squares) is not var (squared, axis) || !IsSquare(squared, dividend))
            return null;
        if (Of("Sub", dividend) is { Inputs: [var source, var mean] } && Mean(mean) is var (averaged, meanAxis) && averaged == source && meanAxis == axis)
            return Operator(node, "LayerNormalization", source, axis, epsilon);
        return Operator(node, "SimplifiedLayerNormalization", dividend, axis, epsilon);
    }

    private bool IsSquare(string name, string of)
    {
        if (Of("Pow", name) is { Inputs: [var power, var exponent] })
            return power == of && Number(exponent) == 2;
        return Of("Mul", name) is { Inputs: [var left, var right] } && left == of && right == of;
    }

    /// <summary>A mean over one axis that stays, with extent 1.</summary>
    private (string Source, long Axis)? Mean(string name)
    {
        if (Of("ReduceMean", name) is not { } mean || mean.Int("keepdims", 1) == 0)
            return null;
        long? axis = mean.Inputs.Count > 1
            ? Constant(mean.Inputs[1]) is { Count: 1 } tensor ? OperatorCall.ToInteger(tensor.Values[0]) : null
            : mean.Ints("axes") is [var only] ? only : null;
        return axis is { } known ? (mean.Inputs[0], known) : null;
    }

    /// <summary>The divisor, where the value is one over it.</summary>
    private string? Inverse(string name)
    {
        if (Of("Reciprocal", name) is { Inputs: [var source] })
            return source;
        return Of("Div", name) is { Inputs: [var one, var divisor] } && Number(one) == 1 ? divisor : null;
    }

    /// <summary>The node of an operator that yields a value.</summary>
    private OnnxNode? Of(string operation, string name) =>
        _producers.TryGetValue(name, out var node) && node.Domain.Length == 0 && node.Operation == operation ? node : null;

    private double? Number(string name) => Constant(name) is { Count: 1 } tensor ? tensor.Values[0] : null;

    private Tensor? Constant(string name) =>
        _initialisers.GetValueOrDefault(name) ?? Of("Constant", name)?.Tensor("value");

    private static OnnxNode Operator(OnnxNode node, string operation, string source, long axis, double epsilon) => new(
        "", operation, node.Name, [source], node.Outputs,
        new Dictionary<string, OnnxAttribute>
        {
            ["axis"] = new(OnnxAttributeType.Int) { Int = axis },
            ["epsilon"] = new(OnnxAttributeType.Float) { Float = epsilon },
            [SingleAxis] = new(OnnxAttributeType.Int) { Int = 1 },
        });
}
