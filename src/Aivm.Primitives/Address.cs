using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

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

    /// <summary>Reads what a person typed: digits of one case, or mixed case with the right EIP-55 checksum.</summary>
    public static bool TryParseChecked(ReadOnlySpan<char> text, out Address value)
    {
        if (!TryParse(text, out var parsed))
        {
            value = default;
            return false;
        }
        var digits = text[^(2 * Size)..];
        var mixed = digits.ContainsAnyInRange('a', 'f') && digits.ContainsAnyInRange('A', 'F');
        var right = !mixed || digits.SequenceEqual(parsed.ToChecksumString().AsSpan(2));
        value = right ? parsed : default;
        return right;
    }

    public bool Equals(Address other) => Span.SequenceEqual(other.Span);

    public override bool Equals([NotNullWhen(true)] object? obj) => obj is Address other && Equals(other);

    /// <summary>
    /// For dictionaries within one process only: consensus never orders or stores by it. Keyed at random in each process, as strings are,
    /// because senders choose these bytes: with a known hash they could make every entry of a dictionary collide.
    /// </summary>
    public override int GetHashCode() => string.GetHashCode(MemoryMarshal.Cast<byte, char>(Span));

    public int CompareTo(Address other) => Span.SequenceCompareTo(other.Span);

    public override string ToString() => Hex.Encode(Span);

    /// <summary>EIP-55: a letter is upper case where the hash of the lower-case digits has a nibble of 8 or more.</summary>
    public string ToChecksumString()
    {
        var text = ToString();
        Span<byte> digits = stackalloc byte[2 * Size];
        Encoding.ASCII.GetBytes(text.AsSpan(2), digits);
        return string.Create(text.Length, (text, Hash: Keccak.Hash(digits)), static (result, source) =>
        {
            source.text.CopyTo(result);
            for (var i = 0; i < 2 * Size; i++)
            {
                var nibble = i % 2 == 0 ? source.Hash.Span[i / 2] >> 4 : source.Hash.Span[i / 2] & 0xF;
                if (nibble >= 8)
                    result[i + 2] = char.ToUpperInvariant(result[i + 2]);
            }
        });
    }

    public static bool operator ==(Address left, Address right) => left.Equals(right);

    public static bool operator !=(Address left, Address right) => !left.Equals(right);
}
