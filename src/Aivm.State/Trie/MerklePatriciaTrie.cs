using System.Runtime.CompilerServices;
using Aivm.Primitives;

namespace Aivm.State;

/// <summary>
/// Ethereum's hexary Merkle-Patricia trie (Yellow Paper, appendix D). Changes stay in memory, as the nodes on their paths, until
/// <see cref="Commit"/> hashes each of them once. Reading a trie without changes is safe from several threads.
/// Keys are used as they are: who wants Ethereum's secure trie hashes them first.
/// </summary>
public sealed partial class MerklePatriciaTrie
{
    /// <summary>In bytes: bounds the depth, and with it every recursion.</summary>
    public const int MaxKeyLength = 64;

    /// <summary>The root of a trie without keys: the hash of RLP's empty bytes.</summary>
    public static readonly Hash256 EmptyRoot = Keccak.Hash([Rlp.EmptyBytes]);

    private readonly INodeSource _source;
    private readonly List<Hash256> _replaced = [];
    private TrieNode? _root;

    public MerklePatriciaTrie(INodeSource source, Hash256 root)
    {
        _source = source;
        _root = root == EmptyRoot ? null : ReferenceTo(root);
    }

    /// <summary>The root of the content as it is now. With changes at hand this hashes all of them, and keeps nothing.</summary>
    public Hash256 RootHash => Encode(null);

    /// <summary>The value of a key, or null where there is none.</summary>
    /// <exception cref="AivmException"><c>store-corrupt</c>: a node is missing or is not one.</exception>
    [SkipLocalsInit]
    public byte[]? Get(ReadOnlySpan<byte> key)
    {
        var path = PathOf(key, stackalloc byte[2 * MaxKeyLength]);
        var node = _root;
        while (true)
        {
            switch (node)
            {
                case null:
                    return null;
                case LeafNode leaf:
                    return path.SequenceEqual(leaf.Path) ? leaf.Value : null;
                case ExtensionNode extension when path.StartsWith(extension.Path):
                    path = path[extension.Path.Length..];
                    node = extension.Child;
                    break;
                case ExtensionNode:
                    return null;
                case BranchNode branch when path.IsEmpty:
                    return branch.Value;
                case BranchNode branch when branch.IsUnread(path[0]):
                    return Read(branch.StoredChild(path[0]), path[1..], null);
                case BranchNode branch:
                    node = branch[path[0]];
                    path = path[1..];
                    break;
                case ReferenceNode stored:
                    return Read(stored.Reference, path, null);
            }
        }
    }

    /// <summary>Sets a key's value. The trie keeps the array: the caller must not change it afterwards.</summary>
    /// <param name="value">Empty: the key is deleted, as Ethereum's tries hold no empty values.</param>
    [SkipLocalsInit]
    public void Set(ReadOnlySpan<byte> key, byte[] value)
    {
        if (value.Length == 0)
        {
            Delete(key);
            return;
        }
        _root = Insert(Load(_root), PathOf(key, stackalloc byte[2 * MaxKeyLength]), value);
    }

    /// <summary>Deletes a key where it exists.</summary>
    [SkipLocalsInit]
    public void Delete(ReadOnlySpan<byte> key)
    {
        if (Get(key) is not null)
            _root = Remove(Load(_root)!, PathOf(key, stackalloc byte[2 * MaxKeyLength]));
    }

    /// <summary>
    /// Hashes what was changed, hands every new node to the sink and forgets it. From here on the trie reads these nodes from its source.
    /// </summary>
    public Hash256 Commit(INodeSink sink)
    {
        foreach (var replaced in _replaced)
            sink.ReplaceNode(replaced);
        _replaced.Clear();
        var hash = Encode(sink);
        _root = _root is null ? null : ReferenceTo(hash);
        return hash;
    }

    private Hash256 Encode(INodeSink? sink) => _root switch
    {
        null => EmptyRoot,
        ReferenceNode stored => new Hash256(stored.Reference.AsSpan(1)),
        _ => new NodeEncoder(sink).Root(_root),
    };

    private static ReferenceNode ReferenceTo(Hash256 hash) => new([NodeReference.HashHeader, .. hash.Span]);

    private static ReadOnlySpan<byte> PathOf(ReadOnlySpan<byte> key, Span<byte> buffer)
    {
        if (key.Length > MaxKeyLength)
            throw new ArgumentException($"A key has at most {MaxKeyLength} bytes.", nameof(key));
        var path = buffer[..(2 * key.Length)];
        Nibbles.FromKey(key, path);
        return path;
    }

    /// <summary>Follows a path through stored nodes, in place.</summary>
    /// <param name="proof">Receives each node that has a hash of its own, from the top down.</param>
    private byte[]? Read(ReadOnlySpan<byte> reference, ReadOnlySpan<byte> path, List<byte[]>? proof)
    {
        while (!NodeReference.IsEmpty(reference))
        {
            var encoded = reference;
            if (NodeReference.IsHash(reference))
            {
                var stored = Fetch(reference);
                proof?.Add(stored);
                encoded = stored;
            }
            var node = Parse(encoded);
            if (node.IsBranch)
            {
                if (path.IsEmpty)
                    return node.Item.IsEmpty ? null : node.Item.ToArray();
                reference = node.Child(path[0]);
                path = path[1..];
                continue;
            }
            if (!Nibbles.IsPrefix(node.EncodedPath, path))
                return null;
            path = path[Nibbles.DecodedLength(node.EncodedPath)..];
            if (node.IsLeaf)
                return path.IsEmpty ? node.Item.ToArray() : null;
            reference = node.Item;
        }
        return null;
    }

    private byte[] Fetch(ReadOnlySpan<byte> reference)
    {
        var hash = new Hash256(reference[1..]);
        return _source.GetNode(hash) ?? throw StoreFailure.Corrupt($"trie node {hash} is missing");
    }

    private static StoredNode Parse(ReadOnlySpan<byte> encoded) =>
        StoredNode.TryRead(encoded, out var node)
            ? node
            : throw StoreFailure.Corrupt($"trie node {Keccak.Hash(encoded)} is not a node");
}
