using System.Numerics;

namespace Aivm.Proofs;

/// <summary>
/// BLAKE3 of an input that comes in pieces. Memory does not grow with the input: of the tree's complete parts only the chaining values of
/// the largest subtrees are kept (section 5.1.2 of the paper), one for each bit set in the number of complete chunks.
/// </summary>
public sealed class Blake3Hasher
{
    /// <summary>As many as 2^64 bytes of input need.</summary>
    private const int MaxDepth = 54;

    private readonly uint[] _key = new uint[Blake3.HashWords];
    private readonly uint[] _chaining = new uint[Blake3.HashWords];
    private readonly byte[] _block = new byte[Blake3.BlockBytes];
    private uint[] _subtrees = new uint[4 * Blake3.HashWords];
    private uint _mode;
    private int _depth;
    private ulong _chunks;
    private int _blocks;
    private int _blockLength;

    /// <summary>The plain hash.</summary>
    public Blake3Hasher() => Restart();

    /// <summary>The keyed hash.</summary>
    /// <param name="key">32 bytes.</param>
    public Blake3Hasher(ReadOnlySpan<byte> key) => Restart(key);

    /// <summary>Forgets all input; the plain hash from here on.</summary>
    public void Restart()
    {
        Blake3.InitialValues.CopyTo(_key);
        _mode = 0;
        StartInput();
    }

    /// <summary>Forgets all input; the keyed hash from here on.</summary>
    /// <param name="key">32 bytes.</param>
    public void Restart(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, Blake3.KeyBytes);
        Blake3.ReadWords(key, _key);
        _mode = Blake3.Keyed;
        StartInput();
    }

    public void Append(ReadOnlySpan<byte> input)
    {
        while (!input.IsEmpty)
        {
            // A full block waits until more follows: the last one is compressed with other flags.
            if (_blockLength == Blake3.BlockBytes)
                CompressBlock();
            if (_blockLength == 0 && _blocks == 0)
                input = AppendChunks(input);
            var length = Math.Min(input.Length, Blake3.BlockBytes - _blockLength);
            input[..length].CopyTo(_block.AsSpan(_blockLength));
            _blockLength += length;
            input = input[length..];
        }
    }

    /// <summary>The hash of what was appended so far. Does not disturb the hasher.</summary>
    public Blake3Output Finish()
    {
        var output = LastBlock();
        Span<uint> right = stackalloc uint[Blake3.HashWords];
        for (var i = _depth; i-- > 0;)
        {
            output.ReadChaining(right);
            output = new Blake3Output(_key, Subtree(i), right, Blake3.BlockBytes, counter: 0, Blake3.Parent | _mode);
        }
        return output;
    }

    private void StartInput()
    {
        _depth = 0;
        _chunks = 0;
        StartChunk();
    }

    private void StartChunk()
    {
        _key.CopyTo(_chaining, 0);
        _blocks = 0;
        _blockLength = 0;
    }

    /// <summary>Takes chunks in vectors, as long as there are enough of them and something follows.</summary>
    /// <returns>The rest: something, if the input was something.</returns>
    private ReadOnlySpan<byte> AppendChunks(ReadOnlySpan<byte> input)
    {
        Span<uint> chainings = stackalloc uint[Blake3Lanes.MaxChunks * Blake3.HashWords];
        while (input.Length > Blake3.ChunkBytes)
        {
            var chunks = Blake3Lanes.HashChunks(_key, _mode, _chunks, input[..^1], chainings);
            if (chunks == 0)
                break;
            for (var i = 0; i < chunks; i++)
                AddChunk(chainings.Slice(i * Blake3.HashWords, Blake3.HashWords));
            input = input[(chunks * Blake3.ChunkBytes)..];
        }
        return input;
    }

    private void CompressBlock()
    {
        var lastOfChunk = _blocks == Blake3.BlocksPerChunk - 1;
        if (lastOfChunk)
        {
            Span<uint> chunk = stackalloc uint[Blake3.HashWords];
            LastBlock().ReadChaining(chunk);
            AddChunk(chunk);
            StartChunk();
            return;
        }
        Span<uint> words = stackalloc uint[Blake3.BlockWords];
        Blake3.ReadWords(_block, words);
        Blake3.Compress(_chaining, words, _chunks, Blake3.BlockBytes, _mode | StartFlag, words);
        words[..Blake3.HashWords].CopyTo(_chaining);
        _blocks++;
        _blockLength = 0;
    }

    private uint StartFlag => _blocks == 0 ? Blake3.ChunkStart : 0;

    private Blake3Output LastBlock()
    {
        Span<uint> words = stackalloc uint[Blake3.BlockWords];
        _block.AsSpan(_blockLength).Clear();
        Blake3.ReadWords(_block, words);
        return new Blake3Output(
            _chaining, words[..Blake3.HashWords], words[Blake3.HashWords..], _blockLength, _chunks, Blake3.ChunkEnd | StartFlag | _mode);
    }

    /// <summary>Completes all subtrees that end with this chunk.</summary>
    private void AddChunk(Span<uint> chaining)
    {
        _chunks++;
        for (var completed = BitOperations.TrailingZeroCount(_chunks); completed > 0; completed--)
            Blake3.CompressParent(_key, _mode, Subtree(--_depth), chaining, chaining);
        if ((_depth + 1) * Blake3.HashWords > _subtrees.Length)
            Array.Resize(ref _subtrees, Math.Min(2 * _subtrees.Length, MaxDepth * Blake3.HashWords));
        chaining.CopyTo(Subtree(_depth++));
    }

    private Span<uint> Subtree(int index) => _subtrees.AsSpan(index * Blake3.HashWords, Blake3.HashWords);
}
