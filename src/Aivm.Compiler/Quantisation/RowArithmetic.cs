using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>What softmax and normalisation compute, row by row, as the specification says it; integers held in doubles.</summary>
internal static class RowArithmetic
{
    public static double[] Softmax(SoftmaxNode node, int extent, double[] source)
    {
        var result = new double[source.Length];
        var exponentials = new long[extent];
        for (var start = 0; start < source.Length; start += extent)
        {
            var row = source.AsSpan(start, extent);
            var largest = row[0];
            foreach (var value in row)
                largest = Math.Max(largest, value);
            var sum = 0L;
            for (var i = 0; i < extent; i++)
                sum += exponentials[i] = Interpolated(node, (long)(largest - row[i]));
            for (var i = 0; i < extent; i++)
                result[start + i] = ((exponentials[i] << node.OutputExponent) + sum / 2) / sum;
        }
        return result;
    }

    public static double[] LayerNorm(LayerNormNode node, int extent, double[] source)
    {
        var result = new double[source.Length];
        var limit = ElementTypes.MaxOf(ElementType.S16);
        for (var start = 0; start < source.Length; start += extent)
        {
            var row = source.AsSpan(start, extent);
            long sum = 0, squares = 0;
            foreach (var value in row)
                sum += (long)value;
            var mean = node.Centred ? FloorDivide((sum << node.Fraction) + extent / 2, extent) : 0;
            foreach (var value in row)
            {
                var difference = ((long)value << node.Fraction) - mean;
                squares += difference * difference;
            }
            var deviation = FloorRoot((squares + extent / 2) / extent + node.Epsilon);
            for (var i = 0; i < extent; i++)
            {
                var difference = ((long)row[i] << node.Fraction) - mean;
                result[start + i] = Math.Clamp(FloorDivide((difference << node.OutputExponent) + deviation / 2, deviation), -limit, limit);
            }
        }
        return result;
    }

    private static long Interpolated(SoftmaxNode node, long distance)
    {
        var last = (long)(node.Entries.Count - 1) << node.Shift;
        var place = Math.Min(distance, last);
        var (entry, rest) = ((int)(place >> node.Shift), place & ((1L << node.Shift) - 1));
        if (rest == 0)
            return node.Entries[entry];
        var weighted = node.Entries[entry] * ((1L << node.Shift) - rest) + node.Entries[entry + 1] * rest;
        return (weighted + (1L << (node.Shift - 1))) >> node.Shift;
    }

    private static long FloorDivide(long dividend, long divisor)
    {
        var quotient = dividend / divisor;
        return dividend % divisor < 0 ? quotient - 1 : quotient;
    }

    /// <summary>floor(sqrt(value)) for a value below 2^63: the hardware's root is off by one at most.</summary>
    private static long FloorRoot(long value)
    {
        var root = (long)Math.Sqrt(value);
        while (root * root > value)
            root--;
        while ((root + 1) * (root + 1) <= value)
            root++;
        return root;
    }
}
