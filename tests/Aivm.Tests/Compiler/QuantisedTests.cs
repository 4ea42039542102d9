using System.Text;
using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Inference;
using static Aivm.Tests.Compiler.OnnxFile;

namespace Aivm.Tests.Compiler;

/// <summary>Models that come quantised, beside ONNX Runtime, which computes with their own scales.</summary>
public sealed class QuantisedTests
{
    private static readonly string[] X = ["x"];
    private static readonly string[] Y = ["y"];

    public static TheoryData<string, bool, bool> Forms() => new()
    {
        { "pairs", false, false },
        { "pairs", false, true },
        { "pairs", true, false },
        { "pairs", true, true },
        { "integers", false, false },
        { "integers", false, true },
        { "integers", true, false },
        { "integers", true, true },
    };

    /// <summary>
    /// Pictures of nearly one shade, up to 12: drawn inputs reach to 1, and noise even of the right size stays far below what such
    /// pictures add up to. Only the file's own scales tell.
    /// </summary>
    [Theory]
    [MemberData(nameof(Forms))]
    public void A_quantised_network_is_close_to_ONNX_Runtime_with_samples_and_without(string form, bool symmetric, bool perChannel)
    {
        var samples = Samples(QuantisedFile.Width, 24, 2, shade: 10);
        double[][] rows = [.. Enumerable.Range(0, samples.Count).Select(samples.Reals)];
        var file = new QuantisedFile(rows) { IsSymmetric = symmetric, IsPerChannel = perChannel };
        var onnx = form == "pairs" ? file.Pairs() : file.Linear();
        foreach (var calibration in new[] { samples, null })
        {
            var error = Error(onnx, samples, new CompileOptions { Input = new InputFormat.Fixed(4), Calibration = calibration });
            Assert.True(error < 0.04, $"{form}, {(calibration is null ? "without samples" : "with samples")}: relative error {error:P2}");
        }
    }

    [Fact]
    public void Values_beyond_the_range_of_the_file_saturate_as_its_integers_do()
    {
        var samples = Samples(QuantisedFile.Width, 24, 12);
        double[][] rows = [.. Enumerable.Range(0, samples.Count).Select(samples.Reals)];
        var onnx = new QuantisedFile(rows).Pairs();
        var beyond = Samples(QuantisedFile.Width, 24, 60);
        var error = Error(onnx, beyond, new CompileOptions { Input = new InputFormat.Fixed(4) });
        Assert.True(error < 0.04, $"relative error {error:P2}");
    }

    [Fact]
    public void Weights_of_every_integer_type_stand_for_their_real_numbers()
    {
        foreach (var (type, zero) in new[] { (2, 130L), (3, -7L), (3, 0L) })
        {
            foreach (var axis in new[] { 0L, 1L })
            {
                long[] shape = [12, 6];
                float[] scales = [.. Enumerable.Range(0, (int)shape[axis]).Select(i => 0.01f + 0.003f * i)];
                var random = new Random(3);
                var file = new OnnxFile().Input("x", -1, 12).Weights("s", [shape[axis]], scales)
                    .Initialiser(IntegerTensor("z", type, [shape[axis]], [.. Enumerable.Repeat(zero, (int)shape[axis])]))
                    .Initialiser(IntegerTensor("q", type, shape, [.. Enumerable.Range(0, 72).Select(_ => zero + random.Next(-100, 101))]))
                    .Node("DequantizeLinear", ["q", "s", "z"], ["w"], Attribute("axis", axis)).Node("MatMul", ["x", "w"], Y).Output("y");
                var samples = Samples(12, 32, 2);
                var error = Error(file.Write(), samples, new CompileOptions { Input = new InputFormat.Fixed(4), Calibration = samples, Precision = PrecisionMode.S16 });
                Assert.True(error < 0.01, $"type {type}, axis {axis}: {error:P2}");
            }
        }
    }

