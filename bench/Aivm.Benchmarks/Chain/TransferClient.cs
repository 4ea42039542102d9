using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Chain;

/// <summary>What one drive of a node gave; the clock runs from the first submission to the last receipt.</summary>
internal sealed record Drive(int Transfers, double Seconds, double SubmissionSeconds, int Blocks)
{
    public double Rate => Transfers / Seconds;
}

/// <summary>The Node script that plays the user (<c>bench/peers/transfers.mjs</c>): the same for every node.</summary>
internal static class TransferClient
{
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Task SignAsync(string file, int transfers, CancellationToken cancellation) =>
        RunAsync(["sign", file, "--transfers", transfers.ToString(CultureInfo.InvariantCulture)], cancellation);

    public static async Task<Drive> DriveAsync(string file, string url, CancellationToken cancellation) =>
        JsonSerializer.Deserialize<Drive>(await RunAsync(["drive", file, "--url", url], cancellation), Format)!;

    private static async Task<string> RunAsync(IEnumerable<string> arguments, CancellationToken cancellation)
    {
        using var process = Process.Start(new ProcessStartInfo("node", [Peers.TransferClient, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        }) ?? throw new AivmException(Failure.Environment, "node-missing", "Node.js 20 or later is needed (node).");
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var errors = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode == 0
                ? await output
                : throw new AivmException(Failure.Check, "client-failed", $"The client failed: {await errors}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }
}
