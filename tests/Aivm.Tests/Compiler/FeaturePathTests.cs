using Aivm.Compiler;
using static Aivm.Tests.Compiler.OnnxFile;

namespace Aivm.Tests.Compiler;

/// <summary>
/// What scikit-learn pipelines put in front of a model. Trees behind it decide as ONNX Runtime's do at every integer, with float32 or
/// float64 roundings in between.
/// </summary>
public sealed class FeaturePathTests
{
    private const string Ml = "ai.onnx.ml";

    private static readonly float[] Offsets = [0.25f, -1.1f, 3, 1e-3f];
    private static readonly float[] Factors = [0.3f, 7.7f, -0.01f, 1 / 3f];

    /// <summary>By name, what makes <c>f</c> of <c>x</c>.</summary>
    private static readonly Dictionary<string, Func<OnnxFile>> Pipelines = new()
    {
        ["Scaler"] = () => Row().Node(Ml, "Scaler", ["x"], ["f"], Attribute("offset", Offsets), Attribute("scale", Factors)),
        ["Scaler of Scaler"] = () => Row().Node(Ml, "Scaler", ["x"], ["s"], Attribute("offset", Offsets), Attribute("scale", Factors))
            .Node(Ml, "Scaler", ["s"], ["f"], Attribute("offset", [0.1f]), Attribute("scale", [1.9f])),
        ["Scaler of zero"] = () => Row().Node(Ml, "Scaler", ["x"], ["f"], Attribute("offset", [0f, 0, 1, 0]), Attribute("scale", [0f, 1, 0, 1])),
        ["Imputer"] = () => Row().Node(Ml, "Imputer", ["x"], ["f"], Attribute("imputed_value_floats", [0.3f, 0, -2, 0.1f]), Attribute("replaced_value_float", float.NaN)),
        ["Imputer, Scaler"] = () => Row().Node(Ml, "Imputer", ["x"], ["i"], Attribute("imputed_value_floats", [0.3f]), Attribute("replaced_value_float", float.NaN))
            .Node(Ml, "Scaler", ["i"], ["f"], Attribute("offset", Offsets), Attribute("scale", Factors)),
        ["Scaler, Imputer"] = () => Row().Node(Ml, "Scaler", ["x"], ["s"], Attribute("offset", Offsets), Attribute("scale", Factors))
            .Node(Ml, "Imputer", ["s"], ["f"], Attribute("imputed_value_floats", [0.3f]), Attribute("replaced_value_float", float.NaN)),
        ["Binarizer"] = () => Row().Node(Ml, "Binarizer", ["x"], ["f"], Attribute("threshold", 0.3f)),
        ["Scaler, Binarizer"] = () => Row().Node(Ml, "Scaler", ["x"], ["s"], Attribute("offset", Offsets), Attribute("scale", Factors))
            .Node(Ml, "Binarizer", ["s"], ["f"], Attribute("threshold", 0.01f)),
        ["Imputer, Binarizer, Scaler"] = () => Row().Node(Ml, "Imputer", ["x"], ["i"], Attribute("imputed_value_floats", [0.3f]), Attribute("replaced_value_float", float.NaN))
            .Node(Ml, "Binarizer", ["i"], ["b"], Attribute("threshold", 0.2f)).Node(Ml, "Scaler", ["b"], ["f"], Attribute("offset", [0.5f]), Attribute("scale", [0.2f])),
        ["Sub and Div"] = () => Row().Weights("o", [4], Offsets).Weights("s", [4], Factors).Node("Sub", ["x", "o"], ["d"]).Node("Div", ["d", "s"], ["f"]),
        ["Mul, Add, Clip"] = () => Row().Weights("o", [4], Offsets).Weights("s", [4], Factors).Weights("low", [], 0).Weights("high", [], 1)
            .Node("Mul", ["x", "s"], ["m"]).Node("Add", ["m", "o"], ["a"]).Node("Clip", ["a", "low", "high"], ["f"]),
        ["constant minus x, Neg"] = () => Row().Weights("o", [], 0.7f).Node("Sub", ["o", "x"], ["d"]).Node("Neg", ["d"], ["n"]).Node("Sub", ["o", "n"], ["f"]),
        ["float64 in between"] = () => Row().Initialiser(Doubles("o", 0.1, 0.2, 0.3, 0.4)).Initialiser(Doubles("s", 3, 0.7, 11, 1e-3))
            .Node("Cast", ["x"], ["c"], Attribute("to", 11L)).Node("Sub", ["c", "o"], ["d"]).Node("Div", ["d", "s"], ["e"]).Node("Cast", ["e"], ["f"], Attribute("to", 1L)),
        ["float64 input, float32 tree"] = () => Row(11).Initialiser(Doubles("o", 0.1, 0.2, 0.3, 0.4)).Node("Sub", ["x", "o"], ["d"]).Node("Cast", ["d"], ["f"], Attribute("to", 1L)),
        ["float64 input, Scaler"] = () => Row(11).Node(Ml, "Scaler", ["x"], ["f"], Attribute("offset", Offsets), Attribute("scale", Factors)),
        ["Reshape and Identity"] = () => Row().Integers("t", 1, -1).Node("Reshape", ["x", "t"], ["r"]).Node("Identity", ["r"], ["f"]),
    };

    public static TheoryData<string> Names() => [.. Pipelines.Keys];

    private static OnnxFile Row(int type = 1) => new OnnxFile { ClassicalOpset = 3 }.TypedInput("x", type, -1, TreeFile.Features);

