using Aivm.Compiler;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Tests.Compiler;
using static Aivm.Tests.Compiler.OnnxFile;

namespace Aivm.Fuzz.Onnx;

/// <summary>The smallest ONNX files of every supported operator.</summary>
internal static class OnnxSeeds
{
    private static readonly string[] X = ["x"];
    private static readonly string[] C = ["c"];
    private static readonly string[] Y = ["y"];

    /// <summary>Names that a changed node may take; the last ones are refused.</summary>
    public static IReadOnlyList<string> Operators { get; } =
    [
        .. "Conv Gemm MatMul BatchNormalization Add Sub Mul Div Neg Sum Relu Clip LeakyRelu Elu Sigmoid Tanh HardSigmoid HardSwish Softplus Gelu Erf Abs Softsign Pow PRelu Mish Exp".Split(' '),
        .. "MaxPool AveragePool GlobalMaxPool GlobalAveragePool ReduceMean ReduceSum ReduceMax Reshape Flatten Squeeze Unsqueeze Transpose Pad Identity Dropout Cast Softmax ArgMax".Split(' '),
        .. "Shape Size Gather Concat Slice ConstantOfShape Constant Sqrt Floor Ceil Reciprocal Split Expand Tile Where Equal Less Greater Not And Or Min Max LayerNormalization".Split(' '),
        .. "LogSoftmax ReduceMin ReduceL2 Resize Upsample DepthToSpace SpaceToDepth LSTM GRU RNN QuantizeLinear DequantizeLinear QLinearConv QLinearMatMul ConvInteger Einsum".Split(' '),
        .. "Scaler LinearRegressor LinearClassifier TreeEnsembleRegressor TreeEnsembleClassifier ZipMap Normalizer Imputer Binarizer SVMClassifier ArrayFeatureExtractor".Split(' '),
        .. "If Loop Scan SequenceAt RandomNormal".Split(' '),
    ];

    /// <summary>What the compilable ones among them compile to.</summary>
    public static IEnumerable<byte[]> Compiled()
    {
        foreach (var file in Create())
        {
            byte[] container;
            try
            {
                container = OnnxCompiler.Compile(file, new CompileOptions { Input = new InputFormat.Fixed(3), MaxSamples = 2 }).Container;
            }
            catch (AivmException)
            {
                continue;
            }
            yield return container;
        }
    }

    public static IReadOnlyList<byte[]> Create() => [.. Layers(), .. Functions(), .. Pools(), .. Arrangements(), .. Attention(), .. Recurrent(), .. Quantised(), .. Classical()];

    private static OnnxFile Picture(long opset = 13) => new OnnxFile { Opset = opset }
        .Input("x", -1, 2, 3, 3).RandomWeights("w", [2, 2, 2, 2], 0.4f).RandomWeights("b", [2], 0.3f).Node("Conv", ["x", "w", "b"], C).Output("y");

    private static OnnxFile Vector(long opset = 13) => new OnnxFile { Opset = opset }
        .Input("x", -1, 3).RandomWeights("w", [3, 4], 0.5f).RandomWeights("b", [4], 0.5f).Node("Gemm", ["x", "w", "b"], C).Output("y");

