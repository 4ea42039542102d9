namespace Aivm.Tests.Cli;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("--help")]
    [InlineData("dev", "--help")]
    [InlineData("model", "publish", "--help")]
    [InlineData("weights", "renew", "--help")]
    [InlineData("attest", "verify", "--help")]
    public async Task A_help_page_exits_0(params string[] arguments)
    {
        using var cli = new CliProcess();
        var outcome = await cli.Run(arguments);
        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains("Usage:", outcome.Output);
    }

    [Theory]
    [InlineData("no-such-command")]
    [InlineData("dev", "--no-such-option")]
    [InlineData("dev", "--port", "many")]
    [InlineData("dev", "--port", "70000")]
    [InlineData("model", "compile")]
    [InlineData("weights", "renew")]
    [InlineData("weights", "prove-ranges", "no-such-file.aivm")]
    [InlineData("model", "compile", "no-such-file.onnx", "-o", "x.aivm")]
    public async Task A_usage_error_is_one_line_on_standard_error_and_exit_code_2(params string[] arguments)
    {
        using var cli = new CliProcess();
        var outcome = await cli.Run([.. arguments, "--json"]);
        AssertFailure(outcome, 2);
    }

    [Fact]
    public async Task A_misspelt_command_is_named()
    {
        using var cli = new CliProcess();
        Assert.Contains("'modle'", (await cli.Run("modle", "list")).Error);
    }

    [Theory]
    [InlineData("0.0000001")]
    [InlineData("-1")]
    [InlineData("1e99")]
    public async Task A_block_time_that_no_clock_keeps_is_a_usage_error(string seconds)
    {
        using var cli = new CliProcess();
        AssertFailure(await cli.Run("dev", "--port", "0", "--block-time", seconds), 2, "usage");
    }

    internal static void AssertFailure(CliProcess.Outcome outcome, int exitCode, string? code = null)
    {
        Assert.Equal(exitCode, outcome.ExitCode);
        Assert.Equal("", outcome.Output);
        Assert.Single(outcome.Error.TrimEnd('\n').Split('\n'));
        if (code is not null)
            Assert.StartsWith($"aivm: {code}: ", outcome.Error);
    }
}
