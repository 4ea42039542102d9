using System.Globalization;
using Aivm.Compiler;
using Aivm.Inference;
using static Aivm.Tests.Compiler.OnnxFile;

namespace Aivm.Tests.Compiler;

/// <summary>Tree ensembles in the conventions of different exporters, against ONNX Runtime, on inputs that lie on the thresholds.</summary>
public sealed class TreeTests
{
    private const int Features = 4;

    /// <summary>Values that features and thresholds share, so that many comparisons are ties or one unit apart.</summary>
    private static readonly string[] Grid = ["-3.5", "-0.1", "0", "0.1", "0.3", "0.300000012", "0.300000042", "0.299999982", "1", "1.00000012", "16777216", "1e-9", "-1e-9", "0.333333343"];

    public static TheoryData<string, string, int, string, string> Conventions()
    {
        var data = new TheoryData<string, string, int, string, string>();
        foreach (var mode in new[] { "BRANCH_LT", "BRANCH_LEQ", "BRANCH_GT", "BRANCH_GTE" })
            data.Add("classifier, one score", mode, 2, "LOGISTIC", "any");
        data.Add("classifier, one score", "BRANCH_LEQ", 2, "NONE", "any");
        data.Add("classifier, one score", "BRANCH_LEQ", 2, "NONE", "positive");
        data.Add("classifier, one score", "BRANCH_LEQ", 2, "LOGISTIC", "positive");
        data.Add("classifier, a score per class", "BRANCH_LEQ", 2, "NONE", "positive");
        data.Add("classifier, a score per class", "BRANCH_LEQ", 3, "NONE", "positive");
        data.Add("classifier, a score per class", "BRANCH_LT", 4, "SOFTMAX", "any");
        data.Add("classifier, a score per class", "BRANCH_LEQ", 3, "LOGISTIC", "any");
        data.Add("regressor", "BRANCH_LEQ", 1, "NONE", "any");
        data.Add("regressor", "BRANCH_LT", 3, "NONE", "any");
        return data;
    }

    [Theory]
    [MemberData(nameof(Conventions))]
    public void Labels_and_scores_are_those_of_ONNX_Runtime(string kind, string mode, int classes, string transform, string leaves)
    {
        for (var seed = 0; seed < 4; seed++)
        {
            var onnx = Ensemble(new Random(seed), kind, mode, classes, transform, leaves == "positive", withBase: seed % 2 == 1 && !(classes == 2 && kind == "classifier, a score per class"));
            var model = Onnx.Load(OnnxCompiler.Compile(onnx, new CompileOptions()));
            using var session = Onnx.Session(onnx);
            var random = new Random(100 + seed);
            for (var row = 0; row < 60; row++)
            {
                string[] texts = [.. Enumerable.Range(0, Features).Select(_ => Grid[random.Next(Grid.Length)])];
                double[] reals = [.. texts.Select(text => (double)float.Parse(text, CultureInfo.InvariantCulture))];
                var integers = Inputs.Read("row.csv", string.Join(',', texts)).Fixed(0, 9);
                if (model.Graph.Inputs[0].Format is InputFormat.Fixed { AllowsMissing: true } && row % 3 == 0)
                    (integers[row % Features], reals[row % Features]) = (ElementTypes.MissingInput, double.NaN);
                var actual = Onnx.Run(model, integers);
                var expected = Onnx.Runtime(session, reals);
                // For two scores ONNX Runtime decides by the second alone.
                if (kind != "regressor" && (kind == "classifier, one score" || classes > 2))
                    Assert.Equal(expected["label"][0], double.Parse(model.Graph.Outputs[0].ClassNames[(int)actual[0]], CultureInfo.InvariantCulture));
                var scores = Onnx.Reals(model, actual, model.Graph.Outputs.Length - 1);
                Assert.Equal(expected["scores"].Length, scores.Length);
                for (var i = 0; i < scores.Length; i++)
                    Assert.Equal(expected["scores"][i], scores[i], 3e-6);
            }
        }
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

    private static byte[] Ensemble(Random random, string kind, string mode, int classes, string transform, bool positive, bool withBase)
    {
        List<long> trees = [], nodes = [], features = [], whenTrue = [], whenFalse = [], missing = [], leafTrees = [], leafNodes = [], leafIds = [];
        List<float> thresholds = [], weights = [];
        List<string> modes = [];
        for (var tree = 0; tree < 6; tree++)
        {
            var next = 1;
            var open = new Queue<(int Node, int Depth)>([(0, 0)]);
            while (open.TryDequeue(out var at))
            {
                trees.Add(tree);
                nodes.Add(at.Node);
                missing.Add(random.Next(2));
                if (at.Depth == 3 || (at.Depth > 0 && random.Next(4) == 0))
                {
                    modes.Add("LEAF");
                    features.Add(0);
                    thresholds.Add(0);
                    whenTrue.Add(0);
                    whenFalse.Add(0);
                    foreach (var id in kind == "classifier, one score" ? [0] : Enumerable.Range(0, classes))
                    {
                        leafTrees.Add(tree);
                        leafNodes.Add(at.Node);
                        leafIds.Add(id);
                        weights.Add((float)(positive ? random.NextDouble() / 6 : random.NextDouble() - 0.5));
                    }
                    continue;
                }
                modes.Add(mode);
                features.Add(random.Next(Features));
                thresholds.Add(float.Parse(Grid[random.Next(Grid.Length)], CultureInfo.InvariantCulture));
                whenTrue.Add(next);
                whenFalse.Add(next + 1);
                open.Enqueue((next++, at.Depth + 1));
                open.Enqueue((next++, at.Depth + 1));
            }
        }
        var (operation, prefix) = kind == "regressor" ? ("TreeEnsembleRegressor", "target") : ("TreeEnsembleClassifier", "class");
        var scores = kind == "classifier, one score" ? 1 : classes;
        List<byte[]> attributes =
        [
            Attribute("nodes_treeids", [.. trees]), Attribute("nodes_nodeids", [.. nodes]), Attribute("nodes_featureids", [.. features]),
            Attribute("nodes_values", [.. thresholds]), Attribute("nodes_modes", [.. modes]), Attribute("nodes_truenodeids", [.. whenTrue]),
            Attribute("nodes_falsenodeids", [.. whenFalse]), Attribute("nodes_missing_value_tracks_true", [.. missing]),
            Attribute($"{prefix}_treeids", [.. leafTrees]), Attribute($"{prefix}_nodeids", [.. leafNodes]), Attribute($"{prefix}_ids", [.. leafIds]),
            Attribute($"{prefix}_weights", [.. weights]), Attribute("post_transform", transform),
        ];
        if (withBase)
            attributes.Add(Attribute("base_values", [.. Enumerable.Range(0, scores).Select(i => 0.125f * (i + 1))]));
        if (kind == "regressor")
        {
            attributes.Add(Attribute("n_targets", (long)classes));
            return new OnnxFile().Input("x", -1, Features).Node("ai.onnx.ml", operation, ["x"], ["scores"], [.. attributes]).Output("scores").Write();
        }
        attributes.Add(Attribute("classlabels_int64s", [.. Enumerable.Range(0, classes).Select(i => 10L + i)]));
        return new OnnxFile().Input("x", -1, Features).Node("ai.onnx.ml", operation, ["x"], ["label", "scores"], [.. attributes])
            .Output("label", type: 7).Output("scores").Write();
    }
}
