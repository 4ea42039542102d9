using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Classical;

/// <summary>A number in place of each missing value; by element of the source.</summary>
internal sealed class FloatImputer(string name, string operation, FloatNode source, double[] replacements)
    : FloatNode(name, operation, source.Shape, source)
{
    public double[] Replacements { get; } = replacements;

    public double[] Run(double[] source) => [.. source.Select((value, i) => double.IsNaN(value) ? Replacements[i] : value)];
}

/// <summary>Features of the model's input that are 0 or 1 at their paths' ends.</summary>
internal sealed class FloatBinary(string name, string operation, int[] shape, FloatInput input, IReadOnlyList<FeaturePath> paths)
    : FloatNode(name, operation, shape, input)
{
    public IReadOnlyList<FeaturePath> Paths { get; } = paths;

    public double[] Run(double[] input) => [.. Paths.Select(path => path.At(input[path.Element]))];
}

/// <summary>Rows x * scale + shift, divided by their norm.</summary>
/// <param name="map">By feature, what is done to it first; null where nothing is.</param>
internal sealed class FloatNormalise(string name, string operation, FloatNode source, Norm norm, FloatAffine? map = null)
    : FloatNode(name, operation, source.Shape, source)
{
    public Norm Norm { get; } = norm;

    public FloatAffine? Map { get; } = map;

    public double[] Run(double[] source)
    {
        var row = Map is null ? source : FloatInterpreter.Run(Map, [source]);
        var result = new double[row.Length];
        for (var start = 0; start < row.Length; start += Shape[^1])
        {
            var length = Of(row.AsSpan(start, Shape[^1]));
            for (var i = start; i < start + Shape[^1]; i++)
                result[i] = length == 0 ? 0 : row[i] / length;
        }
        return result;
    }

    private double Of(ReadOnlySpan<double> row)
    {
        var (sum, largest) = (0.0, row[0]);
        foreach (var x in row)
        {
            sum += Norm == Norm.L2 ? x * x : Math.Abs(x);
            largest = Math.Max(largest, x);
        }
        return Norm switch
        {
            Norm.Max => largest,
            Norm.L1 => sum,
            _ => Math.Sqrt(sum),
        };
    }
}
