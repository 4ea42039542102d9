using System.Globalization;
using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Attestation;

/// <summary>The npm package that verifies quotes, in a process of its own (<c>bench/peers/attestation.mjs</c>).</summary>
internal static class QuotePeer
{
    public const string Version = "0.3.9";

    /// <summary>The median of one verification of the quote with all of its collateral.</summary>
    /// <exception cref="AivmException"><c>node-missing</c>, <c>script-failed</c>.</exception>
    public static async Task<double> MillisecondsAsync(EvidenceFiles files, int count, CancellationToken cancellation)
    {
        string[] arguments =
        [
            files.Path, files.CollateralPaths[0], files.At.ToString(CultureInfo.InvariantCulture), "--count", count.ToString(CultureInfo.InvariantCulture),
        ];
        var answer = JsonDocument.Parse(await NodeScript.RunAsync("attestation.mjs", arguments, cancellation)).RootElement;
        if (answer.GetProperty("status").GetString() != "UpToDate")
            throw new AivmException(Failure.Check, "script-failed", $"The peer says {answer.GetProperty("status")}, where UpToDate is right.");
        return answer.GetProperty("milliseconds").GetDouble();
    }
}