    [Fact]
    public void Products_of_integers_are_computed_in_real_numbers()
    {
        var random = new Random(5);
        long[] Integers(int count) => [.. Enumerable.Range(0, count).Select(_ => (long)random.Next(-QuantisedFile.LargestWeight, QuantisedFile.LargestWeight + 1))];
        var dense = new OnnxFile().Input("x", -1, 12).Weights("s", [], 0.02f).Weights("b", [6], 1, 2, 3, 4, 5, 6)
            .Initialiser(IntegerTensor("w", 3, [12, 6], Integers(72))).Initialiser(IntegerTensor("z", 3, [], 0))
            .Weights("qs", [], 0.025f).Initialiser(IntegerTensor("qz", 2, [], 120)).Node("QuantizeLinear", ["x", "qs", "qz"], ["q"]).Node("MatMulInteger", ["q", "w", "qz", "z"], ["m"]).Node("Cast", ["m"], ["c"], Attribute("to", 1L))
            .Node("Mul", ["qs", "s"], ["t"]).Node("Mul", ["c", "t"], ["u"]).Node("Add", ["u", "b"], Y).Output("y").Write();
        var conv = new OnnxFile().Input("x", -1, 3, 6, 6).Weights("s", [], 0.02f)
            .Initialiser(IntegerTensor("w", 3, [4, 3, 3, 3], Integers(108))).Initialiser(IntegerTensor("z", 3, [], 0))
            .Weights("qs", [], 0.025f).Initialiser(IntegerTensor("qz", 2, [], 120)).Node("QuantizeLinear", ["x", "qs", "qz"], ["q"]).Node("ConvInteger", ["q", "w", "qz", "z"], ["m"], Attribute("pads", [1L, 1, 1, 1])).Node("Cast", ["m"], ["c"], Attribute("to", 1L))
            .Node("Mul", ["qs", "s"], ["t"]).Node("Mul", ["c", "t"], ["r"]).Node("Relu", ["r"], Y).Output("y").Write();
        foreach (var (onnx, width) in new[] { (dense, 12), (conv, 108) })
        {
            var samples = Samples(width, 32, 3);
            var error = Error(onnx, samples, new CompileOptions { Input = new InputFormat.Fixed(4), Calibration = samples });
            Assert.True(error < 0.03, $"relative error {error:P2}");
        }
    }

    [Fact]
    public void Operators_of_integers_alone_are_those_of_ONNX_Runtime()
    {
        const string Ms = "com.microsoft";
        OnnxFile Scales(OnnxFile file) => file.Weights("a", [], 0.02f).Initialiser(IntegerTensor("az", 2, [], 128)).Weights("b", [], 0.05f).Initialiser(IntegerTensor("bz", 2, [], 100))
            .Weights("u", [], 1 / 256f).Initialiser(IntegerTensor("uz", 2, [], 0));
        OnnxFile Start(params long[] shape) => Scales(new OnnxFile().Import(Ms, 1).Input("x", shape)).Node("QuantizeLinear", ["x", "a", "az"], ["q"]);
        byte[] End(OnnxFile file, string scale) => file.Node("DequantizeLinear", ["r", scale, scale + "z"], Y).Output("y").Write();
        (string Name, byte[] File, int Width)[] models =
        [
            ("QGemm", End(Start(-1, 12).Weights("ws", [], 0.01f).Initialiser(IntegerTensor("wz", 2, [], 120)).Initialiser(IntegerTensor("c", 6, [6], 100, -2000, 0, 5, 6, 3000))
                .Initialiser(IntegerTensor("w", 2, [12, 6], [.. Enumerable.Range(0, 72).Select(i => 37L * i % 251)]))
                .Node(Ms, "QGemm", ["q", "a", "az", "w", "ws", "wz", "c", "b", "bz"], ["r"]), "b"), 12),
            ("QLinearSigmoid", End(Start(-1, 12).Node(Ms, "QLinearSigmoid", ["q", "a", "az", "u", "uz"], ["r"]), "u"), 12),
            ("QLinearLeakyRelu", End(Start(-1, 12).Node(Ms, "QLinearLeakyRelu", ["q", "a", "az", "b", "bz"], ["r"], Attribute("alpha", 0.3f)), "b"), 12),
            ("QLinearAveragePool", End(Start(-1, 2, 6, 6).Node(Ms, "QLinearAveragePool", ["q", "a", "az", "a", "az"], ["r"], Attribute("kernel_shape", [2L, 2]), Attribute("strides", [2L, 2])), "a"), 72),
            ("QLinearMul by a constant", End(Start(-1, 12).Initialiser(IntegerTensor("k", 2, [], 160)).Node(Ms, "QLinearMul", ["q", "a", "az", "k", "b", "bz", "b", "bz"], ["r"]), "b"), 12),
        ];
        foreach (var (name, onnx, width) in models)
        {
            var samples = Samples(width, 32, 2);
            var error = Error(onnx, samples, new CompileOptions { Input = new InputFormat.Fixed(4) });
            Assert.True(error < 0.04, $"{name}: relative error {error:P2}");
        }
    }

