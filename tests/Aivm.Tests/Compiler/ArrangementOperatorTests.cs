using Aivm.Compiler;
using Aivm.Primitives;
using static Aivm.Tests.Compiler.OnnxFile;

namespace Aivm.Tests.Compiler;

/// <summary>Elements joined, repeated, padded, resized, reduced and normalised, against ONNX Runtime.</summary>
public sealed class ArrangementOperatorTests
{
    private static OnnxFile X(params long[] shape) => new OnnxFile { Opset = 18 }.Input("x", shape).Output("y");

    private static byte[] One(string operation, long[] shape, params byte[][] attributes) => X(shape).Node(operation, ["x"], ["y"], attributes).Write();

    private static byte[] Pad(string mode, long[] shape, params long[] pads) =>
        X(shape).Integers("p", pads).Weights("v", [], 0.5f).Node("Pad", ["x", "p", "v"], ["y"], Attribute("mode", mode)).Write();

    private static byte[] Reduce(string operation, long[] axes, bool keeps = true) => new OnnxFile { Opset = operation == "ReduceSum" ? 13 : 17 }.Input("x", 1, 3, 4, 5).Output("y")
        .Integers("a", axes).Node(operation, operation == "ReduceSum" ? ["x", "a"] : ["x"], ["y"], [
            Attribute("keepdims", keeps ? 1L : 0), .. operation == "ReduceSum" ? [] : new[] { Attribute("axes", axes) }]).Write();

    private static byte[] Resize(string mode, float[] scales, params byte[][] attributes) => X(1, 2, 4, 6).Weights("s", [4], scales)
        .Node("Resize", ["x", "", "s"], ["y"], [Attribute("mode", mode), .. attributes]).Write();

