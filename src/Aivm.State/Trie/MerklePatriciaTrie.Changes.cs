namespace Aivm.State;

public sealed partial class MerklePatriciaTrie
{
    /// <summary>Puts a value below a node.</summary>
    /// <returns>The node that stands in its place.</returns>
    private TrieNode Insert(TrieNode? node, ReadOnlySpan<byte> path, byte[] value)
    {
        switch (Load(node))
        {
            case null:
                return new LeafNode(path.ToArray(), value);
            case LeafNode leaf when path.SequenceEqual(leaf.Path):
                leaf.Value = value;
                return leaf;
            case LeafNode leaf:
                return SplitLeaf(leaf, path, value);
            case ExtensionNode extension when path.StartsWith(extension.Path):
                extension.Child = Insert(extension.Child, path[extension.Path.Length..], value);
                return extension;
            case ExtensionNode extension:
                return SplitExtension(extension, path, value);
            case BranchNode branch when path.IsEmpty:
                branch.Value = value;
                return branch;
            case BranchNode branch:
                branch[path[0]] = Insert(branch[path[0]], path[1..], value);
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
    /// <returns>The node that stands in its place; null where nothing is left.</returns>
    private TrieNode? Remove(TrieNode node, ReadOnlySpan<byte> path)
    {
        switch (Load(node))
        {
            case LeafNode:
                return null;
            case ExtensionNode extension:
                // Below an extension is a branch with two or more entries: one remains at least.
                return Prepend(extension.Path, Remove(extension.Child, path[extension.Path.Length..])!);
            case BranchNode branch:
                if (path.IsEmpty)
                    branch.Value = null;
                else
                    branch[path[0]] = Remove(branch[path[0]]!, path[1..]);
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
        return only < 0 ? new LeafNode([], branch.Value!) : Prepend([(byte)only], branch[only]!);
    }

    /// <summary>Merges a path with the node below it: paths of leaves and extensions grow, a branch gets an extension.</summary>
    private TrieNode Prepend(ReadOnlySpan<byte> path, TrieNode node) => Load(node) switch
    {
        LeafNode leaf => new LeafNode([.. path, .. leaf.Path], leaf.Value),
        ExtensionNode extension => new ExtensionNode([.. path, .. extension.Path], extension.Child),
        var branch => new ExtensionNode(path.ToArray(), branch),
    };
}
