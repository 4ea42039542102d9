using Aivm.Primitives;

namespace Aivm.State;

/// <summary>A node as it is stored, read in place: a branch (16 children and a value), an extension or a leaf (a path and one item).</summary>
internal readonly ref struct StoredNode
{
    private StoredNode(ReadOnlySpan<byte> items, ReadOnlySpan<byte> path, ReadOnlySpan<byte> item)
    {
        Items = items;
        EncodedPath = path;
        Item = item;
    }

    public bool IsBranch => EncodedPath.IsEmpty;

    public bool IsLeaf => !IsBranch && Nibbles.IsLeaf(EncodedPath);

    /// <summary>The hex-prefix path of an extension or a leaf.</summary>
    public ReadOnlySpan<byte> EncodedPath { get; }

    /// <summary>The value of a leaf or a branch (empty: none); the child of an extension, as an RLP item.</summary>
    public ReadOnlySpan<byte> Item { get; }

    /// <summary>The RLP items of the node, without the list's header.</summary>
    public ReadOnlySpan<byte> Items { get; }

    /// <summary>A branch's child as an RLP item: empty bytes, 32 bytes of hash, or a node shorter than 32 bytes.</summary>
    public ReadOnlySpan<byte> Child(int nibble) => Child(Items, nibble);

    /// <param name="items">The <see cref="Items"/> of a branch.</param>
    public static ReadOnlySpan<byte> Child(ReadOnlySpan<byte> items, int nibble)
    {
        var start = 0;
        for (var i = 0; i < nibble; i++)
            start += LengthOfReference(items[start]);
        return items.Slice(start, LengthOfReference(items[start]));
    }

    /// <summary>Reads a node strictly: anything that no trie writes is refused.</summary>
    public static bool TryRead(ReadOnlySpan<byte> encoded, out StoredNode node)
    {
        node = default;
        var reader = new RlpReader(encoded);
        if (!reader.TryReadList(out var items) || !reader.End)
            return false;
        var all = items.Rest;
        if (!items.TryReadItem(out var first) || !items.TryReadItem(out var second))
            return false;
        return items.End ? TryReadShort(all, first, second, out node) : TryReadBranch(all, first, second, items, out node);
    }

    private static bool TryReadShort(ReadOnlySpan<byte> all, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, out StoredNode node)
    {
        node = default;
        if (!new RlpReader(first).TryReadBytes(out var path) || !Nibbles.IsCanonical(path))
            return false;
        if (!Nibbles.IsLeaf(path))
        {
            node = new StoredNode(all, path, second);
            return Nibbles.DecodedLength(path) > 0 && IsReference(second) && second.Length > 1;
        }
        if (!new RlpReader(second).TryReadBytes(out var value) || value.IsEmpty)
            return false;
        node = new StoredNode(all, path, value);
        return true;
    }

    private static bool TryReadBranch(
        ReadOnlySpan<byte> all, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, RlpReader items, out StoredNode node)
    {
        node = default;
        if (!IsReference(first) || !IsReference(second))
            return false;
        for (var i = 2; i < 16; i++)
        {
            if (!items.TryReadItem(out var child) || !IsReference(child))
                return false;
        }
        if (!items.TryReadBytes(out var value) || !items.End)
            return false;
        node = new StoredNode(all, default, value);
        return true;
    }

    private static bool IsReference(ReadOnlySpan<byte> item) =>
        item.Length == LengthOfReference(item[0]);

    /// <summary>References have one-byte headers, so that the first byte alone gives the length.</summary>
    private static int LengthOfReference(byte header) => header switch
    {
        Rlp.EmptyBytes => 1,
        NodeReference.HashHeader => NodeReference.HashLength,
        > Rlp.EmptyList and < Rlp.EmptyList + NodeReference.MaxInlineLength => header - Rlp.EmptyList + 1,
        _ => int.MaxValue,
    };
}

/// <summary>How a node names another: by hash, or by holding it where its encoding is shorter than a hash.</summary>
internal static class NodeReference
{
    public const byte HashHeader = Rlp.EmptyBytes + Hash256.Size;

    /// <summary>Also the longest reference.</summary>
    public const int HashLength = 1 + Hash256.Size;

    public const int MaxInlineLength = Hash256.Size - 1;

    public static bool IsEmpty(ReadOnlySpan<byte> reference) => reference[0] == Rlp.EmptyBytes;

    public static bool IsHash(ReadOnlySpan<byte> reference) => reference[0] == HashHeader;
}
