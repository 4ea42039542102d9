using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Aivm.Primitives;

/// <summary>The 20 bytes that name an account. Ordered as big-endian bytes.</summary>
public readonly struct Address : IEquatable<Address>, IComparable<Address>
{
    public const int Size = 20;

    private readonly Data _bytes;

    [InlineArray(Size)]
    private struct Data
    {
        private byte _first;
    }

    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    public Address(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException($"Expected {Size} bytes, got {bytes.Length}.", nameof(bytes));
        bytes.CopyTo(_bytes);
    }

    public static Address Zero => default;

    [UnscopedRef]
    public ReadOnlySpan<byte> Span => _bytes;

    public bool IsZero => !Span.ContainsAnyExcept((byte)0);

    public byte[] ToArray() => Span.ToArray();

    public static bool TryParse(ReadOnlySpan<char> text, out Address value)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var parsed = Hex.TryDecode(text, bytes);
        value = parsed ? new Address(bytes) : default;
        return parsed;
    }

    /// <exception cref="FormatException">The text is not 0x and 40 hexadecimal digits.</exception>
    public static Address Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var value) ? value : throw new FormatException("Expected 0x and 40 hexadecimal digits.");

    public bool Equals(Address other) => Span.SequenceEqual(other.Span);

    public override bool Equals([NotNullWhen(true)] object? obj) => obj is Address other && Equals(other);

    /// <summary>For dictionaries within one process only: consensus never orders or stores by it.</summary>
    public override int GetHashCode() => BinaryPrimitives.ReadInt32LittleEndian(Span[(Size - 4)..]);

    public int CompareTo(Address other) => Span.SequenceCompareTo(other.Span);

    public override string ToString() => Hex.Encode(Span);

    public static bool operator ==(Address left, Address right) => left.Equals(right);

    public static bool operator !=(Address left, Address right) => !left.Equals(right);
}
