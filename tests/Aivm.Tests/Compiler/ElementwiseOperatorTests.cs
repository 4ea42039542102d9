using Aivm.Compiler;
using Aivm.Primitives;
using static Aivm.Tests.Compiler.OnnxFile;

namespace Aivm.Tests.Compiler;

/// <summary>Functions, comparisons, logic and choices against ONNX Runtime.</summary>
public sealed class ElementwiseOperatorTests
{
    private const int Int64 = 7;
    private const int Bool = 9;

    private static OnnxFile X(long opset, params long[] shape) => new OnnxFile { Opset = opset }.Input("x", shape).Output("y");

    private static byte[] Unary(string operation, params byte[][] attributes) => X(20, 1, 3, 5).Node(operation, ["x"], ["y"], attributes).Write();

    public static TheoryData<string, byte[], double, double, double> Functions() => new()
    {
        { "Sqrt", Unary("Sqrt"), 0.01, 0, 4 },
        { "Log", Unary("Log"), 0.01, 0.1, 4 },
        { "Reciprocal", Unary("Reciprocal"), 0.01, 0.2, 2 },
        { "Sin", Unary("Sin"), 0.01, -6, 6 },
        { "Cos", Unary("Cos"), 0.01, -6, 6 },
        { "Tan", Unary("Tan"), 0.01, -1.2, 1.2 },
        { "Asin", Unary("Asin"), 0.01, -1, 1 },
        { "Acos", Unary("Acos"), 0.01, -1, 1 },
        { "Atan", Unary("Atan"), 0.01, -6, 6 },
        { "Sinh", Unary("Sinh"), 0.01, -3, 3 },
        { "Cosh", Unary("Cosh"), 0.01, -3, 3 },
        { "Asinh", Unary("Asinh"), 0.01, -6, 6 },
        { "Acosh", Unary("Acosh"), 0.01, 1, 6 },
        { "Atanh", Unary("Atanh"), 0.01, -0.95, 0.95 },
        { "Selu", Unary("Selu"), 0.01, -3, 3 },
        { "Celu", Unary("Celu", Attribute("alpha", 2f)), 0.01, -3, 3 },
        { "ThresholdedRelu", Unary("ThresholdedRelu", Attribute("alpha", 0.5f)), 0.01, -3, 3 },
        { "Shrink", Unary("Shrink", Attribute("lambd", 0.75f), Attribute("bias", 0.25f)), 0.03, -3, 3 },
        { "Pow 0.5", X(20, 1, 6).Weights("k", [], 0.5f).Node("Pow", ["x", "k"], ["y"]).Write(), 0.01, 0, 4 },
        { "Pow -2", X(20, 1, 6).Weights("k", [1], -2).Node("Pow", ["x", "k"], ["y"]).Write(), 0.02, 0.5, 2 },
        { "Pow 1.7", X(20, 1, 6).Weights("k", [1], 1.7f).Node("Pow", ["x", "k"], ["y"]).Write(), 0.01, 0, 3 },
        { "PRelu by channel", X(16, 1, 3, 4, 4).Weights("k", [3, 1, 1], 0.25f, -0.5f, 2).Node("PRelu", ["x", "k"], ["y"]).Write(), 0.02, -2, 2 },
        { "Mul of two", X(14, 1, 3, 4).Input("z", 1, 3, 4).Node("Mul", ["x", "z"], ["y"]).Write(), 0.01, -2, 2 },
        { "Mul, broadcast both ways", X(14, 1, 3, 1).Input("z", 1, 1, 4).Node("Mul", ["x", "z"], ["y"]).Write(), 0.01, -2, 2 },
        { "Div of two", X(14, 1, 3, 4).Input("z", 1, 1, 4).Node("Div", ["x", "z"], ["y"]).Write(), 0.02, 0.5, 2 },
        { "Constant over x", X(14, 1, 6).Weights("k", [1, 6], 1, 2, 3, 4, 5, 6).Node("Div", ["k", "x"], ["y"]).Write(), 0.02, 0.5, 2 },
        { "Constants along two axes", X(14, 1, 3, 4).RandomWeights("k", [3, 4], 1).RandomWeights("l", [3, 4], 1).Node("Mul", ["x", "k"], ["m"]).Node("Sub", ["l", "m"], ["y"]).Write(), 0.02, -2, 2 },
        { "A constant larger than x", X(14, 1, 1, 4).RandomWeights("k", [3, 1], 1).Node("Add", ["x", "k"], ["y"]).Write(), 0.02, -2, 2 },
        { "Squeeze and excite", X(14, 1, 4, 6, 6).RandomWeights("w", [4, 4, 1, 1], 0.7f).Node("GlobalAveragePool", ["x"], ["g"]).Node("Conv", ["g", "w"], ["c"])
            .Node("Sigmoid", ["c"], ["s"]).Node("Mul", ["x", "s"], ["y"]).Write(), 0.03, -2, 2 },
        { "Max and Min of several", X(14, 1, 3, 4).Input("z", 1, 3, 4).Input("u", 1, 1, 4).Node("Max", ["x", "z", "u"], ["m"]).Node("Min", ["m", "u"], ["y"]).Write(), 0.02, -2, 2 },
        { "Max with a number", X(14, 1, 6).Weights("k", [], 0.25f).Node("Max", ["k", "x"], ["y"]).Write(), 0.02, -2, 2 },
        { "Mean of three", X(14, 1, 6).Input("z", 1, 6).Input("u", 1, 6).Node("Mean", ["x", "z", "u"], ["y"]).Write(), 0.02, -2, 2 },
        { "Where of two", X(16, 1, 6).Input("z", 1, 6).TypedInput("c", Bool, 1, 6).Node("Where", ["c", "x", "z"], ["y"]).Write(), 0.01, -2, 2 },
        { "Where by a comparison", X(16, 1, 6).Weights("k", [], 0.5f).Weights("zero", [], 0).Node("Less", ["x", "k"], ["c"]).Node("Where", ["c", "x", "zero"], ["y"]).Write(), 0.02, -2, 2 },
        { "Softmax in three nodes", X(14, 1, 5, 4).Integers("a", 1).Node("Exp", ["x"], ["e"]).Node("ReduceSum", ["e", "a"], ["s"]).Node("Div", ["e", "s"], ["y"]).Write(), 0.02, -2, 2 },
    };

