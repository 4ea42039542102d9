using System.Numerics;
using Aivm.Primitives;

namespace Aivm.Proofs.Prover;

/// <summary>All nodes of a Merkle tree. <see cref="MerkleOpening"/> has the tree's definition and checks its openings.</summary>
internal sealed class MerkleTree
{
    /// <summary>Nodes that a thread hashes at a time.</summary>
    private const int Piece = 2048;

    /// <summary>Planes of hashes, the leaves first, the root last.</summary>
    private readonly uint[][] _levels;

    /// <param name="leaves">Planes of 2^depth hashes (see <see cref="Blake3Lanes"/>). The tree keeps them.</param>
    public MerkleTree(uint[] leaves)
    {
        var count = leaves.Length / Blake3.HashWords;
        if (leaves.Length != count * Blake3.HashWords || !BitOperations.IsPow2(count))
            throw new ArgumentException("A Merkle tree has a power of two of leaves.", nameof(leaves));
        _levels = new uint[BitOperations.Log2((uint)count) + 1][];
        _levels[0] = leaves;
        for (var level = 1; level < _levels.Length; level++)
            _levels[level] = Parents(_levels[level - 1]);
    }

    public Hash256 Root => new Planes(_levels[^1], 1).At(0);

    /// <summary>log2 of the number of leaves.</summary>
    public int Depth => _levels.Length - 1;

    /// <summary>Writes the opening at some positions: the nodes that the verifier cannot compute from the leaves there.</summary>
    /// <param name="positions">At least one; ascending, below 2^<see cref="Depth"/>.</param>
    public void WriteOpening(ReadOnlySpan<int> positions, ProofWriter writer)
    {
        MerkleOpening.ThrowIfNotPositions(positions, Depth);
        var nodes = positions.ToArray();
        var count = nodes.Length;
        Span<byte> hash = stackalloc byte[Blake3.HashBytes];
        for (var level = 0; level < Depth; level++)
        {
            var parents = 0;
            var planes = new Planes(_levels[level], 1 << (Depth - level));
            for (var i = 0; i < count; i++, parents++)
            {
                var node = nodes[i];
                if (i + 1 < count && nodes[i + 1] == (node ^ 1))
                    i++;
                else
                {
                    planes.Write(node ^ 1, hash);
                    writer.Write(hash);
                }
                nodes[parents] = node >> 1;
            }
            count = parents;
        }
    }

    private static uint[] Parents(uint[] children)
    {
        var parents = GC.AllocateUninitializedArray<uint>(children.Length / 2);
        var count = parents.Length / Blake3.HashWords;
        if (count <= Piece)
            MerkleOpening.HashLevel(children, parents, 0, count);
        else
            Parallel.For(0, count / Piece, i => MerkleOpening.HashLevel(children, parents, i * Piece, Piece));
        return parents;
    }
}
