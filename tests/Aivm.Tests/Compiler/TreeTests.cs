using System.Globalization;
using Aivm.Compiler;
using Aivm.Inference;
using static Aivm.Tests.Compiler.OnnxFile;

namespace Aivm.Tests.Compiler;

/// <summary>Tree ensembles in the conventions of different exporters, against ONNX Runtime, on inputs that lie on the thresholds.</summary>
public sealed class TreeTests
{
    private static readonly string[] Modes = ["BRANCH_LT", "BRANCH_LEQ", "BRANCH_GT", "BRANCH_GTE"];
    private static readonly string[] Transforms = ["NONE", "LOGISTIC", "SOFTMAX"];

    private static OnnxFile Row(int type = 1, long set = 3) => new OnnxFile { ClassicalOpset = set }.TypedInput("x", type, -1, TreeFile.Features);

    private static void Compare(byte[] onnx, int seed, int decimals = 9)
    {
        using var comparison = new ClassicalComparison(onnx, decimals);
        comparison.CompareRows(new Random(seed), 40, TreeFile.Grid);
        comparison.CompareAtThresholds(new Random(seed), TreeFile.Grid);
    }

    [Fact]
    public void Two_classes_with_one_score_are_those_of_ONNX_Runtime()
    {
        // As XGBoost and LightGBM (leaves of any sign, a logistic) and scikit-learn's forests (shares) are exported.
        for (var seed = 0; seed < 24; seed++)
        {
            var random = new Random(seed);
            var isSecond = seed % 6 == 5;
            var trees = new TreeFile(random)
            {
                Mode = Modes[seed % 4],
                Ids = [isSecond ? 1 : 0],
                HasPositiveLeaves = seed % 2 == 1,
                Transform = Transforms[seed % 3],
                BaseValues = seed % 4 == 1 && !isSecond ? [0.125] : null,
            };
            Compare(trees.Classifier(Row(), "x", seed % 2 == 0 ? ["10", "11"] : ["no", "yes"], areTexts: seed % 2 == 1).Write(), seed);
        }
    }

    [Fact]
    public void Two_classes_with_a_score_each_are_those_of_ONNX_Runtime()
    {
        for (var seed = 0; seed < 6; seed++)
        {
            var trees = new TreeFile(new Random(seed)) { Ids = [0, 1], HasPositiveLeaves = seed % 2 == 1, Transform = Transforms[seed % 3] };
            Compare(trees.Classifier(Row(), "x", ["no", "yes"], areTexts: true).Write(), seed);
        }
    }

    [Fact]
    public void Several_classes_are_those_of_ONNX_Runtime()
    {
        for (var seed = 0; seed < 12; seed++)
        {
            var classes = 3 + seed % 3;
            var trees = new TreeFile(new Random(seed))
            {
                Mode = null,
                Trees = 2 * classes,
                Ids = [.. Enumerable.Range(0, classes)],
                OneIdPerTree = seed % 2 == 0,
                HasPositiveLeaves = seed % 4 == 3,
                Transform = Transforms[seed % 3],
                BaseValues = seed % 4 == 1 ? [.. Enumerable.Range(0, classes).Select(i => 0.125 * (i + 1))] : null,
            };
            Compare(trees.Classifier(Row(), "x", [.. Enumerable.Range(0, classes).Select(i => $"{7 - 3 * i}")]).Write(), seed);
        }
    }

    [Fact]
    public void Regressors_are_those_of_ONNX_Runtime()
    {
        for (var seed = 0; seed < 12; seed++)
        {
            int[] ids = [.. Enumerable.Range(0, 1 + seed % 3)];
            var trees = new TreeFile(new Random(seed))
            {
                Mode = null,
                Trees = 7,
                Ids = ids,
                OneIdPerTree = seed % 4 == 3,
                BaseValues = seed % 2 == 1 ? [.. ids.Select(i => 10.5 * (i + 1))] : null,
                Transform = ids.Length > 1 ? Transforms[seed % 3] : "NONE",
            };
            Compare(trees.Regressor(Row(), "x", seed % 3 == 2 || seed == 0 ? "AVERAGE" : "SUM").Write(), seed);
        }
    }

