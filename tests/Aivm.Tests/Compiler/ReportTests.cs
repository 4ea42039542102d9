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
            Assert.InRange(layer.RmsError!.Value / layer.RmsSignal!.Value, 0, 0.05);
            Assert.True(layer.Macs > 0 && layer.Gas > 0);
        }
        Assert.Equal(result.Report.Macs, result.Report.Layers.Aggregate(0UL, (sum, layer) => sum + layer.Macs));
        Assert.InRange(result.Report.Layers.Aggregate(0UL, (sum, layer) => sum + layer.Gas), result.Report.Gas * 8 / 10, result.Report.Gas);
        Assert.InRange(result.Report.Calibration.LabelAgreement!.Value, 0.98, 1);
        Assert.Equal("probabilities", result.Report.Calibration.Outputs.Single().Name);
        Assert.Equal(result.Container.Length, result.Report.ContainerBytes);
        Assert.Equal(Keccak.Hash(result.Container), result.Hash);
        Assert.Empty(result.Report.Warnings);
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
