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
        for (var i = 0; i < Width; i++)
        {
            if (!NodeReference.IsEmpty(node.Child(i)))
                _unread |= 1u << i;
        }
        Value = node.Item.IsEmpty ? null : node.Item.ToArray();
    }

    public byte[]? Value { get; set; }

    public TrieNode? this[int nibble]
    {
        get => _children[nibble] ?? (IsUnread(nibble) ? _children[nibble] = new ReferenceNode(StoredChild(nibble).ToArray()) : null);
        set
        {
            _children[nibble] = value;
            _unread &= ~(1u << nibble);
        }
    }

    /// <summary>True where the child is as it was stored; then <see cref="StoredChild"/> is its reference.</summary>
    public bool IsUnread(int nibble) => (_unread & (1u << nibble)) != 0;

    public ReadOnlySpan<byte> StoredChild(int nibble) => StoredNode.Child(_stored.AsSpan(_itemsStart), nibble);

    public bool IsEmpty(int nibble) => _children[nibble] is null && !IsUnread(nibble);
}
