using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>Ethereum's hexadecimal values in JSON. Reading throws <see cref="FormatException"/> and its like; <see cref="RpcClient"/> names them.</summary>
internal static class EthereumJson
{
    public static Hash256 Hash(this JsonElement parent, string name) => Hash256.Parse(parent.GetProperty(name).GetString());

    public static Address Address(this JsonElement parent, string name) => Primitives.Address.Parse(parent.GetProperty(name).GetString());

    public static Address? OptionalAddress(this JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? Primitives.Address.Parse(value.GetString()) : null;

    public static UInt256 Quantity(this JsonElement parent, string name) => Quantity(parent.GetProperty(name));

    public static UInt256 Quantity(JsonElement value)
    {
        var text = value.GetString();
        return text is not null && text.StartsWith("0x", StringComparison.Ordinal)
            ? UInt256.Parse(text)
            : throw new FormatException("A quantity is 0x and hexadecimal digits.");
    }

    public static byte[] Data(JsonElement value) => Hex.Decode(value.GetString());

    public static void WriteQuantityValue(this Utf8JsonWriter json, UInt256 value) => json.WriteStringValue(value.ToHexQuantity());

    public static void WriteDataValue(this Utf8JsonWriter json, ReadOnlySpan<byte> value) => json.WriteStringValue(Hex.Encode(value));
}