    [Theory]
    [MemberData(nameof(Names))]
    public void Trees_behind_a_pipeline_flip_where_those_of_ONNX_Runtime_do(string pipeline)
    {
        double[] thresholds = [-1.25, -0.1, 0, 0.01, 0.05, 0.1, 0.3, 0.333333343, 0.5, 0.7, 1, 4.2];
        for (var seed = 0; seed < 4; seed++)
        {
            var trees = new TreeFile(new Random(seed)) { Mode = null, Thresholds = thresholds };
            var onnx = seed % 2 == 0 ? trees.Regressor(Pipelines[pipeline](), "f").Write() : trees.Classifier(Pipelines[pipeline](), "f", ["no", "yes"], areTexts: true).Write();
            using var comparison = new ClassicalComparison(onnx);
            comparison.CompareRows(new Random(seed), 20, TreeFile.Grid);
            comparison.CompareAtThresholds(new Random(seed), TreeFile.Grid);
            Assert.Equal(!pipeline.Contains("Binarizer", StringComparison.Ordinal) || pipeline.StartsWith("Imputer", StringComparison.Ordinal), comparison.TakesMissing);
        }
    }

    public static TheoryData<string, string> Refused() => new()
    {
        { "Normalizer", "Normalizer 'ai" },
        { "a number replaced", "only missing values" },
        { "integers replaced", "only missing values" },
        { "a square", "keep the order" },
        { "float16", "keep the order" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_does_not_keep_the_order_of_features_is_refused_in_front_of_trees(string what, string reason)
    {
        var file = what switch
        {
            "Normalizer" => Row().Node(Ml, "Normalizer", ["x"], ["f"], Attribute("norm", "L2")),
            "a number replaced" => Row().Node(Ml, "Imputer", ["x"], ["f"], Attribute("imputed_value_floats", [1f])),
            "integers replaced" => Row().Node(Ml, "Imputer", ["x"], ["f"], Attribute("imputed_value_int64s", [1L])),
            "a square" => Row().Node("Mul", ["x", "x"], ["f"]),
            _ => Row().Node("Cast", ["x"], ["f"], Attribute("to", 10L)),
        };
        var onnx = new TreeFile(new Random(1)).Regressor(file, "f").Write();
        var refusal = Assert.Throws<Aivm.Primitives.AivmException>(() => OnnxCompiler.Compile(onnx, new CompileOptions()));
        Assert.Equal("unsupported-operator", refusal.Error.Code);
        Assert.Contains(what == "Normalizer" ? "keep the order" : reason, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_linear_model_behind_a_clip_is_refused()
    {
        var onnx = Pipelines["Mul, Add, Clip"]().Node(Ml, "LinearRegressor", ["f"], ["y"], Attribute("coefficients", [1f, 2, 3, 4])).Output("y").Write();
        var refusal = Assert.Throws<Aivm.Primitives.AivmException>(() => OnnxCompiler.Compile(onnx, new CompileOptions()));
        Assert.Equal("LinearRegressor 'linearregressor3' is not supported: it reads the result of Clip 'clip2', which has 8 or 16 bits: linear models read the model's input, scaled, binarised or normalised.", refusal.Message);
    }

    [Theory]
    [InlineData("LinearClassifier", 2, "LOGISTIC")]
    [InlineData("LinearClassifier", 4, "SOFTMAX")]
    [InlineData("LinearRegressor", 3, "NONE")]
    public void Linear_models_behind_a_pipeline_are_those_of_ONNX_Runtime(string operation, int scores, string transform)
    {
        Dictionary<string, Func<OnnxFile>> more = new(Pipelines)
        {
            ["Normalizer L1"] = () => Row().Node(Ml, "Normalizer", ["x"], ["f"], Attribute("norm", "L1")),
            ["Normalizer L2"] = () => Row().Node(Ml, "Normalizer", ["x"], ["f"], Attribute("norm", "L2")),
            ["Scaler, Normalizer L2"] = () => Row().Node(Ml, "Scaler", ["x"], ["s"], Attribute("offset", Offsets), Attribute("scale", Factors))
                .Node(Ml, "Normalizer", ["s"], ["f"], Attribute("norm", "L2")),
            ["Scaler, Normalizer L1, Scaler"] = () => Row().Node(Ml, "Scaler", ["x"], ["s"], Attribute("offset", Offsets), Attribute("scale", Factors))
                .Node(Ml, "Normalizer", ["s"], ["n"], Attribute("norm", "L1")).Node(Ml, "Scaler", ["n"], ["f"], Attribute("offset", [0.5f]), Attribute("scale", [3f])),
        };
        string[] values = ["-3.5", "-0.1", "0", "0.1", "0.3", "0.300000042", "1", "1.00000012", "-1e-9", "0.333333343", "12.75"];
        foreach (var (name, pipeline) in more)
        {
            if (name == "Mul, Add, Clip")
                continue;
            var random = new Random(scores);
            var file = pipeline();
            List<byte[]> attributes =
            [
                Attribute("coefficients", [.. Enumerable.Range(0, scores * TreeFile.Features).Select(_ => (float)(random.NextDouble() * 2 - 1))]),
                Attribute("intercepts", [.. Enumerable.Range(0, scores).Select(_ => (float)random.NextDouble())]), Attribute("post_transform", transform),
            ];
            if (operation == "LinearRegressor")
                file.Node(Ml, operation, ["f"], ["scores"], [.. attributes, Attribute("targets", (long)scores)]).Output("scores");
            else
                file.Node(Ml, operation, ["f"], ["label", "scores"], [.. attributes, Attribute("classlabels_ints", [.. Enumerable.Range(0, scores).Select(i => 5L * i)])]).Output("label", 7).Output("scores");
            using var comparison = new ClassicalComparison(file.Write());
            Assert.False(comparison.TakesMissing);
            comparison.CompareRows(random, 40, values);
        }
    }
}