    public static TheoryData<string, byte[]> Models() => new()
    {
        { "Concat", X(1, 3, 4).Input("z", 1, 2, 4).RandomWeights("k", [1, 1, 4], 1).Node("Concat", ["x", "k", "z"], ["y"], Attribute("axis", -2L)).Write() },
        { "Concat on the batch axis", X(1, 4).Input("z", 1, 4).Node("Concat", ["x", "z"], ["y"], Attribute("axis", 0L)).Write() },
        { "Concat of branches", X(1, 3, 6, 6).RandomWeights("v", [2, 3, 1, 1], 0.5f).RandomWeights("w", [5, 5, 3, 3], 0.3f).Node("Conv", ["x", "v"], ["c"]).Node("Relu", ["c"], ["r"])
            .Node("Concat", ["r", "x"], ["d"], Attribute("axis", 1L)).Node("Conv", ["d", "w"], ["y"]).Write() },
        { "Expand", X(1, 3, 1).Integers("s", 2, 1, 4).Node("Expand", ["x", "s"], ["y"]).Write() },
        { "Tile", X(1, 3, 2).Integers("s", 2, 1, 3).Node("Tile", ["x", "s"], ["y"]).Write() },
        { "Slice, steps", X(1, 6, 5).Integers("s", -1, 1).Integers("e", -100, 4).Integers("a", 1, 2).Integers("t", -2, 2).Node("Slice", ["x", "s", "e", "a", "t"], ["y"]).Write() },
        { "Pad, constant, two axes", Pad("constant", [1, 3, 4], 0, 1, 2, 0, 0, 1) },
        { "Pad, constant, a picture", Pad("constant", [1, 2, 4, 4], 0, 0, 1, 2, 0, 0, 3, 0) },
        { "Pad, edge", Pad("edge", [1, 3, 4], 0, 1, 2, 0, 3, 1) },
        { "Pad, reflect", Pad("reflect", [1, 3, 4], 0, 1, 2, 0, 2, 3) },
        { "Pad, cut", Pad("constant", [1, 3, 6], 0, 0, -1, 0, 0, -2) },
        { "Pad, zeros before Conv and others", X(1, 2, 4, 4).Integers("p", 0, 0, 1, 1, 0, 0, 1, 1).RandomWeights("w", [3, 2, 3, 3], 0.4f).Node("Pad", ["x", "p"], ["q"])
            .Node("Conv", ["q", "w"], ["c"]).Node("ReduceSum", ["q"], ["s"], Attribute("keepdims", 1L)).Node("Add", ["c", "s"], ["y"]).Write() },
        { "DepthToSpace", One("DepthToSpace", [1, 8, 2, 3], Attribute("blocksize", 2L)) },
        { "DepthToSpace, columns first", One("DepthToSpace", [1, 8, 2, 3], Attribute("blocksize", 2L), Attribute("mode", "CRD")) },
        { "SpaceToDepth", One("SpaceToDepth", [1, 2, 4, 6], Attribute("blocksize", 2L)) },
        { "GatherElements", X(1, 3, 3).IntegerTensor("i", [1, 2, 3], 0, 1, 2, -1, 0, 2).Node("GatherElements", ["x", "i"], ["y"], Attribute("axis", 1L)).Write() },
        { "GatherND", X(2, 3, 4).IntegerTensor("i", [2, 2], 1, 2, 0, -1).Node("GatherND", ["x", "i"], ["y"]).Write() },
        { "ReverseSequence", X(4, 3).Integers("l", 4, 2, 1).Node("ReverseSequence", ["x", "l"], ["y"], Attribute("time_axis", 0L), Attribute("batch_axis", 1L)).Write() },
        { "Trilu", X(1, 4, 5).IntegerTensor("k", [], -1).Node("Trilu", ["x", "k"], ["y"], Attribute("upper", 0L)).Write() },
        { "Resize, nearest", Resize("nearest", [1, 1, 2, 3], Attribute("coordinate_transformation_mode", "asymmetric"), Attribute("nearest_mode", "floor")) },
        { "Resize, nearest, smaller", Resize("nearest", [1, 1, 0.5f, 0.5f]) },
        { "Resize, linear", Resize("linear", [1, 1, 2, 1.5f]) },
        { "Resize, linear, corners", Resize("linear", [1, 1, 2, 2], Attribute("coordinate_transformation_mode", "align_corners")) },
        { "Resize, cubic", Resize("cubic", [1, 1, 2, 2]) },
        { "Resize to sizes", X(1, 2, 4, 6).Integers("s", 1, 2, 7, 3).Node("Resize", ["x", "", "", "s"], ["y"], Attribute("mode", "linear"), Attribute("coordinate_transformation_mode", "pytorch_half_pixel")).Write() },
        { "Upsample of old", new OnnxFile { Opset = 9 }.Input("x", 1, 2, 3, 4).Weights("s", [4], 1, 1, 2, 2).Node("Upsample", ["x", "s"], ["y"]).Output("y").Write() },
        { "ConvTranspose", X(1, 3, 4, 5).RandomWeights("w", [3, 2, 3, 3], 0.5f).RandomWeights("b", [2], 0.5f)
            .Node("ConvTranspose", ["x", "w", "b"], ["y"], Attribute("strides", [2L, 3]), Attribute("pads", [1L, 0, 1, 2]), Attribute("output_padding", [1L, 0])).Write() },
        { "ConvTranspose, groups, dilations", X(1, 4, 4, 4).RandomWeights("w", [4, 3, 2, 3], 0.5f).Node("ConvTranspose", ["x", "w"], ["y"], Attribute("group", 2L), Attribute("dilations", [2L, 1])).Write() },
        { "ConvTranspose to a shape", X(1, 2, 3, 3).RandomWeights("w", [2, 2, 3, 3], 0.5f).Node("ConvTranspose", ["x", "w"], ["y"], Attribute("strides", [2L, 2]), Attribute("output_shape", [6L, 6])).Write() },
        { "ConvTranspose, same", X(1, 2, 3, 3).RandomWeights("w", [2, 2, 3, 3], 0.5f).Node("ConvTranspose", ["x", "w"], ["y"], Attribute("strides", [2L, 2]), Attribute("auto_pad", "SAME_UPPER")).Write() },
        { "ConvTranspose, one axis", X(1, 2, 5).RandomWeights("w", [2, 3, 4], 0.5f).Node("ConvTranspose", ["x", "w"], ["y"], Attribute("strides", [2L])).Write() },
        { "ReduceSum", Reduce("ReduceSum", [1, 3]) },
        { "ReduceMean", Reduce("ReduceMean", [1, 2], keeps: false) },
        { "ReduceMean, last", Reduce("ReduceMean", [-1]) },
        { "ReduceMax", Reduce("ReduceMax", [2]) },
        { "ReduceMin", Reduce("ReduceMin", [1], keeps: false) },
        { "ReduceL1", Reduce("ReduceL1", [1]) },
        { "ReduceL2", Reduce("ReduceL2", [3]) },
        { "ReduceSumSquare", Reduce("ReduceSumSquare", [2, 3]) },
        { "ReduceLogSumExp", Reduce("ReduceLogSumExp", [2]) },
        { "ReduceSum of all", X(1, 3, 4).Node("ReduceSum", ["x"], ["y"], Attribute("keepdims", 0L)).Write() },
        { "CumSum", X(1, 3, 6).IntegerTensor("a", [], 2).Node("CumSum", ["x", "a"], ["y"], Attribute("reverse", 1L)).Write() },
        { "MaxPool of a volume", One("MaxPool", [1, 2, 5, 6, 4], Attribute("kernel_shape", [2L, 3, 2]), Attribute("strides", [2L, 1, 2]), Attribute("pads", [0L, 1, 0, 1, 1, 0])) },
        { "AveragePool of a volume", One("AveragePool", [1, 2, 5, 6, 4], Attribute("kernel_shape", [2L, 3, 2]), Attribute("strides", [2L, 1, 2]), Attribute("pads", [0L, 1, 0, 1, 1, 0])) },
        { "AveragePool, ceil", One("AveragePool", [1, 2, 6, 5], Attribute("kernel_shape", [3L, 2]), Attribute("strides", [2L, 2]), Attribute("ceil_mode", 1L)) },
        { "GlobalAveragePool of a volume", One("GlobalAveragePool", [1, 2, 3, 4, 5]) },
        { "GlobalLpPool", One("GlobalLpPool", [1, 2, 4, 5]) },
        { "Pools of a batch", One("MaxPool", [3, 2, 5, 5], Attribute("kernel_shape", [2L, 2])) },
        { "Conv of a batch", X(2, 3, 5, 5).RandomWeights("w", [4, 3, 3, 3], 0.4f).Node("Conv", ["x", "w"], ["y"]).Write() },
        { "LRN", One("LRN", [1, 6, 3, 3], Attribute("size", 3L), Attribute("alpha", 0.5f)) },
        { "Softmax over channels", One("Softmax", [1, 4, 3, 3], Attribute("axis", 1L)) },
        { "LogSoftmax", One("LogSoftmax", [1, 3, 6]) },
        { "LogSoftmax over channels", One("LogSoftmax", [1, 4, 3, 3], Attribute("axis", 1L)) },
        { "LayerNormalization with mean and deviation", X(1, 3, 4, 5).RandomWeights("s", [4, 5], 1).Node("LayerNormalization", ["x", "s"], ["y", "m", "d"], Attribute("axis", 2L)).Output("m").Output("d").Write() },
        { "Dropout with its mask", X(1, 6).Node("Dropout", ["x"], ["y", "m"]).Output("m", type: 9).Write() },
        { "InstanceNormalization", X(1, 3, 4, 5).Weights("s", [3], 0.5f, 1, 2).Weights("b", [3], 0.1f, -0.2f, 0).Node("InstanceNormalization", ["x", "s", "b"], ["y"]).Write() },
        { "MeanVarianceNormalization", One("MeanVarianceNormalization", [1, 3, 4, 5]) },
        { "LpNormalization", One("LpNormalization", [1, 3, 5], Attribute("axis", 1L)) },
        { "Gemm, transA, full bias", X(5, 3).RandomWeights("w", [5, 4], 0.5f).RandomWeights("c", [3, 4], 0.5f)
            .Node("Gemm", ["x", "w", "c"], ["y"], Attribute("transA", 1L), Attribute("alpha", 0.5f), Attribute("beta", 2f)).Write() },
        { "MatMul with the constant first", X(1, 5, 3).RandomWeights("w", [4, 5], 0.5f).Node("MatMul", ["w", "x"], ["y"]).Write() },
        { "MatMul by a vector", X(1, 3, 5).RandomWeights("w", [5], 0.5f).Node("MatMul", ["x", "w"], ["y"]).Write() },
        { "Affine along a middle axis", X(2, 3, 4).RandomWeights("s", [3, 1], 1).RandomWeights("t", [3, 1], 1).Node("Mul", ["x", "s"], ["m"]).Node("Add", ["m", "t"], ["y"]).Write() },
        { "The input and a constant as outputs", X(1, 4).RandomWeights("w", [3], 1).Node("Identity", ["x"], ["y"]).Node("Neg", ["w"], ["z"]).Output("z").Write() },
        { "Constants computed by many operators", X(1, 6).Integers("n", 0).Integers("m", 6).Integers("d", 1).Weights("h", [], 0.5f)
            .Node("Range", ["n0", "m0", "d0"], ["r"]).IntegerTensor("n0", [], 0).IntegerTensor("m0", [], 6).IntegerTensor("d0", [], 1).Node("Cast", ["r"], ["f"], Attribute("to", 1L))
            .Node("Pow", ["f", "h"], ["p"]).Node("Tile", ["p", "d"], ["t"]).Node("Greater", ["t", "h"], ["g"]).Node("Where", ["g", "t", "h"], ["c"]).Node("Mul", ["x", "c"], ["y"]).Write() },
    };

