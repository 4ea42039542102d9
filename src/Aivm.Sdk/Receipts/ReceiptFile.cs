using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>
/// A receipt with all that shows it to somebody who trusts one block's hash and nothing else: the block's header, and the way from its state root to the slot in which the
/// contract keeps the receipt's id. JSON, so that people can read it (docs/spec/receipts.md).
/// </summary>
/// <param name="Receipt">As the chain encoded it.</param>
/// <param name="Header">RLP.</param>
/// <param name="AccountProof">Trie nodes from the state root to the Models contract.</param>
/// <param name="SlotProof">Trie nodes from the contract's storage root to the slot.</param>
public sealed record ReceiptFile(byte[] Receipt, byte[] Header, IReadOnlyList<byte[]> AccountProof, IReadOnlyList<byte[]> SlotProof)
{
    /// <summary>The longest file that is read.</summary>
    public const int MaxBytes = 1 << 20;

    private const string Format = "aivm-receipt-1";

    // A path has at most 64 nibbles.
    private const int MaxNodes = 66;
    private const int MaxDepth = 3;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public byte[] Encode()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("format"u8, Format);
        json.WriteString("receipt"u8, Hex.Encode(Receipt));
        json.WriteString("header"u8, Hex.Encode(Header));
        WriteNodes(json, "account_proof", AccountProof);
        WriteNodes(json, "slot_proof", SlotProof);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Checks the form alone.</summary>
    /// <param name="error"><c>receipt-file</c>.</param>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out ReceiptFile? file, [NotNullWhen(false)] out Error? error)
    {
        (file, error) = (null, null);
        if (bytes.Length <= MaxBytes && TryParse(bytes, out file))
            return true;
        error = new Error("receipt-file", "This is no receipt file: make one with 'aivm receipt get'.");
        return false;
    }

    private static bool TryParse(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out ReceiptFile? file)
    {
        file = null;
        try
        {
            // Text that is not UTF-8 is refused before its members are looked at.
            StrictUtf8.GetCharCount(bytes.Span);
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !TryGetText(root, "format", out var format) || format != Format
                || !TryGetBytes(root, "receipt", out var receipt) || !TryGetBytes(root, "header", out var header)
                || !TryGetNodes(root, "account_proof", out var account) || !TryGetNodes(root, "slot_proof", out var slot)
                || root.EnumerateObject().Count() != 5)
                return false;
            file = new ReceiptFile(receipt, header, account, slot);
            return true;
        }
        catch (Exception exception) when (exception is JsonException or DecoderFallbackException or InvalidOperationException)
        {
            // The last: half of a surrogate pair, in a member or in its name.
            return false;
        }
    }

    private static bool TryGetText(JsonElement parent, string name, [NotNullWhen(true)] out string? text)
    {
        text = parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return text is not null;
    }

    private static bool TryGetBytes(JsonElement parent, string name, out byte[] bytes)
    {
        bytes = [];
        return TryGetText(parent, name, out var text) && Hex.TryDecode(text, out bytes);
    }

    private static bool TryGetNodes(JsonElement parent, string name, out byte[][] nodes)
    {
        nodes = [];
        if (!parent.TryGetProperty(name, out var array) || array.ValueKind != JsonValueKind.Array || array.GetArrayLength() > MaxNodes)
            return false;
        nodes = new byte[array.GetArrayLength()][];
        for (var i = 0; i < nodes.Length; i++)
            if (array[i].ValueKind != JsonValueKind.String || !Hex.TryDecode(array[i].GetString(), out nodes[i]))
                return false;
        return true;
    }

    private static void WriteNodes(Utf8JsonWriter json, string name, IReadOnlyList<byte[]> nodes)
    {
        json.WriteStartArray(name);
        foreach (var node in nodes)
            json.WriteStringValue(Hex.Encode(node));
        json.WriteEndArray();
    }
}
