using System.Text.Json;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs;

namespace Aivm.Tests.Cli;

public sealed class ProveCommandTests : IDisposable
{
    private const string Context = "0x00000000000000000000000000000000000000000000000000000000000000aa";

    private readonly CliProcess _cli = new();
    private readonly string _model;
    private readonly string _row;
    private readonly string _rows;
    private readonly string _password;
    private readonly string _proof;

    public ProveCommandTests()
    {
        _model = _cli.WriteFile("small.aivm", SmallNetwork.Container);
        _row = _cli.WriteFile("row.json", JsonSerializer.Serialize(new[] { SmallNetwork.Input(1) }));
        _rows = _cli.WriteFile("rows.json", JsonSerializer.Serialize(new[] { SmallNetwork.Input(1), SmallNetwork.Input(2) }));
        _password = _cli.WriteFile("password", "correct horse\n");
        _proof = _cli.PathOf("run.proof");
    }

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task A_proof_is_checked_by_its_file_alone_and_says_what_was_run()
    {
        var proved = await _cli.Run("prove", _model, "--input", _row, "-o", _proof, "--context", Context, "--json");
        Assert.Equal((0, ""), (proved.ExitCode, proved.Error));
        File.Delete(_model);
        var verified = await _cli.Run("verify", _proof, "--model", SmallNetwork.Model.Hash.ToString(), "--json");
        Assert.Equal((0, ""), (verified.ExitCode, verified.Error));
        Assert.True(verified.Json.GetProperty("accepted").GetBoolean());
        foreach (var statement in new[] { proved.Json.GetProperty("statement"), verified.Json.GetProperty("statement") })
        {
            Assert.Equal(SmallNetwork.Model.Hash.ToString(), statement.GetProperty("model").GetString());
            Assert.Equal(("public", "public"), (statement.GetProperty("weights").GetString(), statement.GetProperty("input").GetString()));
            Assert.Equal((1, Context), (statement.GetProperty("samples").GetInt32(), statement.GetProperty("context").GetString()));
            var run = Assert.Single(statement.GetProperty("runs").EnumerateArray());
            Assert.Equal(SmallNetwork.Input(1), run.GetProperty("inputs").EnumerateArray().Select(number => number.GetInt64()));
            Assert.Equal(SmallNetwork.Run(SmallNetwork.Input(1)), run.GetProperty("outputs").EnumerateArray().Select(number => number.GetInt64()));
        }
        var people = await _cli.Run("verify", _proof);
        Assert.Contains("accepted", people.Output, StringComparison.Ordinal);
        Assert.Contains(SmallNetwork.Model.Hash.ToString(), people.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("lookups, layers", people.Output, StringComparison.Ordinal);
        Assert.Contains("lookups, layers: ", (await _cli.Run("verify", _proof, "--verbose")).Output, StringComparison.Ordinal);
        Assert.InRange(verified.Json.GetProperty("soundness_bits").GetDouble(), 100, 104);
        var soundness = Assert.Single(verified.Json.GetProperty("soundness").EnumerateArray());
        Assert.Equal(verified.Json.GetProperty("soundness_bits").GetDouble(), soundness.GetProperty("bits").GetDouble());
        Assert.All(soundness.GetProperty("terms").EnumerateArray(), term => Assert.True(term.GetProperty("bits").GetDouble() > soundness.GetProperty("bits").GetDouble()));
    }

    [Fact]
    public async Task A_proof_by_the_root_of_public_weights_says_so_and_shows_that_the_root_holds_them()
    {
        var proved = await _cli.Run("prove", _model, "--input", _row, "--weights-by-root", "-o", _proof, "--json");
        Assert.Equal((0, ""), (proved.ExitCode, proved.Error));
        File.Delete(_model);
        var verified = await _cli.Run("verify", _proof, "--model", SmallNetwork.Model.Hash.ToString(), "--json");
        Assert.Equal((0, ""), (verified.ExitCode, verified.Error));
        var statement = verified.Json.GetProperty("statement");
        Assert.Equal("public", statement.GetProperty("weights").GetString());
        Assert.Equal(proved.Json.GetProperty("statement").GetProperty("weight_root").GetString(), statement.GetProperty("weight_root").GetString());
        Assert.Equal(["run", "root of the public weights"], verified.Json.GetProperty("soundness").EnumerateArray().Select(each => each.GetProperty("proof").GetString()));
        Assert.InRange(verified.Json.GetProperty("soundness_bits").GetDouble(), 100, 105);
        var people = await _cli.Run("verify", _proof);
        Assert.Contains($"public, and the commitment {statement.GetProperty("weight_root").GetString()} holds them", people.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Private_weights_are_no_public_ones()
    {
        CommandLineTests.AssertFailure(
            await _cli.Run("prove", _model, "--input", _row, "--weights-by-root", "--private", "weights", "--password-file", _password, "-o", _proof), 2, "usage");
        Assert.False(File.Exists(_proof));
    }

    [Fact]
    public async Task A_proof_that_is_refused_exits_1_with_the_check_and_a_file_that_is_none_exits_2()
    {
        Assert.Equal(0, (await _cli.Run("prove", _model, "--input", _row, "-o", _proof)).ExitCode);
        var bytes = File.ReadAllBytes(_proof);
        var bad = _cli.WriteFile("bad.proof", [.. bytes[..^5], (byte)(bytes[^5] ^ 1), .. bytes[^4..]]);
        CommandLineTests.AssertFailure(await _cli.Run("verify", bad, "--json"), 1, "proof-rejected");
        CommandLineTests.AssertFailure(await _cli.Run("verify", _proof, "--model", Context), 1, "model-mismatch");
        CommandLineTests.AssertFailure(await _cli.Run("verify", _cli.WriteFile("cut.proof", bytes[..^1])), 2, "proof-truncated");
        CommandLineTests.AssertFailure(await _cli.Run("verify", _cli.WriteFile("long.proof", [.. bytes, 0])), 2, "proof-trailing");
        CommandLineTests.AssertFailure(await _cli.Run("verify", _model), 2, "proof-file");
        CommandLineTests.AssertFailure(await _cli.Run("verify", _proof, "--model", "nowhere.aivm"), 2, "file-not-found");
    }

    [Fact]
    public async Task Several_samples_are_one_proof_when_it_is_said_and_refused_otherwise()
    {
        CommandLineTests.AssertFailure(await _cli.Run("prove", _model, "--input", _rows, "-o", _proof), 2, "input-shape");
        Assert.Equal(0, (await _cli.Run("prove", _model, "--input", _rows, "--batch", "-o", _proof)).ExitCode);
        Assert.Equal(2, (await _cli.Run("verify", _proof, "--json")).Json.GetProperty("statement").GetProperty("samples").GetInt32());
    }

    [Theory]
    [InlineData("--private", "outputs")]
    [InlineData("--private", "weights,")]
    [InlineData("--context", "0x12")]
    [InlineData("--sender", "0x12")]
    [InlineData("--subject", Context)]
    public async Task What_a_proof_cannot_say_is_bad_input(string option, string value)
    {
        CommandLineTests.AssertFailure(await _cli.Run("prove", _model, "--input", _row, option, value, "-o", _proof), 2, "usage");
        Assert.False(File.Exists(_proof));
    }

    [Fact]
    public async Task Weights_and_input_stay_secret_under_one_commitment_and_each_proof_counts()
    {
        string[] prove = ["prove", _model, "--input", _row, "--private", "weights,input", "--password-file", _password, "-o", _proof, "--json"];
        var first = (await _cli.Run(prove)).Json.GetProperty("statement");
        var second = (await _cli.Run(prove)).Json.GetProperty("statement");
        Assert.Equal(("private", "private"), (second.GetProperty("weights").GetString(), second.GetProperty("input").GetString()));
        Assert.Empty(second.GetProperty("runs")[0].GetProperty("inputs").EnumerateArray());
        Assert.Equal(first.GetProperty("model").GetString(), second.GetProperty("model").GetString());
        Assert.NotEqual(SmallNetwork.Model.Hash.ToString(), second.GetProperty("model").GetString());
        // The proof of the ranges, and two runs.
        AssertMarks(".", "..");
        var verified = await _cli.Run("verify", _proof, "--json");
        Assert.Equal((0, ""), (verified.ExitCode, verified.Error));
    }

    [Fact]
    public async Task A_proof_that_could_not_be_written_is_spent_and_a_spent_commitment_refuses_by_name()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "there is no /dev/full");
        string[] prove = ["prove", _model, "--input", _row, "--private", "weights", "--password-file", _password, "-o"];
        CommandLineTests.AssertFailure(await _cli.Run([.. prove, "/dev/full"]), 3, "output-unwritable");
        AssertMarks(".", ".");
        File.AppendAllText(Key, new string('.', CommittedWeights.MaxProofs - 3));
        CommandLineTests.AssertFailure(await _cli.Run([.. prove, _proof]), 1, "weights-renewal");
        File.AppendAllText(Key, ".");
        CommandLineTests.AssertFailure(await _cli.Run([.. prove, _proof]), 1, "weights-budget");
        Assert.False(File.Exists(_proof));
        CommandLineTests.AssertFailure(await _cli.Run("prove", _model, "--input", _row, "--private", "weights", "-o", _proof), 2, "password-required");
    }

    /// <summary>Behind the lines of the key, one after another.</summary>
    private void AssertMarks(params string[] marks) => Assert.Equal(marks, File.ReadAllText(Key).Split('\n').Where((_, line) => line % 2 == 1));

    private string Key => Path.Combine(_cli.Home, "weights", $"{SmallNetwork.Model.Hash}.key");
}
