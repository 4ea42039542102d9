using Aivm.Chain;
using Aivm.Inference;
using Aivm.Primitives;
using static Aivm.Tests.Chain.ModelsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain;

public sealed class ModelCacheTests
{
    [Fact]
    public void The_least_recently_used_goes_first_and_what_outweighs_the_cache_is_not_kept()
    {
        var cache = new LruCache<int, string>(10, text => text.Length);
        cache.Add(1, "1234");
        cache.Add(2, "1234");
        Assert.True(cache.TryGet(1, out _));
        cache.Add(3, "123");
        Assert.False(cache.TryGet(2, out _));
        Assert.True(cache.TryGet(1, out _) & cache.TryGet(3, out _));
        cache.Add(4, "12345678901");
        Assert.False(cache.TryGet(4, out _));
        Assert.Equal(7, cache.Weight);
    }

    [Fact]
    public async Task Models_of_all_threads_together_stay_within_the_bound()
    {
        var models = Enumerable.Range(0, 24).Select(i => Load(ModelsFixture.Container(i))).ToArray();
        var capacity = models[0].ResidentMemory * 5;
        var cache = new ModelCache(capacity);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 2_000; i++)
            {
                var model = models[((i * 7) + thread) % models.Length];
                if (cache.TryGet(model.Hash, out var cached))
                    Assert.Same(model, cached);
                else
                    cache.Add(model.Hash, model);
                Assert.InRange(cache.ResidentMemory, 0, capacity);
            }
        })));
        Assert.Equal(5, models.Count(model => cache.TryGet(model.Hash, out _)));
    }

    /// <summary>The same transactions over a cache that keeps everything and over one that keeps nothing.</summary>
    [Fact]
    public void Blocks_are_the_same_cold_and_warm()
    {
        using var warm = new TestChain();
        using var cold = new TestChain(options: new ApplicationOptions { ModelCacheBytes = 0 });
        var (first, second) = (PublishBoth(ModelsFixture.Container(1)), PublishBoth(ModelsFixture.Container(2)));
        for (var block = 0; block < 3; block++)
        {
            Submit(warm);
            Submit(cold);
            var (ours, theirs) = (warm.Mine(), cold.Mine());
            Assert.Equal(5, ours.Length);
            Assert.Equal(ours.Select(Summary), theirs.Select(Summary));
            Assert.Equal(warm.Reader.Head.Hash, cold.Reader.Head.Hash);
        }

        Address PublishBoth(byte[] container)
        {
            var address = warm.Publish(Alice, container);
            Assert.Equal(address, cold.Publish(Alice, container));
            return address;
        }

        void Submit(TestChain chain)
        {
            chain.Submit(chain.Sign(Bob, first, data: ModelInfer(1, 2), gas: Gas));
            chain.Submit(chain.Sign(Carol, first, data: ModelInferPacked(3, 4), gas: Gas));
            chain.Submit(chain.Sign(Alice, second, data: ModelInfer(1, 2), gas: Gas));
            chain.Submit(chain.Models(Alice, Infer(second, 5, 6)));
            chain.Submit(chain.Sign(Alice, first, data: ModelInfer(1), gas: Gas));
        }

        static (Hash256 Hash, ulong Gas, bool Success, int Logs) Summary(MinedTransaction mined) =>
            (mined.Transaction.Hash, mined.GasUsed, mined.Success, mined.Logs.Count);
    }

    private static Model Load(byte[] container)
    {
        Assert.True(Model.TryLoad(container, out var model, out var error), error?.ToString());
        return model;
    }
}
