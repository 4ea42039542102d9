using Aivm.Inference;

namespace Aivm.Compiler.Network;

/// <summary>Values one after another along an axis.</summary>
internal sealed class FloatConcat(string name, string operation, int[] shape, int axis, params FloatNode[] parts)
    : FloatNode(name, operation, shape, parts)
{
    public int Axis { get; } = axis;

    public double[] Run(ReadOnlySpan<double[]> parts)
    {
        var outer = Shapes.Count(Shape.AsSpan(0, Axis));
        var result = new double[Count];
        var at = 0;
        for (var row = 0; row < outer; row++)
        {
            foreach (var part in parts)
            {
                var length = part.Length / outer;
                part.AsSpan(row * length, length).CopyTo(result.AsSpan(at));
                at += length;
            }
        }
        return result;
    }
}

/// <summary>left * right, element by element, both of one shape.</summary>
internal sealed class FloatProduct(string name, string operation, FloatNode left, FloatNode right)
    : FloatActivated(name, operation, left.Shape, left, right)
{
    public static double[] Run(double[] left, double[] right)
    {
        var product = new double[left.Length];
        for (var i = 0; i < product.Length; i++)
            product[i] = left[i] * right[i];
        return product;
    }
}

/// <summary>1 where the comparison of two values of one shape holds, else 0.</summary>
internal sealed class FloatCompare(string name, string operation, FloatNode left, FloatNode right, Comparison comparison)
    : FloatNode(name, operation, left.Shape, left, right)
{
    public Comparison Comparison { get; } = comparison;

    public double[] Run(double[] left, double[] right)
    {
        var result = new double[left.Length];
        for (var i = 0; i < result.Length; i++)
            result[i] = Comparison.Holds(left[i], right[i]) ? 1 : 0;
        return result;
    }
}

/// <summary>Elements of the left value where the condition is not 0, of the right one elsewhere; all of one shape.</summary>
internal sealed class FloatWhere(string name, string operation, FloatNode condition, FloatNode left, FloatNode right)
    : FloatNode(name, operation, left.Shape, condition, left, right)
{
    public static double[] Run(double[] condition, double[] left, double[] right)
    {
        var result = new double[left.Length];
        for (var i = 0; i < result.Length; i++)
            result[i] = condition[i] != 0 ? left[i] : right[i];
        return result;
    }
}

/// <summary>As <see cref="FloatCompare"/>, of a value with constants whose shape broadcasts to its own.</summary>
/// <param name="limitsAreLeft">The comparison is "limit, value" instead of "value, limit".</param>
internal sealed class FloatThreshold(string name, string operation, FloatNode source, Tensor limits, Comparison comparison, bool limitsAreLeft)
    : FloatNode(name, operation, source.Shape, source)
{
    public Tensor Limits { get; } = limits;

    public Comparison Comparison { get; } = comparison;

    public bool LimitsAreLeft { get; } = limitsAreLeft;

    public double[] Run(double[] source)
    {
        var places = Shapes.Places(Shape, Limits.Shape);
        var result = new double[source.Length];
        for (var i = 0; i < result.Length; i++)
        {
            var limit = Limits.Values[places[i]];
            var (left, right) = LimitsAreLeft ? (limit, source[i]) : (source[i], limit);
            result[i] = Comparison.Holds(left, right) ? 1 : 0;
        }
        return result;
    }
}

internal static class Comparisons
{
    public static bool Holds(this Comparison comparison, double left, double right) => comparison switch
    {
        Comparison.Less => left < right,
        Comparison.LessOrEqual => left <= right,
        _ => left == right,
    };
}
