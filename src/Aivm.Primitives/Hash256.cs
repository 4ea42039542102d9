using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Aivm.Primitives;

/// <summary>32 bytes: a Keccak-256 hash, a transaction, block or model hash, a storage slot's value. Ordered as big-endian bytes.</summary>
public readonly struct Hash256 : IEquatable<Hash256>, IComparable<Hash256>
{
    public const int Size = 32;

    private readonly Data _bytes;

    [InlineArray(Size)]
    private struct Data
    {
        private byte _first;
    }

    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    public Hash256(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException($"Expected {Size} bytes, got {bytes.Length}.", nameof(bytes));
        bytes.CopyTo(_bytes);
    }

    public static Hash256 Zero => default;

    [UnscopedRef]
    public ReadOnlySpan<byte> Span => _bytes;

    public bool IsZero => !Span.ContainsAnyExcept((byte)0);

    public byte[] ToArray() => Span.ToArray();

    public static bool TryParse(ReadOnlySpan<char> text, out Hash256 value)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var parsed = Hex.TryDecode(text, bytes);
        value = parsed ? new Hash256(bytes) : default;
        return parsed;
    }

    /// <exception cref="FormatException">The text is not 0x and 64 hexadecimal digits.</exception>
    public static Hash256 Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var value) ? value : throw new FormatException("Expected 0x and 64 hexadecimal digits.");

    public bool Equals(Hash256 other) => Span.SequenceEqual(other.Span);

    public override bool Equals([NotNullWhen(true)] object? obj) => obj is Hash256 other && Equals(other);

    /// <summary>
    /// For dictionaries within one process only: consensus never orders or stores by it. Keyed at random in each process, as strings are,
    /// because senders choose these bytes: with a known hash they could make every entry of a dictionary collide.
    /// </summary>
    public override int GetHashCode() => string.GetHashCode(MemoryMarshal.Cast<byte, char>(Span));

    public int CompareTo(Hash256 other) => Span.SequenceCompareTo(other.Span);

    public override string ToString() => Hex.Encode(Span);

    public static bool operator ==(Hash256 left, Hash256 right) => left.Equals(right);

    public static bool operator !=(Hash256 left, Hash256 right) => !left.Equals(right);
}