    [Theory]
    [MemberData(nameof(Functions))]
    public void A_function_of_real_numbers_means_what_it_means_to_ONNX_Runtime(string what, byte[] onnx, double bound, double low, double high) =>
        OperatorAgreement.Check(what, onnx, bound, low, high);

    private static OnnxFile Logic(params byte[][] _) => new OnnxFile { Opset = 16 }.TypedInput("a", Bool, 1, 3, 4).TypedInput("b", Bool, 1, 1, 4).Output("y", type: Bool);

    private static OnnxFile Numbers() => new OnnxFile { Opset = 16 }.TypedInput("a", Int64, 1, 3, 4).TypedInput("b", Int64, 1, 1, 4).Output("y", type: Bool);

    public static TheoryData<string, byte[]> Exact() => new()
    {
        { "And", Logic().Node("And", ["a", "b"], ["y"]).Write() },
        { "Or", Logic().Node("Or", ["a", "b"], ["y"]).Write() },
        { "Xor", Logic().Node("Xor", ["a", "b"], ["y"]).Write() },
        { "Not", Logic().Node("Or", ["a", "b"], ["o"]).Node("Not", ["o"], ["y"]).Write() },
        { "Less", Numbers().Node("Less", ["a", "b"], ["y"]).Write() },
        { "LessOrEqual", Numbers().Node("LessOrEqual", ["a", "b"], ["y"]).Write() },
        { "Greater", Numbers().Node("Greater", ["a", "b"], ["y"]).Write() },
        { "GreaterOrEqual", Numbers().Node("GreaterOrEqual", ["a", "b"], ["y"]).Write() },
        { "Equal", Numbers().Node("Equal", ["a", "b"], ["y"]).Write() },
        { "Equal to a constant", new OnnxFile { Opset = 16 }.TypedInput("a", Int64, 1, 12).Integers("k", 2).Node("Equal", ["a", "k"], ["y"]).Output("y", type: Bool).Write() },
        { "Cast to boolean", new OnnxFile { Opset = 16 }.TypedInput("a", Int64, 1, 12).Node("Cast", ["a"], ["y"], Attribute("to", 9L)).Output("y", type: Bool).Write() },
        { "Sign, Abs and Cast of integers", new OnnxFile { Opset = 16 }.TypedInput("a", Int64, 1, 12).Node("Sign", ["a"], ["s"]).Node("Abs", ["s"], ["t"])
            .Node("Cast", ["t"], ["y"], Attribute("to", 1L)).Output("y").Write() },
        { "Floor, Ceil and Round of halves", new OnnxFile { Opset = 16 }.TypedInput("a", Int64, 1, 12).Weights("h", [], 0.5f).Node("Cast", ["a"], ["f"], Attribute("to", 1L))
            .Node("Mul", ["f", "h"], ["m"]).Node("Floor", ["m"], ["p"]).Node("Ceil", ["m"], ["q"]).Node("Round", ["m"], ["r"]).Node("Sum", ["p", "q", "r"], ["y"]).Output("y").Write() },
        { "Product of integers", new OnnxFile { Opset = 16 }.TypedInput("a", Int64, 1, 6).TypedInput("b", Int64, 1, 6).Node("Mul", ["a", "b"], ["m"]).Node("Sub", ["m", "b"], ["y"]).Output("y", type: Int64).Write() },
        { "Sum and largest of integers", new OnnxFile { Opset = 13 }.TypedInput("a", Int64, 1, 4, 6).Integers("i", 2).Node("ReduceSum", ["a", "i"], ["s"])
            .Node("ReduceMax", ["a"], ["m"], Attribute("axes", [2L])).Node("Concat", ["s", "m"], ["y"], Attribute("axis", 2L)).Output("y", type: Int64).Write() },
        { "OneHot", new OnnxFile { Opset = 16 }.TypedInput("a", Int64, 1, 6).Integers("d", 5).Weights("v", [2], 0, 1)
            .Node("OneHot", ["a", "d", "v"], ["y"], Attribute("axis", 1L)).Output("y").Write() },
        { "Hardmax", new OnnxFile { Opset = 13 }.Input("x", 1, 4, 6).Node("Hardmax", ["x"], ["y"], Attribute("axis", 1L)).Output("y").Write() },
        { "ArgMin", new OnnxFile { Opset = 13 }.Input("x", 1, 4, 6).Node("ArgMin", ["x"], ["y"], Attribute("axis", 1L)).Output("y", type: Int64).Write() },
        { "ArgMax, last of equals", new OnnxFile { Opset = 13 }.TypedInput("x", Int64, 1, 4, 6)
            .Node("ArgMax", ["x"], ["y"], Attribute("axis", 2L), Attribute("select_last_index", 1L)).Output("y", type: Int64).Write() },
        { "ArgMin, last of equals", new OnnxFile { Opset = 13 }.TypedInput("x", Int64, 1, 4, 6)
            .Node("ArgMin", ["x"], ["y"], Attribute("axis", 1L), Attribute("keepdims", 0L), Attribute("select_last_index", 1L)).Output("y", type: Int64).Write() },
    };

