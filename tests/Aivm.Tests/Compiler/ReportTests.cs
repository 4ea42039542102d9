using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Tests.Compiler;

public sealed class ReportTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "samples", "image-classifier");

    private static CompileResult Compile() => OnnxCompiler.Compile(File.ReadAllBytes(Path.Combine(Folder, "model.onnx")), new CompileOptions
    {
        Input = new InputFormat.U8(),
        Scale = 1 / 255.0,
        Calibration = InputFiles.Read(Path.Combine(Folder, "calibration.npz")),
    });

    [Fact]
    public void Layers_name_their_origin_their_scales_and_their_error()
    {
        var result = Compile();
        Assert.Equal(
            ["Input", "Conv+BatchNormalization+Relu", "MaxPool", "Conv+BatchNormalization+Relu", "MaxPool", "Gemm+Relu", "Gemm", "ArgMax", "Softmax"],
            result.Report.Layers.Select(layer => layer.Source));
        foreach (var layer in result.Report.Layers.Where(layer => layer.Operator is "Conv" or "Dense"))
        {
            Assert.InRange(layer.RelativeError!.Value, 0.0001, 0.05);
            Assert.True(layer.Macs > 0 && layer.Gas > 0);
        }
        Assert.Equal(result.Report.Macs, result.Report.Layers.Aggregate(0UL, (sum, layer) => sum + layer.Macs));
        Assert.InRange(result.Report.Layers.Aggregate(0UL, (sum, layer) => sum + layer.Gas), result.Report.Gas * 8 / 10, result.Report.Gas);
        Assert.InRange(result.Report.Calibration.LabelAgreement!.Value, 0.98, 1);
        var output = result.Report.Calibration.Outputs.Single();
        Assert.Equal("probabilities", output.Name);
        Assert.InRange(output.Rms, 1e-6, 0.02);
        Assert.InRange(output.Signal, 0.2, 0.4);
        Assert.InRange(result.Report.Calibration.ScoreError!.Value, 0.0001, 1 / 32.0);
        Assert.Equal(result.Container.Length, result.Report.ContainerBytes);
        Assert.Equal(Keccak.Hash(result.Container), result.Hash);
        Assert.Empty(result.Report.Warnings);
    }

    [Fact]
    public void Labels_of_the_samples_give_the_accuracy_before_and_after()
    {
        // The true class is the largest of the first three features; the model prefers the third, and is wrong where another leads by little.
        var onnx = new OnnxFile().Input("x", 1, 4).Output("y")
            .Weights("w", [4, 3], 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0).Weights("b", [3], 0, 0, 0.5f)
            .Node("Gemm", ["x", "w", "b"], ["y"]).Write();
        var options = new CompileOptions { Calibration = Inputs.Read("x.csv", "3,1,0,0\n0,3,1,0\n1,1,3,0\n1,3,2.75,0\n"), Labels = Inputs.Read("y.csv", "0\n1\n2\n1\n") };
        var calibration = OnnxCompiler.Compile(onnx, options).Report.Calibration;
        Assert.Equal(new Accuracy(0.75, 0.75), calibration.Accuracy);
        Assert.Equal(1, calibration.LabelAgreement);

        var wrong = OnnxCompiler.Compile(onnx, options with { Labels = Inputs.Read("y.csv", "2\n2\n2\n2\n") }).Report.Calibration;
        Assert.Equal(new Accuracy(0.5, 0.5), wrong.Accuracy);
        Assert.Null(OnnxCompiler.Compile(onnx, options with { Labels = null }).Report.Calibration.Accuracy);
    }

    [Fact]
    public void Labels_go_by_the_names_of_classes_that_are_integers()
    {
        var folder = Path.Combine(Repository.Root, "samples", "loan-approval");
        var onnx = File.ReadAllBytes(Path.Combine(folder, "trees.onnx"));
        var rows = InputFiles.Read(Path.Combine(folder, "rows.csv"));
        var zeros = Inputs.Read("y.csv", string.Join('\n', Enumerable.Repeat("0", rows.Count)));
        var accuracy = OnnxCompiler.Compile(onnx, new CompileOptions { Input = new InputFormat.Fixed(4), Calibration = rows, Labels = zeros }).Report.Calibration.Accuracy!;
        Assert.InRange(accuracy.Before, 0.01, 0.99);
        Assert.Equal(accuracy.Before, accuracy.After);
    }

    [Theory]
    [InlineData("0\n1\n")]
    [InlineData("0,1\n1,0\n0,1\n1,1\n")]
    public void Labels_that_are_not_one_a_sample_are_refused(string labels)
    {
        var onnx = new OnnxFile().Input("x", 1, 2).Output("y").RandomWeights("w", [2, 2], 1).Node("MatMul", ["x", "w"], ["y"]).Write();
        var options = new CompileOptions { Calibration = Inputs.Read("x.csv", "1,2\n3,4\n5,6\n7,8\n"), Labels = Inputs.Read("y.csv", labels) };
        Assert.Equal("calibration-mismatch", Assert.Throws<AivmException>(() => OnnxCompiler.Compile(onnx, options)).Error.Code);
    }

    [Fact]
    public void Calibration_samples_of_another_width_are_refused()
    {
        var options = new CompileOptions { Input = new InputFormat.U8(), Calibration = Inputs.Read("x.csv", "1,2,3") };
        var refusal = Assert.Throws<AivmException>(() => OnnxCompiler.Compile(File.ReadAllBytes(Path.Combine(Folder, "model.onnx")), options));
        Assert.Equal("calibration-mismatch", refusal.Error.Code);
        Assert.Contains("784", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(19, 1)]
    [InlineData(-1, 1)]
    [InlineData(4, 0)]
    [InlineData(4, double.NaN)]
    [InlineData(4, double.PositiveInfinity)]
    public void Options_out_of_range_are_refused(int decimals, double scale)
    {
        var options = new CompileOptions { Input = new InputFormat.Fixed(decimals), Scale = scale };
        var refusal = Assert.Throws<AivmException>(() => OnnxCompiler.Compile(File.ReadAllBytes(Path.Combine(Folder, "model.onnx")), options));
        Assert.Equal("compile-options", refusal.Error.Code);
    }

    [Fact]
    public void Progress_names_each_stage()
    {
        var stages = new List<string>();
        var onnx = File.ReadAllBytes(Path.Combine(Repository.Root, "samples", "loan-approval", "trees.onnx"));
        OnnxCompiler.Compile(onnx, new CompileOptions(), new Listener(stages));
        Assert.Equal(["read", "quantise", "verify"], stages.Distinct());
    }

    private sealed class Listener(List<string> stages) : IProgress<CompileProgress>
    {
        public void Report(CompileProgress value) => stages.Add(value.Stage);
    }
}
