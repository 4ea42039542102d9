using System.IO.Compression;
using System.Text;
using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;
using static Aivm.Tests.Compiler.OnnxFile;

namespace Aivm.Tests.Compiler;

public sealed class SeveralInputsTests
{
    private const int Bool = 9;

    /// <summary>y = a W + b + flag.</summary>
    private static readonly byte[] Model = new OnnxFile()
        .Input("a", -1, 3).Input("b", -1, 2).TypedInput("flag", Bool, 1, 2).RandomWeights("w", [3, 2], 0.5f)
        .Node("MatMul", ["a", "w"], ["m"]).Node("Add", ["m", "b"], ["s"]).Node("Cast", ["flag"], ["f"], Attribute("to", 1L)).Node("Add", ["s", "f"], ["y"])
        .Output("y").Write();

    private static readonly CompileOptions Options = new()
    {
        Input = new InputFormat.Fixed(2),
        Scale = 0.5,
        Inputs = new CompileOptions().Inputs.Add("b", new InputOptions(new InputFormat.Fixed(1), 0.125)),
        Calibration = Rows(64),
    };

    /// <summary>Three numbers with two decimals, two with one, two flags.</summary>
    private static SampleSet Rows(int count)
    {
        var random = new Random(3);
        var text = new StringBuilder();
        string Number(int decimals) => ((random.NextDouble() * 4) - 2).ToString($"F{decimals}", System.Globalization.CultureInfo.InvariantCulture);
        for (var row = 0; row < count; row++)
            text.AppendJoin(',', Number(2), Number(2), Number(2), Number(1), Number(1), random.Next(2), random.Next(2)).Append('\n');
        return Inputs.Read("rows.csv", text.ToString());
    }

    [Fact]
    public void Each_input_has_its_own_format_and_scale_and_stands_in_the_order_of_the_file()
    {
        var model = Onnx.Load(OnnxCompiler.Compile(Model, Options));
        Assert.Equal(["a", "b", "flag"], model.Graph.Inputs.Select(input => input.Name));
        Assert.Equal([new InputFormat.Fixed(2), new InputFormat.Fixed(1), new InputFormat.Index(2)], model.Graph.Inputs.Select(input => input.Format));
        using var session = Onnx.Session(Model);
        var samples = Rows(64);
        for (var row = 0; row < samples.Count; row++)
        {
            var reals = samples.Reals(row);
            double[] scaled = [.. reals[..3].Select(value => value * 0.5), .. reals[3..5].Select(value => value * 0.125), .. reals[5..]];
            var expected = Onnx.Runtime(session, scaled)["y"];
            var actual = Onnx.Reals(model, Onnx.Run(model, Onnx.Integers(model, samples, row)), 0);
            for (var i = 0; i < expected.Length; i++)
                Assert.InRange(actual[i] - expected[i], -0.02, 0.02);
        }
    }

    [Fact]
    public void An_archive_with_an_array_for_each_input_means_the_same_as_rows_of_all()
    {
        var rows = Inputs.Read("rows.csv", "1,2,3,0.5,-1,0,1\n-1,0.25,0,2,1,1,1\n");
        var archive = Inputs.Read("rows.npz", Archive(
            ("flag", [2], [0, 1, 1, 1]), ("b", [2], [0.5, -1, 2, 1]), ("labels", [1], [7, 7]), ("a", [3], [1, 2, 3, -1, 0.25, 0])));
        var model = Onnx.Load(OnnxCompiler.Compile(Model, Options));
        Assert.Equal(2, archive.Count);
        for (var row = 0; row < 2; row++)
            Assert.Equal(Onnx.Integers(model, rows, row), Onnx.Integers(model, archive, row));
    }

    [Fact]
    public void An_archive_that_lacks_an_input_is_refused_and_names_both_sides()
    {
        var samples = Inputs.Read("rows.npz", Archive(("a", [3], [1, 2, 3]), ("c", [2], [1, 2])));
        var refusal = Assert.Throws<AivmException>(() => OnnxCompiler.Compile(Model, Options with { Calibration = samples }));
        Assert.Equal("The calibration samples do not fit: the arrays are called 'a', 'c', the model's inputs 'a', 'b', 'flag'.", refusal.Message);
    }

    [Fact]
    public void A_value_outside_an_index_is_refused_by_row_and_column()
    {
        var samples = Inputs.Read("rows.csv", "1,2,3,0.5,-1,0,2\n");
        var refusal = Assert.Throws<AivmException>(() => OnnxCompiler.Compile(Model, Options with { Calibration = samples }));
        Assert.Equal("Row 1, column 7 of the input is not an integer from 0 to 1, which this model's input wants.", refusal.Message);
    }

    public static TheoryData<string, InputOptions> BadOptions() => new()
    {
        { "z", new InputOptions(new InputFormat.U8()) },
        { "b", new InputOptions(new InputFormat.Fixed(19)) },
        { "b", new InputOptions(Scale: 0) },
        { "flag", new InputOptions(Scale: 2) },
        { "a", new InputOptions(new InputFormat.Index(0)) },
    };

    [Theory]
    [MemberData(nameof(BadOptions))]
    public void Options_that_fit_no_input_are_refused(string name, InputOptions options)
    {
        var refusal = Assert.Throws<AivmException>(() => OnnxCompiler.Compile(Model, new CompileOptions { Inputs = new CompileOptions().Inputs.Add(name, options) }));
        Assert.Equal("compile-options", refusal.Error.Code);
        Assert.Contains($"'{name}'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Seventeen_inputs_are_refused()
    {
        var file = new OnnxFile().Output("y");
        for (var i = 0; i < 17; i++)
            file.Input($"x{i}", 1, 2);
        var refusal = Assert.Throws<AivmException>(() => OnnxCompiler.Compile(file.Node("Add", ["x0", "x1"], ["y"]).Write(), new CompileOptions()));
        Assert.Equal("unsupported-input", refusal.Error.Code);
    }

    /// <summary>An NPZ of doubles.</summary>
    private static byte[] Archive(params (string Name, int[] Shape, double[] Values)[] arrays)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, shape, values) in arrays)
            {
                var rows = values.Length / shape.Aggregate(1, (a, b) => a * b);
                var header = $"{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, {string.Join(", ", shape)}), }}\n";
                using var entry = zip.CreateEntry($"{name}.npy").Open();
                entry.Write([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0, (byte)header.Length, 0]);
                entry.Write(Encoding.Latin1.GetBytes(header));
                foreach (var value in values)
                    entry.Write(BitConverter.GetBytes(value));
            }
        }
        return stream.ToArray();
    }
}
