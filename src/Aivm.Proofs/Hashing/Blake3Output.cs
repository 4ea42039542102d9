using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Aivm.Proofs;

/// <summary>
/// The root of a BLAKE3 tree before its last compression: the output's 64-byte block number i is that compression with counter i
/// (section 2.6 of the paper), so any part of an output of up to 2^64 bytes can be read.
/// </summary>
public readonly struct Blake3Output
{
    private readonly Words _chaining;
    private readonly Words _left;
    private readonly Words _right;
    private readonly int _blockLength;
    private readonly ulong _counter;
    private readonly uint _flags;

    [InlineArray(Blake3.HashWords)]
    private struct Words
    {
        private uint _first;
    }

    internal Blake3Output(
        ReadOnlySpan<uint> chaining, ReadOnlySpan<uint> left, ReadOnlySpan<uint> right, int blockLength, ulong counter, uint flags)
    {
        chaining.CopyTo(_chaining);
        left.CopyTo(_left);
        right.CopyTo(_right);
        _blockLength = blockLength;
        _counter = counter;
        _flags = flags;
    }

    [UnscopedRef]
    internal ReadOnlySpan<uint> Chaining => _chaining;

    [UnscopedRef]
    internal ReadOnlySpan<uint> Left => _left;

    [UnscopedRef]
    internal ReadOnlySpan<uint> Right => _right;

    internal int BlockLength => _blockLength;

    internal uint Flags => _flags;

    /// <summary>Fills the span with the output's beginning.</summary>
    public void Read(Span<byte> output)
    {
        Span<byte> block = stackalloc byte[Blake3.BlockBytes];
        for (var index = 0UL; !output.IsEmpty; index++)
        {
            ReadBlock(index, block);
            var length = Math.Min(output.Length, block.Length);
            block[..length].CopyTo(output);
            output = output[length..];
        }
    }

    /// <summary>The output's bytes from 64 * <paramref name="index"/> on.</summary>
    /// <param name="block">Receives 64 bytes.</param>
    public void ReadBlock(ulong index, Span<byte> block)
    {
        Span<uint> words = stackalloc uint[Blake3.BlockWords];
        Compress(index, Blake3.Root, words);
        Blake3.WriteWords(words, block);
    }

    /// <summary>The node's chaining value, when it is not the root.</summary>
    internal void ReadChaining(Span<uint> chaining)
    {
        Span<uint> words = stackalloc uint[Blake3.BlockWords];
        Compress(_counter, flag: 0, words);
        words[..Blake3.HashWords].CopyTo(chaining);
    }

    private void Compress(ulong counter, uint flag, Span<uint> words)
    {
        ((ReadOnlySpan<uint>)_left).CopyTo(words);
        ((ReadOnlySpan<uint>)_right).CopyTo(words[Blake3.HashWords..]);
        Blake3.Compress(_chaining, words, counter, _blockLength, _flags | flag, words);
    }
}
