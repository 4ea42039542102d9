using Aivm.Tests.Compiler;

namespace Aivm.Tests.Cli;

public sealed class ModelCommandTests
{
    private static readonly string Trees = Path.Combine(Repository.Root, "samples", "loan-approval", "trees.onnx");
    private static readonly string Rows = Path.Combine(Repository.Root, "samples", "loan-approval", "rows.csv");

    [Fact]
    public async Task Compile_then_run_gives_a_line_a_sample_with_the_hash_of_its_outputs()
    {
        using var cli = new CliProcess();
        var model = cli.PathOf("trees.aivm");
        var compiled = await cli.Run("model", "compile", Trees, "-o", model, "--input", "fixed:4", "--json");
        Assert.Equal(0, compiled.ExitCode);
        Assert.Equal("", compiled.Error);

        var lines = await cli.Run("model", "run", model, "--input", Rows);
        var document = (await cli.Run("model", "run", model, "--input", Rows, "--json")).Json;
        Assert.Equal(compiled.Json.GetProperty("hash").GetString(), document.GetProperty("hash").GetString());
        var samples = document.GetProperty("samples").EnumerateArray().ToList();
        var printed = lines.Output.TrimEnd('\n').Split('\n');
        Assert.Equal(samples.Count, printed.Length);
        for (var i = 0; i < samples.Count; i++)
            Assert.EndsWith(samples[i].GetProperty("hash").GetString()!, printed[i]);
    }

