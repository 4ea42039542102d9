using System.Diagnostics;
using System.Globalization;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Gas;

/// <summary>Times the loading of containers beside its price, and the memory that stays beside what a model says that it holds.</summary>
internal sealed class LoadBenchmark(GasOptions options, TextWriter log)
{
    private const double Bound = 3;

    public IEnumerable<BenchmarkResult> Run(CancellationToken cancellation)
    {
        var (slowest, largest) = (0.0, 0.0);
        log.WriteLine("Loading: gas and time; bytes stated and held");
        foreach (var (name, graph) in LoadCases.All.Where(each => each.Name.Contains(options.Only, StringComparison.OrdinalIgnoreCase)))
        {
            cancellation.ThrowIfCancellationRequested();
            var container = Container.Encode(graph);
            var (model, nanoseconds) = Measure(name, container);
            var held = Held(container);
            (slowest, largest) = (Math.Max(slowest, nanoseconds / model.LoadGas), Math.Max(largest, (double)held / model.ResidentMemory));
            log.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name,-45} {container.Length,9:N0} bytes {model.LoadGas,11:N0} gas {nanoseconds,12:N0} ns  ratio {nanoseconds / model.LoadGas:0.00}   stated {model.ResidentMemory,11:N0} held {held,11:N0}  ratio {(double)held / model.ResidentMemory:0.00}"));
        }
        yield return BenchmarkResult.LowerIsBetter("gas-loading", slowest, "ns/gas", "bound", Bound);
        yield return BenchmarkResult.LowerIsBetter("memory-loading", largest, "held/stated", "bound", 1);
    }

    private (Model Model, double Nanoseconds) Measure(string name, byte[] container)
    {
        var (core, fastest, loaded) = (new ReferenceCore(), double.MaxValue, (Model?)null);
        var hash = Keccak.Hash(container);
        var begun = Stopwatch.GetTimestamp();
        for (var run = 0; run < options.Runs && (run < 5 || Clock.NanosecondsSince(begun) < options.Milliseconds * 10e6); run++)
        {
            core.Calibrate();
            var started = Stopwatch.GetTimestamp();
            if (!Model.TryLoadKnown(container, hash, ModelLimits.OnChain, out loaded, out _, out var error))
                throw new InvalidOperationException($"{name}: {error}");
            fastest = Math.Min(fastest, Clock.NanosecondsSince(started));
        }
        return (loaded!, fastest * core.Speed);
    }

    private static long Held(byte[] container)
    {
        const int Models = 3;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var models = new Model[Models];
        for (var i = 0; i < Models; i++)
            Model.TryLoadKnown(container, Hash256.Zero, ModelLimits.OnChain, out models[i], out _, out _);
        var after = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(models);
        return (after - before) / Models;
    }
}
