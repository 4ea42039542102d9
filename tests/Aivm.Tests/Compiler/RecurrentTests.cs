using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;
using static Aivm.Tests.Compiler.OnnxFile;

namespace Aivm.Tests.Compiler;

/// <summary>LSTM, GRU and RNN, unrolled, beside ONNX Runtime.</summary>
public sealed class RecurrentTests
{
    private const int Samples = 32;

    /// <summary>The error of all outputs together, as a share of their size.</summary>
    [Theory]
    [InlineData("LSTM", 4, 5, 8)]
    [InlineData("LSTM", 32, 16, 64)]
    [InlineData("LSTM", 8, 5, 16, "reverse")]
    [InlineData("LSTM", 8, 5, 16, "bidirectional", 2)]
    [InlineData("LSTM", 1, 5, 8)]
    [InlineData("GRU", 4, 5, 8)]
    [InlineData("GRU", 32, 16, 64)]
    [InlineData("GRU", 8, 5, 16, "bidirectional")]
    [InlineData("GRU", 1, 5, 8)]
    [InlineData("RNN", 4, 5, 8)]
    [InlineData("RNN", 32, 16, 64)]
    [InlineData("RNN", 8, 5, 16, "reverse", 3)]
    public void A_recurrent_layer_means_what_it_means_to_ONNX_Runtime(
        string operation, int steps, int features, int hidden, string direction = "forward", int batch = 1)
    {
        var error = Error(Layer(operation, steps, features, hidden, batch, direction).Write(), steps * batch * features);
        Assert.True(error < 0.02, $"{operation}: {error:P2}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    public void A_reset_behind_the_recurrent_layer_is_another_model(int steps)
    {
        var error = Error(Layer("GRU", steps, 5, 16, 1, "forward", Attribute("linear_before_reset", 1L)).Write(), steps * 5);
        Assert.True(error < 0.02, $"{error:P2}");
    }

    [Fact]
    public void States_handed_in_as_constants_are_where_a_sequence_starts()
    {
        var file = Layer("LSTM", 4, 5, 8, 1, "forward", ["x", "w", "r", "b", "", "h0", "c0"]);
        var error = Error(file.RandomWeights("h0", [1, 1, 8], 1).RandomWeights("c0", [1, 1, 8], 2).Write(), 20);
        Assert.True(error < 0.02, $"{error:P2}");
    }

    [Fact]
    public void The_batch_may_come_first()
    {
        var first = Onnx.Load(Compile(Layer("GRU", 4, 5, 8, 2, "bidirectional", isBatchFirst: true).Write()));
        var second = Onnx.Load(Compile(Layer("GRU", 4, 5, 8, 2, "bidirectional").Write()));
        long[] sample = [.. Values(3, 40).Select(value => (long)(value * 10000))];
        long[] swapped = [.. Enumerable.Range(0, 40).Select(i => sample[(((i / 5 % 2) * 4) + (i / 10)) * 5 + (i % 5)])];
        var expected = Onnx.Reals(second, Onnx.Run(second, swapped), 0);
        var actual = Onnx.Reals(first, Onnx.Run(first, sample), 0);
        Assert.Equal([2, 4, 2, 8], first.OutputShape(0).Dimensions);
        for (var i = 0; i < expected.Length; i++)
        {
            // [steps, directions, batch, hidden] and [batch, steps, directions, hidden].
            var (step, direction, item, unit) = (i / 32, i / 16 % 2, i / 8 % 2, i % 8);
            Assert.Equal(expected[i], actual[(((((item * 4) + step) * 2) + direction) * 8) + unit], 0.05);
        }
    }

    [Fact]
    public void What_is_not_unrolled_is_refused_by_name()
    {
        Refused(Layer("LSTM", 4, 5, 8, 1, "forward", Attribute("clip", 3f)));
        Refused(Layer("LSTM", 4, 5, 8, 1, "forward", Attribute("input_forget", 1L)));
        Refused(Layer("LSTM", 4, 5, 8, 1, "forward", Attribute("activations", ["Sigmoid", "Tanh", "Affine"])));
        Refused(Layer("LSTM", 4, 5, 8, 1, "forward", ["x", "w", "r", "b", "", "", "", "p"]).RandomWeights("p", [1, 24], 1));
        Refused(Layer("RNN", 4, 5, 8, 1, "forward", ["x", "w", "r", "b", "lengths"]).Integers("lengths", 3));
        Refused(Layer("RNN", 500, 5, 8, 1, "forward"));
        Refused(Layer("RNN", 1, 1, 1 << 10, 1 << 20, "forward"), "onnx-too-large");
        Refused(Layer("RNN", 4, 5, 8, 1, "sideways"), "onnx-invalid");
        Refused(Layer("GRU", 4, 5, 8, 1, "forward", wrongHidden: 9), "onnx-invalid");
    }

    private static void Refused(OnnxFile file, string code = "unsupported-operator") =>
        Assert.Equal(code, Assert.Throws<AivmException>(() => Compile(file.Write())).Error.Code);

    private static OnnxFile Layer(string operation, int steps, int features, int hidden, int batch, string direction, params byte[][] attributes) =>
        Layer(operation, steps, features, hidden, batch, direction, ["x", "w", "r", "b"], attributes: attributes);

    /// <summary>All outputs that the operator has; weights as frameworks draw them.</summary>
    private static OnnxFile Layer(
        string operation, int steps, int features, int hidden, int batch, string direction, string[]? inputs = null, bool isBatchFirst = false, int? wrongHidden = null, params byte[][] attributes)
    {
        var gates = operation switch { "LSTM" => 4, "GRU" => 3, _ => 1 };
        var directions = direction == "bidirectional" ? 2 : 1;
        var scale = 1 / MathF.Sqrt(hidden);
        string[] outputs = operation == "LSTM" ? ["y", "yh", "yc"] : ["y", "yh"];
        long[] shape = isBatchFirst ? [batch, steps, features] : [steps, batch, features];
        var file = new OnnxFile { Opset = 14 }.Input("x", shape)
            .RandomWeights("w", [directions, gates * hidden, features], 2 * scale).RandomWeights("r", [directions, gates * hidden, hidden], scale)
            .RandomWeights("b", [directions, 2 * gates * hidden], scale)
            .Node(operation, inputs ?? ["x", "w", "r", "b"], outputs, [
                Attribute("hidden_size", (long)(wrongHidden ?? hidden)), Attribute("direction", direction), Attribute("layout", isBatchFirst ? 1L : 0), .. attributes]);
        foreach (var output in outputs)
            file.Output(output);
        return file;
    }

    private static CompileResult Compile(byte[] onnx, SampleSet? calibration = null) =>
        OnnxCompiler.Compile(onnx, new CompileOptions { Input = new InputFormat.Fixed(4), Calibration = calibration });

    private static double Error(byte[] onnx, int width)
    {
        var rows = Enumerable.Range(0, Samples).Select(row => string.Join(',', Values(row, width).Select(value => FormattableString.Invariant($"{value:F4}"))));
        var samples = Inputs.Read("samples.csv", string.Join('\n', rows));
        var model = Onnx.Load(Compile(onnx, samples));
        using var session = Onnx.Session(onnx);
        double squares = 0, signal = 0;
        for (var row = 0; row < samples.Count; row++)
        {
            var outputs = Onnx.Run(model, samples.Fixed(row, 4));
            var expected = Onnx.Runtime(session, samples.Reals(row));
            for (var o = 0; o < model.Graph.Outputs.Length; o++)
            {
                var actual = Onnx.Reals(model, outputs, o);
                var wanted = expected[model.Graph.Outputs[o].Name];
                Assert.Equal(wanted.Length, actual.Length);
                squares += wanted.Zip(actual, (a, b) => (a - b) * (a - b)).Sum();
                signal += wanted.Sum(value => value * value);
            }
        }
        return Math.Sqrt(squares / signal);
    }

    private static double[] Values(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Math.Round((random.NextDouble() * 2) - 1, 4))];
    }
}