    /// <summary>Tensors of float64, of operator set 3, are compared in float64; so are lists of float32 where the input is float64.</summary>
    [Fact]
    public void Inputs_of_float64_are_compared_as_ONNX_Runtime_compares_them()
    {
        double[] thresholds = [0.1, 0.3, 0.30000000000000004, 1.0 / 3, -0.1, 1e-9, 123456789.125, 0.300000012];
        for (var seed = 0; seed < 8; seed++)
        {
            var trees = new TreeFile(new Random(seed)) { IsDouble = seed % 2 == 0, Mode = null, Thresholds = thresholds, BaseValues = [0.5] };
            var decimals = seed < 4 ? 9 : 17;
            // With 17 decimals 64 bits reach no further than 92.
            var near = new TreeFile(new Random(seed)) { IsDouble = trees.IsDouble, Mode = null, Thresholds = [.. thresholds.Where(threshold => threshold < 10)], BaseValues = [0.5] };
            var file = decimals == 9 ? trees : near;
            var onnx = seed % 4 < 2 ? file.Regressor(Row(type: 11), "x").Write() : file.Classifier(Row(type: 11), "x", ["0", "1"]).Write();
            using var comparison = new ClassicalComparison(onnx, decimals);
            string[] values = ["0.1", "0.3", "0.30000001", "0.300000012", "0.300000011920928955", "0.33333333333333331", "-0.1", "1e-9", "2"];
            comparison.CompareRows(new Random(seed), 40, values);
            comparison.CompareAtThresholds(new Random(seed), values);
        }
    }

    [Fact]
    public void The_TreeEnsemble_of_operator_set_5_is_that_of_ONNX_Runtime()
    {
        for (var seed = 0; seed < 12; seed++)
        {
            var trees = new TreeFile(new Random(seed)) { Mode = null, Ids = [.. Enumerable.Range(0, 1 + seed % 3)], OneIdPerTree = true, IsDouble = seed % 4 == 3 };
            Compare(trees.Ensemble(Row(trees.IsDouble ? 11 : 1, set: 5), "x", aggregate: seed % 2).Write(), seed);
        }
    }

    [Fact]
    public void Infinite_thresholds_send_every_number_one_way()
    {
        // scikit-learn's histogram boosting splits off missing values so.
        for (var seed = 0; seed < 6; seed++)
        {
            var trees = new TreeFile(new Random(seed)) { Mode = null, Thresholds = [double.PositiveInfinity, double.NegativeInfinity, 0.3] };
            Compare(trees.Regressor(Row(), "x").Write(), seed);
        }
        var alone = new TreeFile(new Random(1)) { Mode = null, Thresholds = [double.PositiveInfinity] };
        Compare(alone.Regressor(Row(), "x").Write(), 1);
    }

