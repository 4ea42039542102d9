using System.Globalization;
using System.Text;
using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Aivm.Tests.Compiler;

/// <summary>Compiles a small model and holds every output against ONNX Runtime's on random inputs of each input's type.</summary>
internal static class OperatorAgreement
{
    private const int Rows = 48;

    /// <param name="bound">On the root mean square of the error over that of the expected values; 0 asks for equality.</param>
    /// <param name="low">Real inputs have four decimals from here</param>
    /// <param name="high">to here; integers are those between both.</param>
    public static void Check(string what, byte[] onnx, double bound, double low = -1.5, double high = 1.5)
    {
        using var session = Onnx.Session(onnx);
        var samples = Samples(session, low, high);
        var model = Onnx.Load(OnnxCompiler.Compile(onnx, new CompileOptions { Input = new InputFormat.Fixed(4), Calibration = samples }));
        var squares = new double[session.OutputNames.Count];
        var signals = new double[squares.Length];
        for (var row = 0; row < samples.Count; row++)
        {
            var actual = Onnx.Run(model, Onnx.Integers(model, samples, row));
            var expected = Onnx.Runtime(session, samples.Reals(row));
            for (var o = 0; o < squares.Length; o++)
            {
                var (reals, wanted) = (Onnx.Reals(model, actual, o), expected[session.OutputNames[o]]);
                Assert.Equal(wanted.Length, reals.Length);
                for (var i = 0; i < reals.Length; i++)
                {
                    squares[o] += (reals[i] - wanted[i]) * (reals[i] - wanted[i]);
                    signals[o] += wanted[i] * wanted[i];
                }
            }
        }
        for (var o = 0; o < squares.Length; o++)
        {
            var error = Math.Sqrt(squares[o] / Math.Max(signals[o], 1e-12));
            Assert.True(bound == 0 ? error == 0 : error < bound, $"{what}, output {session.OutputNames[o]}: relative error {error:P3}, at most {bound:P2} is allowed");
        }
    }

    private static SampleSet Samples(InferenceSession session, double low, double high)
    {
        var random = new Random(7);
        var text = new StringBuilder();
        for (var row = 0; row < Rows; row++)
        {
            var values = session.InputNames.SelectMany(name =>
            {
                var input = session.InputMetadata[name];
                return Enumerable.Range(0, input.Dimensions.Aggregate(1, (product, extent) => product * Math.Max(extent, 1))).Select(_ => input.ElementDataType switch
                {
                    TensorElementType.Float or TensorElementType.Double => (low + random.NextDouble() * (high - low)).ToString("F4", CultureInfo.InvariantCulture),
                    TensorElementType.Bool => random.Next(2).ToString(CultureInfo.InvariantCulture),
                    _ => random.Next((int)Math.Ceiling(low), (int)high + 1).ToString(CultureInfo.InvariantCulture),
                });
            });
            text.AppendJoin(',', values).Append('\n');
        }
        return Inputs.Read("samples.csv", text.ToString());
    }
}
