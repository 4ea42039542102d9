using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Attestation;

/// <summary>The npm package that verifies quotes, in a process of its own (<c>bench/peers/attestation.mjs</c>).</summary>
internal static class QuotePeer
{
    public const string Version = "0.3.9";

    /// <summary>The median of one verification of the quote with all of its collateral.</summary>
    /// <exception cref="AivmException"><c>peer-missing</c>, <c>peer-failed</c>.</exception>
    public static async Task<double> MillisecondsAsync(EvidenceFiles files, int count, CancellationToken cancellation)
    {
        var folder = Path.Combine(Repository.Root, "bench", "peers");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "@phala", "dcap-qvl")))
            throw new AivmException(Failure.Environment, "peer-missing", $"Install the peers first: npm ci --ignore-scripts --prefix {Path.Combine("bench", "peers")}; or leave them out with --alone.");
        string[] arguments =
        [
            Path.Combine(folder, "attestation.mjs"), files.Path, files.CollateralPaths[0], files.At.ToString(CultureInfo.InvariantCulture),
            "--count", count.ToString(CultureInfo.InvariantCulture),
        ];
        using var process = Process.Start(new ProcessStartInfo("node", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })
            ?? throw new AivmException(Failure.Environment, "peer-missing", "Node.js 20 or later is needed (node).");
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
        await process.WaitForExitAsync(cancellation);
        if (process.ExitCode != 0)
            throw new AivmException(Failure.Check, "peer-failed", $"The peer failed: {await errors}");
        var answer = JsonDocument.Parse(await output).RootElement;
        if (answer.GetProperty("status").GetString() != "UpToDate")
            throw new AivmException(Failure.Check, "peer-failed", $"The peer says {answer.GetProperty("status")}, where UpToDate is right.");
        return answer.GetProperty("milliseconds").GetDouble();
    }
}
