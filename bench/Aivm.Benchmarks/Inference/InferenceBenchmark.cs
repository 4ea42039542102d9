using System.Diagnostics;
using System.Globalization;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Inference;

/// <summary>
/// One run of a model on one thread, beside ONNX Runtime in fp32 on the same file and input, in this process: both in turn, so
/// that a busy machine hurts both; medians over the rounds.
/// </summary>
internal sealed class InferenceBenchmark(InferenceOptions options, TextWriter log)
{
    /// <summary>A round runs each engine for about this long.</summary>
    private const double RoundSeconds = 0.002;

    public IReadOnlyList<BenchmarkResult> Run(CancellationToken cancellation)
    {
        var wanted = Workloads.Where(workload => workload.Name.Contains(options.Only, StringComparison.Ordinal)).ToArray();
        if (wanted.Length == 0)
            throw new AivmException(Failure.Input, "usage", $"inference: no model's name contains {options.Only}");
        log.WriteLine(Invariant($"kernels {Simd.Level}, ONNX Runtime {RuntimeSession.Version}, {options.Rounds} rounds; medians, in brackets the fastest"));
        var results = new List<BenchmarkResult>();
        foreach (var (_, create) in wanted)
        {
            cancellation.ThrowIfCancellationRequested();
            using var workload = create();
            results.Add(Compare(workload));
        }
        return results;
    }

    private static IEnumerable<(string Name, Func<Workload> Create)> Workloads =>
    [
        .. ModelFiles.All,
        ("matmul-512-nonnegative", () => MatMul.Create("matmul-512-nonnegative", isSigned: false, products: 1)),
        ("matmul-512-signed", () => MatMul.Create("matmul-512-signed", isSigned: true, products: 1)),
        ("matmul-512-nonnegative-x8", () => MatMul.Create("matmul-512-nonnegative-x8", isSigned: false, products: 8)),
        ("matmul-512-signed-x8", () => MatMul.Create("matmul-512-signed-x8", isSigned: true, products: 8)),
    ];

    private BenchmarkResult Compare(Workload workload)
    {
        var (ours, theirs) = (new Timer(workload.Run), new Timer(workload.Peer.Run));
        for (var round = 0; round < options.Rounds; round++)
        {
            ours.Time();
            theirs.Time();
        }
        log.WriteLine(Invariant(
            $"{workload.Name,-24} {ours.Median,9:N2} µs ({ours.Fastest,9:N2})   ONNX Runtime {theirs.Median,9:N2} µs ({theirs.Fastest,9:N2})   {workload.Model.Macs / ours.Median / 1000,6:N1} GMAC/s"));
        return BenchmarkResult.LowerIsBetter($"inference-{workload.Name}", ours.Median, "µs", "ONNX Runtime fp32", theirs.Median);
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Microseconds per run, by round.</summary>
    private sealed class Timer
    {
        private readonly Action _run;
        private readonly int _repetitions = 1;
        private readonly List<double> _rounds = [];

        /// <summary>Warms up, and finds how many runs make a round.</summary>
        public Timer(Action run)
        {
            _run = run;
            // Past the just-in-time compiler's tiers.
            var warm = Stopwatch.StartNew();
            var runs = 0;
            for (; runs < 50 || warm.Elapsed.TotalSeconds < 0.3; runs++)
                run();
            var seconds = Repeat(runs = 20) / runs;
            _repetitions = (int)Math.Clamp(RoundSeconds / seconds, 1, 10_000);
        }

        public double Median => _rounds.Order().ElementAt(_rounds.Count / 2);

        public double Fastest => _rounds.Min();

        public void Time() => _rounds.Add(Repeat(_repetitions) / _repetitions * 1e6);

        private double Repeat(int count)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < count; i++)
                _run();
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }
}