    private static IEnumerable<byte[]> Layers() =>
    [
        new OnnxFile().Input("x", 1, 4, 5).RandomWeights("w", [2, 2, 3], 0.4f).Node("Conv", ["x", "w"], Y, Attribute("group", 2L), Attribute("pads", [1L, 1])).Output("y").Write(),
        new OnnxFile().Input("x", 1, 8, 3, 3).RandomWeights("w", [8, 1, 2, 2], 0.4f).Node("Conv", ["x", "w"], Y,
            Attribute("group", 8L), Attribute("auto_pad", "SAME_UPPER"), Attribute("strides", [2L, 1]), Attribute("dilations", [1L, 1])).Output("y").Write(),
        new OnnxFile().Input("x", -1, 3).RandomWeights("w", [2, 3], 0.5f).Weights("b", [1], 2)
            .Node("Gemm", ["x", "w", "b"], Y, Attribute("alpha", 0.5f), Attribute("beta", 3f), Attribute("transB", 1L)).Output("y").Write(),
        new OnnxFile().Input("x", -1, 3).RandomWeights("w", [3, 2], 0.5f).RandomWeights("b", [2], 1).Node("MatMul", ["x", "w"], ["m"]).Node("Add", ["b", "m"], Y).Output("y").Write(),
        new OnnxFile().Input("x", 2, 3).Node("MatMul", ["x", "x"], Y).Output("y").Write(),
        new OnnxFile().Input("x", 1, 2, 3).Node("Transpose", X, ["t"], Attribute("perm", [0L, 2, 1])).Node("MatMul", ["x", "t"], Y).Output("y").Write(),
        Picture().RandomWeights("g", [2], 1).RandomWeights("h", [2], 1).RandomWeights("m", [2], 1).Weights("v", [2], 0.5f, 1).Node("BatchNormalization", ["c", "g", "h", "m", "v"], Y).Write(),
        Picture().RandomWeights("v", [2, 2, 1, 1], 0.7f).Node("Relu", C, ["r"]).Node("Conv", ["r", "v"], ["d"]).Node("Add", ["r", "d"], ["s"]).Node("Relu", ["s"], Y).Write(),
        Vector().Weights("k", [], 3).Node("Neg", C, ["n"]).Node("Mul", ["n", "k"], ["m"]).Node("Sub", ["k", "m"], ["s"]).Node("Div", ["s", "k"], Y).Write(),
        Vector().RandomWeights("v", [4, 4], 0.3f).Node("MatMul", ["c", "v"], ["m"]).Node("Relu", C, ["r"]).Node("Sum", ["c", "m", "r"], Y).Write(),
        Vector().Node("Mul", ["c", "c"], Y).Write(),
        Vector(17).RandomWeights("g", [4], 1).RandomWeights("h", [4], 1).Node("LayerNormalization", ["c", "g", "h"], Y, Attribute("epsilon", 1e-5f)).Write(),
        Vector().Node("Softmax", C, Y).Write(),
        Vector(11).Node("Softmax", C, Y, Attribute("axis", 1L)).Write(),
        Vector().Node("ArgMax", C, Y, Attribute("axis", 1L), Attribute("keepdims", 0L)).Write(),
    ];

    private static IEnumerable<byte[]> Functions() =>
    [
        .. "Relu Sigmoid Tanh HardSwish Softplus Erf Abs Softsign Mish Exp Gelu LeakyRelu Elu HardSigmoid Neg Sqrt Floor LogSoftmax".Split(' ').Select(name => Vector(20).Node(name, C, Y).Write()),
        Vector().Weights("lo", [], 0).Weights("hi", [], 0.7f).Node("Clip", ["c", "lo", "hi"], Y).Write(),
        Vector(9).Node("Clip", C, Y, Attribute("min", -0.25f), Attribute("max", 0.75f)).Write(),
        Vector().Weights("k", [1], 0.3f).Node("PRelu", ["c", "k"], Y).Write(),
        Vector().Weights("k", [], 3).Node("Pow", ["c", "k"], Y).Write(),
        Vector().Node("Sigmoid", C, ["s"]).Node("Mul", ["c", "s"], Y).Write(),
        Vector().Node("Less", ["c", "b"], ["l"]).Node("Where", ["l", "c", "b"], Y).Write(),
        Vector().Node("Min", ["c", "b"], ["l"]).Node("Max", ["l", "c"], Y).Write(),
    ];

    private static IEnumerable<byte[]> Pools() =>
    [
        Picture().Node("MaxPool", C, Y, Attribute("kernel_shape", [2L, 2]), Attribute("strides", [2L, 2]), Attribute("pads", [1L, 0, 0, 1]), Attribute("ceil_mode", 1L)).Write(),
        Picture().Node("AveragePool", C, Y, Attribute("kernel_shape", [2L, 2]), Attribute("pads", [1L, 1, 1, 1]), Attribute("count_include_pad", 0L)).Write(),
        Picture().Node("GlobalAveragePool", C, ["g"]).Node("Flatten", ["g"], Y).Write(),
        Picture().Node("GlobalMaxPool", C, Y).Write(),
        Picture().Node("ReduceMean", C, Y, Attribute("axes", [2L, 3]), Attribute("keepdims", 0L)).Write(),
        Vector().Node("ReduceMax", C, Y, Attribute("axes", [1L])).Write(),
        Vector().Integers("a", 1).Node("ReduceSum", ["c", "a"], Y).Write(),
    ];

