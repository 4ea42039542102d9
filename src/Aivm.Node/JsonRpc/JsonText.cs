using System.Buffers;
using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Node.JsonRpc;

/// <summary>Decodes JSON strings, hexadecimal ones above all, from UTF-8 without an intermediate string.</summary>
internal static class JsonText
{
    public const string QuantityForm = "a quantity: 0x and hexadecimal digits without leading zeros";

    /// <summary>Whether the name or string at the reader is this text. Unlike the reader's own comparison it never throws at a broken escape.</summary>
    public static bool IsText(in Utf8JsonReader reader, ReadOnlySpan<byte> text) => !reader.ValueIsEscaped && reader.ValueSpan.SequenceEqual(text);

    public static bool TryReadAddress(ref Utf8JsonReader reader, out Address value)
    {
        Span<byte> bytes = stackalloc byte[Address.Size];
        var read = TryReadExactly(ref reader, bytes);
        value = read ? new Address(bytes) : default;
        return read;
    }

    public static bool TryReadHash(ref Utf8JsonReader reader, out Hash256 value)
    {
        Span<byte> bytes = stackalloc byte[Hash256.Size];
        var read = TryReadExactly(ref reader, bytes);
        value = read ? new Hash256(bytes) : default;
        return read;
    }

    public static bool TryReadData(ref Utf8JsonReader reader, out byte[] value)
    {
        value = [];
        if (!TryReadDigits(ref reader, out var digits) || digits.Length % 2 != 0)
            return false;
        var bytes = GC.AllocateUninitializedArray<byte>(digits.Length / 2);
        if (Convert.FromHexString(digits, bytes, out _, out _) != OperationStatus.Done)
            return false;
        value = bytes;
        return true;
    }

    public static bool TryReadQuantity(ref Utf8JsonReader reader, out ulong value)
    {
        var read = TryReadQuantity(ref reader, out UInt256 wide) && wide.FitsUInt64;
        value = read ? (ulong)wide : 0;
        return read;
    }

    public static bool TryReadQuantity(ref Utf8JsonReader reader, out UInt256 value)
    {
        value = default;
        return TryReadDigits(ref reader, out var digits)
            && !digits.IsEmpty
            && (digits[0] != '0' || digits.Length == 1)
            && TryParseWord(digits, out value);
    }

    /// <summary>Like a quantity, with leading zeros allowed.</summary>
    public static bool TryReadWord(ref Utf8JsonReader reader, out UInt256 value)
    {
        value = default;
        return TryReadDigits(ref reader, out var digits) && !digits.IsEmpty && TryParseWord(digits, out value);
    }

    private static bool TryReadExactly(ref Utf8JsonReader reader, scoped Span<byte> bytes) =>
        TryReadDigits(ref reader, out var digits)
        && digits.Length == bytes.Length * 2
        && Convert.FromHexString(digits, bytes, out _, out _) == OperationStatus.Done;

    private static bool TryParseWord(ReadOnlySpan<byte> digits, out UInt256 value)
    {
        value = default;
        Span<byte> padded = stackalloc byte[2 * UInt256.Size];
        if (digits.Length > padded.Length)
            return false;
        padded.Fill((byte)'0');
        digits.CopyTo(padded[(padded.Length - digits.Length)..]);
        Span<byte> bytes = stackalloc byte[UInt256.Size];
        if (Convert.FromHexString(padded, bytes, out _, out _) != OperationStatus.Done)
            return false;
        value = UInt256.FromBigEndian(bytes);
        return true;
    }

    private static bool TryReadDigits(ref Utf8JsonReader reader, out ReadOnlySpan<byte> digits)
    {
        digits = default;
        // Nothing hexadecimal needs an escape, so an escaped string is none.
        if (reader.TokenType != JsonTokenType.String || reader.ValueIsEscaped || !reader.ValueSpan.StartsWith("0x"u8))
            return false;
        digits = reader.ValueSpan[2..];
        return true;
    }
}
