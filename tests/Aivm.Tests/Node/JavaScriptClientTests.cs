using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Aivm.Node;
using Aivm.Primitives;

namespace Aivm.Tests.Node;

/// <summary>Runs tests/js: unmodified viem and ethers, from npm, against a node in this process.</summary>
public sealed class JavaScriptClientTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "js");

    [Theory]
    [InlineData("viem.test.mjs")]
    [InlineData("ethers.test.mjs")]
    public async Task An_unmodified_client_reads_sends_publishes_a_model_and_calls_it(string script)
    {
        await RequirePackagesAsync();
        await using var node = await AivmNode.StartAsync(new NodeOptions { Port = 0 }, TestContext.Current.CancellationToken);
        var model = Path.Combine(Path.GetTempPath(), $"aivm-model-{Guid.NewGuid():N}.json");
        try
        {
            await File.WriteAllTextAsync(model, Fixture(), TestContext.Current.CancellationToken);
            var (exitCode, output) = await RunAsync(
                "node", ["--test", script], ("AIVM_URL", node.Url.ToString()), ("AIVM_MODEL", model));
            Assert.True(exitCode == 0, output);
            Assert.Null(node.Halted);
        }
        finally
        {
            File.Delete(model);
        }
    }

    private static string Fixture() => JsonSerializer.Serialize(new
    {
        container = Hex.Encode(SmallModel.Container),
        packed = Hex.Encode(SmallModel.PackedInput),
        input = SmallModel.Input,
        output = SmallModel.Output,
    });

    /// <summary>Installs the packages of the lock file when they are absent, and skips where that cannot be.</summary>
    private static async Task RequirePackagesAsync()
    {
        if (Directory.Exists(Path.Combine(Folder, "node_modules", "viem")) && Directory.Exists(Path.Combine(Folder, "node_modules", "ethers")))
            return;
        try
        {
            var (exitCode, _) = await RunAsync("npm", ["ci", "--no-audit", "--no-fund"]);
            if (exitCode != 0)
                Assert.Skip("needs the npm packages viem and ethers: npm ci in tests/js failed");
        }
        catch (Win32Exception)
        {
            Assert.Skip("needs Node.js 20 or later with npm");
        }
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(
        string program, string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return (process.ExitCode, await output + await errors);
    }
}