    [Fact]
    public async Task Scores_are_not_called_probabilities()
    {
        using var cli = new CliProcess();
        async Task<System.Text.Json.JsonElement> Probability(string name, OnnxFile file)
        {
            var onnx = cli.WriteFile(name + ".onnx", file.Node("ArgMax", ["y"], ["label"], OnnxFile.Attribute("axis", 1L)).Output("label", 7).Output("y").Write());
            var model = cli.PathOf(name + ".aivm");
            Assert.Equal(0, (await cli.Run("model", "compile", onnx, "-o", model)).ExitCode);
            var rows = cli.WriteFile("rows.json", "[[0.5, 0.25, 0.125, 1]]"u8.ToArray());
            return (await cli.Run("model", "run", model, "--input", rows, "--json")).Json.GetProperty("samples")[0].GetProperty("probability");
        }
        OnnxFile Scores(string result) => new OnnxFile().Input("x", 1, 4).RandomWeights("w", [4, 3], 4).Node("MatMul", ["x", "w"], [result]);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, (await Probability("scores", Scores("y"))).ValueKind);
        Assert.InRange((await Probability("shares", Scores("s").Node("Softmax", ["s"], ["y"]))).GetDouble(), 1 / 3.0, 1);
    }

    [Fact]
    public async Task The_report_names_width_scale_error_and_gas_of_each_layer_for_people_and_programs()
    {
        using var cli = new CliProcess();
        var folder = Path.Combine(Repository.Root, "samples", "image-classifier");
        string[] arguments =
        [
            "model", "compile", Path.Combine(folder, "model.onnx"), "-o", cli.PathOf("image.aivm"), "--input", "u8", "--scale", "1/255",
            "--calibrate", Path.Combine(folder, "calibration.npz"), "--precision", "s16",
        ];
        var people = await cli.Run(arguments);
        Assert.Equal(0, people.ExitCode);
        foreach (var text in new[] { "Conv", "S16", "2^-", " dB", "labels ", "scores ", "gas " })
            Assert.Contains(text, people.Output, StringComparison.Ordinal);
        var report = (await cli.Run([.. arguments, "--json"])).Json.GetProperty("report");
        foreach (var key in new[] { "name", "source", "operator", "type", "input_exponent", "output_exponent", "shift", "macs", "gas", "rms_error", "max_error", "rms_signal", "relative_error" })
            Assert.True(report.GetProperty("layers")[0].TryGetProperty(key, out _), key);
        foreach (var key in new[] { "samples", "seeded", "label_agreement", "outputs", "accuracy", "score_error" })
            Assert.True(report.GetProperty("calibration").TryGetProperty(key, out _), key);
    }

    [Fact]
    public async Task A_precision_that_does_not_exist_is_bad_input()
    {
        using var cli = new CliProcess();
        CommandLineTests.AssertFailure(await cli.Run("model", "compile", Trees, "--precision", "s32", "--json"), 2);
    }

    [Fact]
    public async Task Bytes_that_are_no_ONNX_file_are_bad_input()
    {
        using var cli = new CliProcess();
        var file = cli.WriteFile("noise.onnx", "this is not a model");
        CommandLineTests.AssertFailure(await cli.Run("model", "compile", file, "--json"), 2, "onnx-corrupt");
    }

    [Theory]
    [InlineData("missing/model.aivm")]
    [InlineData(".")]
    public async Task A_place_where_no_file_can_be_written_is_refused_before_the_work(string place)
    {
        using var cli = new CliProcess();
        CommandLineTests.AssertFailure(await cli.Run("model", "compile", Trees, "-o", cli.PathOf(place)), 2, "output-invalid");
    }

    [Fact]
    public async Task A_model_that_cannot_be_written_whole_is_an_environment_error()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "there is no /dev/full");
        using var cli = new CliProcess();
        CommandLineTests.AssertFailure(await cli.Run("model", "compile", Trees, "-o", "/dev/full"), 3, "output-unwritable");
    }

    [Fact]
    public async Task Names_in_a_model_do_not_steer_the_terminal()
    {
        using var cli = new CliProcess();
        var file = cli.WriteFile("evil.onnx", new OnnxFile().Input("x", 1, 4).Node("Evil\u001b[31m\nOperator", ["x"], ["y"]).Output("y").Write());
        var outcome = await cli.Run("model", "compile", file);
        CommandLineTests.AssertFailure(outcome, 2, "unsupported-operator");
        Assert.DoesNotContain('\u001b', outcome.Error);
    }

    [Fact]
    public async Task A_truncated_ONNX_file_is_bad_input()
    {
        using var cli = new CliProcess();
        var whole = File.ReadAllBytes(Trees);
        var file = cli.WriteFile("half.onnx", whole[..(whole.Length / 2)]);
        CommandLineTests.AssertFailure(await cli.Run("model", "compile", file, "--json"), 2);
    }

    [Fact]
    public async Task Bytes_that_are_no_container_are_bad_input()
    {
        using var cli = new CliProcess();
        var file = cli.WriteFile("noise.aivm", "this is not a model either");
        CommandLineTests.AssertFailure(await cli.Run("model", "run", file, "--input", Rows, "--json"), 2);
    }

    [Theory]
    [InlineData("1,2,3\n", "input-shape")]
    [InlineData("", null)]
    [InlineData("a,b,c,d,e,f,g,h,i,j,k,l\n1,2,3,4,5,6,7,8,9,10,11,none\n", null)]
    public async Task Rows_of_another_shape_or_type_are_bad_input(string rows, string? code)
    {
        using var cli = new CliProcess();
        var model = cli.PathOf("trees.aivm");
        Assert.Equal(0, (await cli.Run("model", "compile", Trees, "-o", model, "--input", "fixed:4", "--json")).ExitCode);
        var file = cli.WriteFile("rows.csv", rows);
        CommandLineTests.AssertFailure(await cli.Run("model", "run", model, "--input", file, "--json"), 2, code);
    }

    [Fact]
    public async Task Formats_are_given_for_all_inputs_or_by_name()
    {
        using var cli = new CliProcess();
        async Task<CliProcess.Outcome> Compile(params string[] options) => await cli.Run(["model", "compile", Trees, "-o", cli.PathOf("m.aivm"), "--json", .. options]);
        var all = await Compile("--input", "fixed:4");
        var named = await Compile("--input", "u8", "--input", "applicant=fixed:4", "--scale", "1/255", "--scale", "applicant=1");
        Assert.Equal(all.Json.GetProperty("hash").GetString(), named.Json.GetProperty("hash").GetString());
        CommandLineTests.AssertFailure(await Compile("--input", "nobody=fixed:4"), 2, "compile-options");
        CommandLineTests.AssertFailure(await Compile("--input", "fixed:4", "--input", "fixed:5"), 2);
        CommandLineTests.AssertFailure(await Compile("--input", "applicant=index:0"), 2);
    }

    [Fact]
    public async Task A_node_that_does_not_answer_is_an_environment_error()
    {
        using var cli = new CliProcess();
        CommandLineTests.AssertFailure(await cli.Run("model", "list", "--rpc", "http://127.0.0.1:9", "--json"), 3, "node-unreachable");
    }
}
