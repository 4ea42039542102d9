namespace Aivm.Compiler.Network;

/// <summary>Forms of attention that exporters write and integers do otherwise.</summary>
internal static class AttentionRules
{
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
    public static FloatMask? Masked(FloatSum sum)
    {
        if (sum is not { Sign: 1, Activation: null })
            return null;
        return Condition(sum.Inputs[1]) is { } right ? new FloatMask(sum.Name, sum.Operation, sum.Inputs[0], right)
            : Condition(sum.Inputs[0]) is { } left ? new FloatMask(sum.Name, sum.Operation, sum.Inputs[1], left)
            : null;
    }

    /// <summary>1 where the mask is 0, else 0, in front of the repetition that gave it the scores' shape.</summary>
    private static FloatConstant? Condition(FloatNode mask)
    {
        while (mask is FloatGather { Source: var source } gather && source.Shape[gather.Axis] == 1)
            mask = source;
        return mask is FloatConstant { Value: var tensor } && tensor.Values.All(value => value is 0 or <= FloatMask.Threshold)
            ? new FloatConstant(mask.Name, new Tensor(ElementKind.Boolean, tensor.Shape, [.. tensor.Values.Select(value => value == 0 ? 1.0 : 0.0)]))
            : null;
    }
}
