using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Aivm.Primitives;

/// <summary>
/// Writes RLP into one growing buffer. A list is written between <see cref="BeginList"/> and <see cref="EndList"/>, or after
/// <see cref="WriteListHeader"/> when the length of its items is known. Writing an item allocates nothing once the buffer is large enough;
/// <see cref="Clear"/> makes the writer ready for the next document.
/// </summary>
public sealed class RlpWriter(int capacity = 256)
{
    private byte[] _buffer = new byte[capacity];

    public int Length { get; private set; }

    /// <summary>What was written, valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    public byte[] ToArray() => Written.ToArray();

    public void Clear() => Length = 0;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 1 && bytes[0] < Rlp.EmptyBytes)
        {
            WriteByte(bytes[0]);
            return;
        }
        WriteHeader(bytes.Length, Rlp.EmptyBytes);
        WriteRaw(bytes);
    }

    [SkipLocalsInit]
    public void Write(ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        Write(bytes.TrimStart((byte)0));
    }

    [SkipLocalsInit]
    public void Write(UInt256 value)
    {
        Span<byte> bytes = stackalloc byte[UInt256.Size];
        value.WriteBigEndian(bytes);
        Write(bytes[(UInt256.Size - value.ByteLength)..]);
    }

    public void Write(in Hash256 hash) => Write(hash.Span);

    /// <summary>Null is written as no bytes.</summary>
    public void Write(Address? address)
    {
        if (address is { } present)
            Write(present.Span);
        else
            WriteByte(Rlp.EmptyBytes);
    }

    /// <summary>Appends bytes that are RLP already.</summary>
    public void WriteRaw(ReadOnlySpan<byte> encoded)
    {
        encoded.CopyTo(Reserve(encoded.Length));
    }

    /// <summary>Begins a list whose length is not known yet.</summary>
    /// <returns>What <see cref="EndList"/> needs to end this list.</returns>
    public int BeginList()
    {
        WriteByte(Rlp.EmptyList);
        return Length;
    }

    /// <param name="list">What <see cref="BeginList"/> returned. Lists end in the reverse order of their beginnings.</param>
    public void EndList(int list)
    {
        var payload = Length - list;
        if (payload <= Rlp.ShortLimit)
        {
            _buffer[list - 1] = (byte)(Rlp.EmptyList + payload);
            return;
        }
        // The byte reserved for a short header is too little: the items move up to make room for the length.
        var lengthOfLength = Rlp.LengthOfLength(payload);
        Reserve(lengthOfLength);
        _buffer.AsSpan(list, payload).CopyTo(_buffer.AsSpan(list + lengthOfLength));
        WriteLongHeader(_buffer.AsSpan(list - 1, 1 + lengthOfLength), payload, Rlp.EmptyList);
    }

    /// <param name="payloadLength">The length of all encoded items together.</param>
    public void WriteListHeader(int payloadLength) => WriteHeader(payloadLength, Rlp.EmptyList);

    private void WriteHeader(int payloadLength, byte shortest)
    {
        if (payloadLength <= Rlp.ShortLimit)
            WriteByte((byte)(shortest + payloadLength));
        else
            WriteLongHeader(Reserve(Rlp.HeaderLength(payloadLength)), payloadLength, shortest);
    }

    private static void WriteLongHeader(Span<byte> header, int payloadLength, byte shortest)
    {
        header[0] = (byte)(shortest + Rlp.ShortLimit + header.Length - 1);
        for (var i = header.Length - 1; i > 0; i--)
        {
            header[i] = (byte)(payloadLength & 0xFF);
            payloadLength >>= 8;
        }
    }

    private void WriteByte(byte value) => Reserve(1)[0] = value;

    private Span<byte> Reserve(int count)
    {
        var start = Length;
        var length = start + count;
        if (length > _buffer.Length)
            Array.Resize(ref _buffer, (int)Math.Min(Array.MaxLength, Math.Max(length, 2L * _buffer.Length)));
        Length = length;
        return _buffer.AsSpan(start, count);
    }
}