    [Theory]
    [MemberData(nameof(Exact))]
    public void Truth_labels_and_small_integers_are_exact(string what, byte[] onnx) => OperatorAgreement.Check(what, onnx, bound: 0, low: -4, high: 4);

    [Fact]
    public void Integers_beyond_the_samples_stay_what_they_are()
    {
        var onnx = new OnnxFile { Opset = 16 }.TypedInput("a", Int64, 2).TypedInput("b", Int64, 2).Node("Equal", ["a", "b"], ["y"]).Output("y", type: Bool).Write();
        var model = Onnx.Load(OnnxCompiler.Compile(onnx, new CompileOptions { Calibration = Inputs.Read("x.csv", "0,1,1,0\n1,1,2,2\n") }));
        Assert.Equal([1, 0], Onnx.Run(model, [20_000, 300, 20_000, 301]));
    }

    /// <summary>Inputs with four decimals from -0.0004 to 0.0004 meet 0.0002f often; which side they fall on is a matter of float32.</summary>
    [Theory]
    [InlineData("Less")]
    [InlineData("LessOrEqual")]
    [InlineData("Greater")]
    [InlineData("GreaterOrEqual")]
    public void An_input_is_compared_with_a_constant_as_float32_is(string operation)
    {
        OnnxFile File() => X(16, 1, 12).Weights("k", [12], 0.0002f, -0.0002f, 0, 0.0001f, 1e30f, -1e30f, 0.00015f, float.PositiveInfinity, float.NegativeInfinity, -0.0001f, 0.0003f, 0.0004f);
        OperatorAgreement.Check(operation, File().Node(operation, ["x", "k"], ["c"]).Node("Cast", ["c"], ["y"], Attribute("to", 1L)).Write(), 0, -0.0004, 0.0004);
        OperatorAgreement.Check($"constant {operation}", File().Node(operation, ["k", "x"], ["c"]).Node("Cast", ["c"], ["y"], Attribute("to", 1L)).Write(), 0, -0.0004, 0.0004);
    }

    public static TheoryData<string, byte[]> Refused() => new()
    {
        { "its exponent must be constant", X(13, 1, 4).Input("z", 1, 4).Node("Pow", ["x", "z"], ["y"]).Write() },
        { "its exponents vary", X(13, 1, 2).Weights("k", [2], 1, 2).Node("Pow", ["x", "k"], ["y"]).Write() },
        { "it divides integers that depend on the input", new OnnxFile().TypedInput("a", Int64, 4).TypedInput("b", Int64, 4).Node("Div", ["a", "b"], ["y"]).Output("y", type: Int64).Write() },
        { "it turns numbers into text", X(13, 1, 2).Node("Cast", ["x"], ["y"], Attribute("to", 8L)).Write() },
        { "it rounds to bfloat16", X(13, 1, 2).Node("Cast", ["x"], ["y"], Attribute("to", 16L)).Write() },
        { "its indices are no integers", X(13, 1, 2).Integers("d", 5).Weights("v", [2], 0, 1).Node("OneHot", ["x", "d", "v"], ["y"]).Write() },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_is_refused_is_refused_with_its_reason(string reason, byte[] onnx)
    {
        var refusal = Assert.Throws<AivmException>(() => OnnxCompiler.Compile(onnx, new CompileOptions()));
        Assert.Equal("unsupported-operator", refusal.Error.Code);
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }
}
