namespace Aivm.Compiler.Network;

internal enum Reduction
{
    Sum,
    Mean,
    Max,
    Min,
}

/// <summary>One number for each row along the last axis, which goes.</summary>
internal sealed class FloatReduce(string name, string operation, FloatNode source, Reduction reduction)
    : FloatNode(name, operation, source.Shape[..^1], source)
{
    public Reduction Reduction { get; } = reduction;

    /// <summary>Elements of a row.</summary>
    public int Extent => Source.Shape[^1];

    public double[] Run(double[] source) => Reduction switch
    {
        Reduction.Sum => Rows(source, 0, (sum, value) => sum + value),
        Reduction.Mean => FloatInterpreter.Map(Rows(source, 0, (sum, value) => sum + value), sum => sum / Extent),
        Reduction.Max => Rows(source, double.NegativeInfinity, Math.Max),
        _ => Rows(source, double.PositiveInfinity, Math.Min),
    };

    private double[] Rows(double[] source, double start, Func<double, double, double> join)
    {
        var result = new double[Count];
        for (var row = 0; row < result.Length; row++)
        {
            result[row] = start;
            foreach (var value in source.AsSpan(row * Extent, Extent))
                result[row] = join(result[row], value);
        }
        return result;
    }
}
