namespace Aivm.Primitives;

/// <summary>Hexadecimal text with the <c>0x</c> prefix, as Ethereum's JSON-RPC writes bytes.</summary>
public static class Hex
{
    public static string Encode(ReadOnlySpan<byte> bytes) => "0x" + Convert.ToHexStringLower(bytes);

    /// <summary>Decodes an even number of digits; the prefix is optional.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = [];
        var digits = WithoutPrefix(text);
        if (digits.Length % 2 != 0)
            return false;
        var decoded = new byte[digits.Length / 2];
        if (!TryDecode(digits, decoded))
            return false;
        bytes = decoded;
        return true;
    }

    /// <summary>Decodes exactly <paramref name="bytes"/>.Length bytes; the prefix is optional.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        var digits = WithoutPrefix(text);
        return digits.Length == bytes.Length * 2
            && Convert.FromHexString(digits, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
    }

    /// <exception cref="FormatException">The text is not hexadecimal.</exception>
    public static byte[] Decode(ReadOnlySpan<char> text) =>
        TryDecode(text, out var bytes) ? bytes : throw new FormatException("Not hexadecimal: expected 0x followed by an even number of digits.");

    private static ReadOnlySpan<char> WithoutPrefix(ReadOnlySpan<char> text) =>
        text.StartsWith("0x", StringComparison.Ordinal) ? text[2..] : text;
}
