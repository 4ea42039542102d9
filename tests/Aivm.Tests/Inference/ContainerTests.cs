using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Tests.Inference.Reference;

namespace Aivm.Tests.Inference;

public sealed class ContainerTests
{
    [Fact]
    public void A_graph_has_one_encoding_and_an_encoding_one_graph()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var (graph, _) = RandomGraphs.Create(seed);
            var container = Container.Encode(graph);
            Assert.True(Container.TryDecode(container, ModelLimits.OffChain, out var decoded, out var error), error?.ToString());
            Assert.Equal(container, Container.Encode(decoded));
        }
    }

    [Fact]
    public void The_samples_changed_below_use_every_operator()
    {
        var used = Samples().SelectMany(container => Container.TryDecode(container, ModelLimits.OnChain, out var graph, out _) ? graph.Nodes.Select(node => node.Operator) : []);
        Assert.Equal(Enum.GetValues<Operator>().Order(), used.Distinct().Order());
    }

    [Fact]
    public void A_truncated_container_is_refused_at_every_byte()
    {
        foreach (var container in Samples())
            for (var length = 0; length < container.Length; length++)
                Assert.StartsWith("container-", Refusal(container[..length]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_byte_too_many_is_refused()
    {
        foreach (var container in Samples())
        {
            Assert.StartsWith("container-", Refusal([.. container, 0]), StringComparison.Ordinal);
            Assert.StartsWith("container-", Refusal([0, .. container]), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_byte_changed_is_refused_by_name_or_is_another_canonical_container_that_runs()
    {
        var random = new Random(7);
        foreach (var container in Samples())
        {
            for (var i = 0; i < container.Length; i++)
            {
                foreach (var change in (ReadOnlySpan<byte>)[1, 0x80, 0xFF, (byte)random.Next(1, 256)])
                {
                    var changed = (byte[])container.Clone();
                    changed[i] ^= change;
                    AssertRefusedOrCanonical(changed);
                }
            }
        }
    }

    [Fact]
    public void Several_bytes_changed_at_random_never_crash()
    {
        var random = new Random(11);
        var samples = Samples().ToArray();
        for (var round = 0; round < 4000; round++)
        {
            var changed = (byte[])samples[random.Next(samples.Length)].Clone();
            for (var n = random.Next(2, 6); n > 0; n--)
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            AssertRefusedOrCanonical(changed);
        }
    }

    [Fact]
    public void Counts_that_the_bytes_do_not_pay_for_are_refused_before_memory_is_taken()
    {
        // A constant of 2^24 x 8 bytes, and one of 2^93 elements, in containers of a few bytes.
        byte[] large = [.. "AIVQ"u8, Container.Version, 1, 0, 4, 1, 0, 0, 0, 1];
        byte[] huge = [.. "AIVQ"u8, Container.Version, 1, 0, 4, 3, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0x7F];
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal("container-truncated", Refusal(large));
        Assert.Equal("container-malformed", Refusal(huge));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void A_container_over_the_limit_is_refused()
    {
        var container = Samples().First();
        Assert.False(Model.TryLoad(container, ModelLimits.OnChain with { ContainerBytes = container.Length - 1 }, out _, out var error));
        Assert.Equal("limit-container", error.Code);
        Assert.True(Model.TryLoad(container, ModelLimits.OnChain with { ContainerBytes = container.Length }, out _, out _));
    }

    [Fact]
    public void Other_files_are_refused_by_name()
    {
        var container = Samples().First();
        container[0] = (byte)'a';
        Assert.Equal("container-magic", Refusal(container));
    }

    [Fact]
    public void The_model_hash_is_keccak256_of_the_container()
    {
        var container = Samples().First();
        Assert.True(Model.TryLoad(container, out var model, out _));
        Assert.Equal(Keccak.Hash(container), model.Hash);
    }

    private static void AssertRefusedOrCanonical(byte[] container)
    {
        if (!Model.TryLoad(container, ModelLimits.OnChain with { MemoryBytes = 1 << 20, Macs = 1 << 20 }, out var model, out var error))
        {
            Assert.Matches("^(container|graph|limit)-", error.Code);
            return;
        }
        Assert.Equal(container, Container.Encode(model.Graph));
        var input = new long[model.InputCount];
        var output = new long[model.OutputCount];
        Assert.True(model.TryRun(input, output, out _));
        Assert.Equal(ReferenceInterpreter.Run(model.Graph, input), output);
    }

    private static string Refusal(byte[] container)
    {
        Assert.False(Model.TryLoad(container, out _, out var error));
        return error.Code;
    }

    /// <summary>Small containers that use every operator between them.</summary>
    private static IEnumerable<byte[]> Samples()
    {
        yield return Container.Encode(Graphs.Image());
        yield return Container.Encode(Graphs.Table());
        yield return Container.Encode(Graphs.Sequence());
    }
}
