using Aivm.Compiler.Network;

namespace Aivm.Compiler.Import;

/// <summary>
/// Finds where two operands are functions of one and the same value: x * sigmoid(x), x * (1 + erf(x / sqrt 2)) / 2 and the like
/// then are one table.
/// </summary>
internal static class Curves
{
    /// <summary>Steps that are followed back from an operand.</summary>
    private const int MaxSteps = 16;

    /// <summary>Elementary functions that are joined into one.</summary>
    private const int MaxSize = 256;

    /// <summary>The operation as one function of a common value; null when there is none.</summary>
    public static FloatNode? TryJoin(OperatorCall call, Func<double, double, double> operation)
    {
        var left = Ancestors(call.Input(0));
        var right = Ancestors(call.Input(1));
        foreach (var (node, function) in left)
        {
            var match = right.FindIndex(other => other.Node == node);
            // A residual sum is one of layers: only curves are joined, not a value with itself.
            if (match < 0 || (left[0].Node == node && right[0].Node == node))
                continue;
            // Functions of functions of the same value can double at every node.
            return function.Size + right[match].Function.Size <= MaxSize
                ? new FloatUnary(call.Name, call.Operation, node, new UnaryFunction.Join(function, right[match].Function, operation))
                : throw call.Unsupported("it joins too many functions of one value");
        }
        return call.Input(0) == call.Input(1) && call.Operation == "Mul"
            ? new FloatUnary(call.Name, call.Operation, call.Input(0), new UnaryFunction.Power(2))
            : null;
    }

    /// <summary>The operand as a function of itself, of what it was computed from, and so on, nearest first.</summary>
    private static List<(FloatNode Node, UnaryFunction Function)> Ancestors(FloatNode node)
    {
        var ancestors = new List<(FloatNode, UnaryFunction)> { (node, new UnaryFunction.Line(1, 0)) };
        for (var steps = 0; steps < MaxSteps; steps++)
        {
            var step = node switch
            {
                FloatUnary unary => unary.Function,
                FloatMarked => new UnaryFunction.Line(1, 0),
                FloatAffine affine when IsUniform(affine) => new UnaryFunction.Line(affine.Scale[0], affine.Shift[0]),
                _ => null,
            };
            if (step is null)
                break;
            node = node.Source;
            ancestors.Add((node, new UnaryFunction.Chain(ancestors[^1].Item2, step)));
        }
        return ancestors;
    }

    private static bool IsUniform(FloatAffine affine) =>
        !affine.Scale.AsSpan().ContainsAnyExcept(affine.Scale[0]) && !affine.Shift.AsSpan().ContainsAnyExcept(affine.Shift[0]);
}
