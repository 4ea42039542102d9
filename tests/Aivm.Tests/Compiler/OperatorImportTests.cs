using System.Text;
using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Inference;
using static Aivm.Tests.Compiler.OnnxFile;

namespace Aivm.Tests.Compiler;

/// <summary>Each imported operator in a small model, against ONNX Runtime on random inputs.</summary>
public sealed class OperatorImportTests
{
    private static readonly string[] X = ["x"];
    private static readonly string[] Y = ["y"];

    /// <summary>[1, 3, 8, 8] to whatever the node makes of it, with its own convolution in front.</summary>
    private static OnnxFile Picture(long opset = 13) => new OnnxFile { Opset = opset }
        .Input("x", -1, 3, 8, 8).RandomWeights("w", [4, 3, 3, 3], 0.4f).RandomWeights("b", [4], 0.3f)
        .Node("Conv", ["x", "w", "b"], ["c"], Attribute("pads", [1L, 1, 1, 1])).Output("y");

    private static OnnxFile Vector(long opset = 13) => new OnnxFile { Opset = opset }
        .Input("x", -1, 12).RandomWeights("w", [12, 10], 0.5f).RandomWeights("b", [10], 0.5f).Node("Gemm", ["x", "w", "b"], ["c"]).Output("y");

    public static TheoryData<string, byte[]> Models() => new()
    {
        { "Conv", new OnnxFile().Input("x", -1, 3, 8, 8).RandomWeights("w", [6, 3, 3, 3], 0.4f).Node("Conv", ["x", "w"], Y).Output("y").Write() },
        { "Conv, strides, dilations", new OnnxFile().Input("x", 1, 3, 9, 8).RandomWeights("w", [6, 3, 3, 2], 0.4f)
            .Node("Conv", ["x", "w"], Y, Attribute("strides", [2L, 1]), Attribute("dilations", [1L, 2]), Attribute("pads", [1L, 0, 2, 1])).Output("y").Write() },
        { "Conv, groups", new OnnxFile().Input("x", 1, 4, 6, 6).RandomWeights("w", [8, 2, 3, 3], 0.4f)
            .Node("Conv", ["x", "w"], Y, Attribute("group", 2L), Attribute("auto_pad", "SAME_UPPER"), Attribute("strides", [2L, 2])).Output("y").Write() },
        { "Conv, depthwise", new OnnxFile().Input("x", 1, 4, 6, 6).RandomWeights("w", [4, 1, 3, 3], 0.4f)
            .Node("Conv", ["x", "w"], Y, Attribute("group", 4L), Attribute("auto_pad", "SAME_LOWER")).Output("y").Write() },
        { "Conv, one axis", new OnnxFile().Input("x", 1, 4, 16).RandomWeights("w", [6, 4, 5], 0.4f).RandomWeights("v", [6, 6, 3], 0.4f)
            .Node("Conv", ["x", "w"], ["c"], Attribute("pads", [2L, 2])).Node("Relu", ["c"], ["r"])
            .Node("MaxPool", ["r"], ["p"], Attribute("kernel_shape", [2L]), Attribute("strides", [2L])).Node("Conv", ["p", "v"], Y).Output("y").Write() },
        { "Gemm", Vector().Node("Relu", ["c"], Y).Write() },
        { "Gemm, alpha, beta, transB", new OnnxFile().Input("x", -1, 12).RandomWeights("w", [5, 12], 0.5f).Weights("b", [1], 2)
            .Node("Gemm", ["x", "w", "b"], Y, Attribute("alpha", 0.5f), Attribute("beta", 3f), Attribute("transB", 1L)).Output("y").Write() },
        { "MatMul and Add", new OnnxFile().Input("x", -1, 12).RandomWeights("w", [12, 5], 0.5f).RandomWeights("b", [5], 1)
            .Node("MatMul", ["x", "w"], ["m"]).Node("Add", ["b", "m"], Y).Output("y").Write() },
        { "MatMul of rows", new OnnxFile().Input("x", 1, 6, 12).RandomWeights("w", [12, 5], 0.5f).Node("MatMul", ["x", "w"], Y).Output("y").Write() },
        { "BatchNormalization", Picture().RandomWeights("g", [4], 1).RandomWeights("h", [4], 1).RandomWeights("m", [4], 1).Weights("v", [4], 0.5f, 1, 2, 0.25f)
            .Node("BatchNormalization", ["c", "g", "h", "m", "v"], Y).Write() },
        { "BatchNormalization alone", new OnnxFile().Input("x", 1, 4, 5, 5).RandomWeights("g", [4], 1).RandomWeights("h", [4], 1).RandomWeights("m", [4], 1)
            .Weights("v", [4], 0.5f, 1, 2, 0.25f).Node("BatchNormalization", ["x", "g", "h", "m", "v"], Y).Output("y").Write() },
        { "Scale and shift by channel, then Conv", new OnnxFile().Input("x", 1, 3, 6, 6).Weights("s", [1, 3, 1, 1], 2, 0.5f, 1.5f).Weights("t", [3, 1, 1], 0.1f, -0.2f, 0.3f)
            .RandomWeights("w", [4, 3, 3, 3], 0.4f).Node("Sub", ["x", "t"], ["u"]).Node("Div", ["u", "s"], ["v"]).Node("Conv", ["v", "w"], Y).Output("y").Write() },
        { "Relu", Picture().Node("Relu", ["c"], Y).Write() },
        { "Clip", Picture().Weights("lo", [], 0).Weights("hi", [], 0.7f).Node("Clip", ["c", "lo", "hi"], Y).Write() },
        { "Clip of old", Picture(9).Node("Clip", ["c"], Y, Attribute("min", -0.25f), Attribute("max", 0.75f)).Write() },
        { "LeakyRelu", Picture().Node("LeakyRelu", ["c"], Y, Attribute("alpha", 0.2f)).Write() },
        { "Elu", Picture().Node("Elu", ["c"], Y).Write() },
        { "Sigmoid", Picture().Node("Sigmoid", ["c"], Y).Write() },
        { "Tanh", Picture().Node("Tanh", ["c"], Y).Write() },
        { "Tanh inside", Vector().Node("Tanh", ["c"], ["t"]).RandomWeights("v", [10, 4], 0.5f).Node("MatMul", ["t", "v"], Y).Write() },
        { "HardSigmoid", Picture().Node("HardSigmoid", ["c"], Y).Write() },
        { "HardSwish", Picture(14).Node("HardSwish", ["c"], Y).Write() },
        { "Softplus", Vector().Node("Softplus", ["c"], Y).Write() },
        { "Erf", Vector().Node("Erf", ["c"], Y).Write() },
        { "Gelu", Vector(20).Node("Gelu", ["c"], ["g"]).RandomWeights("v", [10, 4], 0.5f).Node("MatMul", ["g", "v"], Y).Write() },
        { "Gelu with tanh", Vector(20).Node("Gelu", ["c"], Y, Attribute("approximate", "tanh")).Write() },
        { "Mish", Vector(18).Node("Mish", ["c"], Y).Write() },
        { "Abs and Softsign", Vector().Node("Softsign", ["c"], ["s"]).Node("Abs", ["s"], Y).Write() },
        { "PRelu", Vector().Weights("k", [1], 0.3f).Node("PRelu", ["c", "k"], Y).Write() },
        { "Square", Vector().Node("Mul", ["c", "c"], Y).Write() },
        { "Pow", Vector().Weights("k", [], 3).Node("Pow", ["c", "k"], Y).Write() },
        { "SiLU in two nodes", Vector().Node("Sigmoid", ["c"], ["s"]).Node("Mul", ["c", "s"], ["m"]).RandomWeights("v", [10, 4], 0.5f).Node("MatMul", ["m", "v"], Y).Write() },
        { "GELU in five nodes", Vector().Weights("r", [], 1.4142135f).Weights("one", [], 1).Weights("h", [], 0.5f).Node("Div", ["c", "r"], ["d"]).Node("Erf", ["d"], ["e"])
            .Node("Add", ["e", "one"], ["a"]).Node("Mul", ["c", "a"], ["m"]).Node("Mul", ["m", "h"], ["g"]).RandomWeights("v", [10, 4], 0.5f).Node("MatMul", ["g", "v"], Y).Write() },
        { "Sum of three", Vector().RandomWeights("v", [10, 10], 0.3f).Node("MatMul", ["c", "v"], ["m"]).Node("Relu", ["c"], ["r"]).Node("Sum", ["c", "m", "r"], Y).Write() },
        { "Relu after MaxPool", Picture().Node("MaxPool", ["c"], ["p"], Attribute("kernel_shape", [2L, 2]), Attribute("strides", [2L, 2])).Node("Relu", ["p"], Y).Write() },
        { "MaxPool, padded, ceil", Picture().Node("Relu", ["c"], ["r"])
            .Node("MaxPool", ["r"], Y, Attribute("kernel_shape", [3L, 3]), Attribute("strides", [2L, 2]), Attribute("pads", [1L, 0, 0, 1]), Attribute("ceil_mode", 1L)).Write() },
        { "AveragePool", Picture().Node("AveragePool", ["c"], Y, Attribute("kernel_shape", [3L, 2]), Attribute("strides", [2L, 2])).Write() },
        { "AveragePool, padding counted", Picture().Node("AveragePool", ["c"], Y,
            Attribute("kernel_shape", [3L, 3]), Attribute("pads", [1L, 1, 1, 1]), Attribute("count_include_pad", 1L)).Write() },
        { "AveragePool, padding not counted", Picture().Node("AveragePool", ["c"], Y, Attribute("kernel_shape", [3L, 3]), Attribute("pads", [1L, 1, 1, 1])).Write() },
        { "GlobalAveragePool", Picture().Node("Relu", ["c"], ["r"]).Node("GlobalAveragePool", ["r"], ["g"]).Node("Flatten", ["g"], ["f"])
            .RandomWeights("v", [4, 5], 1).Node("MatMul", ["f", "v"], Y).Write() },
        { "GlobalMaxPool", Picture().Node("GlobalMaxPool", ["c"], Y).Write() },
        { "ReduceMean", Picture().Node("ReduceMean", ["c"], Y, Attribute("axes", [2L, 3]), Attribute("keepdims", 0L)).Write() },
        { "Residual sum", Picture().RandomWeights("v", [4, 4, 1, 1], 0.7f).Node("Relu", ["c"], ["r"]).Node("Conv", ["r", "v"], ["d"])
            .Node("Add", ["r", "d"], ["s"]).Node("Relu", ["s"], Y).Write() },
        { "Difference", Picture().RandomWeights("v", [4, 4, 1, 1], 0.7f).Node("Conv", ["c", "v"], ["d"]).Node("Sub", ["c", "d"], Y).Write() },
        { "Neg, Mul, Div, constant minus", Vector().Weights("k", [], 3).Node("Neg", ["c"], ["n"]).Node("Mul", ["n", "k"], ["m"]).Node("Sub", ["k", "m"], ["s"]).Node("Div", ["s", "k"], Y).Write() },
        { "Reshape by Shape, Gather, Concat", Picture().Integers("zero", 0).Integers("rest", -1).Node("Shape", ["c"], ["s"]).Node("Gather", ["s", "zero"], ["n"])
            .Node("Concat", ["n", "rest"], ["t"], Attribute("axis", 0L)).Node("Reshape", ["c", "t"], ["f"]).RandomWeights("v", [256, 3], 0.2f).Node("MatMul", ["f", "v"], Y).Write() },
        { "Transpose", Picture().Node("Transpose", ["c"], ["t"], Attribute("perm", [0L, 2, 3, 1])).Node("Flatten", ["t"], ["f"])
            .RandomWeights("v", [256, 3], 0.2f).Node("MatMul", ["f", "v"], Y).Write() },
        { "Transposed input", new OnnxFile().Input("x", 1, 6, 6, 3).RandomWeights("w", [4, 3, 3, 3], 0.4f)
            .Node("Transpose", X, ["t"], Attribute("perm", [0L, 3, 1, 2])).Node("Conv", ["t", "w"], Y).Output("y").Write() },
        { "Pad before Conv", Picture().Integers("p", 0, 0, 1, 0, 0, 0, 2, 1).RandomWeights("v", [2, 4, 3, 3], 0.3f)
            .Node("Pad", ["c", "p"], ["q"]).Node("Conv", ["q", "v"], Y).Write() },
        { "Squeeze, Unsqueeze, Identity, Dropout, Cast", Vector().Integers("a", 1).Node("Unsqueeze", ["c", "a"], ["u"]).Node("Identity", ["u"], ["i"]).Node("Dropout", ["i"], ["d"])
            .Node("Squeeze", ["d", "a"], ["s"]).Node("Cast", ["s"], Y, Attribute("to", 1L)).Write() },
        { "Softmax", Vector().Node("Softmax", ["c"], Y).Write() },
        { "Softmax of old", Vector(11).Node("Softmax", ["c"], Y).Write() },
        { "ArgMax", new OnnxFile().Input("x", -1, 12).RandomWeights("w", [12, 10], 0.5f).Node("MatMul", ["x", "w"], ["c"])
            .Node("ArgMax", ["c"], Y, Attribute("axis", 1L), Attribute("keepdims", 0L)).Output("y", type: 7).Write() },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void An_operator_means_what_it_means_to_ONNX_Runtime(string what, byte[] onnx)
    {
        using var session = Onnx.Session(onnx);
        var width = session.InputMetadata.Single().Value.Dimensions.Aggregate(1, (product, extent) => product * Math.Max(extent, 1));
        var samples = Samples(width, 48);
        var model = Onnx.Load(OnnxCompiler.Compile(onnx, new CompileOptions { Input = new InputFormat.Fixed(4), Calibration = samples }));
        double squares = 0, signal = 0;
        for (var row = 0; row < samples.Count; row++)
        {
            var actual = Onnx.Reals(model, Onnx.Run(model, samples.Fixed(row, 4)), 0);
            var expected = Onnx.Runtime(session, samples.Reals(row)).Values.Single();
            Assert.Equal(expected.Length, actual.Length);
            if (what == "ArgMax")
            {
                squares += actual[0] == expected[0] ? 0 : 1;
                signal += 100;
                continue;
            }
            for (var i = 0; i < actual.Length; i++)
            {
                squares += (actual[i] - expected[i]) * (actual[i] - expected[i]);
                signal += expected[i] * expected[i];
            }
        }
        var error = Math.Sqrt(squares / signal);
        Assert.True(error < 0.03, $"{what}: relative error {error:P2}");
    }

    public static TheoryData<string, byte[], string> Refused() => new()
    {
        { "an unknown operator", new OnnxFile().Input("x", 1, 4).Node("Bernoulli", X, Y).Output("y").Write(), "unsupported-operator" },
        { "an unknown domain", new OnnxFile().Input("x", 1, 4).Node("com.example", "Relu", X, Y).Output("y").Write(), "onnx-invalid" },
        { "weights that depend on the input", new OnnxFile().Input("x", 1, 4, 4, 4).Node("Conv", ["x", "x"], Y).Output("y").Write(), "unsupported-operator" },
        { "a picture with three axes of space", new OnnxFile().Input("x", 1, 2, 3, 3, 3).RandomWeights("w", [2, 2, 1, 1, 1], 1).Node("Conv", ["x", "w"], Y).Output("y").Write(), "unsupported-shape" },
        { "a batch of eighty", new OnnxFile().Input("x", 80, 2, 3, 3).RandomWeights("w", [2, 2, 1, 1], 1).Node("Conv", ["x", "w"], Y).Output("y").Write(), "unsupported-shape" },
        { "a second dynamic axis", new OnnxFile().Input("x", -1, -1).Node("Relu", X, Y).Output("y").Write(), "unsupported-shape" },
        { "an input declared twice", new OnnxFile().Input("x", 1, 4).Input("x", 1, 4).Node("Add", ["x", "x"], Y).Output("y").Write(), "onnx-invalid" },
        { "no input", new OnnxFile().Weights("x", [1], 1).Node("Relu", X, Y).Output("y").Write(), "unsupported-input" },
        { "a future operator set", new OnnxFile { Opset = 99 }.Input("x", 1, 4).Node("Relu", X, Y).Output("y").Write(), "unsupported-opset" },
        { "a huge input", new OnnxFile().Input("x", 1, 1 << 20, 1 << 20).Node("Relu", X, Y).Output("y").Write(), "onnx-too-large" },
        { "a huge weight without values", new OnnxFile().Input("x", 1, 4).Weights("w", [1 << 20, 1 << 20]).Node("MatMul", ["x", "w"], Y).Output("y").Write(), "onnx-too-large" },
        { "a value that nothing defines", new OnnxFile().Input("x", 1, 4).Node("Relu", ["z"], Y).Output("y").Write(), "onnx-invalid" },
        { "nodes out of order", new OnnxFile().Input("x", 1, 4).Node("Relu", ["z"], Y).Node("Relu", X, ["z"]).Output("y").Write(), "onnx-invalid" },
        { "a value defined twice", new OnnxFile().Input("x", 1, 4).Node("Relu", X, Y).Node("Relu", X, Y).Output("y").Write(), "onnx-invalid" },
        { "weights that are not numbers", new OnnxFile().Input("x", 1, 1).Weights("w", [1, 1], float.NaN).Node("MatMul", ["x", "w"], Y).Output("y").Write(), "onnx-invalid" },
        { "an attribute of the wrong type", new OnnxFile().Input("x", 1, 4).Node("LeakyRelu", X, Y, Attribute("alpha", 1L)).Output("y").Write(), "onnx-invalid" },
        { "a matrix product that does not fit", new OnnxFile().Input("x", 1, 4).RandomWeights("w", [5, 2], 1).Node("MatMul", ["x", "w"], Y).Output("y").Write(), "onnx-invalid" },
        { "a window larger than the picture", new OnnxFile().Input("x", 1, 2, 3, 3).Node("MaxPool", X, Y, Attribute("kernel_shape", [5L, 5])).Output("y").Write(), "unsupported-shape" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_cannot_be_compiled_is_refused_by_name(string what, byte[] onnx, string code)
    {
        var refusal = Assert.Throws<Aivm.Primitives.AivmException>(() => OnnxCompiler.Compile(onnx, new CompileOptions()));
        Assert.True(refusal.Error.Code == code, $"{what}: {refusal.Error}");
        Assert.Equal(Aivm.Primitives.Failure.Input, refusal.Failure);
    }

    [Fact]
    public void A_refused_operator_is_named_with_its_node_and_the_reason()
    {
        var onnx = new OnnxFile().Input("x", 1, 4).Weights("k", [2], 0.5f, 2).Node("Pow", ["x", "k"], Y).Output("y").Write();
        var refusal = Assert.Throws<Aivm.Primitives.AivmException>(() => OnnxCompiler.Compile(onnx, new CompileOptions()));
        Assert.Equal("Pow 'pow0' is not supported: its exponents vary.", refusal.Message);
    }

    /// <summary>Numbers with four decimals from -1.5 to 1.5.</summary>
    private static SampleSet Samples(int width, int count)
    {
        var random = new Random(7);
        var text = new StringBuilder();
        for (var row = 0; row < count; row++)
            text.AppendJoin(',', Enumerable.Range(0, width).Select(_ => FormattableString.Invariant($"{random.NextDouble() * 3 - 1.5:F4}"))).Append('\n');
        return Inputs.Read("samples.csv", text.ToString());
    }
}
