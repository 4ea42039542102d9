using Aivm.Compiler.Classical;
using Aivm.Inference;

namespace Aivm.Compiler.Network;

/// <summary>
/// Runs single nodes in double precision. Every sum has one order of its terms whatever the vector width, and nothing fuses a
/// multiplication with an addition: the same bits on every machine. The same code runs on integers held in doubles, where it is exact.
/// </summary>
internal static class FloatInterpreter
{
    /// <summary>The node's result for one sample, its activation included.</summary>
    public static double[] Run(FloatNode node, ReadOnlySpan<double[]> inputs) => node switch
    {
        FloatLinear linear => Activated(linear, Linear(linear, inputs[0], linear.Weights, linear.Bias)),
        FloatAffine affine => Affine(affine, inputs[0]),
        FloatSum sum => Activated(sum, Sum(inputs[0], inputs[1], 1, sum.Sign)),
        FloatUnary unary => Map(inputs[0], unary.Function.At),
        FloatMaxPool pool => MaxPool(pool.Source.Shape, pool.Window, inputs[0]),
        FloatAveragePool pool => Activated(pool, Average(pool, inputs[0])),
        FloatReshape => inputs[0],
        FloatTranspose transpose => Transpose(transpose.Source.Shape, transpose.Permutation, inputs[0]),
        FloatPad pad => Pad(pad, inputs[0], pad.Value),
        FloatConcat concat => concat.Run(inputs),
        FloatProduct product => Activated(product, FloatProduct.Run(inputs[0], inputs[1])),
        FloatCompare compare => compare.Run(inputs[0], inputs[1]),
        FloatThreshold threshold => threshold.Run(inputs[0]),
        FloatWhere => FloatWhere.Run(inputs[0], inputs[1], inputs[2]),
        FloatReduce reduce => reduce.Run(inputs[0]),
        FloatConstant constant => constant.Value.Values,
        FloatSoftmax softmax => Softmax(softmax.Shape[^1], inputs[0]),
        FloatArgMax arg => ArgMax(arg, inputs[0]),
        FloatEmbedding embedding => embedding.Look(inputs[0]),
        FloatMatMul product => product.Run(inputs[0], inputs[1]),
        FloatLayerNorm norm => norm.Run(inputs[0]),
        FloatMask mask => mask.Run(inputs[0], inputs[1], FloatMask.Fill),
        FloatGather gather => gather.Run(inputs[0]),
        FloatTrees trees => trees.Ensemble.Scores(inputs[0]),
        FloatBinary binary => binary.Run(inputs[0]),
        FloatImputer imputer => imputer.Run(inputs[0]),
        FloatNormalise normalise => normalise.Run(inputs[0]),
        _ => throw new InvalidOperationException($"{node} has no interpretation."),
    };

    public static double[] Linear(FloatLinear node, double[] source, double[] weights, double[] bias) => node switch
    {
        FloatConv conv => FloatConvolution.Run(conv, source, weights, bias),
        _ => Dense(source, weights, bias),
    };

    public static double[] Sum(double[] left, double[] right, double leftFactor, double rightFactor)
    {
        var sum = new double[left.Length];
        for (var i = 0; i < sum.Length; i++)
            sum[i] = left[i] * leftFactor + right[i] * rightFactor;
        return sum;
    }

    public static double[] Map(double[] source, Func<double, double> function)
    {
        var result = new double[source.Length];
        for (var i = 0; i < result.Length; i++)
            result[i] = function(source[i]);
        return result;
    }

    /// <summary>Sums over windows, tap after tap, rows first.</summary>
    public static double[] WindowSums(WindowTaps taps, double[] source)
    {
        var sums = new double[taps.Outputs];
        taps.ForEachRow((at, first, count) =>
        {
            var sum = sums[at];
            for (var v = 0; v < count; v++)
                sum += source[first + (v * taps.ColumnStep)];
            sums[at] = sum;
        });
        return sums;
    }

    public static double[] MaxPool(int[] shape, Window window, double[] source)
    {
        var taps = new WindowTaps(shape, window);
        var result = new double[taps.Outputs];
        Array.Fill(result, double.NegativeInfinity);
        taps.ForEachRow((at, first, count) =>
        {
            var largest = result[at];
            for (var v = 0; v < count; v++)
                largest = Math.Max(largest, source[first + (v * taps.ColumnStep)]);
            result[at] = largest;
        });
        return result;
    }

