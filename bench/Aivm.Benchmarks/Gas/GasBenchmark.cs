using System.Diagnostics;
using System.Globalization;
using Aivm.Inference;

namespace Aivm.Benchmarks.Gas;

/// <summary>
/// Times every operator over the shapes of <see cref="GasCases"/> and holds the times against the prices. The fastest of many runs counts, in
/// nanoseconds of the reference core: what other programs take is not priced.
/// </summary>
internal sealed class GasBenchmark(GasOptions options, TextWriter log)
{
    /// <summary>How much slower than its price an operator may be.</summary>
    private const double Bound = 3;

    public IEnumerable<BenchmarkResult> Run(CancellationToken cancellation)
    {
        var cases = GasCases.All.Where(each => each.Name.Contains(options.Only, StringComparison.OrdinalIgnoreCase)).ToArray();
        log.WriteLine($"{cases.Length} cases");
        WarmUp(cases, cancellation);
        var loops = new List<double>();
        var measured = new List<(GasCase Case, ulong Gas, double Nanoseconds)>();
        foreach (var each in cases)
        {
            cancellation.ThrowIfCancellationRequested();
            var (core, running) = (new ReferenceCore(), new MeasuredCase(each));
            var started = Stopwatch.GetTimestamp();
            for (var run = 0; run < options.Runs && (run < 5 || Clock.NanosecondsSince(started) < options.Milliseconds * 1e6); run++)
            {
                core.Calibrate();
                running.Run();
            }
            loops.Add(core.Fastest);
            var nanoseconds = running.Nanoseconds * core.Speed;
            measured.Add((each, running.Gas, nanoseconds));
            if (options.All)
                log.WriteLine(Line(each.Name, running.Gas, nanoseconds));
        }
        log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"calibration loop: {loops.Min():0} ns at its fastest, {Median(loops):0} ns beside half of the cases; {ReferenceCore.LoopNanoseconds} ns on the reference core"));
        log.WriteLine("By operator: the worst shape, and the median of all shapes");
        foreach (var group in measured.GroupBy(each => each.Case.Operator).OrderBy(group => group.Key))
        {
            var worst = group.MaxBy(Ratio);
            log.WriteLine($"{Line(worst.Case.Name, worst.Gas, worst.Nanoseconds)}  median {Median(group.Select(Ratio)).ToString("0.00", CultureInfo.InvariantCulture)}");
            yield return BenchmarkResult.LowerIsBetter($"gas-{group.Key}", Ratio(worst), "ns/gas", "bound", Bound);
        }
        log.WriteLine("By price: what it would have to be for its worst shape");
        foreach (var group in measured.GroupBy(each => each.Case.Price).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var price = (long)typeof(GasTable).GetField(group.Key)!.GetRawConstantValue()!;
            var worst = group.MaxBy(Ratio);
            log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{group.Key,-16} {price,9:N0}  times {Ratio(worst):0.00} is {price * Ratio(worst),9:N0}  {worst.Case.Name}"));
        }
    }

    /// <summary>So that the compiler has done its best with every kernel before one is timed: it asks for thirty calls, and for a pause.</summary>
    private static void WarmUp(IReadOnlyList<GasCase> cases, CancellationToken cancellation)
    {
        for (var pass = 0; pass < 2; pass++)
        {
            foreach (var each in cases)
            {
                cancellation.ThrowIfCancellationRequested();
                var running = new MeasuredCase(each);
                var started = Stopwatch.GetTimestamp();
                for (var run = 0; run < 40 && Clock.NanosecondsSince(started) < 100e6; run++)
                    running.Run();
            }
            Thread.Sleep(1000);
        }
    }

    private static double Ratio((GasCase Case, ulong Gas, double Nanoseconds) each) => each.Nanoseconds / each.Gas;

    private static string Line(string name, ulong gas, double nanoseconds) =>
        string.Create(CultureInfo.InvariantCulture, $"{name,-90} {gas,10:N0} gas {nanoseconds,12:N0} ns  ratio {nanoseconds / gas:0.00}");

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