    private static IEnumerable<byte[]> Arrangements() =>
    [
        Picture().Integers("zero", 0).Integers("rest", -1).Node("Shape", C, ["s"]).Node("Gather", ["s", "zero"], ["n"])
            .Node("Concat", ["n", "rest"], ["t"], Attribute("axis", 0L)).Node("Reshape", ["c", "t"], Y).Write(),
        new OnnxFile().Input("x", 1, 2, 2, 3).RandomWeights("w", [2, 3, 1, 1], 0.4f).Node("Transpose", X, ["t"], Attribute("perm", [0L, 3, 1, 2])).Node("Conv", ["t", "w"], Y).Output("y").Write(),
        Picture().Integers("p", 0, 0, 1, 0, 0, 0, 0, 1).RandomWeights("v", [2, 2, 2, 2], 0.3f).Node("Pad", ["c", "p"], ["q"]).Node("Conv", ["q", "v"], Y).Write(),
        Vector().Integers("a", 1).Node("Unsqueeze", ["c", "a"], ["u"]).Node("Identity", ["u"], ["i"]).Node("Dropout", ["i"], ["d"])
            .Node("Squeeze", ["d", "a"], ["s"]).Node("Cast", ["s"], Y, Attribute("to", 1L)).Write(),
        Vector().Integers("i", 2, 0).Node("Gather", ["c", "i"], Y, Attribute("axis", 1L)).Write(),
        Vector().Integers("f", 1).Integers("t", 3).Integers("a", 1).Node("Slice", ["c", "f", "t", "a"], Y).Write(),
        Vector().Node("Concat", ["c", "x"], Y, Attribute("axis", 1L)).Write(),
        Vector().Integers("s", 1, 4).Node("ConstantOfShape", ["s"], ["k"]).Node("Add", ["c", "k"], Y).Write(),
        Vector().Node("Constant", [], ["k"], Attribute("value_float", 2f)).Node("Mul", ["c", "k"], Y).Write(),
        Vector().Node("Constant", [], ["k"], Join(Field(1, "value"), Field(5, Tensor("", [4], [1, 2, 3, 4])), Field(20, 4L))).Node("Add", ["c", "k"], Y).Write(),
        Vector().Node("Split", C, ["s", "t"], Attribute("axis", 1L)).Node("Add", ["s", "t"], Y).Write(),
        Vector().Integers("s", 3, 4).Node("Expand", ["c", "s"], Y).Write(),
        Vector().Integers("r", 1, 2).Node("Tile", ["c", "r"], Y).Write(),
        Vector().Integers("s", 2, 2).Node("Reshape", ["c", "s"], ["t"]).Node("Reshape", ["t", "u"], Y).Integers("u", 1, 4).Write(),
        Vector().Node("Range", ["f", "t", "d"], ["k"]).Integers("f", 0).Integers("t", 4).Integers("d", 1).Node("Add", ["c", "k"], Y).Write(),
        Picture().Weights("k", [4], 1, 1, 2, 2).Node("Resize", ["c", "", "k"], Y, Attribute("mode", "nearest")).Write(),
        Picture().Integers("p", 0, 0, 1, 0, 0, 0, 0, 1).Node("Pad", ["c", "p"], Y, Attribute("mode", "reflect")).Write(),
        new OnnxFile().Input("x", 1, 4, 2, 2).Node("DepthToSpace", X, Y, Attribute("blocksize", 2L)).Output("y").Write(),
        new OnnxFile().Input("x", 1, 1, 2, 2).Node("SpaceToDepth", X, Y, Attribute("blocksize", 2L)).Output("y").Write(),
    ];

