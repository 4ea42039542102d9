using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Field;

/// <summary>Alone: provers of other tests would keep blocks meanwhile.</summary>
[Collection(nameof(FieldSimd))]
public sealed unsafe class BlockPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(128 << 10)]
    [InlineData((128 << 10) + 1)]
    [InlineData((5 << 20) - 1)]
    [InlineData(20 << 20)]
    [InlineData((20 << 20) + 64)]
    public void A_block_has_what_was_asked_for_and_at_most_a_quarter_more(int wanted)
    {
        var bytes = (nuint)wanted;
        var block = BlockPool.Take(ref bytes);
        Assert.InRange(bytes, (nuint)wanted, (nuint)(wanted + (wanted / 4)));
        Assert.Equal(0u, (nuint)block % 64);
        new Span<byte>(block, (int)bytes).Fill(1);
        BlockPool.Give(block, bytes);
    }

    [Fact]
    public void Under_a_lease_a_freed_block_is_the_next_of_its_size()
    {
        using var lease = BlockPool.Open();
        // A size that nothing else takes meanwhile.
        var (bytes, others) = ((nuint)(97 << 20), (nuint)(49 << 20));
        var block = BlockPool.Take(ref bytes);
        *(long*)block = 0x5eed;
        BlockPool.Give(block, bytes);
        var other = BlockPool.Take(ref others);
        var again = BlockPool.Take(ref bytes);
        Assert.Equal((nuint)block, (nuint)again);
        // The system could give the same address, but cleared.
        Assert.Equal(0x5eed, *(long*)again);
        Assert.NotEqual((nuint)block, (nuint)other);
        BlockPool.Give(other, others);
        BlockPool.Give(again, bytes);
    }

    [Fact]
    public void Kept_blocks_are_bounded()
    {
        using var lease = BlockPool.Open();
        var (bytes, blocks) = ((nuint)(300L << 20), new nuint[4]);
        foreach (ref var block in blocks.AsSpan())
            block = (nuint)BlockPool.Take(ref bytes);
        foreach (var block in blocks)
            BlockPool.Give((void*)block, bytes);
        Assert.InRange(BlockPool.KeptBytes, (long)bytes, 768L << 20);

        // The latest stay: others make room for them.
        var small = (nuint)(100 << 20);
        var latest = BlockPool.Take(ref small);
        var next = BlockPool.Take(ref small);
        BlockPool.Give(latest, small);
        BlockPool.Give(next, small);
        Assert.InRange(BlockPool.KeptBytes, 2 * (long)small, 768L << 20);
        Assert.Equal((nuint)next, (nuint)BlockPool.Take(ref small));
        Assert.Equal((nuint)latest, (nuint)BlockPool.Take(ref small));
        BlockPool.Give(latest, small);
        BlockPool.Give(next, small);
    }

    [Fact]
    public void A_lease_is_given_up_once()
    {
        var (lease, other) = (BlockPool.Open(), BlockPool.Open());
        lease.Dispose();
        lease.Dispose();
        var (bytes, before) = ((nuint)(113 << 20), BlockPool.KeptBytes);
        var block = BlockPool.Take(ref bytes);
        BlockPool.Give(block, bytes);
        Assert.Equal(before + (long)bytes, BlockPool.KeptBytes);
        other.Dispose();
    }
}
