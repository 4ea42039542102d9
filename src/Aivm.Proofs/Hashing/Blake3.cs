using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>
/// BLAKE3 (O'Connor, Aumasson, Neves, Wilcox-O'Hearn 2020): the hash and the keyed hash, with output of any length. The proofs' only
/// hash function. One input at a time here; <see cref="Blake3Lanes"/> hashes many at once.
/// </summary>
public static class Blake3
{
    public const int HashBytes = 32;
    public const int KeyBytes = 32;

    internal const int BlockBytes = 64;
    internal const int ChunkBytes = 1024;
    internal const int BlocksPerChunk = ChunkBytes / BlockBytes;

    /// <summary>Words of a chaining value, a key or a hash.</summary>
    internal const int HashWords = HashBytes / sizeof(uint);
    internal const int BlockWords = BlockBytes / sizeof(uint);

    internal const uint ChunkStart = 1;
    internal const uint ChunkEnd = 2;
    internal const uint Parent = 4;
    internal const uint Root = 8;
    internal const uint Keyed = 16;

    /// <summary>SHA-256's initial values, the key of the plain hash.</summary>
    internal static ReadOnlySpan<uint> InitialValues =>
        [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    public static Hash256 Hash(ReadOnlySpan<byte> input)
    {
        Span<byte> output = stackalloc byte[HashBytes];
        Hash(input, output);
        return new Hash256(output);
    }

    /// <param name="output">Receives as many bytes as it has; a shorter output is the beginning of a longer one.</param>
    public static void Hash(ReadOnlySpan<byte> input, Span<byte> output)
    {
        var hasher = new Blake3Hasher();
        hasher.Append(input);
        hasher.Finish().Read(output);
    }

    /// <inheritdoc cref="Hash(ReadOnlySpan{byte}, Span{byte})"/>
    /// <param name="key">32 bytes.</param>
    public static void HashKeyed(ReadOnlySpan<byte> key, ReadOnlySpan<byte> input, Span<byte> output)
    {
        var hasher = new Blake3Hasher(key);
        hasher.Append(input);
        hasher.Finish().Read(output);
    }

    /// <summary>The compression function, all 16 words of its output: the first 8 are the chaining value.</summary>
    /// <param name="block">16 words.</param>
    /// <param name="output">16 words; may be where <paramref name="block"/> is.</param>
    [SkipLocalsInit]
    internal static unsafe void Compress(
        ReadOnlySpan<uint> chaining, ReadOnlySpan<uint> block, ulong counter, int blockLength, uint flags, Span<uint> output)
    {
        var result = stackalloc uint[BlockWords];
        fixed (uint* from = chaining[..HashWords])
        fixed (uint* message = block[..BlockWords])
        {
            var (low, high) = (unchecked((uint)counter), (uint)(counter >> 32));
            Blake3Rounds.Compress<uint, ScalarWords>(from, message, low, high, blockLength, flags, result);
        }
        new ReadOnlySpan<uint>(result, BlockWords).CopyTo(output);
    }

    /// <summary>The chaining value of a node over two others.</summary>
    /// <param name="output">8 words; may be where one of the children is.</param>
    [SkipLocalsInit]
    internal static void CompressParent(
        ReadOnlySpan<uint> key, uint mode, ReadOnlySpan<uint> left, ReadOnlySpan<uint> right, Span<uint> output)
    {
        Span<uint> block = stackalloc uint[BlockWords];
        left[..HashWords].CopyTo(block);
        right[..HashWords].CopyTo(block[HashWords..]);
        Compress(key, block, counter: 0, BlockBytes, Parent | mode, block);
        block[..HashWords].CopyTo(output);
    }

    /// <summary>The key of hashes for one purpose: BLAKE3 of its name.</summary>
    internal static uint[] KeyOf(ReadOnlySpan<byte> purpose)
    {
        var key = new uint[HashWords];
        ReadWords(Hash(purpose).Span, key);
        return key;
    }

    internal static void ReadWords(ReadOnlySpan<byte> bytes, Span<uint> words)
    {
        bytes[..(sizeof(uint) * words.Length)].CopyTo(MemoryMarshal.AsBytes(words));
        if (!BitConverter.IsLittleEndian)
            BinaryPrimitives.ReverseEndianness(words, words);
    }

    internal static void WriteWords(ReadOnlySpan<uint> words, Span<byte> bytes)
    {
        if (BitConverter.IsLittleEndian)
            MemoryMarshal.AsBytes(words).CopyTo(bytes);
        else
            for (var i = 0; i < words.Length; i++)
                BinaryPrimitives.WriteUInt32LittleEndian(bytes[(sizeof(uint) * i)..], words[i]);
    }
}
