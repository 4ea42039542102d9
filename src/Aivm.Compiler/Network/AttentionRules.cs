using Aivm.Inference;

namespace Aivm.Compiler.Network;

/// <summary>Forms of attention that exporters write and integers do otherwise.</summary>
internal static class AttentionRules
{
    /// <summary>Steps from a mask back to the input that it comes from.</summary>
    private const int MaxSteps = 16;

    /// <summary>A transposition of the right factor that brings its inner axis to the front is the product's own.</summary>
    public static FloatMatMul Transposed(FloatMatMul product)
    {
        if (product.Inputs[1] is not FloatTranspose { Permutation: var permutation } transpose || permutation[^1] == permutation.Length - 1)
            return product;
        int[] swapped = [.. permutation[..^2], permutation[^1], permutation[^2]];
        var right = swapped.SequenceEqual(Enumerable.Range(0, swapped.Length))
            ? transpose.Source
            : new FloatTranspose(transpose.Name, transpose.Operation, transpose.Source, swapped);
        return new FloatMatMul(product.Name, product.Operation, product.Inputs[0], right, !product.TransposesRight);
    }

    /// <summary>A sum of scores and a mask, which is 0 or as good as minus infinity; null for any other sum.</summary>
    /// <param name="conditions">Those found so far, by mask: the layers of a network share one.</param>
    public static FloatMask? Masked(FloatSum sum, Dictionary<FloatNode, FloatNode?> conditions)
    {
        if (sum is not { Sign: 1, Activation: null })
            return null;
        return Known(sum.Inputs[1]) is { } right ? new FloatMask(sum.Name, sum.Operation, sum.Inputs[0], right)
            : Known(sum.Inputs[0]) is { } left ? new FloatMask(sum.Name, sum.Operation, sum.Inputs[1], left)
            : null;

        FloatNode? Known(FloatNode mask)
        {
            mask = Unrepeated(mask);
            if (!conditions.TryGetValue(mask, out var condition))
                conditions.Add(mask, condition = (FloatNode?)OfConstant(mask) ?? OfInput(mask));
            return condition;
        }
    }

    /// <summary>A choice between scores and numbers that are as good as minus infinity; null for any other choice.</summary>
    public static FloatMask? Masked(FloatWhere where)
    {
        var (condition, left, right) = (Unrepeated(where.Inputs[0]), where.Inputs[1], where.Inputs[2]);
        if (IsMasking(right))
            return new FloatMask(where.Name, where.Operation, left, condition);
        return IsMasking(left) ? new FloatMask(where.Name, where.Operation, right, Not(condition)) : null;
    }

    private static FloatCompare Not(FloatNode condition) => new(
        condition.Name, "Not", condition,
        new FloatConstant(condition.Name, new Tensor(ElementKind.Integer, condition.Shape, new double[condition.Count])), Comparison.Equal);

    private static bool IsMasking(FloatNode node) =>
        Unrepeated(node) is FloatConstant { Value.Values: var values } && values.All(value => value <= FloatMask.Threshold);

    /// <summary>The mask in front of the repetition that gave it the scores' shape.</summary>
    private static FloatNode Unrepeated(FloatNode mask)
    {
        while (mask is FloatGather { Source: var source } gather && source.Shape[gather.Axis] == 1)
            mask = source;
        return mask;
    }

    /// <summary>1 where the mask is 0, else 0.</summary>
    private static FloatConstant? OfConstant(FloatNode mask) =>
        mask is FloatConstant { Value: var tensor } && tensor.Values.All(IsMask)
            ? new FloatConstant(mask.Name, new Tensor(ElementKind.Boolean, tensor.Shape, [.. tensor.Values.Select(Kept)]))
            : null;

    /// <summary>
    /// A mask that a caller gives as zeros and ones, such as (1 - mask) * -10000: looked up in a table of two rows, which makes the
    /// input an index below 2.
    /// </summary>
    private static FloatEmbedding? OfInput(FloatNode mask)
    {
        var node = mask;
        UnaryFunction function = new UnaryFunction.Line(1, 0);
        for (var steps = 0; steps < MaxSteps && node is FloatReshape or FloatAffine; steps++, node = node.Source)
        {
            if (node is FloatAffine affine)
                function = new UnaryFunction.Chain(function, new UnaryFunction.Line(affine.Scale[0], affine.Shift[0]));
            if (node is FloatAffine { Scale: var scale, Shift: var shift } && (scale.AsSpan().ContainsAnyExcept(scale[0]) || shift.AsSpan().ContainsAnyExcept(shift[0])))
                return null;
        }
        double[] values = [function.At(0), function.At(1)];
        if (node is not FloatInput { Kind: ElementKind.Integer or ElementKind.Boolean } || !values.All(IsMask) || values[0] == values[1])
            return null;
        var numbers = node.Shape.AsSpan().SequenceEqual(mask.Shape) ? node : new FloatReshape(node.Name, "Reshape", mask.Shape, node);
        return new FloatEmbedding(mask.Name, mask.Operation, mask.Shape, numbers, Tensor.Real([2], [.. values.Select(Kept)]));
    }

    private static bool IsMask(double value) => value is 0 or <= FloatMask.Threshold;

    private static double Kept(double value) => value == 0 ? 1 : 0;
}
