namespace Aivm.Compiler.Network;

/// <summary>Products of two activations: [..., M, K] by [..., K, N], or by [..., N, K] where the right one is transposed; the leading axes are equal.</summary>
internal sealed class FloatMatMul(string name, string operation, FloatNode left, FloatNode right, bool transposesRight)
    : FloatNode(name, operation, [.. left.Shape[..^1], right.Shape[transposesRight ? ^2 : ^1]], left, right)
{
    public bool TransposesRight { get; } = transposesRight;

    public int Depth => Inputs[0].Shape[^1];

    public double[] Run(double[] left, double[] right)
    {
        var (rows, columns, depth) = (Shape[^2], Shape[^1], Depth);
        var result = new double[Count];
        for (var matrix = 0; matrix < result.Length / (rows * columns); matrix++)
        {
            ReadOnlySpan<double> factor = right.AsSpan(matrix * depth * columns, depth * columns);
            if (TransposesRight)
                factor = FloatInterpreter.Turned(factor, columns, depth);
            for (var row = matrix * rows; row < (matrix + 1) * rows; row++)
            {
                for (var k = 0; k < depth; k++)
                    FloatConvolution.AddScaled(result.AsSpan(row * columns, columns), factor.Slice(k * columns, columns), left[row * depth + k]);
            }
        }
        return result;
    }
}

/// <summary>Along the last axis: (x - mean) / sqrt(variance + epsilon), or without centring x / sqrt(mean square + epsilon).</summary>
internal sealed class FloatLayerNorm(string name, string operation, FloatNode source, bool centred, double epsilon)
    : FloatNode(name, operation, source.Shape, source)
{
    public bool Centred { get; } = centred;

    public double Epsilon { get; } = epsilon;

    public double[] Run(double[] source)
    {
        var extent = Shape[^1];
        var result = new double[source.Length];
        for (var start = 0; start < source.Length; start += extent)
        {
            var row = source.AsSpan(start, extent);
            double sum = 0, squares = 0;
            foreach (var value in row)
                sum += value;
            var mean = Centred ? sum / extent : 0;
            foreach (var value in row)
                squares += (value - mean) * (value - mean);
            var deviation = Math.Sqrt(squares / extent + Epsilon);
            for (var i = 0; i < extent; i++)
                result[start + i] = (row[i] - mean) / deviation;
        }
        return result;
    }
}

/// <summary>
/// Scores of which a softmax leaves out those whose condition is 0. The condition is constant or one of an input; its shape
/// broadcasts to the scores'.
/// </summary>
internal sealed class FloatMask(string name, string operation, FloatNode scores, FloatNode condition)
    : FloatNode(name, operation, scores.Shape, scores, condition)
{
    /// <summary>A softmax makes 0 of this.</summary>
    public const double Fill = -1e9;

    /// <summary>A constant this low, added to a score or put in its place, leaves nothing of it: exporters write -10000, -65504, -1e9 or minus infinity.</summary>
    public const double Threshold = -9000;

    public double[] Run(double[] scores, double[] condition, double fill)
    {
        var places = Shapes.Places(Shape, Inputs[1].Shape);
        var result = new double[scores.Length];
        for (var i = 0; i < result.Length; i++)
            result[i] = condition[places[i]] != 0 ? scores[i] : fill;
        return result;
    }
}

/// <summary>Elements at fixed indices along an axis: slices, splits and repetition.</summary>
internal sealed class FloatGather(string name, string operation, FloatNode source, int axis, int[] indices)
    : FloatNode(name, operation, [.. source.Shape[..axis], indices.Length, .. source.Shape[(axis + 1)..]], source)
{
    public int Axis { get; } = axis;

    public int[] Indices { get; } = indices;

    public double[] Run(double[] source)
    {
        var inner = Shapes.Count(Shape.AsSpan(Axis + 1));
        var extent = Inputs[0].Shape[Axis];
        var result = new double[Count];
        for (var block = 0; block < result.Length / Math.Max(inner, 1); block++)
        {
            var from = block / Indices.Length * extent + Indices[block % Indices.Length];
            source.AsSpan(from * inner, inner).CopyTo(result.AsSpan(block * inner));
        }
        return result;
    }
}
