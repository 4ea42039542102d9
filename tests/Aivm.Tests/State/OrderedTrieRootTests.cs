using Aivm.Primitives;
using Aivm.State;
using CsCheck;

namespace Aivm.Tests.State;

public sealed class OrderedTrieRootTests
{
    [Fact]
    public void An_empty_list_has_the_empty_root() => Assert.Equal(MerklePatriciaTrie.EmptyRoot, OrderedTrieRoot.Compute([]));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(257)]
    [InlineData(700)]
    public void A_list_has_the_root_of_its_items_under_the_RLP_of_their_indices(int count)
    {
        var items = Enumerable.Range(0, count).Select(i => Keccak.Hash(BitConverter.GetBytes(i)).ToArray()[..(1 + (i % 32))]).ToArray();
        Assert.Equal(ReferenceTrie.Root(items.Select((item, index) => new KeyValuePair<byte[], byte[]>(IndexKey(index), item))),
            OrderedTrieRoot.Compute(items));
    }

    [Fact]
    public void Any_list_has_the_root_of_the_Yellow_Paper() =>
        Gen.OneOf(Gen.Byte.Array[1, 3], Gen.Byte.Array[30, 300]).Array[0, 150].Sample(
            items => ReferenceTrie.Root(items.Select((item, index) => new KeyValuePair<byte[], byte[]>(IndexKey(index), item)))
                == OrderedTrieRoot.Compute(items),
            iter: 20, threads: 1, seed: "0000000000007");

    [Fact]
    public void An_empty_item_is_refused() => Assert.Throws<ArgumentException>(() => OrderedTrieRoot.Compute([[1], []]));

    private static byte[] IndexKey(int index) => index switch
    {
        0 => [0x80],
        < 128 => [(byte)index],
        < 256 => [0x81, (byte)index],
        _ => [0x82, (byte)(index >> 8), (byte)(index & 0xFF)],
    };
}