    private static IEnumerable<byte[]> Attention() =>
    [
        new OnnxFile { Opset = 17 }.Input("x", 1, 3, 4).RandomWeights("q", [4, 4], 0.5f).RandomWeights("k", [4, 4], 0.5f).RandomWeights("v", [4, 4], 0.5f)
            .Node("MatMul", ["x", "q"], ["xq"]).Node("MatMul", ["x", "k"], ["xk"]).Node("MatMul", ["x", "v"], ["xv"])
            .Node("Transpose", ["xk"], ["kt"], Attribute("perm", [0L, 2, 1])).Node("MatMul", ["xq", "kt"], ["s"]).Weights("half", [], 0.5f).Node("Mul", ["s", "half"], ["t"])
            .Weights("m", [3, 3], 0, -1e9f, -1e9f, 0, 0, -1e9f, 0, 0, 0).Node("Add", ["t", "m"], ["u"])
            .Node("Softmax", ["u"], ["p"], Attribute("axis", -1L)).Node("MatMul", ["p", "xv"], Y).Output("y").Write(),
        new OnnxFile { Opset = 17 }.Input("x", 1, 3).RandomWeights("e", [5, 4], 1).Node("Cast", X, ["i"], Attribute("to", 7L)).Node("Gather", ["e", "i"], ["h"])
            .RandomWeights("g", [4], 1).RandomWeights("b", [4], 1).Node("LayerNormalization", ["h", "g", "b"], Y, Attribute("axis", -1L)).Output("y").Write(),
        new OnnxFile { Opset = 14 }.Input("x", 1, 3).Input("z", 1, 3).RandomWeights("w", [3, 4], 0.5f).Node("MatMul", ["x", "w"], ["a"]).Node("MatMul", ["z", "w"], ["b"])
            .Node("Mul", ["a", "b"], ["c"]).Node("Sub", ["c", "a"], Y).Output("y").Write(),
    ];

    private static IEnumerable<byte[]> Recurrent() =>
        from cell in new[] { (Name: "LSTM", Gates: 4), (Name: "GRU", Gates: 3), (Name: "RNN", Gates: 1) }
        from direction in new[] { (Name: "forward", Count: 1), (Name: "reverse", Count: 1), (Name: "bidirectional", Count: 2) }
        from layout in new[] { 0L, 1 }
        select new OnnxFile { Opset = 14 }.Input("x", 2 - layout, 1 + layout, 1).RandomWeights("w", [direction.Count, cell.Gates, 1], 0.5f)
            .RandomWeights("r", [direction.Count, cell.Gates, 1], 0.5f).RandomWeights("b", [direction.Count, cell.Gates * 2], 0.5f)
            .Initialiser(IntegerTensor("n", 6, [1], 2)).RandomWeights("h", layout == 0 ? [direction.Count, 1, 1] : [1, direction.Count, 1], 0.5f)
            .Node(cell.Name, ["x", "w", "r", "b", "n", "h"], ["y", "z"],
                Attribute("hidden_size", 1L), Attribute("linear_before_reset", 1 - layout), Attribute("direction", direction.Name), Attribute("layout", layout))
            .Output("y").Output("z").Write();

    private static IEnumerable<byte[]> Quantised() =>
    [
        new OnnxFile().Input("x", 1, 3).Weights("s", [], 0.02f).Signed("z", 0).Signed("q", [3, 2], 1, -2, 3, 4, -5, 127)
            .Node("QuantizeLinear", ["x", "s", "z"], ["xq"]).Node("DequantizeLinear", ["xq", "s", "z"], ["xd"]).Node("DequantizeLinear", ["q", "s", "z"], ["wd"])
            .Node("MatMul", ["xd", "wd"], ["m"]).Node("QuantizeLinear", ["m", "s", "z"], ["mq"]).Node("DequantizeLinear", ["mq", "s", "z"], Y).Output("y").Write(),
        new OnnxFile().Input("x", 1, 2, 3, 3).Weights("s", [], 0.05f).Signed("z", 0).Signed("q", [1, 2, 2, 2], 1, -2, 3, 4, -5, 6, 7, -8)
            .Node("QuantizeLinear", ["x", "s", "z"], ["xq"]).Node("QLinearConv", ["xq", "s", "z", "q", "s", "z", "s", "z"], ["c"]).Node("DequantizeLinear", ["c", "s", "z"], Y).Output("y").Write(),
        new OnnxFile().Input("x", 1, 3).Weights("s", [], 0.05f).Signed("z", 0).Signed("q", [3, 2], 1, -2, 3, 4, -5, 6)
            .Node("QuantizeLinear", ["x", "s", "z"], ["xq"]).Node("QLinearMatMul", ["xq", "s", "z", "q", "s", "z", "s", "z"], ["c"]).Node("DequantizeLinear", ["c", "s", "z"], Y).Output("y").Write(),
    ];

