using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Inference;

namespace Aivm.Tests.Compiler;

public sealed class DeterminismTests
{
    [Fact]
    public void The_same_file_and_samples_give_the_same_bytes()
    {
        var folder = Path.Combine(Repository.Root, "samples");
        var onnx = File.ReadAllBytes(Path.Combine(folder, "image-classifier", "model.onnx"));
        var options = new CompileOptions
        {
            Input = new InputFormat.U8(),
            Scale = 0.00392156862745098,
            Calibration = InputFiles.Read(Path.Combine(folder, "image-classifier", "calibration.npz")),
        };
        var first = OnnxCompiler.Compile(onnx, options);
        var second = OnnxCompiler.Compile(onnx, options);
        Assert.Equal(first.Container, second.Container);
        Assert.Equal(first.Hash, second.Hash);
        Assert.False(first.Report.Calibration.Seeded);
        Assert.Equal(100, first.Report.Calibration.Samples);
    }

    [Fact]
    public void Without_samples_seeded_ones_are_drawn_and_the_report_says_so()
    {
        var onnx = File.ReadAllBytes(Path.Combine(Repository.Root, "samples", "image-classifier", "model.onnx"));
        var options = new CompileOptions { Input = new InputFormat.U8(), Scale = 1 / 255.0 };
        var first = OnnxCompiler.Compile(onnx, options);
        Assert.Equal(first.Hash, OnnxCompiler.Compile(onnx, options).Hash);
        Assert.True(first.Report.Calibration.Seeded);
        Assert.Contains(first.Report.Warnings, warning => warning.Contains("seeded", StringComparison.Ordinal));
    }

    [Fact]
    public void Options_are_part_of_a_models_identity()
    {
        var onnx = File.ReadAllBytes(Path.Combine(Repository.Root, "samples", "loan-approval", "trees.onnx"));
        var four = OnnxCompiler.Compile(onnx, new CompileOptions { Input = new InputFormat.Fixed(4) });
        var nine = OnnxCompiler.Compile(onnx, new CompileOptions { Input = new InputFormat.Fixed(9) });
        Assert.NotEqual(four.Hash, nine.Hash);
    }
}
