using Aivm.Benchmarks.Gas;
using Aivm.Inference;
using Aivm.Tests.Inference.Reference;

namespace Aivm.Tests.Inference;

/// <summary>What a model and a run may hold is known before they do. The models are the adversarial ones of the loading benchmark.</summary>
[Collection(nameof(MemoryTests))]
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
public sealed class MemoryTests
{
    /// <summary>Blocks of a workspace begin at multiples of 64 bytes and have as many behind them.</summary>
    private const int PerBlock = 128;

    [Fact]
    public void A_run_takes_no_more_than_the_analysis_says()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var (graph, _) = RandomGraphs.Create(seed);
            foreach (var level in Graphs.Levels)
                AssertPeak(Graphs.Load(graph, level), $"graph {seed} on {level}");
        }
        foreach (var each in GasCases.All.DistinctBy(each => (each.Operator, each.Price, each.Node)))
            AssertPeak(Graphs.Load(each.Graph, Simd.Level), each.Name);

        // A value may lie in two layouts, and a node has a block of scratch.
        static void AssertPeak(Model model, string name) =>
            Assert.True(model.PeakMemory <= model.Analysis.MemoryBytes + (3 * PerBlock * model.Graph.ValueCount), $"{name}: {model.PeakMemory} of {model.Analysis.MemoryBytes}");
    }

    /// <summary>
    /// What is alive after a full collection: three copies, so that what belongs to no model weighs little, and the least of three measurements, since the
    /// runtime keeps allocating for itself, for code it compiles in the background among others.
    /// </summary>
    [Fact]
    public void A_model_holds_no_more_than_it_says()
    {
        foreach (var (name, graph) in LoadCases.All)
        {
            var container = Container.Encode(graph);
            var (held, stated) = (long.MaxValue, Load(container).ResidentMemory);
            for (var measurement = 0; measurement < 3 && held > 3 * stated; measurement++)
            {
                var before = GC.GetTotalMemory(forceFullCollection: true);
                Model[] models = [Load(container), Load(container), Load(container)];
                held = Math.Min(held, GC.GetTotalMemory(forceFullCollection: true) - before);
                GC.KeepAlive(models);
            }
            Assert.True(held <= 3 * stated, $"{name}: {held / 3} of {stated} bytes");
        }

        static Model Load(byte[] container)
        {
            Assert.True(Model.TryLoad(container, out var model, out var error), error?.ToString());
            return model;
        }
    }

    [Fact]
    public void What_a_container_asks_for_is_refused_before_memory_is_taken()
    {
        var entries = Constant.S16([2], [1, 2]);
        var container = Container.Encode(Graphs.OfS16([1], [.. Enumerable.Repeat<Func<int, GraphNode>>(source => new TableNode { Source = source, Low = 0, Entries = entries }, 2000)]));
        Refused("limit-memory", ModelLimits.OnChain);
        Refused("limit-load", ModelLimits.OnChain with { LoadGas = 10_000_000 });
        Refused("limit-load", ModelLimits.OnChain with { LoadGas = 1_000_000 });

        void Refused(string code, ModelLimits limits)
        {
            Model.TryLoad(container, limits, out _, out _);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.False(Model.TryLoad(container, limits, out _, out var error));
            Assert.Equal(code, error.Code);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4_000_000);
        }
    }
}
