using System.Diagnostics;
using Aivm.Primitives;

namespace Aivm.Benchmarks;

/// <summary>A script of <c>bench/peers</c>, run by Node.js to its end.</summary>
internal static class NodeScript
{
    private static readonly string Folder = Path.Combine(Repository.Root, "bench", "peers");

    /// <returns>What it wrote to standard output.</returns>
    /// <exception cref="AivmException"><c>node-missing</c>, <c>script-failed</c>.</exception>
    public static async Task<string> RunAsync(string name, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        using var process = Start(name, arguments);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var errors = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode == 0
                ? await output
                : throw new AivmException(Failure.Check, "script-failed", $"{name} failed. Its packages come with: npm ci --ignore-scripts --prefix bench/peers. It said: {await errors}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    private static Process Start(string name, IEnumerable<string> arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("node", [Path.Combine(Folder, name), .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new AivmException(Failure.Environment, "node-missing", "Node.js 20 or later is needed (node).");
        }
    }
}
