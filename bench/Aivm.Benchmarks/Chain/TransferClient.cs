using System.Globalization;
using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Chain;

/// <summary>What one drive of a node gave. All times run from the first submission.</summary>
/// <param name="SubmissionSeconds">Until the last submission was answered.</param>
/// <param name="MinedSeconds">Until the last transfer was in a block.</param>
/// <param name="Seconds">Until the last receipt was read.</param>
internal sealed record Drive(int Transfers, double SubmissionSeconds, double MinedSeconds, double Seconds, int Blocks);

/// <summary>The Node script that plays the user (<c>bench/peers/transfers.mjs</c>): the same for every node.</summary>
internal static class TransferClient
{
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Task SignAsync(string file, int transfers, CancellationToken cancellation) =>
        RunAsync(["sign", file, "--transfers", transfers.ToString(CultureInfo.InvariantCulture)], cancellation);

    /// <summary>Instant mining is driven at a closed pace: see docs/benchmarks/chain.md.</summary>
    /// <exception cref="AivmException"><c>script-failed</c>: the node refused, or mined nothing for long.</exception>
    public static async Task<Drive> DriveAsync(string file, string url, Mining mining, CancellationToken cancellation)
    {
        var pace = mining == Mining.Interval ? "open" : "closed";
        return JsonSerializer.Deserialize<Drive>(await RunAsync(["drive", file, "--url", url, "--pace", pace], cancellation), Format)!;
    }

    private static Task<string> RunAsync(IEnumerable<string> arguments, CancellationToken cancellation) =>
        NodeScript.RunAsync("transfers.mjs", arguments, cancellation);
}