    private static OnnxFile Branch(string operation, string result) => new OnnxFile().Weights("k", [], 2).Node(operation, ["x", "k"], [result]).Output(result);

    /// <summary>One branch if the input has three axes, another if it has not.</summary>
    private static byte[] Choice(params long[] shape) => X(shape).IntegerTensor("three", [], 3).Node("Shape", ["x"], ["s"]).Node("Size", ["s"], ["r"]).Node("Equal", ["r", "three"], ["c"])
        .Node("If", ["c"], ["y"], Attribute("then_branch", Branch("Mul", "p")), Attribute("else_branch", Branch("Add", "q"))).Write();

    [Fact]
    public void A_constant_condition_chooses_its_branch()
    {
        OperatorAgreement.Check("then", Choice(1, 2, 3), bound: 0.02);
        OperatorAgreement.Check("else", Choice(1, 2), bound: 0.02);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void An_arrangement_means_what_it_means_to_ONNX_Runtime(string what, byte[] onnx) => OperatorAgreement.Check(what, onnx, bound: 0.02);

    public static TheoryData<string, byte[]> Refused() => new()
    {
        { "its shape must be constant", new OnnxFile().Input("x", 1, 4).TypedInput("s", 7, 2).Node("Expand", ["x", "s"], ["y"]).Output("y").Write() },
        { "which runtimes do differently", One("AveragePool", [1, 2, 6, 5], Attribute("kernel_shape", [3L, 2]), Attribute("strides", [2L, 2]), Attribute("ceil_mode", 1L), Attribute("count_include_pad", 1L)) },
        { "it smooths what it makes smaller", Resize("linear", [1, 1, 0.5f, 0.5f], Attribute("antialias", 1L)) },
        { "it crops as it resizes", Resize("linear", [1, 1, 0.5f, 0.5f], Attribute("coordinate_transformation_mode", "tf_crop_and_resize")) },
        { "which runtimes do differently", Resize("linear", [1, 1, 0.6f, 0.6f], Attribute("coordinate_transformation_mode", "align_corners")) },
        { "its norm is of order 3", One("LpNormalization", [1, 3, 5], Attribute("p", 3L)) },
        { "its condition must be constant", X(1, 1).Node("Cast", ["x"], ["c"], Attribute("to", 9L))
            .Node("If", ["c"], ["y"], Attribute("then_branch", Branch("Mul", "p")), Attribute("else_branch", Branch("Add", "q"))).Write() },
        { "loops are not unrolled", X(1, 1).Node("Loop", ["", "", "x"], ["y"]).Write() },
        { "the shape of its result depends on the input", One("NonZero", [1, 4]) },
        { "it draws random numbers", One("RandomNormalLike", [1, 4]) },
        { "sequences and optional values are no tensors", One("SequenceConstruct", [1, 4]) },
        { "the product of many values has no useful bound", One("ReduceProd", [1, 4]) },
        { "AIVM-Q does not sort", X(1, 4).Integers("k", 2).Node("TopK", ["x", "k"], ["y", "i"]).Write() },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_is_refused_is_refused_with_its_reason(string reason, byte[] onnx)
    {
        var refusal = Assert.Throws<AivmException>(() => OnnxCompiler.Compile(onnx, new CompileOptions()));
        Assert.Equal("unsupported-operator", refusal.Error.Code);
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Branches_that_lie_too_deep_in_one_another_are_refused()
    {
        var inner = Branch("Mul", "p");
        for (var depth = 0; depth < 9; depth++)
            inner = new OnnxFile().Node("If", ["c"], [$"b{depth}"], Attribute("then_branch", inner), Attribute("else_branch", Branch("Add", "q"))).Output($"b{depth}");
        var onnx = X(1, 4).IntegerTensor("c", [], 1).Node("If", ["c"], ["y"], Attribute("then_branch", inner), Attribute("else_branch", Branch("Add", "q"))).Write();
        Assert.Equal("onnx-too-large", Assert.Throws<AivmException>(() => OnnxCompiler.Compile(onnx, new CompileOptions())).Error.Code);
    }

    [Fact]
    public void Constants_that_take_more_arithmetic_than_a_model_may_are_refused()
    {
        var onnx = X(1, 4).Integers("s", 3000, 3000).Node("ConstantOfShape", ["s"], ["z"]).Node("MatMul", ["z", "z"], ["m"]).Node("MatMul", ["m", "z"], ["n"])
            .Node("ReduceSum", ["n"], ["t"]).Node("Add", ["x", "t"], ["y"]).Write();
        Assert.Equal("onnx-too-large", Assert.Throws<AivmException>(() => OnnxCompiler.Compile(onnx, new CompileOptions())).Error.Code);
    }
}
