using System.Buffers;
using Aivm.Primitives;

namespace Aivm.Proofs.Prover;

/// <summary>
/// All nodes of a Merkle tree. <see cref="MerkleOpening"/> has the tree's definition and checks its openings. Its memory is the shared pool's of arrays.
/// </summary>
internal sealed class MerkleTree : IDisposable
{
    /// <summary>Nodes that a thread hashes at a time.</summary>
    private const int Piece = 2048;

    /// <summary>Planes of hashes, the leaves first, the root last.</summary>
    private readonly uint[][] _levels;

    /// <param name="leaves">Planes of 2^depth hashes (see <see cref="Blake3Lanes"/>), from <see cref="Rent"/>. The tree keeps them.</param>
    public MerkleTree(uint[] leaves, int depth, int threads = 1)
    {
        _levels = new uint[depth + 1][];
        _levels[0] = leaves;
        for (var level = 1; level <= depth; level++)
        {
            _levels[level] = Rent(1 << (depth - level));
            HashInto(level, threads);
        }
    }

    /// <summary>Room for the planes of so many hashes.</summary>
    public static uint[] Rent(int count) => ArrayPool<uint>.Shared.Rent(Blake3.HashWords * count);

    public Hash256 Root => new Planes(Level(Depth), 1).At(0);

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
            var planes = new Planes(Level(level), 1 << (Depth - level));
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

    public void Dispose()
    {
        foreach (ref var level in _levels.AsSpan())
        {
            ArrayPool<uint>.Shared.Return(level);
            level = [];
        }
    }

    /// <summary>A level's planes: rented arrays may be longer.</summary>
    private Span<uint> Level(int level) => _levels[level].AsSpan(0, Blake3.HashWords << (Depth - level));

    private void HashInto(int level, int threads)
    {
        var count = 1 << (Depth - level);
        if (count <= Piece)
            MerkleOpening.HashLevel(Level(level - 1), Level(level), 0, count);
        else
            Parts.Each(threads, count / Piece, i => MerkleOpening.HashLevel(Level(level - 1), Level(level), i * Piece, Piece));
    }
}
