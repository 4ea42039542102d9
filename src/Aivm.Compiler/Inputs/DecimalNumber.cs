using System.Globalization;
using System.Numerics;

namespace Aivm.Compiler.Inputs;

/// <summary>
/// Decimal text and binary numbers as fixed-point integers: value x 10^decimals, exact where it can be and otherwise
/// rounded half to even. Nothing passes through a double on the way.
/// </summary>
public static class DecimalNumber
{
    private const int MaxLength = 400;
    private const int MaxExponent = 400;

    /// <summary>Whether the text is a decimal number such as <c>-12.5e-3</c>; NaN and infinities are not.</summary>
    public static bool IsNumber(ReadOnlySpan<char> text) => TrySplit(text, out _, out _, out _);

    /// <summary>False where the text is no number, or the result needs more than 64 bits.</summary>
    public static bool TryToFixed(ReadOnlySpan<char> text, int decimals, out long value)
    {
        value = 0;
        if (!TrySplit(text, out var whole, out var fraction, out var exponent))
            return false;
        Span<char> digits = stackalloc char[whole.Length + fraction.Length];
        whole.CopyTo(digits);
        fraction.CopyTo(digits[whole.Length..]);
        var number = BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        return TryScale(text[0] == '-' ? -number : number, 10, exponent - fraction.Length + decimals, out value);
    }

    /// <summary>The exact value of a binary number, scaled and rounded. False for NaN, infinities and where it needs more than 64 bits.</summary>
    public static bool TryToFixed(double number, int decimals, out long value)
    {
        value = 0;
        if (!double.IsFinite(number))
            return false;
        var bits = BitConverter.DoubleToInt64Bits(number);
        var exponent = (int)((bits >> 52) & 0x7FF);
        var fraction = bits & ((1L << 52) - 1);
        var mantissa = exponent == 0 ? fraction : fraction | (1L << 52);
        var scaled = new BigInteger(number < 0 ? -mantissa : mantissa) * BigInteger.Pow(10, decimals);
        return TryScale(scaled, 2, Math.Max(exponent, 1) - 1075, out value);
    }

    /// <summary>The nearest double. False where the text is no number, or beyond the range.</summary>
    public static bool TryToDouble(ReadOnlySpan<char> text, out double value)
    {
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        value = 0;
        return IsNumber(text) && double.TryParse(text, Style, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
    }

    private static bool TrySplit(ReadOnlySpan<char> text, out ReadOnlySpan<char> whole, out ReadOnlySpan<char> fraction, out int exponent)
    {
        exponent = 0;
        whole = fraction = [];
        if (text.Length is 0 or > MaxLength)
            return false;
        var mark = text.IndexOfAny('e', 'E');
        if (mark >= 0)
        {
            if (!int.TryParse(text[(mark + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)
                || exponent is < -MaxExponent or > MaxExponent)
                return false;
            text = text[..mark];
        }
        if (text.StartsWith("-") || text.StartsWith("+"))
            text = text[1..];
        var point = text.IndexOf('.');
        whole = point < 0 ? text : text[..point];
        fraction = point < 0 ? [] : text[(point + 1)..];
        return whole.Length + fraction.Length > 0
            && !whole.ContainsAnyExceptInRange('0', '9') && !fraction.ContainsAnyExceptInRange('0', '9');
    }

    /// <summary>number x radix^exponent, rounded half to even, when it fits 64 bits.</summary>
    private static bool TryScale(BigInteger number, int radix, int exponent, out long value)
    {
        BigInteger result;
        if (exponent >= 0)
        {
            result = number * BigInteger.Pow(radix, exponent);
        }
        else
        {
            var divisor = BigInteger.Pow(radix, -exponent);
            result = BigInteger.DivRem(BigInteger.Abs(number), divisor, out var remainder);
            var half = (2 * remainder).CompareTo(divisor);
            if (half > 0 || (half == 0 && !result.IsEven))
                result++;
            if (number.Sign < 0)
                result = -result;
        }
        var fits = result >= long.MinValue && result <= long.MaxValue;
        value = fits ? (long)result : 0;
        return fits;
    }
}
