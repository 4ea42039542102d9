using System.Diagnostics;
using System.Reflection;
using System.Runtime.Intrinsics.X86;
using Aivm.Benchmarks.Gas;
using Aivm.Inference;
using Aivm.Tests.Inference.Reference;

namespace Aivm.Tests.Inference;

/// <summary>Prices are the specification's, cover every operator, and no operator is slower than three times its price.</summary>
[Collection(nameof(GasTests))]
[CollectionDefinition(nameof(GasTests), DisableParallelization = true)]
public sealed class GasTests
{
    /// <summary>The bound on time over price, in nanoseconds of the reference core for a gas.</summary>
    private const double Bound = 3;

    /// <summary>Other programs disturb a measurement: a case that misses the bound is measured again, so often.</summary>
    private const int Attempts = 6;

    [Fact]
    public void Gas_is_what_the_specification_says()
    {
        for (var seed = 0; seed < 80; seed++)
            AssertPrices(RandomGraphs.Create(seed).Graph, $"graph {seed}");
        foreach (var each in GasCases.All.DistinctBy(each => (each.Operator, each.Price, each.Node, each.Name.Length % 7)))
            AssertPrices(each.Graph, each.Name);
        AssertPrices(Graphs.Image(), "image");
        AssertPrices(Graphs.Table(), "table");

        static void AssertPrices(Graph graph, string name)
        {
            var container = Container.Encode(graph);
            Assert.True(Model.TryLoad(container, ModelLimits.OffChain, out var model, out var error), $"{name}: {error}");
            Assert.True(ReferenceGas.OfRun(graph, model.Analysis.Values) == model.Gas, $"{name}: a run of {model.Gas} gas");
            Assert.True(ReferenceGas.OfLoading(graph, model.Analysis.Values, container.Length) == model.LoadGas, $"{name}: a loading of {model.LoadGas} gas");
        }
    }

    /// <summary>By reflection, so that a new operator and a new price fail here until the benchmark knows them.</summary>
    [Fact]
    public void Every_operator_and_every_price_has_cases()
    {
        var cases = GasCases.All.ToArray();
        var nodes = typeof(GraphNode).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(GraphNode)) && !type.IsAbstract).ToArray();
        Assert.Equal(Enum.GetValues<Operator>().Length, nodes.Length);
        Assert.Equal(nodes.Select(type => type.Name).Order(), cases.Select(each => each.Graph.Nodes[each.Node].GetType().Name).Distinct().Order());
        Assert.Equal(Enum.GetValues<Operator>().Order(), cases.Select(each => each.Operator).Distinct().Order());
        var prices = typeof(GasTable).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.Name).ToArray();
        Assert.All(cases, each => Assert.Contains(each.Price, prices));
    }

    /// <summary>The one timed test: fastest of many runs, beside a loop that says how fast this core is at this moment.</summary>
    [Fact]
    public void No_operator_takes_more_than_three_times_its_price()
    {
        if (!Avx2.IsSupported || Simd.Level < SimdLevel.Avx2)
            Assert.Skip("Prices are those of AVX2 kernels: this processor, or AIVM_SIMD, has none.");
        var slow = GasCases.All.ToList();
        WarmUp(slow);
        var ratios = new Dictionary<GasCase, double>();
        for (var attempt = 0; attempt < Attempts && slow.Count > 0; attempt++)
        {
            foreach (var each in slow)
                ratios[each] = Math.Min(ratios.GetValueOrDefault(each, double.MaxValue), Measure(each, runs: 5 << attempt));
            slow.RemoveAll(each => ratios[each] <= Bound);
            // The compiler may still be at work, and so may other programs.
            if (slow.Count > 0)
                Thread.Sleep(500);
        }
        Assert.True(slow.Count == 0, string.Join("\n", slow.Select(each => $"{each.Name}: {ratios[each]:F2} ns a gas")));
    }

    private static double Measure(GasCase measured, int runs)
    {
        var (core, running) = (new ReferenceCore(), new MeasuredCase(measured));
        for (var run = 0; run < runs; run++)
        {
            core.Calibrate();
            running.Run();
        }
        return running.Nanoseconds * core.Speed / running.Gas;
    }

    /// <summary>Thirty calls and a pause bring a kernel to its best code; one case of each kind brings its kernel there.</summary>
    private static void WarmUp(IEnumerable<GasCase> cases)
    {
        foreach (var each in cases.DistinctBy(each => each.Name[..Math.Min(each.Name.Length, 24)]))
        {
            var running = new MeasuredCase(each);
            var started = Stopwatch.GetTimestamp();
            for (var run = 0; run < 40 && Clock.NanosecondsSince(started) < 30e6; run++)
                running.Run();
        }
        Thread.Sleep(500);
    }
}
