using Aivm.Compiler.Network;
using Aivm.Compiler.Onnx;

namespace Aivm.Compiler.Import;

/// <summary>What operator set 6 says by attributes and later ones say by shapes, or no longer: older exporters write it.</summary>
internal static class OperatorSet6
{
    public const long Version = 6;

    /// <summary>The node's operands as operator set 7 wants them.</summary>
    public static FloatNode?[] Modernised(OnnxNode node, FloatNode?[] inputs)
    {
        switch (node.Operation)
        {
            case "Add" or "Sub" or "Mul" or "Div" or "Pow" or "And" or "Or" or "Xor" or "Equal" or "Greater" or "Less":
                return Aligned(node, inputs);
            case "PRelu" when inputs is [{ } source, FloatConstant { Shape: [> 1] } slope]:
                return [source, new FloatConstant(slope.Name, slope.Value.Reshaped([slope.Count, .. Enumerable.Repeat(1, Math.Max(source.Shape.Length - 2, 0))]))];
            case "BatchNormalization" when node.Int("is_test", 0) == 0 || node.Int("spatial", 1) == 0:
                throw Refusal.Operator(node, "it is in training mode, or normalises each position by itself");
            case "Dropout" when node.Int("is_test", 0) == 0:
                throw Refusal.Operator(node, "it is in training mode");
            default:
                return inputs;
        }
    }

    /// <summary>With <c>broadcast</c> and an <c>axis</c> the second operand's first axis lies there; later sets align the last axes.</summary>
    private static FloatNode?[] Aligned(OnnxNode node, FloatNode?[] inputs)
    {
        if (node.Int("broadcast", 0) == 0 || !node.Has("axis") || inputs is not [{ } left, { } right])
            return inputs;
        var axis = Shapes.Axis(node.Int("axis", 0), left.Shape.Length) ?? throw Refusal.Invalid($"{node} names an axis that its first operand lacks");
        var behind = left.Shape.Length - axis - right.Shape.Length;
        if (behind < 0)
            throw Refusal.Invalid($"the second operand of {node} reaches beyond its first");
        int[] shape = [.. right.Shape, .. Enumerable.Repeat(1, behind)];
        return [left, right is FloatConstant constant ? new FloatConstant(constant.Name, constant.Value.Reshaped(shape)) : ShapeOperators.Reshaped(right, shape)];
    }
}