    public static double[] Transpose(int[] shape, int[] permutation, double[] source)
    {
        var strides = Shapes.Strides(shape);
        var steps = permutation.Select(axis => strides[axis]).ToArray();
        var extents = permutation.Select(axis => shape[axis]).ToArray();
        var result = new double[source.Length];
        var index = new int[extents.Length];
        var from = 0;
        for (var at = 0; at < result.Length; at++)
        {
            result[at] = source[from];
            for (var axis = extents.Length - 1; axis >= 0; axis--)
            {
                from += steps[axis];
                if (++index[axis] < extents[axis])
                    break;
                from -= steps[axis] * extents[axis];
                index[axis] = 0;
            }
        }
        return result;
    }

    public static double[] ArgMax(FloatArgMax node, double[] source)
    {
        var shape = node.Source.Shape;
        var inner = Shapes.Count(shape.AsSpan(node.Axis + 1));
        var extent = shape[node.Axis];
        var result = new double[node.Count];
        for (var at = 0; at < result.Length; at++)
        {
            var start = at / inner * inner * extent + at % inner;
            var best = 0;
            for (var i = 1; i < extent; i++)
            {
                var (value, other) = (source[start + i * inner], source[start + best * inner]);
                if ((node.IsSmallest ? value < other : value > other) || (node.IsLast && value == other))
                    best = i;
            }
            result[at] = best;
        }
        return result;
    }

    private static double[] Activated(FloatActivated node, double[] values) =>
        node.Activation is { } activation ? Map(values, activation.At) : values;

    /// <summary>Row by row, all outputs at once: each sum still starts with its bias and takes its terms in order.</summary>
    private static double[] Dense(double[] source, double[] weights, double[] bias)
    {
        var fanIn = weights.Length / bias.Length;
        var columns = Turned(weights, bias.Length, fanIn);
        var result = new double[source.Length / fanIn * bias.Length];
        for (var row = 0; row < source.Length / fanIn; row++)
        {
            var sums = result.AsSpan(row * bias.Length, bias.Length);
            bias.CopyTo(sums);
            for (var i = 0; i < fanIn; i++)
                FloatConvolution.AddScaled(sums, columns.AsSpan(i * bias.Length, bias.Length), source[row * fanIn + i]);
        }
        return result;
    }

    /// <summary>A matrix [rows, columns] as [columns, rows].</summary>
    public static double[] Turned(ReadOnlySpan<double> matrix, int rows, int columns)
    {
        var turned = new double[matrix.Length];
        for (var column = 0; column < columns; column++)
        {
            for (var row = 0; row < rows; row++)
                turned[column * rows + row] = matrix[row * columns + column];
        }
        return turned;
    }

    private static double[] Affine(FloatAffine affine, double[] source)
    {
        var inner = Shapes.Count(affine.Shape.AsSpan(affine.Axis + 1));
        var channels = affine.Shape[affine.Axis];
        var result = new double[source.Length];
        for (var i = 0; i < result.Length; i++)
        {
            var channel = i / inner % channels;
            result[i] = source[i] * affine.Scale[channel] + affine.Shift[channel];
        }
        return result;
    }

    /// <summary>Averages in front of the activation.</summary>
    public static double[] Average(FloatAveragePool pool, double[] source)
    {
        var taps = new WindowTaps(pool.Source.Shape, pool.Window);
        var sums = WindowSums(taps, source);
        var whole = pool.Window.Kernel.Height * pool.Window.Kernel.Width;
        for (var i = 0; i < sums.Length; i++)
            sums[i] /= pool.ExcludesPadding ? taps.TouchedBy(i) : whole;
        return sums;
    }

    public static double[] Pad(FloatPad pad, double[] source, double fill)
    {
        var (channels, height, width) = (pad.Source.Shape[1], pad.Source.Shape[2], pad.Source.Shape[3]);
        var (outHeight, outWidth) = (pad.Shape[2], pad.Shape[3]);
        var result = new double[pad.Count];
        Array.Fill(result, fill);
        for (var row = 0; row < channels * height; row++)
        {
            var to = (row / height * outHeight + row % height + pad.Padding.Top) * outWidth + pad.Padding.Left;
            source.AsSpan(row * width, width).CopyTo(result.AsSpan(to));
        }
        return result;
    }

    private static double[] Softmax(int extent, double[] source)
    {
        var result = new double[source.Length];
        for (var start = 0; start < source.Length; start += extent)
        {
            var row = source.AsSpan(start, extent);
            var largest = row[0];
            foreach (var value in row)
                largest = Math.Max(largest, value);
            var sum = 0.0;
            for (var i = 0; i < extent; i++)
                sum += result[start + i] = ExactMath.Exp(row[i] - largest);
            for (var i = 0; i < extent; i++)
                result[start + i] /= sum;
        }
        return result;
    }
}
