using Aivm.State;
using CsCheck;

namespace Aivm.Tests.State;

/// <summary>What every store does, run by one class for each of them.</summary>
public abstract class KeyValueStoreSuite
{
    protected abstract IKeyValueStore OpenEmpty();

    [Fact]
    public void A_key_that_was_never_written_has_no_value()
    {
        using var store = OpenEmpty();
        Assert.Null(store.Get([0x77, 1]));
    }

    [Fact]
    public void A_batch_puts_replaces_and_deletes_in_its_own_order()
    {
        using var store = OpenEmpty();
        Write(store, batch =>
        {
            batch.Put([0x77, 1], [1]);
            batch.Put([0x77, 2], [2]);
            batch.Put([0x77, 1], [3]);
            batch.Delete([0x77, 2]);
            batch.Put([0x77, 4], []);
        });
        Assert.Equal([3], store.Get([0x77, 1]));
        Assert.Null(store.Get([0x77, 2]));
        Assert.Equal([], store.Get([0x77, 4])!);

        Write(store, batch => batch.Delete([0x77, 1]));
        Assert.Null(store.Get([0x77, 1]));
    }

    [Fact]
    public void The_last_of_many_changes_of_a_key_counts_whatever_else_is_in_the_batch()
    {
        using var store = OpenEmpty();
        Write(store, batch =>
        {
            for (var i = 0; i < 3000; i++)
            {
                batch.Put([0x77, 0, 0, 0, 0, (byte)(i % 3)], BitConverter.GetBytes(i));
                batch.Put([0x77], BitConverter.GetBytes(i));
                if (i % 3 == 2)
                    batch.Delete([0x77, 0, 0, 0, 0, 2]);
            }
        });
        Assert.Equal([2999, 2997, 2998], store.Scan([0x77]).Select(pair => BitConverter.ToInt32(pair.Value)));
    }

    [Fact]
    public void An_empty_batch_changes_nothing()
    {
        using var store = OpenEmpty();
        store.Write(new WriteBatch());
        Assert.Empty(store.Scan([0x77]));
    }

    [Fact]
    public void A_scan_sees_its_prefix_only_in_the_order_of_unsigned_bytes()
    {
        using var store = OpenEmpty();
        Write(store, batch =>
        {
            foreach (var key in new byte[][] { [0x77, 0xFF], [0x78], [0x77], [0x77, 0x01, 0x00], [0x76, 0xFF], [0x77, 0x01], [0x77, 0x80] })
                batch.Put(key, key);
        });
        Assert.Equal(["77", "7701", "770100", "7780", "77FF"], Keys(store.Scan([0x77])));
        Assert.Equal(["770100", "7780", "77FF"], Keys(store.Scan([0x77], [0x77, 0x01, 0x00])));
        Assert.Equal(["77", "7701", "770100", "7780", "77FF"], Keys(store.Scan([0x77], [0x10])));
        Assert.Empty(store.Scan([0x77], [0x79]));
    }

    [Fact]
    public void A_scan_meets_every_pair_once_however_many_there_are()
    {
        using var store = OpenEmpty();
        Write(store, batch =>
        {
            for (var i = 0ul; i < 1000; i++)
                batch.Put(StoreKeys.Of(0x77, i), BitConverter.GetBytes(i));
        });
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => (ulong)i), store.Scan([0x77]).Select(pair => BitConverter.ToUInt64(pair.Value)));
    }

    [Fact]
    public void A_scan_may_be_left_and_the_store_closed()
    {
        using var store = OpenEmpty();
        Write(store, batch =>
        {
            for (var i = 0ul; i < 1000; i++)
                batch.Put(StoreKeys.Of(0x77, i), []);
        });
        Assert.Equal(3, store.Scan([0x77]).Take(3).Count());
    }

    [Fact]
    public void It_behaves_as_a_sorted_dictionary_under_random_batches() =>
        Gen.Select(Gen.Int[0, 40], Gen.Int[0, 3], Gen.Byte).Array[0, 30].Array[1, 10].Sample(
            batches =>
            {
                using var store = OpenEmpty();
                SortedDictionary<int, byte> model = [];
                foreach (var changes in batches)
                {
                    Write(store, batch =>
                    {
                        foreach (var (key, action, value) in changes)
                        {
                            if (action == 0)
                            {
                                batch.Delete([0x77, (byte)key]);
                                model.Remove(key);
                            }
                            else
                            {
                                batch.Put([0x77, (byte)key], [value]);
                                model[key] = value;
                            }
                        }
                    });
                }
                return store.Scan([0x77]).Select(pair => ((int)pair.Key[1], pair.Value[0]))
                    .SequenceEqual(model.Select(pair => (pair.Key, pair.Value)));
            },
            iter: 20, threads: 1, seed: "0000000000001");

    [Fact]
    public async Task Readers_run_beside_a_writer_and_see_whole_batches()
    {
        using var store = OpenEmpty();
        Write(store, batch => batch.Put([0x77], BitConverter.GetBytes(0)));
        var reader = Task.Run(() =>
        {
            var last = 0;
            while (last < 200)
            {
                var now = BitConverter.ToInt32(store.Get([0x77])!);
                Assert.True(now >= last);
                if (now > 0)
                    Assert.NotNull(store.Get(StoreKeys.Of(0x78, (ulong)now)));
                last = now;
            }
        }, TestContext.Current.CancellationToken);
        for (var i = 1; i <= 200; i++)
        {
            Write(store, batch =>
            {
                batch.Put([0x77], BitConverter.GetBytes(i));
                batch.Put(StoreKeys.Of(0x78, (ulong)i), []);
            });
        }
        await reader;
    }

    protected static void Write(IKeyValueStore store, Action<WriteBatch> fill)
    {
        var batch = new WriteBatch();
        fill(batch);
        store.Write(batch);
    }

    private static IEnumerable<string> Keys(IEnumerable<KeyValuePair<byte[], byte[]>> pairs) =>
        pairs.Select(pair => Convert.ToHexString(pair.Key));
}

public sealed class MemoryStoreTests : KeyValueStoreSuite
{
    protected override IKeyValueStore OpenEmpty() => new MemoryStore();
}
