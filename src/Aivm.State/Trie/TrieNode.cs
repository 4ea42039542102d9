namespace Aivm.State;

/// <summary>A node in memory: new, changed, or on the way to a change. Whatever stays untouched stays a <see cref="ReferenceNode"/>.</summary>
internal abstract class TrieNode;

/// <summary>A node that was not read, or was written already.</summary>
/// <param name="reference">See <see cref="NodeReference"/>; never empty.</param>
internal sealed class ReferenceNode(byte[] reference) : TrieNode
{
    public byte[] Reference => reference;
}

internal sealed class LeafNode(byte[] path, byte[] value) : TrieNode
{
    /// <summary>The rest of the key, one nibble a byte.</summary>
    public byte[] Path => path;

    public byte[] Value { get; set; } = value;
}

internal sealed class ExtensionNode(byte[] path, TrieNode child) : TrieNode
{
    /// <summary>At least one nibble.</summary>
    public byte[] Path => path;

    /// <summary>A branch, or the reference to one.</summary>
    public TrieNode Child { get; set; } = child;
}

internal sealed class BranchNode : TrieNode
{
    public const int Width = 16;

    private readonly TrieNode?[] _children = new TrieNode?[Width];

    // The node as it was stored, and where its items begin: children that nobody asked for are copied from here when it is written again.
    private readonly byte[]? _stored;
    private readonly int _itemsStart;
    private uint _unread;

    public BranchNode()
    {
    }

    /// <param name="stored">A branch's encoding; kept, not copied.</param>
    public BranchNode(byte[] stored, in StoredNode node)
    {
        _stored = stored;
        _itemsStart = stored.Length - node.Items.Length;
        _unread = node.Children;
        Value = node.Item.IsEmpty ? null : node.Item.ToArray();
    }

    public byte[]? Value { get; set; }

    /// <summary>The children that are in memory.</summary>
    public TrieNode? this[int nibble]
    {
        get => _children[nibble];
        set
        {
            _children[nibble] = value;
            _unread &= ~(1u << nibble);
        }
    }

    /// <summary>True where the child is as it was stored, and not in memory.</summary>
    public bool IsUnread(int nibble) => (_unread & (1u << nibble)) != 0;

    public bool IsEmpty(int nibble) => _children[nibble] is null && !IsUnread(nibble);

    /// <summary>The references to all children as they were stored, one after the other; empty for a new branch.</summary>
    public ReadOnlySpan<byte> StoredChildren => _stored.AsSpan(_itemsStart);

    /// <summary>The reference to an unread child.</summary>
    public ReadOnlySpan<byte> StoredChild(int nibble)
    {
        var rest = StoredChildren;
        for (var i = 0; i < nibble; i++)
            rest = rest[NodeReference.LengthOf(rest[0])..];
        return rest[..NodeReference.LengthOf(rest[0])];
    }
}
