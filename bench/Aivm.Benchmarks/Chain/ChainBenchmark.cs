using System.Globalization;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Chain;

/// <summary>
/// Signed transfers from submission through JSON-RPC to the last receipt, beside anvil: both nodes started alike, fresh for
/// each round, the same signed bytes to both, in turn, so that a busy machine hurts both; medians over the rounds.
/// </summary>
internal sealed class ChainBenchmark(ChainOptions options, TextWriter log)
{
    private const double MemoryBound = 500_000_000;
    private const double Megabyte = 1_000_000;

    public async Task<IReadOnlyList<BenchmarkResult>> RunAsync(CancellationToken cancellation)
    {
        if (!Secp256k1.IsNative)
            throw new AivmException(Failure.Environment, "secp256k1-missing", "Install libsecp256k1 first (Debian: libsecp256k1-1).");
        var work = Directory.CreateTempSubdirectory("aivm-benchmark-").FullName;
        try
        {
            var results = new List<BenchmarkResult>();
            var transfers = await SignAsync(work, options.Transfers, cancellation);
            foreach (var mining in options.Minings)
                results.AddRange(await CompareAsync(mining, transfers, cancellation));
            if (options.MemoryTransfers > 0)
                results.Add(await MeasureMemoryAsync(await SignAsync(work, options.MemoryTransfers, cancellation), cancellation));
            return results;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private async Task<string> SignAsync(string work, int transfers, CancellationToken cancellation)
    {
        var file = Path.Combine(work, $"{transfers.ToString(CultureInfo.InvariantCulture)}.jsonl");
        log.WriteLine(Invariant($"signing {transfers:N0} transfers"));
        await TransferClient.SignAsync(file, transfers, cancellation);
        return file;
    }

    private async Task<IEnumerable<BenchmarkResult>> CompareAsync(Mining mining, string transfers, CancellationToken cancellation)
    {
        var (ours, anvils) = (new List<Drive>(), new List<Drive>());
        for (var round = 1; round <= options.Rounds; round++)
        {
            ours.Add(await DriveAsync("aivm", mining, NodeProcess.StartAivmAsync(mining, cancellation), transfers, cancellation));
            if (!options.Alone && await TryDriveAnvilAsync(mining, transfers, cancellation) is { } drive)
                anvils.Add(drive);
        }
        return mining == Mining.Interval
            ?
            [
                Compare("chain-transfers-1s-blocks", ours, anvils, drive => drive.Seconds),
                Compare("chain-mined-1s-blocks", ours, anvils, drive => drive.MinedSeconds),
            ]
            : [Compare("chain-transfers-instant", ours, anvils, drive => drive.Seconds)];
    }

    private static BenchmarkResult Compare(string name, List<Drive> ours, List<Drive> anvils, Func<Drive, double> seconds) =>
        BenchmarkResult.HigherIsBetter(
            name, MedianRate(ours, seconds)!.Value, "transfers/s", $"anvil {Peers.AnvilVersion}", MedianRate(anvils, seconds));

    private async Task<Drive> DriveAsync(
        string name, Mining mining, Task<NodeProcess> start, string transfers, CancellationToken cancellation)
    {
        await using var node = await start;
        return await DriveAsync(name, mining, node, transfers, cancellation);
    }

    private async Task<Drive> DriveAsync(
        string name, Mining mining, NodeProcess node, string transfers, CancellationToken cancellation)
    {
        var drive = await TransferClient.DriveAsync(transfers, node.Url, mining, cancellation);
        log.WriteLine(Invariant(
            $"{name,-6} {mining,-8} submitted {drive.SubmissionSeconds,6:N2} s, mined {drive.MinedSeconds,6:N2} s, receipts {drive.Seconds,6:N2} s  {drive.Blocks,6:N0} blocks  {node.ResidentBytes() / Megabyte,6:N0} MB"));
        return drive;
    }

    /// <returns>Null where anvil did not mine all transfers: it loses some at times when it mines at once.</returns>
    private async Task<Drive?> TryDriveAnvilAsync(Mining mining, string transfers, CancellationToken cancellation)
    {
        try
        {
            return await DriveAsync("anvil", mining, NodeProcess.StartAnvilAsync(mining, cancellation), transfers, cancellation);
        }
        catch (AivmException exception) when (exception.Error.Code == "script-failed")
        {
            log.WriteLine($"anvil  {mining,-8} did not finish, the round counts for aivm only");
            return null;
        }
    }

    private async Task<BenchmarkResult> MeasureMemoryAsync(string transfers, CancellationToken cancellation)
    {
        await using var node = await NodeProcess.StartAivmAsync(Mining.Interval, cancellation);
        await DriveAsync("aivm", Mining.Interval, node, transfers, cancellation);
        var resident = node.ResidentBytes()
            ?? throw new AivmException(Failure.Environment, "no-proc", "Resident memory is read from /proc, which this system lacks: --memory-transfers 0.");
        return BenchmarkResult.LowerIsBetter(
            "chain-resident-memory", resident / Megabyte, "MB", "bound", MemoryBound / Megabyte);
    }

    private static double? MedianRate(List<Drive> drives, Func<Drive, double> seconds)
    {
        if (drives.Count == 0)
            return null;
        var rates = drives.ConvertAll(drive => drive.Transfers / seconds(drive));
        rates.Sort();
        return (rates[(rates.Count - 1) / 2] + rates[rates.Count / 2]) / 2;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
