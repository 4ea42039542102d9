using System.Buffers.Binary;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Hashes, or salts, of 32 bytes in the order that vectors like: little-endian word w of item i is at w * count + i.</summary>
internal readonly ref struct Planes(Span<uint> words, int count)
{
    private readonly Span<uint> _words = words;

    public Hash256 At(int index)
    {
        Span<byte> bytes = stackalloc byte[Blake3.HashBytes];
        Write(index, bytes);
        return new Hash256(bytes);
    }

    /// <param name="bytes">Receives 32 bytes.</param>
    public void Write(int index, Span<byte> bytes)
    {
        for (var word = 0; word < Blake3.HashWords; word++)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[(sizeof(uint) * word)..], _words[(word * count) + index]);
    }

    /// <param name="bytes">32 bytes.</param>
    public void Read(ReadOnlySpan<byte> bytes, int index)
    {
        for (var word = 0; word < Blake3.HashWords; word++)
            _words[(word * count) + index] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(sizeof(uint) * word)..]);
    }

    public void CopyTo(int index, Planes other, int otherIndex)
    {
        for (var word = 0; word < Blake3.HashWords; word++)
            other[word, otherIndex] = this[word, index];
    }

    private uint this[int word, int index]
    {
        get => _words[(word * count) + index];
        set => _words[(word * count) + index] = value;
    }
}
