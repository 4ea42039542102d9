using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Aivm.Proofs;

/// <summary>
/// The leaves of a commitment to a matrix: leaf j is BLAKE3 of salt j and then column j from the first row to the last, each element as
/// the 4 little-endian bytes of x * 2^32 mod p. That form is as unique as the canonical number, and is what prover and verifier
/// calculate with. A salt is 32 secret bytes that hide the column; a matrix that is public anyway has none.
/// </summary>
internal static unsafe class ColumnHasher
{
    public const int SaltBytes = SaltWords * sizeof(uint);

    public const int SaltWords = 8;

    /// <summary>Vectors of columns that are hashed together, a block of rows at a time, so that rows are read in runs of memory.</summary>
    private const int TileVectors = 16;

    /// <summary>Hashes columns first to first + count - 1, of as many as there are leaves; others may be hashed by other threads.</summary>
    /// <param name="matrix">Row i begins at i * stride.</param>
    /// <param name="salts">8 rows of one word for each column, little-endian words of the salts; or empty.</param>
    /// <param name="leaves">Planes of hashes, as in <see cref="Blake3Lanes"/>: 8 rows of one word for each column.</param>
    public static void Hash(
        ReadOnlySpan<uint> matrix, int rows, int stride, ReadOnlySpan<uint> salts, Span<uint> leaves, int first, int count)
    {
        var columns = leaves.Length / Blake3.HashWords;
        ArgumentOutOfRangeException.ThrowIfNotEqual(leaves.Length, columns * Blake3.HashWords);
        ArgumentOutOfRangeException.ThrowIfNotEqual(salts.Length, salts.IsEmpty ? 0 : columns * SaltWords);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, columns);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(matrix.Length, rows == 0 ? 0 : ((long)(rows - 1) * stride) + columns);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + count, columns);
        fixed (uint* elements = matrix, salt = salts, leaf = leaves)
        {
            var layout = new Layout(elements, rows, stride, salt, salts.IsEmpty ? 0 : SaltWords, leaf, columns);
            var end = first + count;
            if (FieldSimd.Level >= FieldLevel.Avx512)
                first = HashTiles<Vector512<uint>, Avx512Words>(layout, first, end);
            if (FieldSimd.Level >= FieldLevel.Avx2)
                first = HashTiles<Vector256<uint>, Avx2Words>(layout, first, end);
            HashTiles<uint, ScalarWords>(layout, first, end);
        }
    }

    private readonly struct Layout(uint* matrix, int rows, int stride, uint* salts, int saltWords, uint* leaves, int columns)
    {
        /// <summary>Words in a column, its salt included.</summary>
        public int Words => saltWords + rows;

        /// <summary>Word number i of all columns.</summary>
        public uint* Row(int i) => unchecked(i < saltWords ? salts + ((nint)i * columns) : matrix + ((nint)(i - saltWords) * stride));

        /// <summary>Word number i of all leaves.</summary>
        public uint* Leaf(nint i) => unchecked(leaves + (i * columns));
    }

    private static int HashTiles<TVector, TWords>(in Layout layout, int first, int end)
        where TVector : unmanaged
        where TWords : IBlake3Words<TVector>
    {
        if (end - first < TWords.Count)
            return first;
        using var tile = new Tile<TVector, TWords>(layout);
        while (end - first >= TWords.Count)
            first += tile.Hash(first, Math.Min(TileVectors, (end - first) / TWords.Count));
        return first;
    }

    /// <summary>The chaining values of some columns' hashes in progress: of the chunk at hand, and of complete subtrees.</summary>
    private sealed class Tile<TVector, TWords> : IDisposable
        where TVector : unmanaged
        where TWords : IBlake3Words<TVector>
    {
        private const int Level = TileVectors * Blake3.HashWords;

        private readonly Layout _layout;
        private readonly TVector* _memory;
        private readonly TVector* _key;
        private readonly TVector* _message;
        private readonly TVector* _output;
        private readonly TVector* _subtrees;
        private int _depth;
        private int _vectors;

        public Tile(in Layout layout)
        {
            _layout = layout;
            var chunks = (uint)(layout.Words * sizeof(uint) / Blake3.ChunkBytes) + 1;
            var levels = BitOperations.Log2(chunks) + 2;
            var vectors = (3 * Blake3.BlockWords) + (levels * Level);
            _memory = (TVector*)NativeMemory.AlignedAlloc((nuint)(vectors * sizeof(TVector)), (nuint)sizeof(TVector));
            _key = _memory;
            _message = _key + Blake3.BlockWords;
            _output = _message + Blake3.BlockWords;
            _subtrees = _output + Blake3.BlockWords;
            for (var i = 0; i < Blake3.HashWords; i++)
                _key[i] = TWords.Broadcast(Blake3.InitialValues[i]);
        }

        public void Dispose() => NativeMemory.AlignedFree(_memory);

        /// <summary>Where the chunk at hand has its chaining values: above the complete subtrees.</summary>
        private TVector* Chaining => _subtrees + (_depth * Level);

        /// <returns>How many columns.</returns>
        public int Hash(int column, int vectors)
        {
            _vectors = vectors;
            _depth = 0;
            var blocks = Math.Max(1, (_layout.Words + Blake3.BlockWords - 1) / Blake3.BlockWords);
            for (var block = 0; block < blocks; block++)
            {
                var isLast = block == blocks - 1;
                var inChunk = block % Blake3.BlocksPerChunk;
                var isEndOfChunk = isLast || inChunk == Blake3.BlocksPerChunk - 1;
                var isOnlyChunk = blocks <= Blake3.BlocksPerChunk;
                var flags = (inChunk == 0 ? Blake3.ChunkStart : 0) | (isEndOfChunk ? Blake3.ChunkEnd : 0)
                    | (isLast && isOnlyChunk ? Blake3.Root : 0);
                CompressBlock(column, block, inChunk == 0, flags);
                if (isEndOfChunk && !isLast)
                    CompleteChunk((block / Blake3.BlocksPerChunk) + 1);
            }
            while (_depth > 0)
                Join(Blake3.Parent | (_depth == 1 ? Blake3.Root : 0));
            for (var word = 0; word < Blake3.HashWords; word++)
                for (var vector = 0; vector < vectors; vector++)
                    *(TVector*)(_layout.Leaf(word) + column + (vector * TWords.Count)) = Chaining[(vector * Blake3.HashWords) + word];
            return vectors * TWords.Count;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void CompressBlock(int column, int block, bool isStartOfChunk, uint flags)
        {
            unchecked
            {
                var words = Math.Min(Blake3.BlockWords, _layout.Words - (block * Blake3.BlockWords));
                var rows = stackalloc uint*[Blake3.BlockWords];
                for (var i = 0; i < words; i++)
                    rows[i] = _layout.Row((block * Blake3.BlockWords) + i) + column;
                for (var i = words; i < Blake3.BlockWords; i++)
                    _message[i] = default;
                var counter = TWords.Broadcast((uint)(block / Blake3.BlocksPerChunk));
                var chaining = Chaining;
                for (var vector = 0; vector < _vectors; vector++, chaining += Blake3.HashWords)
                {
                    for (nint i = 0; i < words; i++)
                        _message[i] = *(TVector*)(rows[i] + ((nint)vector * TWords.Count));
                    Blake3Rounds.Compress<TVector, TWords>(
                        isStartOfChunk ? _key : chaining, _message, counter, default, words * sizeof(uint), flags, _output);
                    Copy(_output, chaining);
                }
            }
        }

        /// <summary>Joins the subtrees that end with this chunk, and makes room for the next chunk.</summary>
        private void CompleteChunk(int chunks)
        {
            for (; chunks % 2 == 0; chunks /= 2)
                Join(Blake3.Parent);
            _depth++;
        }

        /// <summary>Replaces the last two subtrees by their parent.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Join(uint flags)
        {
            var right = Chaining;
            _depth--;
            var left = Chaining;
            for (var vector = 0; vector < _vectors; vector++, left += Blake3.HashWords, right += Blake3.HashWords)
            {
                Copy(left, _message);
                Copy(right, _message + Blake3.HashWords);
                Blake3Rounds.Compress<TVector, TWords>(_key, _message, default, default, Blake3.BlockBytes, flags, _output);
                Copy(_output, left);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Copy(TVector* from, TVector* to)
        {
            for (nint i = 0; i < Blake3.HashWords; i++)
                to[i] = from[i];
        }
    }
}
