using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>
/// Shows that hashes are the leaves of a Merkle tree at given positions. A node is the keyed BLAKE3 of its two children, 64 bytes; the
/// key is BLAKE3 of "AIVM Merkle node". Leaves come from the hash without a key, so that neither passes for the other. The tree is full:
/// 2^depth leaves.
/// </summary>
/// <remarks>
/// The opening is one for all positions. Level by level from the leaves up, and by position within a level, it has the 32 bytes of each
/// node that is needed to compute a parent and is not itself among the nodes known by then. That set follows from the positions: nothing
/// else is sent, nothing twice, and a set of leaves has one opening.
/// </remarks>
internal static class MerkleOpening
{
    private static readonly uint[] Key = Blake3.KeyOf("AIVM Merkle node"u8);

    /// <summary>Planes of nodes (see <see cref="Blake3Lanes"/>) from planes of their children; any part of them.</summary>
    public static void HashLevel(ReadOnlySpan<uint> children, Span<uint> parents, int first, int count) =>
        Blake3Lanes.HashPairs(Key, children, parents, first, count);

    /// <summary>Reads an opening and checks that it leads to the root.</summary>
    /// <param name="depth">log2 of the number of leaves.</param>
    /// <param name="positions">At least one; ascending, below 2^depth.</param>
    /// <param name="leaves">Planes of the hashes at these positions.</param>
    /// <returns>False when <paramref name="reader"/> failed, now or earlier.</returns>
    public static bool TryVerify(Hash256 root, int depth, ReadOnlySpan<int> positions, ReadOnlySpan<uint> leaves, ProofReader reader)
    {
        ThrowIfNotPositions(positions, depth);
        ArgumentOutOfRangeException.ThrowIfNotEqual(leaves.Length, Blake3.HashWords * positions.Length);
        var nodes = positions.ToArray();
        var count = nodes.Length;
        var hashes = leaves.ToArray();
        var pairs = new uint[2 * hashes.Length];
        for (var level = 0; level < depth; level++)
        {
            var parents = CountParents(nodes.AsSpan(0, count));
            var children = pairs.AsSpan(0, 2 * Blake3.HashWords * parents);
            var known = new Planes(hashes, count);
            var pair = new Planes(children, 2 * parents);
            for (int i = 0, parent = 0; i < count; i++, parent++)
            {
                var node = nodes[i];
                known.CopyTo(i, pair, (2 * parent) + (node & 1));
                if (i + 1 < count && nodes[i + 1] == (node ^ 1))
                    known.CopyTo(++i, pair, (2 * parent) + 1);
                else if (reader.TryReadBytes(Blake3.HashBytes, out var sibling))
                    pair.Read(sibling, (2 * parent) + (~node & 1));
                else
                    return false;
                nodes[parent] = node >> 1;
            }
            count = parents;
            HashLevel(children, hashes.AsSpan(0, Blake3.HashWords * count), 0, count);
        }
        return new Planes(hashes, 1).At(0) == root
            || reader.Fail(ProofErrors.Rejected("The opened leaves and nodes do not lead to the Merkle root."));
    }

    /// <summary>How many distinct parents nodes have.</summary>
    /// <param name="nodes">Ascending.</param>
    public static int CountParents(ReadOnlySpan<int> nodes)
    {
        var parents = 0;
        for (var i = 0; i < nodes.Length; i++)
            if (i == 0 || nodes[i] >> 1 != nodes[i - 1] >> 1)
                parents++;
        return parents;
    }

    public static void ThrowIfNotPositions(ReadOnlySpan<int> positions, int depth)
    {
        var isSet = !positions.IsEmpty && positions[0] >= 0 && positions[^1] >> depth == 0;
        for (var i = 1; i < positions.Length; i++)
            isSet &= positions[i - 1] < positions[i];
        if (!isSet)
            throw new ArgumentException("Positions of leaves are distinct, ascending and at least one.", nameof(positions));
    }
}
