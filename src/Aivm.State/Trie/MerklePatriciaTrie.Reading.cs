using System.Runtime.CompilerServices;

namespace Aivm.State;

public sealed partial class MerklePatriciaTrie
{
    /// <summary>
    /// The nodes from the root to a key, or to where it would be, as <c>eth_getProof</c> gives them: nodes shorter than 32 bytes stand in
    /// the node above them, and an empty trie has no nodes.
    /// </summary>
    /// <exception cref="InvalidOperationException">The trie has changes that are not committed.</exception>
    [SkipLocalsInit]
    public byte[][] GetProof(ReadOnlySpan<byte> key)
    {
        List<byte[]> proof = [];
        if (StoredRoot is { } root)
            Read(root, PathOf(key, stackalloc byte[2 * MaxKeyLength]), proof);
        return [.. proof];
    }

    /// <summary>All keys with their values, ordered by key, read as the enumeration goes.</summary>
    /// <exception cref="InvalidOperationException">The trie has changes that are not committed.</exception>
    public IEnumerable<KeyValuePair<byte[], byte[]>> Enumerate()
    {
        if (StoredRoot is not { } root)
            yield break;
        // The nearest key is on top; a null reference stands for a value that is ready to be returned.
        var waiting = new Stack<(byte[] Path, byte[]? Reference, byte[]? Value)>();
        waiting.Push(([], root, null));
        while (waiting.TryPop(out var next))
        {
            if (next.Reference is null)
                yield return new(Nibbles.ToKey(next.Path), next.Value!);
            else
                Expand(next.Path, next.Reference, waiting);
        }
    }

    private byte[]? StoredRoot => _root switch
    {
        null => null,
        ReferenceNode stored => stored.Reference,
        _ => throw new InvalidOperationException("Commit first: proofs and enumerations are of committed content."),
    };

    private void Expand(byte[] path, byte[] reference, Stack<(byte[], byte[]?, byte[]?)> waiting)
    {
        var node = Parse(NodeReference.IsHash(reference) ? Fetch(reference) : reference);
        if (!node.IsBranch)
        {
            var item = node.Item.ToArray();
            byte[] below = [.. path, .. Nibbles.Decode(node.EncodedPath)];
            waiting.Push(node.IsLeaf ? (below, null, item) : (below, item, null));
            return;
        }
        for (var i = BranchNode.Width - 1; i >= 0; i--)
        {
            if ((node.Children & (1u << i)) != 0)
                waiting.Push(([.. path, (byte)i], node.Child(i).ToArray(), null));
        }
        if (!node.Item.IsEmpty)
            waiting.Push((path, null, node.Item.ToArray()));
    }
}
