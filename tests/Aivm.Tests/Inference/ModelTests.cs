using Aivm.Inference;
using Aivm.Tests.Inference.Reference;

namespace Aivm.Tests.Inference;

public sealed class ModelTests
{
    [Fact]
    public void A_run_allocates_nothing_after_the_first()
    {
        foreach (var graph in (Graph[])[Graphs.Image(), Graphs.Table(), Graphs.Sequence(), RandomGraphs.Create(3).Graph, RandomGraphs.Create(5).Graph])
            foreach (var level in Graphs.Levels)
                Assert.Contains(0, AllocatedBy(Graphs.Load(graph, level)));

        // Workspaces are shared: another test's run may hold the one that this one warmed up. What allocates, allocates in every batch.
        static IEnumerable<long> AllocatedBy(Model model)
        {
            var (input, output) = (new long[model.InputCount], new long[model.OutputCount]);
            for (var batch = 0; batch < 20; batch++)
            {
                Assert.True(model.TryRun(input, output, out _));
                var before = GC.GetAllocatedBytesForCurrentThread();
                for (var i = 0; i < 10; i++)
                    model.TryRun(input, output, out _);
                yield return GC.GetAllocatedBytesForCurrentThread() - before;
            }
        }
    }

    [Fact]
    public void Workspaces_are_kept_within_their_bound_and_the_smallest_that_suffices_is_taken()
    {
        var pool = new WorkspacePool(100);
        var (small, large, huge) = (pool.Take(20), pool.Take(60), pool.Take(500));
        pool.Return(large);
        pool.Return(small);
        Assert.Same(small, pool.Take(10));
        Assert.Same(large, pool.Take(21));
        Assert.Equal(0, pool.KeptBytes);
        foreach (var workspace in (PinnedArray[])[small, large, pool.Take(30)])
            pool.Return(workspace);
        Assert.Equal(90, pool.KeptBytes);
        pool.Return(huge);
        Assert.Equal(500, pool.KeptBytes);
        Assert.Same(huge, pool.Take(1));
    }

    [Fact]
    public async Task Many_threads_run_one_model_at_once_and_get_their_own_answers()
    {
        var (graph, _) = RandomGraphs.Create(3);
        var model = Graphs.Load(graph, Simd.Level);
        var inputs = Enumerable.Range(0, 16).Select(seed => RandomGraphs.InputOf(graph, seed)).ToArray();
        var expected = inputs.Select(input => ReferenceInterpreter.Run(graph, input)).ToArray();
        await Task.WhenAll(inputs.Select((input, t) => Task.Run(() =>
        {
            var output = new long[model.OutputCount];
            for (var i = 0; i < 50; i++)
            {
                Assert.True(model.TryRun(input, output, out _));
                Assert.Equal(expected[t], output);
            }
        })));
    }

    [Fact]
    public void A_wrong_number_of_inputs_is_refused()
    {
        var model = Graphs.Load(Graphs.Image(), Simd.Level);
        Assert.False(model.TryRun(new long[31], new long[model.OutputCount], out var error));
        Assert.Equal("input-shape", error.Code);
        Assert.False(model.TryRunPacked(new byte[33], new long[model.OutputCount], out error));
        Assert.Equal("input-shape", error.Code);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(256)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public void A_byte_input_takes_0_to_255(long value)
    {
        var model = Graphs.Load(Graphs.Image(), Simd.Level);
        var input = new long[model.InputCount];
        input[7] = value;
        Assert.False(model.TryRun(input, new long[model.OutputCount], out var error));
        Assert.Equal("input-range", error.Code);
    }

    [Fact]
    public void Missing_is_refused_where_an_input_does_not_allow_it()
    {
        var model = Graphs.Load(Graphs.Table(), Simd.Level);
        var output = new long[model.OutputCount];
        Assert.True(model.TryRun([long.MinValue, long.MinValue, 0, 0], output, out _));
        Assert.False(model.TryRun([0, 0, 0, long.MinValue], output, out var error));
        Assert.Equal("input-range", error.Code);
    }

    [Fact]
    public void Packed_inputs_are_bytes_or_little_endian_words_in_order()
    {
        AssertPacked(Graphs.Load(Graphs.Image(), Simd.Level), [.. Enumerable.Range(224, 32).Select(i => (byte)i)], [.. Enumerable.Range(224, 32)]);
        var words = new byte[32];
        (words[0], words[9], words[15], words[24]) = (1, 1, 0x80, 5);
        AssertPacked(Graphs.Load(Graphs.Table(), Simd.Level), words, [1, long.MinValue + 256, 0, 5]);

        void AssertPacked(Model model, byte[] packed, long[] numbers)
        {
            Assert.Equal(packed.Length, model.PackedInputLength);
            var (expected, actual) = (new long[model.OutputCount], new long[model.OutputCount]);
            Assert.True(model.TryRun(numbers, expected, out _));
            Assert.True(model.TryRunPacked(packed, actual, out _));
            Assert.Equal(expected, actual);
        }
    }

    [Fact]
    public void Packed_words_are_held_to_the_ranges_of_numbers()
    {
        var model = Graphs.Load(Graphs.Table(), Simd.Level);
        var packed = new byte[32];
        packed[31] = 0x80;
        Assert.False(model.TryRunPacked(packed, new long[model.OutputCount], out var error));
        Assert.Equal("input-range", error.Code);
    }

    [Fact]
    public void A_description_names_inputs_outputs_and_classes()
    {
        var model = Graphs.Load(Graphs.Image(), Simd.Level);
        Assert.Equal(
            $$"""{"hash":"{{model.Hash}}","gas":{{model.Gas}},"macs":{{model.Macs}},"inputs":[{"name":"image","shape":[4,4,2],"format":"u8"}]"""
            + ""","outputs":[{"name":"label","shape":[],"kind":"label","exponent":0,"classes":["cat","dog","\"quoted\\ é\""]},"""
            + """{"name":"probabilities","shape":[3],"kind":"values","exponent":14,"classes":[]}]}""",
            model.Describe());
        using var parsed = System.Text.Json.JsonDocument.Parse(Graphs.Load(Graphs.Table(), Simd.Level).Describe());
        Assert.Equal(9, parsed.RootElement.GetProperty("inputs")[0].GetProperty("decimals").GetInt32());
        Assert.True(parsed.RootElement.GetProperty("inputs")[0].GetProperty("missing").GetBoolean());
    }

    [Fact]
    public void Gas_is_a_function_of_the_graph_alone()
    {
        foreach (var graph in (Graph[])[Graphs.Image(), Graphs.Table(), Graphs.Sequence()])
        {
            var models = Graphs.Levels.Select(level => Graphs.Load(graph, level)).ToArray();
            Assert.Single(models.Select(model => (model.Gas, model.LoadGas, model.Macs, model.ResidentMemory)).Distinct());
            Assert.All(models, model => Assert.InRange(model.PeakMemory, 1, model.Analysis.MemoryBytes + (256 * (graph.ValueCount + 8))));
        }
    }
}