    [Fact]
    public void A_threshold_flips_at_the_very_integer_where_float32_does()
    {
        var random = new Random(5);
        foreach (var decimals in new[] { 0, 2, 4, 9, 12 })
        {
            for (var i = 0; i < 200; i++)
            {
                var threshold = MathF.Round((float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(0, 5))), random.Next(0, 6));
                foreach (var inclusive in new[] { false, true })
                {
                    var onnx = Stump(threshold, inclusive ? "BRANCH_LEQ" : "BRANCH_LT");
                    var model = Onnx.Load(OnnxCompiler.Compile(onnx, new CompileOptions { Input = new InputFormat.Fixed(decimals) }));
                    var cut = ((RankNode)model.Graph.Nodes[0]).Thresholds[0];
                    Assert.False(Holds(cut, decimals, threshold, inclusive), $"{threshold:R} at {cut}");
                    Assert.True(Holds(cut - 1, decimals, threshold, inclusive), $"{threshold:R} at {cut - 1}");
                }
                if (i > 20 && decimals != 9)
                    break;
            }
        }
    }

    [Fact]
    public void A_threshold_beyond_64_bit_inputs_is_refused()
    {
        var refusal = Assert.Throws<Aivm.Primitives.AivmException>(() =>
            OnnxCompiler.Compile(Stump(1e12f, "BRANCH_LT"), new CompileOptions { Input = new InputFormat.Fixed(9) }));
        Assert.Equal("unsupported-operator", refusal.Error.Code);
    }

    public static TheoryData<string, long[], long[], string[]> BrokenTrees() => new()
    {
        { "a cycle", [1, 0, 0], [2, 0, 0], ["BRANCH_LT", "BRANCH_LT", "LEAF"] },
        { "a child of two", [1, 0, 0], [1, 0, 0], ["BRANCH_LT", "LEAF", "LEAF"] },
        { "an orphan", [1, 0, 0, 0], [2, 0, 0, 0], ["BRANCH_LT", "LEAF", "LEAF", "LEAF"] },
        { "a child that is not there", [1, 0, 0], [9, 0, 0], ["BRANCH_LT", "LEAF", "LEAF"] },
        { "its own child", [0, 0, 0], [2, 0, 0], ["BRANCH_LT", "LEAF", "LEAF"] },
        { "lists of different lengths", [1, 0, 0], [2, 0], ["BRANCH_LT", "LEAF", "LEAF"] },
    };

    [Theory]
    [MemberData(nameof(BrokenTrees))]
    public void A_tree_that_is_none_is_refused(string what, long[] whenTrue, long[] whenFalse, string[] modes)
    {
        var onnx = Trees("TreeEnsembleRegressor", modes, whenTrue, whenFalse);
        var refusal = Assert.Throws<Aivm.Primitives.AivmException>(() => OnnxCompiler.Compile(onnx, new CompileOptions()));
        Assert.True(refusal.Error.Code == "onnx-invalid", $"{what}: {refusal.Error}");
    }

    [Fact]
    public void A_split_by_equality_is_refused_with_its_mode()
    {
        var onnx = Trees("TreeEnsembleRegressor", ["BRANCH_EQ", "LEAF", "LEAF"], [1, 0, 0], [2, 0, 0]);
        var refusal = Assert.Throws<Aivm.Primitives.AivmException>(() => OnnxCompiler.Compile(onnx, new CompileOptions()));
        Assert.Equal("unsupported-operator", refusal.Error.Code);
        Assert.Contains("BRANCH_EQ", refusal.Message, StringComparison.Ordinal);
    }

    private static bool Holds(long n, int decimals, float threshold, bool inclusive)
    {
        // The nearest float32 of an exact decimal: parsing rounds once.
        var x = float.Parse(FormattableString.Invariant($"{n}e-{decimals}"), NumberStyles.Float, CultureInfo.InvariantCulture);
        return inclusive ? x <= threshold : x < threshold;
    }

    private static byte[] Trees(string operation, string[] modes, long[] whenTrue, long[] whenFalse) => new OnnxFile().Input("x", -1, 2)
        .Node("ai.onnx.ml", operation, ["x"], ["y"],
            Attribute("nodes_treeids", new long[modes.Length]), Attribute("nodes_nodeids", [.. Enumerable.Range(0, modes.Length).Select(i => (long)i)]),
            Attribute("nodes_featureids", new long[modes.Length]), Attribute("nodes_values", new float[modes.Length]), Attribute("nodes_modes", modes),
            Attribute("nodes_truenodeids", whenTrue), Attribute("nodes_falsenodeids", whenFalse),
            Attribute("target_treeids", [0L]), Attribute("target_nodeids", [2L]), Attribute("target_ids", [0L]), Attribute("target_weights", [1f]))
        .Output("y").Write();

    private static byte[] Stump(float threshold, string mode) => new OnnxFile().Input("x", -1, 1)
        .Node("ai.onnx.ml", "TreeEnsembleRegressor", ["x"], ["y"],
            Attribute("nodes_treeids", [0L, 0, 0]), Attribute("nodes_nodeids", [0L, 1, 2]), Attribute("nodes_featureids", [0L, 0, 0]),
            Attribute("nodes_values", [threshold, 0, 0]), Attribute("nodes_modes", [mode, "LEAF", "LEAF"]),
            Attribute("nodes_truenodeids", [1L, 0, 0]), Attribute("nodes_falsenodeids", [2L, 0, 0]),
            Attribute("target_treeids", [0L, 0]), Attribute("target_nodeids", [1L, 2]), Attribute("target_ids", [0L, 0]), Attribute("target_weights", [1f, 2]))
        .Output("y").Write();
}