    private static IEnumerable<byte[]> Classical() =>
    [
        Features().Node("ai.onnx.ml", "Scaler", X, ["s"], Attribute("offset", [1f, 2]), Attribute("scale", [0.5f, 2]))
            .Node("ai.onnx.ml", "LinearRegressor", ["s"], Y, Attribute("coefficients", [1f, -2]), Attribute("intercepts", [0.5f])).Write(),
        Features().Node("ai.onnx.ml", "LinearClassifier", X, ["l", "y"], Attribute("coefficients", [1f, -2, 3, 4]), Attribute("intercepts", [0.5f, 1]),
            Attribute("classlabels_ints", [0L, 1]), Attribute("post_transform", "SOFTMAX")).Output("l", 7).Write(),
        Features().Node("ai.onnx.ml", "TreeEnsembleRegressor", X, Y, [.. Trees("target"), Attribute("n_targets", 1L)]).Write(),
        Features().Node("ai.onnx.ml", "TreeEnsembleClassifier", X, ["l", "y"],
            [.. Trees("class"), Attribute("classlabels_strings", ["no", "yes"]), Attribute("post_transform", "LOGISTIC"), Attribute("base_values", [0.25f])]).Output("l", 8).Write(),
        new OnnxFile { ClassicalOpset = 5 }.Input("x", -1, 2).Node("ai.onnx.ml", "TreeEnsemble", X, Y,
            Attribute("tree_roots", [0L]), Attribute("nodes_featureids", [1L]), TensorAttribute("nodes_splits", 0.5f), BytesAttribute("nodes_modes", 0),
            Attribute("nodes_truenodeids", [0L]), Attribute("nodes_trueleafs", [1L]), Attribute("nodes_falsenodeids", [1L]), Attribute("nodes_falseleafs", [1L]),
            Attribute("leaf_targetids", [0L, 0]), TensorAttribute("leaf_weights", 1.5f, -2.5f), Attribute("n_targets", 1L)).Output("y").Write(),
        Features().Node("ai.onnx.ml", "Normalizer", X, Y, Attribute("norm", "L2")).Write(),
        Features().Node("ai.onnx.ml", "Imputer", X, Y, Attribute("imputed_value_floats", [1f, 2])).Write(),
        Features().Node("ai.onnx.ml", "Binarizer", X, Y, Attribute("threshold", 0.5f)).Write(),
    ];

    private static OnnxFile Features() => new OnnxFile().Input("x", -1, 2).Output("y");

    private static OnnxFile Signed(this OnnxFile file, string name, sbyte value) => file.Signed(name, [], value);

    private static byte[] TensorAttribute(string name, params float[] values) => Join(Field(1, name), Field(5, Tensor("", [values.Length], values)), Field(20, 4L));

    private static byte[] BytesAttribute(string name, params byte[] values) =>
        Join(Field(1, name), Field(5, Join(Field(1, (long)values.Length), Field(2, 2L), Field(9, values))), Field(20, 4L));

    /// <summary>One split and two leaves.</summary>
    private static IEnumerable<byte[]> Trees(string kind) =>
    [
        Attribute("nodes_treeids", [0L, 0, 0]), Attribute("nodes_nodeids", [0L, 1, 2]), Attribute("nodes_featureids", [1L, 0, 0]), Attribute("nodes_values", [0.5f, 0, 0]),
        Attribute("nodes_modes", ["BRANCH_LT", "LEAF", "LEAF"]), Attribute("nodes_truenodeids", [1L, 0, 0]), Attribute("nodes_falsenodeids", [2L, 0, 0]),
        Attribute("nodes_missing_value_tracks_true", [1L, 0, 0]),
        Attribute($"{kind}_treeids", [0L, 0]), Attribute($"{kind}_nodeids", [1L, 2]), Attribute($"{kind}_ids", [0L, 0]), Attribute($"{kind}_weights", [1.5f, -2.5f]),
    ];
}
