using System.Buffers;
using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Node.JsonRpc;

/// <summary>Ethereum's two JSON forms of a value: quantities (no leading zeros, "0x0") and data (two digits a byte, "0x").</summary>
internal static class JsonValues
{
    private const int StackBytes = 520;

    public static void WriteQuantity(this Utf8JsonWriter writer, JsonEncodedText name, ulong value)
    {
        writer.WritePropertyName(name);
        writer.WriteQuantityValue(value);
    }

    public static void WriteQuantity(this Utf8JsonWriter writer, JsonEncodedText name, UInt256 value)
    {
        writer.WritePropertyName(name);
        writer.WriteQuantityValue(value);
    }

    public static void WriteQuantityValue(this Utf8JsonWriter writer, ulong value)
    {
        Span<byte> text = stackalloc byte[20];
        "\"0x"u8.CopyTo(text);
        value.TryFormat(text[3..], out var digits, "x", null);
        text[3 + digits] = (byte)'"';
        writer.WriteRawValue(text[..(4 + digits)], skipInputValidation: true);
    }

    public static void WriteQuantityValue(this Utf8JsonWriter writer, UInt256 value)
    {
        if (value.FitsUInt64)
        {
            writer.WriteQuantityValue((ulong)value);
            return;
        }
        Span<byte> bytes = stackalloc byte[UInt256.Size];
        value.WriteBigEndian(bytes);
        Span<byte> text = stackalloc byte[4 + 2 * UInt256.Size];
        Convert.TryToHexStringLower(bytes, text[3..], out _);
        var zeros = text[3..^1].IndexOfAnyExcept((byte)'0');
        text = text[zeros..];
        "\"0x"u8.CopyTo(text);
        text[^1] = (byte)'"';
        writer.WriteRawValue(text, skipInputValidation: true);
    }

    public static void WriteData(this Utf8JsonWriter writer, JsonEncodedText name, ReadOnlySpan<byte> bytes)
    {
        writer.WritePropertyName(name);
        writer.WriteDataValue(bytes);
    }

    public static void WriteDataValue(this Utf8JsonWriter writer, ReadOnlySpan<byte> bytes)
    {
        var length = 4 + 2 * bytes.Length;
        byte[]? rented = null;
        var text = (length <= StackBytes ? stackalloc byte[StackBytes] : rented = ArrayPool<byte>.Shared.Rent(length))[..length];
        "\"0x"u8.CopyTo(text);
        Convert.TryToHexStringLower(bytes, text[3..], out _);
        text[^1] = (byte)'"';
        writer.WriteRawValue(text, skipInputValidation: true);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
    }

    public static void WriteAddress(this Utf8JsonWriter writer, JsonEncodedText name, Address? address)
    {
        if (address is { } value)
            writer.WriteData(name, value.Span);
        else
            writer.WriteNull(name);
    }
}
