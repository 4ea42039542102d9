using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Writes a proof: numbers little-endian, field elements as their canonical numbers. <see cref="ProofReader"/> reads it.</summary>
public sealed class ProofWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    public byte[] ToArray() => Written.ToArray();

    public void Write(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);

    public void Write(Hash256 hash) => _bytes.Write(hash.Span);

    public void Write(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.GetSpan(sizeof(uint)), value);
        _bytes.Advance(sizeof(uint));
    }

    /// <summary>How many of something follow.</summary>
    public void WriteCount(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Write((uint)count);
    }

    public void Write(Felt element) => Write(element.ToUInt32());

    public void Write(Ext4 element)
    {
        Write(element.C0);
        Write(element.C1);
        Write(element.C2);
        Write(element.C3);
    }

    /// <summary>The elements alone: a reader that does not know their number needs <see cref="WriteCount"/> before.</summary>
    public void Write(ReadOnlySpan<Felt> elements) => WriteElements(MemoryMarshal.Cast<Felt, uint>(elements));

    /// <inheritdoc cref="Write(ReadOnlySpan{Felt})"/>
    public void Write(ReadOnlySpan<Ext4> elements) => WriteElements(MemoryMarshal.Cast<Ext4, uint>(elements));

    /// <summary>Elements as kernels have them, x * 2^32 mod p.</summary>
    internal void WriteElements(ReadOnlySpan<uint> elements)
    {
        var bytes = _bytes.GetSpan(sizeof(uint) * elements.Length);
        for (var i = 0; i < elements.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[(sizeof(uint) * i)..], Felt.FromMontgomery(elements[i]).ToUInt32());
        _bytes.Advance(sizeof(uint) * elements.Length);
    }

    /// <summary>Any words.</summary>
    internal void WriteWords(ReadOnlySpan<uint> words)
    {
        Blake3.WriteWords(words, _bytes.GetSpan(sizeof(uint) * words.Length));
        _bytes.Advance(sizeof(uint) * words.Length);
    }
}
