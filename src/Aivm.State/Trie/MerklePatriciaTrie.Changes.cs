using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;

namespace Aivm.State;

public sealed partial class MerklePatriciaTrie
{
    /// <summary>Puts a value below a node.</summary>
    /// <param name="node">In memory.</param>
    /// <returns>The node that stands in its place.</returns>
    private TrieNode Insert(TrieNode? node, ReadOnlySpan<byte> path, byte[] value)
    {
        switch (node)
        {
            case null:
                return new LeafNode(path.ToArray(), value);
            case LeafNode leaf when path.SequenceEqual(leaf.Path):
                leaf.Value = value;
                return leaf;
            case LeafNode leaf:
                return SplitLeaf(leaf, path, value);
            case ExtensionNode extension when path.StartsWith(extension.Path):
                extension.Child = Insert(Load(extension.Child), path[extension.Path.Length..], value);
                return extension;
            case ExtensionNode extension:
                return SplitExtension(extension, path, value);
            case BranchNode branch when path.IsEmpty:
                branch.Value = value;
                return branch;
            case BranchNode branch:
                branch[path[0]] = Insert(LoadChild(branch, path[0]), path[1..], value);
                return branch;
            default:
                throw new InvalidOperationException("No such kind of node.");
        }
    }

    private static TrieNode SplitLeaf(LeafNode leaf, ReadOnlySpan<byte> path, byte[] value)
    {
        var common = path.CommonPrefixLength(leaf.Path);
        var branch = new BranchNode();
        AddLeaf(branch, leaf.Path.AsSpan(common), leaf.Value);
        AddLeaf(branch, path[common..], value);
        return Extend(path[..common], branch);
    }

    private static TrieNode SplitExtension(ExtensionNode extension, ReadOnlySpan<byte> path, byte[] value)
    {
        var common = path.CommonPrefixLength(extension.Path);
        var branch = new BranchNode();
        branch[extension.Path[common]] = Extend(extension.Path.AsSpan(common + 1), extension.Child);
        AddLeaf(branch, path[common..], value);
        return Extend(path[..common], branch);
    }

    private static void AddLeaf(BranchNode branch, ReadOnlySpan<byte> path, byte[] value)
    {
        if (path.IsEmpty)
            branch.Value = value;
        else
            branch[path[0]] = new LeafNode(path[1..].ToArray(), value);
    }

    private static TrieNode Extend(ReadOnlySpan<byte> path, TrieNode child) =>
        path.IsEmpty ? child : new ExtensionNode(path.ToArray(), child);

    /// <summary>Removes a key that exists below a node.</summary>
    /// <param name="node">In memory.</param>
    /// <returns>The node that stands in its place; null where nothing is left.</returns>
    private TrieNode? Remove(TrieNode node, ReadOnlySpan<byte> path)
    {
        switch (node)
        {
            case LeafNode:
                return null;
            case ExtensionNode extension:
                // Below an extension is a branch with two or more entries: one remains at least.
                return Prepend(extension.Path, Remove(Load(extension.Child), path[extension.Path.Length..])!);
            case BranchNode branch:
                if (path.IsEmpty)
                    branch.Value = null;
                else
                    branch[path[0]] = Remove(LoadChild(branch, path[0])!, path[1..]);
                return Collapse(branch);
            default:
                throw new InvalidOperationException("No such kind of node.");
        }
    }

    /// <summary>A branch with a single entry is not canonical: that entry takes its place.</summary>
    private TrieNode Collapse(BranchNode branch)
    {
        var only = -1;
        for (var i = 0; i < BranchNode.Width; i++)
        {
            if (branch.IsEmpty(i))
                continue;
            if (only >= 0 || branch.Value is not null)
                return branch;
            only = i;
        }
        return only < 0 ? new LeafNode([], branch.Value!) : Prepend([(byte)only], LoadChild(branch, only)!);
    }

    /// <summary>Merges a path with the node below it: paths of leaves and extensions grow, a branch gets an extension.</summary>
    /// <param name="node">In memory.</param>
    private static TrieNode Prepend(ReadOnlySpan<byte> path, TrieNode node) => node switch
    {
        LeafNode leaf => new LeafNode([.. path, .. leaf.Path], leaf.Value),
        ExtensionNode extension => new ExtensionNode([.. path, .. extension.Path], extension.Child),
        var branch => new ExtensionNode(path.ToArray(), branch),
    };

    /// <summary>Brings a node into memory, so that it can be changed.</summary>
    [return: NotNullIfNotNull(nameof(node))]
    private TrieNode? Load(TrieNode? node) => node is ReferenceNode { Reference: var reference } ? Load(reference) : node;

    private TrieNode? LoadChild(BranchNode branch, int nibble) =>
        branch.IsUnread(nibble) ? Load(branch.StoredChild(nibble)) : Load(branch[nibble]);

    private TrieNode Load(ReadOnlySpan<byte> reference)
    {
        byte[] encoded;
        if (NodeReference.IsHash(reference))
        {
            encoded = Fetch(reference);
            _replaced.Add(new Hash256(reference[1..]));
        }
        else
        {
            encoded = reference.ToArray();
        }
        var stored = Parse(encoded);
        if (stored.IsBranch)
            return new BranchNode(encoded, stored);
        var path = Nibbles.Decode(stored.EncodedPath);
        var item = stored.Item.ToArray();
        return stored.IsLeaf ? new LeafNode(path, item) : new ExtensionNode(path, new ReferenceNode(item));
    }
}
