using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Aivm.Proofs;

/// <summary>
/// BLAKE3 of many inputs of one length at once, each in a lane of a vector: sixteen with AVX-512, eight with AVX2, one anywhere. Which it
/// is changes no result. Sets of hashes are <em>planes</em>: little-endian word w of hash i is at w * count + i, so that vectors are read
/// and written as they are.
/// </summary>
internal static unsafe class Blake3Lanes
{
    /// <summary>Words that <see cref="Expand"/> makes at a time: 16 blocks of output.</summary>
    public const int GroupWords = GroupBlocks * Blake3.BlockWords;

    /// <summary>The most chunks that <see cref="HashChunks"/> takes at a time.</summary>
    public const int MaxChunks = 16;

    private const int GroupBlocks = 16;

    /// <summary>The keyed hashes of pairs of neighbours, 64 bytes each.</summary>
    /// <param name="key">8 words.</param>
    /// <param name="children">Planes of 2 * count hashes.</param>
    /// <param name="parents">Planes of count hashes.</param>
    /// <param name="first">The first parent to compute, <paramref name="length"/> in all; others may be computed by other threads.</param>
    public static void HashPairs(ReadOnlySpan<uint> key, ReadOnlySpan<uint> children, Span<uint> parents, int first, int length)
    {
        var count = parents.Length / Blake3.HashWords;
        var end = first + length;
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, Blake3.HashWords);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, count);
        ArgumentOutOfRangeException.ThrowIfNotEqual(parents.Length, Blake3.HashWords * count);
        ArgumentOutOfRangeException.ThrowIfNotEqual(children.Length, 2 * parents.Length);
        fixed (uint* from = children, to = parents)
        {
            if (FieldSimd.Level >= FieldLevel.Avx512)
                first = HashPairs<Vector512<uint>, Avx512Words>(key, from, to, count, first, end);
            if (FieldSimd.Level >= FieldLevel.Avx2)
                first = HashPairs<Vector256<uint>, Avx2Words>(key, from, to, count, first, end);
            HashPairs<uint, ScalarWords>(key, from, to, count, first, end);
        }
    }

    /// <summary>
    /// Extendable output in an order that suits vectors: word 16 w + b of group g is word w of the output's block 16 g + b.
    /// </summary>
    /// <param name="source">The output of a keyed hash of at most 64 bytes, whose key is secret.</param>
    /// <param name="words">Receives groups of <see cref="GroupWords"/>.</param>
    public static void Expand(in Blake3Output source, ulong firstGroup, Span<uint> words)
    {
        var groups = words.Length / GroupWords;
        ArgumentOutOfRangeException.ThrowIfNotEqual(words.Length, GroupWords * groups);
        fixed (uint* to = words)
        {
            if (FieldSimd.Level >= FieldLevel.Avx512)
                Expand<Vector512<uint>, Avx512Words>(source, firstGroup, to, groups);
            else if (FieldSimd.Level >= FieldLevel.Avx2)
                Expand<Vector256<uint>, Avx2Words>(source, firstGroup, to, groups);
            else
                Expand<uint, ScalarWords>(source, firstGroup, to, groups);
        }
    }

    /// <summary>Complete chunks of one input, each to its chaining value; as many at the input's start as fill vectors.</summary>
    /// <param name="key">8 words.</param>
    /// <param name="mode">Flags of the whole hash.</param>
    /// <param name="chainings">Receives 8 words for each chunk.</param>
    /// <returns>How many chunks.</returns>
    public static int HashChunks(ReadOnlySpan<uint> key, uint mode, ulong firstChunk, ReadOnlySpan<byte> input, Span<uint> chainings)
    {
        var count = FieldSimd.Level switch
        {
            FieldLevel.Avx512 => Avx512Words.Count,
            FieldLevel.Avx2 => Avx2Words.Count,
            _ => 0,
        };
        if (count == 0 || input.Length < count * Blake3.ChunkBytes)
            return 0;
        var words = MemoryMarshal.Cast<byte, uint>(input[..(count * Blake3.ChunkBytes)]);
        fixed (uint* from = words, to = chainings[..(count * Blake3.HashWords)])
        {
            if (count == Avx512Words.Count)
                HashChunks<Vector512<uint>, Avx512Words>(key, mode, firstChunk, from, to);
            else
                HashChunks<Vector256<uint>, Avx2Words>(key, mode, firstChunk, from, to);
        }
        return count;
    }

    /// <returns>The first parent that it left: fewer than fill a vector remain.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int HashPairs<TVector, TWords>(ReadOnlySpan<uint> key, uint* children, uint* parents, int count, int first, int end)
        where TVector : unmanaged
        where TWords : IBlake3Words<TVector>
    {
        const uint Flags = Blake3.Keyed | Blake3.ChunkStart | Blake3.ChunkEnd | Blake3.Root;
        var scratch = stackalloc byte[ScratchBytes<TVector>()];
        var chaining = Align<TVector>(scratch);
        var message = chaining + Blake3.BlockWords;
        var output = message + Blake3.BlockWords;
        for (var i = 0; i < Blake3.HashWords; i++)
            chaining[i] = TWords.Broadcast(key[i]);
        for (; end - first >= TWords.Count; first += TWords.Count)
        {
            for (nint word = 0; word < Blake3.HashWords; word++)
            {
                var pairs = (TVector*)(children + (2 * ((word * count) + first)));
                message[word] = TWords.Even(pairs[0], pairs[1]);
                message[word + Blake3.HashWords] = TWords.Odd(pairs[0], pairs[1]);
            }
            Blake3Rounds.Compress<TVector, TWords>(chaining, message, default, default, Blake3.BlockBytes, Flags, output);
            for (nint word = 0; word < Blake3.HashWords; word++)
                *(TVector*)(parents + (word * count) + first) = output[word];
        }
        return first;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Expand<TVector, TWords>(in Blake3Output source, ulong firstGroup, uint* words, int groups)
        where TVector : unmanaged
        where TWords : IBlake3Words<TVector>
    {
        var scratch = stackalloc byte[ScratchBytes<TVector>()];
        var chaining = Align<TVector>(scratch);
        var message = chaining + Blake3.BlockWords;
        var output = message + Blake3.BlockWords;
        for (var i = 0; i < Blake3.HashWords; i++)
        {
            chaining[i] = TWords.Broadcast(source.Chaining[i]);
            message[i] = TWords.Broadcast(source.Left[i]);
            message[i + Blake3.HashWords] = TWords.Broadcast(source.Right[i]);
        }
        for (var group = 0; group < groups; group++, words += GroupWords)
            for (var block = 0; block < GroupBlocks; block += TWords.Count)
            {
                var (low, high) = Counters<TVector, TWords>(((firstGroup + (ulong)group) * GroupBlocks) + (ulong)block);
                Blake3Rounds.Compress<TVector, TWords>(chaining, message, low, high, source.BlockLength, source.Flags | Blake3.Root, output);
                for (var word = 0; word < Blake3.BlockWords; word++)
                    *(TVector*)(words + (word * GroupBlocks) + block) = output[word];
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void HashChunks<TVector, TWords>(
        ReadOnlySpan<uint> key, uint mode, ulong firstChunk, uint* input, uint* chainings)
        where TVector : unmanaged
        where TWords : IBlake3Words<TVector>
    {
        const int ChunkWords = Blake3.ChunkBytes / sizeof(uint);
        var scratch = stackalloc byte[ScratchBytes<TVector>()];
        var chaining = Align<TVector>(scratch);
        var message = chaining + Blake3.BlockWords;
        var output = message + Blake3.BlockWords;
        var (low, high) = Counters<TVector, TWords>(firstChunk);
        for (var i = 0; i < Blake3.HashWords; i++)
            chaining[i] = TWords.Broadcast(key[i]);
        for (var block = 0; block < Blake3.BlocksPerChunk; block++)
        {
            for (var lane = 0; lane < TWords.Count; lane += Vector256<uint>.Count)
                for (var word = 0; word < Blake3.BlockWords; word += Vector256<uint>.Count)
                    Transpose(
                        input + (lane * ChunkWords) + (block * Blake3.BlockWords) + word, ChunkWords,
                        (uint*)message + (word * TWords.Count) + lane, TWords.Count);
            var flags = mode | (block == 0 ? Blake3.ChunkStart : 0) | (block == Blake3.BlocksPerChunk - 1 ? Blake3.ChunkEnd : 0);
            Blake3Rounds.Compress<TVector, TWords>(chaining, message, low, high, Blake3.BlockBytes, flags, output);
            for (var i = 0; i < Blake3.HashWords; i++)
                chaining[i] = output[i];
        }
        for (var lane = 0; lane < TWords.Count; lane++)
            for (var word = 0; word < Blake3.HashWords; word++)
                *chainings++ = ((uint*)chaining)[(word * TWords.Count) + lane];
    }

    /// <summary>Turns 8 rows of 8 words, which begin at multiples of a stride, into columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(uint* from, nint fromStride, uint* to, nint toStride)
    {
        var (low0, low1, low2, low3) = TransposeFour(from, fromStride);
        var (high0, high1, high2, high3) = TransposeFour(unchecked(from + (4 * fromStride)), fromStride);
        StoreColumns(low0, high0, to, toStride, 0);
        StoreColumns(low1, high1, to, toStride, 1);
        StoreColumns(low2, high2, to, toStride, 2);
        StoreColumns(low3, high3, to, toStride, 3);
    }

    /// <summary>Four rows: vector i has column i in its lower half and column i + 4 in its upper half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<ulong> C0, Vector256<ulong> C1, Vector256<ulong> C2, Vector256<ulong> C3) TransposeFour(
        uint* from, nint stride)
    {
        var (row0, row1) = (Vector256.Load(from), Vector256.Load(unchecked(from + stride)));
        var (row2, row3) = (Vector256.Load(unchecked(from + (2 * stride))), Vector256.Load(unchecked(from + (3 * stride))));
        var (low01, high01) = (Avx2.UnpackLow(row0, row1).AsUInt64(), Avx2.UnpackHigh(row0, row1).AsUInt64());
        var (low23, high23) = (Avx2.UnpackLow(row2, row3).AsUInt64(), Avx2.UnpackHigh(row2, row3).AsUInt64());
        return (
            Avx2.UnpackLow(low01, low23), Avx2.UnpackHigh(low01, low23),
            Avx2.UnpackLow(high01, high23), Avx2.UnpackHigh(high01, high23));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreColumns(Vector256<ulong> rows0To3, Vector256<ulong> rows4To7, uint* to, nint stride, nint column)
    {
        Avx2.Permute2x128(rows0To3, rows4To7, 0x20).AsUInt32().Store(unchecked(to + (column * stride)));
        Avx2.Permute2x128(rows0To3, rows4To7, 0x31).AsUInt32().Store(unchecked(to + ((column + 4) * stride)));
    }

    /// <summary>Counters from the first on, a lane each: low words and high words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (TVector Low, TVector High) Counters<TVector, TWords>(ulong first)
        where TVector : unmanaged
        where TWords : IBlake3Words<TVector>
    {
        TVector low = default, high = default;
        for (var lane = 0; lane < TWords.Count; lane++)
        {
            var counter = first + (ulong)lane;
            ((uint*)&low)[lane] = unchecked((uint)counter);
            ((uint*)&high)[lane] = (uint)(counter >> 32);
        }
        return (low, high);
    }

    /// <summary>Room for a chaining value, a message and an output, and to align them.</summary>
    private static int ScratchBytes<TVector>()
        where TVector : unmanaged => ((3 * Blake3.BlockWords) + 1) * sizeof(TVector);

    private static TVector* Align<TVector>(byte* scratch)
        where TVector : unmanaged
    {
        var size = (nuint)sizeof(TVector);
        return (TVector*)(((nuint)scratch + size - 1) & ~(size - 1));
    }
}
