using System.Diagnostics.CodeAnalysis;

namespace Aivm.Primitives;

/// <summary>
/// Verifies what eth_getProof gives: the nodes of a Merkle-Patricia trie on the way from its root to a key. Needs no state, so that a
/// light client can do it. Whoever supplies the proof is not trusted: each node must hash to what its parent says, stand in its
/// canonical form, and be needed.
/// </summary>
public static class MerkleProof
{
    private const int BranchWidth = 16;
    private const int OddFlag = 0x10;
    private const int LeafFlag = 0x20;

    /// <param name="key">The key in the trie: for accounts and slots the Keccak hash of the address or slot.</param>
    /// <param name="proof">The nodes, root first. Nodes under 32 bytes stand inside their parents and are not listed.</param>
    /// <param name="value">When verified: the value under the key, or null, proven absent.</param>
    /// <param name="error"><c>proof-invalid</c>, and why.</param>
    public static bool TryVerify(
        in Hash256 root,
        ReadOnlySpan<byte> key,
        IReadOnlyList<byte[]> proof,
        out byte[]? value,
        [NotNullWhen(false)] out Error? error)
    {
        var reason = Verify(root, key, proof, out value);
        error = reason is null ? null : new Error("proof-invalid", $"The Merkle proof is invalid: {reason}.");
        if (reason is not null)
            value = null;
        return reason is null;
    }

    private static string? Verify(in Hash256 root, ReadOnlySpan<byte> key, IReadOnlyList<byte[]> proof, out byte[]? value)
    {
        value = null;
        if (root == BlockHeader.EmptyTrieRoot)
            return proof.Count == 0 ? null : "an empty trie has no nodes";
        var walk = new Walk(key);
        var expected = root;
        for (var i = 0; i < proof.Count; i++)
        {
            ReadOnlySpan<byte> node = proof[i];
            if (Keccak.Hash(node) != expected)
                return $"node {i} is not the one that {(i == 0 ? "the root" : "its parent")} names";
            if (i > 0 && node.Length < Hash256.Size)
                return $"node {i} is too short to stand apart from its parent";
            do
            {
                if (!walk.TryStep(node))
                    return $"node {i} is not canonical";
                node = walk.Next;
            }
            while (!node.IsEmpty && node[0] >= Rlp.EmptyList);
            if (node.IsEmpty)
            {
                value = walk.Value;
                return i == proof.Count - 1 ? null : $"nothing is below node {i}";
            }
            expected = new Hash256(node[1..]);
        }
        return "it ends before the key is found or ruled out";
    }

    /// <summary>The way down to a key. Every step but the last takes at least one nibble of it, which bounds the walk.</summary>
    private ref struct Walk(ReadOnlySpan<byte> key)
    {
        private readonly ReadOnlySpan<byte> _key = key;
        private readonly int _nibbles = 2 * key.Length;
        private int _depth;
        private bool _afterExtension;

        /// <summary>The encoded reference to the next node: a hash, or the node itself. Empty where the way ends.</summary>
        public ReadOnlySpan<byte> Next { get; private set; }

        /// <summary>Where the way ends: the value under the key, or null.</summary>
        public byte[]? Value { get; private set; }

        /// <returns>False when the node is not canonical.</returns>
        public bool TryStep(ReadOnlySpan<byte> node)
        {
            Next = default;
            var reader = new RlpReader(node);
            if (!reader.TryReadList(out var items) || !reader.End)
                return false;
            var counted = items;
            if (!counted.TryReadItem(out _) || !counted.TryReadItem(out _))
                return false;
            if (!counted.End)
                return TryStepBranch(items);
            return !_afterExtension && TryStepPath(items);
        }

        private bool TryStepBranch(RlpReader items)
        {
            _afterExtension = false;
            var isEnd = _depth == _nibbles;
            var chosen = isEnd ? BranchWidth : NibbleAt(_key, _depth++);
            var occupied = 0;
            for (var nibble = 0; nibble < BranchWidth; nibble++)
            {
                if (!items.TryReadItem(out var reference))
                    return false;
                if (reference.Length == 1 && reference[0] == Rlp.EmptyBytes)
                    continue;
                if (!IsReference(reference))
                    return false;
                occupied++;
                if (nibble == chosen)
                    Next = reference;
            }
            if (!items.TryReadBytes(out var value) || !items.End)
                return false;
            if (isEnd && !value.IsEmpty)
                Value = value.ToArray();
            return occupied + (value.IsEmpty ? 0 : 1) >= 2;
        }

        /// <summary>An extension or a leaf: a path with its flags (hex-prefix encoding), then a reference or a value.</summary>
        private bool TryStepPath(RlpReader items)
        {
            if (!items.TryReadBytes(out var path) || path.IsEmpty || path[0] > (LeafFlag | OddFlag | 0x0F))
                return false;
            var isOdd = (path[0] & OddFlag) != 0;
            if (!isOdd && (path[0] & 0x0F) != 0)
                return false;
            var flagNibbles = isOdd ? 1 : 2;
            var length = (2 * path.Length) - flagNibbles;
            var matches = length <= _nibbles - _depth;
            for (var i = 0; matches && i < length; i++)
                matches = NibbleAt(path, flagNibbles + i) == NibbleAt(_key, _depth + i);
            if (matches)
                _depth += length;
            return (path[0] & LeafFlag) != 0 ? TryEndAtLeaf(items, matches) : length > 0 && TryExtend(items, matches);
        }

        private bool TryEndAtLeaf(RlpReader items, bool matches)
        {
            if (!items.TryReadBytes(out var value) || value.IsEmpty || !items.End)
                return false;
            if (matches && _depth == _nibbles)
                Value = value.ToArray();
            return true;
        }

        private bool TryExtend(RlpReader items, bool matches)
        {
            if (!items.TryReadItem(out var reference) || !items.End || !IsReference(reference))
                return false;
            _afterExtension = true;
            if (matches)
                Next = reference;
            return true;
        }
    }

    /// <summary>A hash, or a node shorter than one.</summary>
    private static bool IsReference(ReadOnlySpan<byte> item) =>
        item[0] >= Rlp.EmptyList
            ? item.Length < Hash256.Size
            : item.Length == 1 + Hash256.Size && item[0] == Rlp.EmptyBytes + Hash256.Size;

    private static int NibbleAt(ReadOnlySpan<byte> bytes, int index) =>
        index % 2 == 0 ? bytes[index / 2] >> 4 : bytes[index / 2] & 0x0F;
}
