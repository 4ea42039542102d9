using Aivm.Primitives;

namespace Aivm.State;

/// <summary>A node as it is stored, read in place: a branch (16 children and a value), an extension or a leaf (a path and one item).</summary>
internal readonly ref struct StoredNode
{
    private StoredNode(ReadOnlySpan<byte> items, ReadOnlySpan<byte> path, ReadOnlySpan<byte> item, uint children = 0)
    {
        Items = items;
        EncodedPath = path;
        Item = item;
        Children = children;
    }

    public bool IsBranch => EncodedPath.IsEmpty;

    public bool IsLeaf => !IsBranch && Nibbles.IsLeaf(EncodedPath);

    /// <summary>The hex-prefix path of an extension or a leaf.</summary>
    public ReadOnlySpan<byte> EncodedPath { get; }

    /// <summary>The value of a leaf or a branch (empty: none); the child of an extension, as an RLP item.</summary>
    public ReadOnlySpan<byte> Item { get; }

    /// <summary>A bit for each nibble under which a branch has a child.</summary>
    public uint Children { get; }

    /// <summary>The RLP items of the node, without the list's header.</summary>
    public ReadOnlySpan<byte> Items { get; }

    /// <summary>A branch's child as an RLP item: empty bytes, 32 bytes of hash, or a node shorter than 32 bytes.</summary>
    public ReadOnlySpan<byte> Child(int nibble)
    {
        var items = Items;
        for (var i = 0; i < nibble; i++)
            items = items[NodeReference.LengthOf(items[0])..];
        return items[..NodeReference.LengthOf(items[0])];
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
        return items.End ? TryReadShort(all, first, second, out node) : TryReadBranch(all, out node);
    }

    private static bool TryReadShort(ReadOnlySpan<byte> all, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, out StoredNode node)
    {
        node = default;
        if (!new RlpReader(first).TryReadBytes(out var path) || !Nibbles.IsCanonical(path))
            return false;
        if (!Nibbles.IsLeaf(path))
        {
            node = new StoredNode(all, path, second);
            return Nibbles.DecodedLength(path) > 0 && !NodeReference.IsEmpty(second) && second.Length == NodeReference.LengthOf(second[0]);
        }
        if (!new RlpReader(second).TryReadBytes(out var value) || value.IsEmpty)
            return false;
        node = new StoredNode(all, path, value);
        return true;
    }

    private static bool TryReadBranch(ReadOnlySpan<byte> all, out StoredNode node)
    {
        node = default;
        var children = 0u;
        var rest = all;
        for (var i = 0; i < BranchNode.Width; i++)
        {
            if (rest.IsEmpty)
                return false;
            var length = NodeReference.LengthOf(rest[0]);
            if (length > rest.Length)
                return false;
            if (length > 1)
                children |= 1u << i;
            rest = rest[length..];
        }
        var last = new RlpReader(rest);
        if (!last.TryReadBytes(out var value) || !last.End)
            return false;
        node = new StoredNode(all, default, value, children);
        return true;
    }
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

    /// <summary>References have headers of one byte, which alone gives the length; more than any item has for what is no reference.</summary>
    public static int LengthOf(byte header) => header switch
    {
        Rlp.EmptyBytes => 1,
        HashHeader => HashLength,
        > Rlp.EmptyList and < Rlp.EmptyList + MaxInlineLength => header - Rlp.EmptyList + 1,
        _ => int.MaxValue,
    };
}
