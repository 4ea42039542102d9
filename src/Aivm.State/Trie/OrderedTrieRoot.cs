using Aivm.Primitives;

namespace Aivm.State;

/// <summary>The root of a list, keyed by the RLP of each index: a block's transactions root and receipts root.</summary>
public static class OrderedTrieRoot
{
    /// <param name="items">None is empty.</param>
    public static Hash256 Compute(IReadOnlyList<byte[]> items)
    {
        var trie = new MerklePatriciaTrie(NoNodes.Instance, MerklePatriciaTrie.EmptyRoot);
        var key = new RlpWriter(16);
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i].Length == 0)
                throw new ArgumentException("A trie holds no empty values.", nameof(items));
            key.Clear();
            key.Write((ulong)i);
            trie.Set(key.Written, items[i]);
        }
        return trie.RootHash;
    }

    /// <summary>What a trie that begins empty and is never committed reads from: it asks for nothing.</summary>
    private sealed class NoNodes : INodeSource
    {
        public static readonly NoNodes Instance = new();

        public byte[]? GetNode(in Hash256 hash) => null;
    }
}
