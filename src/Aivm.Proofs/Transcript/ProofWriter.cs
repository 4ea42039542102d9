using System.Buffers;
using System.Buffers.Binary;
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
    public void Write(ReadOnlySpan<Felt> elements)
    {
        foreach (var element in elements)
            Write(element);
    }

    /// <inheritdoc cref="Write(ReadOnlySpan{Felt})"/>
    public void Write(ReadOnlySpan<Ext4> elements)
    {
        foreach (var element in elements)
            Write(element);
    }
}
