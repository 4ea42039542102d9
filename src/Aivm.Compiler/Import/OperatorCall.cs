using Aivm.Compiler.Network;
using Aivm.Compiler.Onnx;
using Aivm.Primitives;

namespace Aivm.Compiler.Import;

/// <summary>One ONNX node with its operands resolved: what an operator's import reads.</summary>
/// <param name="inputs">Null for an optional operand that is absent.</param>
internal sealed class OperatorCall(OnnxNode node, FloatNode?[] inputs, long opset)
{
    public OnnxNode Node { get; } = node;

    public IReadOnlyList<FloatNode?> Inputs { get; } = inputs;

    /// <summary>Version of the operator's own operator set.</summary>
    public long Opset { get; } = opset;

    public string Name => Node.Name;

    public string Operation => Node.Operation;

    /// <summary>The same node with other operands.</summary>
    public OperatorCall With(params FloatNode?[] inputs) => new(Node, inputs, Opset);

    public FloatNode Input(int index) =>
        Optional(index) ?? throw Refusal.Invalid($"{Node} lacks its input number {index + 1}");

    public FloatNode? Optional(int index) => index < Inputs.Count ? Inputs[index] : null;

    /// <summary>An operand that this compiler needs to know when it compiles.</summary>
    public Tensor Constant(int index, string role) =>
        (Input(index) as FloatConstant)?.Value ?? throw Unsupported($"its {role} must be constant");

    public Tensor? OptionalConstant(int index, string role) => Optional(index) is null ? null : Constant(index, role);

    /// <summary>A list that newer operator sets pass as an operand and older ones as an attribute; null where absent.</summary>
    public long[]? Integers(string attribute, int index, long operandSince)
    {
        if (Opset < operandSince)
            return Node.Ints(attribute)?.ToArray();
        return OptionalConstant(index, attribute) is { } tensor ? [.. tensor.Values.Select(ToInteger)] : null;
    }

    /// <summary>A number that newer operator sets pass as an operand and older ones as an attribute; null where absent.</summary>
    public double? Number(string attribute, int index, long operandSince)
    {
        if (Opset < operandSince)
            return Node.Has(attribute) ? Node.Float(attribute, 0) : null;
        return OptionalConstant(index, attribute) switch
        {
            null => null,
            { Count: 1 } tensor => tensor.Values[0],
            _ => throw Refusal.Invalid($"{attribute} of {Node} is not one number"),
        };
    }

    /// <summary>A parameter of an operator that computes with it: neither infinite nor not a number.</summary>
    public double Float(string attribute, double absent) =>
        Node.Float(attribute, absent) is var value && double.IsFinite(value) ? value : throw Refusal.Invalid($"{attribute} of {Node} is infinite or not a number");

    /// <summary>An axis of a shape, counted from the front.</summary>
    public int Axis(long axis, int rank) =>
        Shapes.Axis(axis, rank) ?? throw Refusal.Invalid($"{Node} names the axis {axis} of a tensor with {rank}");

    public AivmException Unsupported(string reason) => Refusal.Operator(Node, reason);

    public AivmException BadShape(string reason) => Refusal.Shape(Node, reason);

    /// <summary>Doubles beyond 64 bits occur as "to the end" marks and saturate.</summary>
    public static long ToInteger(double value) => value switch
    {
        >= long.MaxValue => long.MaxValue,
        <= long.MinValue => long.MinValue,
        double.NaN => 0,
        _ => (long)value,
    };
}
