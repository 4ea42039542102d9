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
                results.Add(await CompareAsync(mining, transfers, cancellation));
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

    private async Task<BenchmarkResult> CompareAsync(Mining mining, string transfers, CancellationToken cancellation)
    {
        var (ours, anvils) = (new List<double>(), new List<double>());
        for (var round = 1; round <= options.Rounds; round++)
        {
            ours.Add(await MeasureAsync("aivm", NodeProcess.StartAivmAsync(mining, cancellation)));
            if (!options.Alone)
                anvils.Add(await MeasureAsync("anvil", NodeProcess.StartAnvilAsync(mining, cancellation)));
        }
        return BenchmarkResult.HigherIsBetter(
            mining == Mining.Interval ? "chain-transfers-1s-blocks" : "chain-transfers-instant", Median(ours), "transfers/s",
            $"anvil {Peers.AnvilVersion}", options.Alone ? null : Median(anvils));

        async Task<double> MeasureAsync(string name, Task<NodeProcess> start)
        {
            await using var node = await start;
            var drive = await TransferClient.DriveAsync(transfers, node.Url, cancellation);
            Log(name, mining, drive, node);
            return drive.Rate;
        }
    }

    private async Task<BenchmarkResult> MeasureMemoryAsync(string transfers, CancellationToken cancellation)
    {
        await using var node = await NodeProcess.StartAivmAsync(Mining.Interval, cancellation);
        var drive = await TransferClient.DriveAsync(transfers, node.Url, cancellation);
        Log("aivm", Mining.Interval, drive, node);
        var resident = node.ResidentBytes()
            ?? throw new AivmException(Failure.Environment, "no-proc", "Resident memory is read from /proc, which this system lacks: --memory-transfers 0.");
        return BenchmarkResult.LowerIsBetter(
            "chain-resident-memory", resident / Megabyte, "MB", "bound", MemoryBound / Megabyte);
    }

    private void Log(string name, Mining mining, Drive drive, NodeProcess node) => log.WriteLine(Invariant(
        $"{name,-6} {mining,-8} {drive.Rate,8:N0}/s  {drive.Seconds,6:N2} s ({drive.SubmissionSeconds:N2} s to submit)  {drive.Blocks,6:N0} blocks  {node.ResidentBytes() / Megabyte,6:N0} MB"));

    private static double Median(List<double> values)
    {
        values.Sort();
        return (values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
