using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Inference;

namespace Aivm.Tests.Compiler;

/// <summary>How wide the compiler makes what layers multiply, and what that does to the error.</summary>
public sealed class PrecisionTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "samples", "image-classifier");

    private static CompileResult Image(PrecisionMode precision) => OnnxCompiler.Compile(File.ReadAllBytes(Path.Combine(Folder, "model.onnx")), new CompileOptions
    {
        Input = new InputFormat.U8(),
        Scale = 1 / 255.0,
        Calibration = InputFiles.Read(Path.Combine(Folder, "calibration.npz")),
        Precision = precision,
    });

    [Fact]
    public void Operands_of_layers_are_as_wide_as_asked_for_and_16_bits_err_less()
    {
        var (narrow, wide) = (Image(PrecisionMode.S8).Report, Image(PrecisionMode.S16).Report);
        var operands = narrow.Layers.TakeWhile(layer => layer.Source != "Gemm").ToArray();
        Assert.NotEmpty(operands);
        Assert.All(operands, layer => Assert.Equal("S8", layer.Type));
        Assert.All(wide.Layers.Take(operands.Length), layer => Assert.Equal("S16", layer.Type));
        Assert.InRange(wide.Calibration.Outputs.Single().Rms, 0, narrow.Calibration.Outputs.Single().Rms * 0.8);
    }

    [Fact]
    public void A_model_that_8_bits_hardly_touch_keeps_8() =>
        Assert.Equal(Image(PrecisionMode.S8).Hash, Image(PrecisionMode.Auto).Hash);

    [Fact]
    public void Only_the_operand_whose_rounding_costs_the_scores_gets_16_bits()
    {
        var (narrow, chosen) = (Differences(PrecisionMode.S8), Differences(PrecisionMode.Auto));
        Assert.Equal(["S16", "S8", "S32"], chosen.Report.Layers.Select(layer => layer.Type));
        Assert.InRange(narrow.Report.Calibration.ScoreError!.Value, 0.05, 1);
        Assert.InRange(chosen.Report.Calibration.ScoreError!.Value, 0, 1 / 32.0);
    }

    [Fact]
    public void Drawn_samples_ask_for_no_16_bits()
    {
        var onnx = DifferencesOf(16);
        var drawn = new CompileOptions { Input = new InputFormat.Fixed(3), Scale = 100 };
        Assert.Equal(OnnxCompiler.Compile(onnx, drawn with { Precision = PrecisionMode.S8 }).Hash, OnnxCompiler.Compile(onnx, drawn).Hash);
    }

    /// <summary>Neighbours of about 100 are subtracted: the little that is left is lost when 8 bits hold the hundreds.</summary>
    internal static CompileResult Differences(PrecisionMode precision)
    {
        const int Width = 16;
        var rows = string.Join('\n', Enumerable.Range(0, 40).Select(row => string.Join(',', Enumerable.Range(0, Width).Select(i => 100 + (row * 37 + i * i * 29) % 101 / 25.0))));
        var options = new CompileOptions { Input = new InputFormat.Fixed(3), Calibration = Inputs.Read("x.csv", rows), Precision = precision };
        return OnnxCompiler.Compile(DifferencesOf(Width), options);
    }

    private static byte[] DifferencesOf(int width)
    {
        float[] differences = [.. Enumerable.Range(0, width * width).Select(i => i / width == i % width ? 1f : i / width == (i % width + 1) % width ? -1f : 0f)];
        return new OnnxFile()
            .Input("x", 1, width).Output("y")
            .Weights("d", [width, width], differences)
            .RandomWeights("w", [width, 4], 1)
            .Node("MatMul", ["x", "d"], ["h"])
            .Node("Relu", ["h"], ["r"])
            .Node("MatMul", ["r", "w"], ["y"])
            .Write();
    }

    [Fact]
    public void A_value_that_reaches_a_layer_by_2_to_the_70_ways_is_weighed_all_the_same()
    {
        var file = new OnnxFile().Input("x0", 1, 4).Output("y").RandomWeights("w", [4, 2], 1);
        for (var level = 0; level < 70; level++)
        {
            file.Node("Split", [$"x{level}"], [$"a{level}", $"b{level}"], OnnxFile.Attribute("axis", 1L));
            file.Node("Concat", [$"b{level}", $"a{level}"], [$"x{level + 1}"], OnnxFile.Attribute("axis", 1L));
        }
        var onnx = file.Node("MatMul", ["x70", "w"], ["y"]).Write();
        var options = new CompileOptions { Calibration = Inputs.Read("x.csv", "1,2,3,4\n4,3,2,1\n"), Precision = PrecisionMode.S16 };
        Assert.Contains(OnnxCompiler.Compile(onnx, options).Report.Layers, layer => layer.Type == "S16");
    }

    [Fact]
    public void A_wide_input_of_fixed_point_numbers_leaves_the_weights_their_precision()
    {
        // 600 inputs by weights that fill 8 bits: at 32767 the accumulator bound would leave the weights 5 bits.
        const int Width = 600;
        var onnx = new OnnxFile()
            .Input("x", 1, Width).Output("y")
            .RandomWeights("w", [Width, 8], 1)
            .Node("MatMul", ["x", "w"], ["y"])
            .Write();
        var rows = string.Join('\n', Enumerable.Range(0, 20).Select(row => string.Join(',', Enumerable.Range(0, Width).Select(i => (row * 7 + i * 13) % 101 / 100.0))));
        var options = new CompileOptions { Input = new InputFormat.Fixed(6), Calibration = Inputs.Read("x.csv", rows), Precision = PrecisionMode.S16 };
        var layer = OnnxCompiler.Compile(onnx, options).Report.Layers[^1];
        var narrow = OnnxCompiler.Compile(onnx, options with { Precision = PrecisionMode.S8 }).Report.Layers[^1];
        Assert.InRange(layer.RmsError!.Value, 0, narrow.RmsError!.Value * 0.8);
    }
}
