using System.Globalization;
using Aivm.Compiler;
using Aivm.Inference;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Aivm.Tests.Compiler;

/// <summary>
/// A classical model compiled, beside ONNX Runtime on the file: for each row the same label, and scores within 3e-6 (of the score
/// itself where it is above 1, since ONNX Runtime's own float32 is no closer).
/// </summary>
internal sealed class ClassicalComparison : IDisposable
{
    private const double Tolerance = 3e-6;

    private readonly InferenceSession _session;
    private readonly int _decimals;

    public ClassicalComparison(byte[] onnx, int decimals = 9, Aivm.Compiler.Inputs.SampleSet? calibration = null)
    {
        _decimals = decimals;
        Model = Onnx.Load(OnnxCompiler.Compile(onnx, new CompileOptions { Input = new InputFormat.Fixed(decimals), Calibration = calibration }));
        _session = Onnx.Session(onnx);
    }

    public Model Model { get; }

    public bool TakesMissing => Model.Graph.Inputs[0].Format is InputFormat.Fixed { AllowsMissing: true };

    public void Dispose() => _session.Dispose();

    /// <summary>Rows of values drawn from texts; where the model takes missing values some are.</summary>
    public void CompareRows(Random random, int count, string[] values)
    {
        for (var row = 0; row < count; row++)
            Compare(Draw(random, values, Model.InputCount));
    }

    /// <summary>Each threshold of the compiled model, and the integer below it: there the file's own comparison has to flip.</summary>
    public void CompareAtThresholds(Random random, string[] values)
    {
        var rank = Model.Graph.Nodes.OfType<RankNode>().Single();
        var next = 0;
        for (var element = 0; element < rank.Counts.Length; element++)
        {
            for (var i = 0; i < rank.Counts[element]; i++)
            {
                var threshold = rank.Thresholds[next++];
                foreach (var n in new[] { threshold, Math.Max(threshold - 1, long.MinValue + 1) })
                {
                    var row = Draw(random, values, Model.InputCount);
                    row[element] = n;
                    Compare(row);
                }
            }
        }
    }

    public void Compare(long[] row)
    {
        var actual = Onnx.Run(Model, row);
        using var expected = _session.Run([Input(row)]);
        for (var o = 0; o < Model.Graph.Outputs.Length; o++)
        {
            var output = Model.Graph.Outputs[o];
            var value = expected.Single(item => item.Name == output.Name);
            if (output.Kind == OutputKind.Label)
            {
                var label = value.ElementType == TensorElementType.String
                    ? value.AsEnumerable<string>().Single()
                    : value.AsEnumerable<long>().Single().ToString(CultureInfo.InvariantCulture);
                Assert.Equal(label, output.ClassNames[(int)Onnx.Part(Model, actual, o)[0]]);
                continue;
            }
            double[] scores = value.ElementType == TensorElementType.Double ? [.. value.AsEnumerable<double>()] : [.. value.AsEnumerable<float>().Select(score => (double)score)];
            var reals = Onnx.Reals(Model, actual, o);
            Assert.Equal(scores.Length, reals.Length);
            for (var i = 0; i < scores.Length; i++)
                Assert.True(Math.Abs(scores[i] - reals[i]) <= Tolerance * Math.Max(1, Math.Abs(scores[i])), $"score {i} of [{string.Join(',', row)}]: {scores[i]:R}, not {reals[i]:R}");
        }
    }

    private long[] Draw(Random random, string[] values, int count)
    {
        long[] row = [.. Enumerable.Range(0, count).Select(_ => Fixed(values[random.Next(values.Length)]))];
        if (TakesMissing && random.Next(3) == 0)
            row[random.Next(count)] = ElementTypes.MissingInput;
        return row;
    }

    private long Fixed(string text)
    {
        var value = decimal.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        for (var i = 0; i < _decimals; i++)
            value *= 10;
        return (long)decimal.Round(value);
    }

    /// <summary>The nearest number of the file's type to each exact decimal: parsing rounds once.</summary>
    private NamedOnnxValue Input(long[] row)
    {
        var (name, input) = _session.InputMetadata.Single();
        int[] shape = [.. input.Dimensions.Select(extent => extent <= 0 ? 1 : extent)];
        string[] texts = [.. row.Select(n => n == ElementTypes.MissingInput ? "NaN" : FormattableString.Invariant($"{n}e-{_decimals}"))];
        return input.ElementType == typeof(double)
            ? NamedOnnxValue.CreateFromTensor(name, new DenseTensor<double>(texts.Select(text => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture)).ToArray(), shape))
            : NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(texts.Select(text => float.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture)).ToArray(), shape));
    }
}
