using System.CommandLine;
using System.Diagnostics;
using Aivm.Cli.Demo;
using Aivm.Node;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm demo</c>: the main job, start to end, by itself.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var command = new Command(
            "demo",
            """
            Start an embedded chain, publish the sample models, run applicants and images through transactions, compare each answer
            with ONNX Runtime's, run one of them on every path (on-chain, zero-knowledge proof, development TEE), and re-execute every
            block in a second application. Needs nothing, costs nothing, leaves nothing behind.
            """)
        {
            json,
        };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            var clock = Stopwatch.StartNew();
            var data = TemporaryDirectory();
            try
            {
                await using var node = await AivmNode.StartAsync(new NodeOptions { Port = 0, DataDirectory = data.FullName }, cancellation);
                using var client = new RpcClient(node.Url);
                if (!terminal.Json)
                    terminal.Line($"An AIVM chain runs in this process, at {node.Url}, its blocks in a directory that goes when it ends.");
                await using var paths = new DemoPaths(WalletOf(client, 1), WalletOf(client, 2), Path.Combine(data.FullName, "provider"), cancellation);
                var run = new DemoRun(node, WalletOf(client, 0), WalletOf(client, 1), paths, terminal);
                var demo = await run.RunAsync(cancellation);
                terminal.Result(demo, () => DemoTables.PrintEnd(terminal, demo, clock.Elapsed, run.Failures));
                return run.Failures.Count == 0 ? 0 : terminal.Fail(1, "check-failed", string.Join(" ", run.Failures));
            }
            finally
            {
                // Somebody who cleans the temporary directory must not hide what the demo has to say.
                if (Directory.Exists(data.FullName))
                    data.Delete(recursive: true);
            }
        });
        return command;
    }

    private static DirectoryInfo TemporaryDirectory()
    {
        try
        {
            return Directory.CreateTempSubdirectory("aivm-demo-");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AivmException(
                Failure.Environment, "temp-unwritable", $"The demo's chain needs a directory in {Path.GetTempPath()}, which cannot be written: set TMPDIR to one that can.", exception);
        }
    }

    private static Wallet WalletOf(RpcClient client, int account) => new(client, DevChain.Accounts[account].Key.Span);
}
