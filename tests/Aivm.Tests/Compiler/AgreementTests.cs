using System.Globalization;
using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Inference;

namespace Aivm.Tests.Compiler;

/// <summary>Compiled models beside ONNX Runtime on the original files.</summary>
public sealed class AgreementTests
{
    /// <summary>The label as the file gives it, the probability, and the margin in front of the logistic function.</summary>
    [Theory]
    [InlineData("hmda", "xgb100x6", 9)]
    [InlineData("credit", "xgb100x6", 9)]
    [InlineData("hmda", "logreg", 9)]
    [InlineData("credit", "logreg", 9)]
    public void Trees_and_logistic_models_give_the_label_and_the_margin_of_ONNX_Runtime_for_every_row(string table, string kind, int decimals)
    {
        var onnx = File.ReadAllBytes(SharedVectors.Require($"models/{table}_{kind}.onnx"));
        var samples = InputFiles.Read(SharedVectors.Require($"models/{table}_x300.csv"));
        var options = new CompileOptions { Input = new InputFormat.Fixed(decimals) };
        var model = Onnx.Load(OnnxCompiler.Compile(onnx, options));
        var margins = Onnx.Load(OnnxCompiler.Compile(WithoutLogistic(onnx), options));
        using var session = Onnx.Session(onnx);
        using var marginSession = Onnx.Session(WithoutLogistic(onnx));
        Assert.Equal(300, samples.Count);
        for (var row = 0; row < samples.Count; row++)
        {
            var outputs = Onnx.Run(model, Onnx.Integers(model, samples, row));
            var expected = Onnx.Runtime(session, samples.Reals(row));
            Assert.Equal(expected["label"], Onnx.Part(model, outputs, 0).Select(label => double.Parse(model.Graph.Outputs[0].ClassNames[(int)label], CultureInfo.InvariantCulture)));
            Assert.Equal(expected[model.Graph.Outputs[1].Name][1], Onnx.Reals(model, outputs, 1)[1], 1e-6);
            var margin = Onnx.Reals(margins, Onnx.Run(margins, Onnx.Integers(margins, samples, row)), 1)[1];
            Assert.Equal(Onnx.Runtime(marginSession, samples.Reals(row))[margins.Graph.Outputs[1].Name][1], margin, 3e-6);
        }
    }

    /// <summary>The file with NONE for LOGISTIC. A comment of the attribute takes up the rest of its bytes, so that no length changes.</summary>
    private static byte[] WithoutLogistic(byte[] onnx)
    {
        byte[] patched = [.. onnx];
        byte[] logistic = [0x22, 8, .. "LOGISTIC"u8];
        byte[] none = [0x22, 4, .. "NONE"u8, 0x6A, 2, .. "--"u8];
        none.CopyTo(patched.AsSpan(patched.AsSpan().IndexOf(logistic)));
        return patched;
    }

    [Theory]
    [InlineData("hmda")]
    [InlineData("credit")]
    public void Trees_give_the_probabilities_that_XGBoost_itself_computed(string table)
    {
        var onnx = File.ReadAllBytes(SharedVectors.Require($"models/{table}_xgb100x6.onnx"));
        var samples = InputFiles.Read(SharedVectors.Require($"models/{table}_x300.csv"));
        var probabilities = InputFiles.Read(SharedVectors.Require($"models/{table}_p300.csv"));
        var model = Onnx.Load(OnnxCompiler.Compile(onnx, new CompileOptions()));
        for (var row = 0; row < samples.Count; row++)
            Assert.Equal(probabilities.Reals(row)[0], Onnx.Reals(model, Onnx.Run(model, Onnx.Integers(model, samples, row)), 1)[1], 1e-6);
    }

    [Fact]
    public void The_image_sample_keeps_its_labels_and_their_names()
    {
        var folder = Path.Combine(Repository.Root, "samples", "image-classifier");
        var onnx = File.ReadAllBytes(Path.Combine(folder, "model.onnx"));
        var images = InputFiles.Read(Path.Combine(folder, "images.npz"));
        var options = new CompileOptions
        {
            Input = new InputFormat.U8(),
            Scale = 1 / 255.0,
            Calibration = InputFiles.Read(Path.Combine(folder, "calibration.npz")),
        };
        var model = Onnx.Load(OnnxCompiler.Compile(onnx, options));
        Assert.Equal("Ankle boot", model.Graph.Outputs[0].ClassNames[9]);
        using var session = Onnx.Session(onnx);
        var same = 0;
        for (var row = 0; row < images.Count; row++)
        {
            double[] pixels = [.. images.Reals(row).Select(value => value / 255)];
            same += Onnx.Run(model, images.Bytes(row))[0] == Onnx.Runtime(session, pixels)["label"][0] ? 1 : 0;
        }
        Assert.InRange(same, images.Count - 1, images.Count);
    }

    [Fact]
    public void The_samples_of_this_repository_compile_and_keep_their_labels()
    {
        var folder = Path.Combine(Repository.Root, "samples", "loan-approval");
        var rows = InputFiles.Read(Path.Combine(folder, "rows.csv"));
        foreach (var name in new[] { "logistic", "trees" })
        {
            var onnx = File.ReadAllBytes(Path.Combine(folder, $"{name}.onnx"));
            var model = Onnx.Load(OnnxCompiler.Compile(onnx, new CompileOptions { Input = new InputFormat.Fixed(4) }));
            Assert.Equal(["denied", "approved"], model.Graph.Outputs[0].ClassNames);
            using var session = Onnx.Session(onnx);
            for (var row = 0; row < rows.Count; row++)
            {
                var outputs = Onnx.Run(model, Onnx.Integers(model, rows, row));
                var expected = Onnx.Runtime(session, rows.Reals(row))["probabilities"];
                Assert.Equal(expected[1] > expected[0] ? 1 : 0, outputs[0]);
                Assert.Equal(expected[1], Onnx.Reals(model, outputs, 1)[1], 1e-6);
            }
        }
    }
}
