using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Aivm.Primitives;

/// <summary>
/// An unsigned 256-bit integer, the EVM's word. Operators wrap modulo 2^256; the <c>Try</c> methods report an overflow instead.
/// </summary>
public readonly partial struct UInt256 : IEquatable<UInt256>, IComparable<UInt256>
{
    public const int Size = 32;

    // Little-endian limbs: _u0 holds the lowest 64 bits.
    private readonly ulong _u0, _u1, _u2, _u3;

    public UInt256(ulong u0, ulong u1 = 0, ulong u2 = 0, ulong u3 = 0) => (_u0, _u1, _u2, _u3) = (u0, u1, u2, u3);

    public static UInt256 Zero => default;

    public static UInt256 One => new(1);

    public static UInt256 MaxValue => new(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue);

    public bool IsZero => (_u0 | _u1 | _u2 | _u3) == 0;

    public bool FitsUInt64 => (_u1 | _u2 | _u3) == 0;

    /// <param name="bytes">At most 32 bytes, big-endian.</param>
    public static UInt256 FromBigEndian(ReadOnlySpan<byte> bytes)
    {
        Span<byte> word = stackalloc byte[Size];
        word.Clear();
        bytes.CopyTo(word[(Size - bytes.Length)..]);
        return new UInt256(
            BinaryPrimitives.ReadUInt64BigEndian(word[24..]),
            BinaryPrimitives.ReadUInt64BigEndian(word[16..]),
            BinaryPrimitives.ReadUInt64BigEndian(word[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(word));
    }

    /// <param name="bytes">Receives 32 bytes.</param>
    public void WriteBigEndian(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, _u3);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], _u2);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[16..], _u1);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[24..], _u0);
    }

    public Hash256 ToHash256()
    {
        Span<byte> bytes = stackalloc byte[Size];
        WriteBigEndian(bytes);
        return new Hash256(bytes);
    }

    public static implicit operator UInt256(ulong value) => new(value);

    /// <exception cref="OverflowException">The value needs more than 64 bits.</exception>
    public static explicit operator ulong(UInt256 value) =>
        value.FitsUInt64 ? value._u0 : throw new OverflowException("The value needs more than 64 bits.");

    public bool Equals(UInt256 other) => _u0 == other._u0 && _u1 == other._u1 && _u2 == other._u2 && _u3 == other._u3;

    public override bool Equals([NotNullWhen(true)] object? obj) => obj is UInt256 other && Equals(other);

    /// <summary>For dictionaries within one process only; keyed at random like those of <see cref="Hash256"/>.</summary>
    public override int GetHashCode() =>
        string.GetHashCode(MemoryMarshal.Cast<UInt256, char>(new ReadOnlySpan<UInt256>(in this)));

    public int CompareTo(UInt256 other) =>
        _u3 != other._u3 ? _u3.CompareTo(other._u3)
        : _u2 != other._u2 ? _u2.CompareTo(other._u2)
        : _u1 != other._u1 ? _u1.CompareTo(other._u1)
        : _u0.CompareTo(other._u0);

    public static bool operator ==(UInt256 left, UInt256 right) => left.Equals(right);

    public static bool operator !=(UInt256 left, UInt256 right) => !left.Equals(right);

    public static bool operator <(UInt256 left, UInt256 right) => left.CompareTo(right) < 0;

    public static bool operator >(UInt256 left, UInt256 right) => left.CompareTo(right) > 0;

    public static bool operator <=(UInt256 left, UInt256 right) => left.CompareTo(right) <= 0;

    public static bool operator >=(UInt256 left, UInt256 right) => left.CompareTo(right) >= 0;
}