    public static TheoryData<string, byte[], string, string> Refused()
    {
        var quantised = () => new OnnxFile { Opset = 21 }.Input("x", 1, 4).Weights("s", [], 0.1f).Weights("t", [], 0.2f).Initialiser(IntegerTensor("z", 3, [], 0)).Weights("s4", [4], 1, 2, 3, 4)
            .Initialiser(IntegerTensor("z4", 3, [4], 0, 0, 0, 0)).Initialiser(IntegerTensor("w", 3, [4, 4], new long[16])).Weights("s44", [2, 4], new float[8]);
        return new TheoryData<string, byte[], string, string>
        {
            { "a scale per channel", quantised().Node("QuantizeLinear", ["x", "s4", "z4"], ["q"], Attribute("axis", 1L)).Node("DequantizeLinear", ["q", "s4", "z4"], Y, Attribute("axis", 1L)).Output("y").Write(), "unsupported-operator", "for each channel" },
            { "blocks", quantised().Node("DequantizeLinear", ["w", "s44"], ["d"], Attribute("axis", 0L), Attribute("block_size", 2L)).Node("MatMul", ["x", "d"], Y).Output("y").Write(), "unsupported-operator", "blocks" },
            { "another scale", quantised().Node("QuantizeLinear", ["x", "s", "z"], ["q"]).Node("DequantizeLinear", ["q", "t", "z"], Y).Output("y").Write(), "unsupported-operator", "another scale" },
            { "a sum of integers", quantised().Node("QuantizeLinear", ["x", "s", "z"], ["q"]).Node("Add", ["q", "q"], ["r"]).Node("DequantizeLinear", ["r", "s", "z"], Y).Output("y").Write(), "unsupported-operator", "computes with quantised integers" },
            { "a negative scale", quantised().Weights("n", [], -1).Node("QuantizeLinear", ["x", "n", "z"], ["q"]).Node("DequantizeLinear", ["q", "n", "z"], Y).Output("y").Write(), "onnx-invalid", "not positive" },
            { "a scale that is computed", quantised().Node("ReduceMax", X, ["m"]).Node("QuantizeLinear", ["x", "m", "z"], ["q"]).Node("DequantizeLinear", ["q", "m", "z"], Y).Output("y").Write(), "unsupported-operator", "" },
            { "a scale that depends on the values", quantised().Node("DynamicQuantizeLinear", X, ["q", "qs", "qz"]).Node("DequantizeLinear", ["q", "qs", "qz"], Y).Output("y").Write(), "unsupported-operator", "depends on the values" },
            { "an output of integers", quantised().Node("QuantizeLinear", ["x", "s", "z"], Y).Output("y", 3).Write(), "unsupported-output", "DequantizeLinear" },
            { "factors that are no quantised value", quantised().Node("MatMulInteger", ["x", "w"], Y).Output("y", 6).Write(), "unsupported-operator", "first factor" },
            { "too few scales", quantised().Weights("s3", [3], 1, 2, 3).Node("DequantizeLinear", ["w", "s3"], ["d"], Attribute("axis", 0L)).Node("MatMul", ["x", "d"], Y).Output("y").Write(), "onnx-invalid", "scales" },
            { "float8", quantised().Node("QuantizeLinear", ["x", "s"], ["q"], Attribute("output_dtype", 17L)).Node("DequantizeLinear", ["q", "s"], Y).Output("y").Write(), "unsupported-tensor", "17" },
        };
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_integers_cannot_stand_for_is_refused_by_name(string what, byte[] onnx, string code, string reason)
    {
        var refusal = Assert.Throws<Aivm.Primitives.AivmException>(() => OnnxCompiler.Compile(onnx, new CompileOptions()));
        Assert.True(refusal.Error.Code == code, $"{what}: {refusal.Error}");
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>Root mean square of the difference to ONNX Runtime, as a share of its results.</summary>
    private static double Error(byte[] onnx, SampleSet samples, CompileOptions options)
    {
        var model = Onnx.Load(OnnxCompiler.Compile(onnx, options));
        using var session = Onnx.Session(onnx);
        double squares = 0, signal = 0;
        for (var row = 0; row < samples.Count; row++)
        {
            var actual = Onnx.Reals(model, Onnx.Run(model, Onnx.Integers(model, samples, row)), 0);
            var expected = Onnx.Runtime(session, samples.Reals(row)).Values.Single();
            Assert.Equal(expected.Length, actual.Length);
            for (var i = 0; i < actual.Length; i++)
            {
                squares += (actual[i] - expected[i]) * (actual[i] - expected[i]);
                signal += expected[i] * expected[i];
            }
        }
        return Math.Sqrt(squares / signal);
    }

    /// <summary>Rows of noise up to a reach around a shade of their own.</summary>
    private static SampleSet Samples(int width, int count, double reach, double shade = 0)
    {
        var random = new Random(7);
        var text = new StringBuilder();
        for (var row = 0; row < count; row++)
        {
            var own = (random.NextDouble() * 2 - 1) * shade;
            text.AppendJoin(',', Enumerable.Range(0, width).Select(_ => FormattableString.Invariant($"{own + (random.NextDouble() * 2 - 1) * reach:F4}"))).Append('\n');
        }
        return Inputs.Read("samples.csv", text.ToString());
    }
}
