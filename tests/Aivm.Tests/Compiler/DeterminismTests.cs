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

    /// <summary>Widths, exponents and shifts are a fixture: no machine, core count or vector width may move any of them.</summary>
    [Fact]
    public void The_choice_of_16_bits_is_the_same_everywhere()
    {
        var first = PrecisionTests.Differences(PrecisionMode.Auto);
        Assert.Equal(first.Hash, PrecisionTests.Differences(PrecisionMode.Auto).Hash);
        Assert.Equal("S16:5:44 S8:5:9 S32:12:0", string.Join(' ', first.Report.Layers.Select(layer => $"{layer.Type}:{layer.OutputExponent}:{layer.Shift}")));
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
