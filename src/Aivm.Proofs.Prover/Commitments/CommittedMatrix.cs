using System.Buffers;
using Aivm.Primitives;

namespace Aivm.Proofs.Prover;

/// <summary>Codewords, row by row, committed column by column: each column with its salt is a leaf of a Merkle tree.</summary>
internal sealed unsafe class CommittedMatrix : IDisposable
{
    /// <summary>Columns that a thread hashes at a time.</summary>
    private const int Piece = 1024;

    private readonly int _height;
    private readonly int _stride;
    private readonly int _codeBits;
    private readonly bool _salted;
    private readonly int _threads;
    private readonly FeltArray _codewords;
    private uint[] _salts;
    private MerkleTree? _tree;

    /// <param name="random">For the salts; null if the columns need not be hidden.</param>
    public CommittedMatrix(int height, int codeBits, SecretRandom? random, int threads = 1)
    {
        (_height, _codeBits, _salted, _threads) = (height, codeBits, random is not null, threads);
        _stride = (1 << codeBits) + FeltArray.Stagger;
        _codewords = FeltArray.Uninitialised(height * _stride);
        _salts = ArrayPool<uint>.Shared.Rent(SaltCount);
        if (random is null)
            Salts.Clear();
        else
            random.FillWords(Salts, threads);
    }

    public Hash256 Root => Tree.Root;

    private int SaltCount => ColumnHasher.SaltWords << _codeBits;

    private Span<uint> Salts => _salts.AsSpan(0, SaltCount);

    private MerkleTree Tree => _tree ?? throw new InvalidOperationException("The matrix is not committed yet.");

    /// <summary>A codeword.</summary>
    public uint* Row(int row) => _codewords.At(row * _stride);

    /// <summary>Writes the codeword of a message into a row.</summary>
    public void Encode(int row, ReedSolomon code, FeltArray message) =>
        code.Encode(message, 0, message.Length, _codewords, row * _stride);

    /// <summary>Writes four rows, the coefficients of a codeword over the extension.</summary>
    public void Write(int firstRow, ExtArray codeword)
    {
        for (var k = 0; k < Ext4.Degree; k++)
            codeword.AsSpan(k).CopyTo(new Span<uint>(Row(firstRow + k), codeword.Length));
    }

    /// <summary>Once all rows are written.</summary>
    public void Commit()
    {
        var columns = 1 << _codeBits;
        var leaves = MerkleTree.Rent(columns);
        Parts.Each(_threads, (columns + Piece - 1) / Piece, piece =>
        {
            var first = piece * Piece;
            ColumnHasher.Hash(_codewords.AsSpan(), _height, _stride, Salts, leaves.AsSpan(0, Blake3.HashWords << _codeBits), first, Math.Min(Piece, columns - first));
        });
        _tree = new MerkleTree(leaves, _codeBits, _threads);
    }

    /// <summary>Writes what <see cref="OpenedColumns"/> reads.</summary>
    public void Open(int[] positions, ProofWriter writer)
    {
        var words = new uint[positions.Length];
        fixed (uint* salts = _salts)
            for (var row = 0; row < ColumnHasher.SaltWords && _salted; row++)
            {
                Gather(salts + (row << _codeBits), positions, words);
                writer.WriteWords(words);
            }
        for (var row = 0; row < _height; row++)
        {
            Gather(Row(row), positions, words);
            writer.WriteElements(words);
        }
        Tree.WriteOpening(positions, writer);
    }

    public void Dispose()
    {
        _codewords.Dispose();
        _tree?.Dispose();
        ArrayPool<uint>.Shared.Return(_salts);
        _salts = [];
    }

    /// <summary>Apart from the writing: reads that miss the caches overlap.</summary>
    private static void Gather(uint* row, int[] positions, uint[] words)
    {
        for (var i = 0; i < words.Length; i++)
            words[i] = row[positions[i]];
    }
}
