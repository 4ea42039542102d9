using System.Globalization;
using System.Text;
using Aivm.Compiler;
using Aivm.Inference;
using static Aivm.Tests.Compiler.OnnxFile;

namespace Aivm.Tests.Compiler;

/// <summary>Linear and logistic models of ai.onnx.ml against ONNX Runtime.</summary>
public sealed class LinearModelTests
{
    private const int Features = 5;

    public static TheoryData<string, int, string, bool> Kinds() => new()
    {
        { "classifier", 2, "LOGISTIC", false },
        { "classifier", 2, "NONE", false },
        { "classifier", 2, "SOFTMAX", true },
        { "classifier", 4, "SOFTMAX", false },
        { "classifier", 4, "LOGISTIC", true },
        { "classifier", 3, "NONE", true },
        { "classifier, one score", 2, "LOGISTIC", false },
        { "classifier, one score", 2, "NONE", false },
        { "regressor", 1, "NONE", false },
        { "regressor", 3, "NONE", true },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Labels_and_scores_are_those_of_ONNX_Runtime(string kind, int classes, string transform, bool scaled)
    {
        for (var seed = 0; seed < 4; seed++)
        {
            var onnx = Model(new Random(seed), kind, classes, transform, scaled);
            var model = Onnx.Load(OnnxCompiler.Compile(onnx, new CompileOptions { Input = new InputFormat.Fixed(6) }));
            using var session = Onnx.Session(onnx);
            var samples = Inputs.Read("rows.csv", Rows(new Random(50 + seed), 40));
            for (var row = 0; row < samples.Count; row++)
            {
                var actual = Onnx.Run(model, samples.Fixed(row, 6));
                var expected = Onnx.Runtime(session, samples.Reals(row));
                if (kind != "regressor")
                    Assert.Equal(expected["label"][0], double.Parse(model.Graph.Outputs[0].ClassNames[(int)actual[0]], CultureInfo.InvariantCulture));
                var scores = Onnx.Reals(model, actual, model.Graph.Outputs.Length - 1);
                Assert.Equal(expected["scores"].Length, scores.Length);
                for (var i = 0; i < scores.Length; i++)
                    Assert.Equal(expected["scores"][i], scores[i], 3e-6 * Math.Max(1, Math.Abs(expected["scores"][i])));
            }
        }
    }

    /// <summary>Features of very different size, as in tables: from ratios to amounts of money.</summary>
    private static string Rows(Random random, int count)
    {
        var text = new StringBuilder();
        for (var row = 0; row < count; row++)
            text.AppendJoin(',', Enumerable.Range(0, Features).Select(i => ((random.NextDouble() * 2 - 1) * Math.Pow(10, i)).ToString("F4", CultureInfo.InvariantCulture))).Append('\n');
        return text.ToString();
    }

    private static byte[] Model(Random random, string kind, int classes, string transform, bool scaled)
    {
        var scores = kind == "classifier, one score" ? 1 : classes;
        float Weight(int i) => (float)((random.NextDouble() * 2 - 1) * Math.Pow(10, scaled ? 0 : -(i % Features)));
        float[] weights = [.. Enumerable.Range(0, scores * Features).Select(Weight)];
        float[] bias = [.. Enumerable.Range(0, scores).Select(_ => (float)random.NextDouble())];
        if (kind == "classifier" && classes == 2 && !scaled)
        {
            weights = [.. weights[..Features].Select(weight => -weight), .. weights[..Features]];
            bias = [-bias[0], bias[0]];
        }
        var file = new OnnxFile().Input("x", -1, Features);
        if (scaled)
        {
            file.Node("ai.onnx.ml", "Scaler", ["x"], ["z"],
                Attribute("offset", [.. Enumerable.Range(0, Features).Select(i => 0.25f * i)]),
                Attribute("scale", [.. Enumerable.Range(0, Features).Select(i => (float)Math.Pow(10, -i))]));
        }
        var input = scaled ? "z" : "x";
        List<byte[]> attributes = [Attribute("coefficients", weights), Attribute("intercepts", bias), Attribute("post_transform", transform)];
        if (kind == "regressor")
        {
            attributes.Add(Attribute("targets", (long)classes));
            return file.Node("ai.onnx.ml", "LinearRegressor", [input], ["scores"], [.. attributes]).Output("scores").Write();
        }
        attributes.Add(Attribute("classlabels_ints", [.. Enumerable.Range(0, classes).Select(i => 3L * i)]));
        return file.Node("ai.onnx.ml", "LinearClassifier", [input], ["label", "scores"], [.. attributes]).Output("label", type: 7).Output("scores").Write();
    }
}
