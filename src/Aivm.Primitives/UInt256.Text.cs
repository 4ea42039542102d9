using System.Runtime.CompilerServices;

namespace Aivm.Primitives;

public readonly partial struct UInt256
{
    private const int MaxDecimalDigits = 78;
    private const int MaxDigitsPerLimb = 19;
    private const ulong TenTo19 = 10_000_000_000_000_000_000;

    /// <summary>Reads decimal digits, or 0x and at most 64 hexadecimal digits; no sign, no separators, no white space.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out UInt256 value) =>
        text.StartsWith("0x", StringComparison.Ordinal) ? TryParseHex(text[2..], out value) : TryParseDecimal(text, out value);

    /// <exception cref="FormatException">The text is no decimal or 0x-hexadecimal number below 2^256.</exception>
    public static UInt256 Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var value) ? value : throw new FormatException("Expected a decimal or 0x-hexadecimal number below 2^256.");

    /// <summary>Decimal digits.</summary>
    [SkipLocalsInit]
    public override string ToString()
    {
        if (FitsUInt64)
            return _u0.ToString();
        Span<char> text = stackalloc char[MaxDecimalDigits];
        var start = text.Length;
        for (var rest = this; !rest.IsZero;)
        {
            (rest, var group) = DivRem(rest, TenTo19);
            var digits = group._u0;
            for (var i = 0; rest.IsZero ? digits != 0 : i < MaxDigitsPerLimb; i++)
            {
                text[--start] = (char)('0' + digits % 10);
                digits /= 10;
            }
        }
        return text[start..].ToString();
    }

    /// <summary>JSON-RPC's quantity: 0x and hexadecimal digits without leading zeros; zero is 0x0.</summary>
    [SkipLocalsInit]
    public string ToHexQuantity()
    {
        Span<byte> bytes = stackalloc byte[Size];
        WriteBigEndian(bytes);
        var digits = Convert.ToHexStringLower(bytes).AsSpan().TrimStart('0');
        return digits.IsEmpty ? "0x0" : $"0x{digits}";
    }

    private static bool TryParseHex(ReadOnlySpan<char> digits, out UInt256 value)
    {
        value = default;
        if (digits.Length is 0 or > 2 * Size)
            return false;
        var result = Zero;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiHexDigit(digit))
                return false;
            var nibble = digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
            result = (result << 4) | (ulong)nibble;
        }
        value = result;
        return true;
    }

    private static bool TryParseDecimal(ReadOnlySpan<char> digits, out UInt256 value)
    {
        value = default;
        if (digits.Length is 0 or > MaxDecimalDigits || digits.ContainsAnyExceptInRange('0', '9'))
            return false;
        var result = Zero;
        while (!digits.IsEmpty)
        {
            // Nineteen digits at a time; what is left over comes first.
            var count = (digits.Length - 1) % MaxDigitsPerLimb + 1;
            ulong group = 0;
            foreach (var digit in digits[..count])
                group = 10 * group + (ulong)(digit - '0');
            if (!TryMultiply(result, TenTo19, out result) || !TryAdd(result, group, out result))
                return false;
            digits = digits[count..];
        }
        value = result;
        return true;
    }
}
