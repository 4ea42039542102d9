using System.Globalization;
using Aivm.Primitives;

namespace Aivm.Cli.Output;

/// <summary>Amounts for people: coins with 18 decimals, as on Ethereum.</summary>
internal static class Coins
{
    private const int Decimals = 18;

    /// <summary>All digits that matter and no more: <c>0.00063</c>, <c>10000</c>.</summary>
    public static string Format(UInt256 wei)
    {
        var digits = wei.ToString().PadLeft(Decimals + 1, '0');
        var fraction = digits[^Decimals..].TrimEnd('0');
        return digits[..^Decimals] + (fraction.Length == 0 ? "" : "." + fraction);
    }

    /// <summary>Reads an amount such as <c>0.25</c>; at most 18 decimals, no sign, no exponent.</summary>
    public static bool TryParse(string text, out UInt256 wei)
    {
        wei = default;
        var parts = text.Split('.');
        if (parts.Length > 2 || parts[0].Length == 0 || !parts.All(part => part.All(char.IsAsciiDigit)))
            return false;
        var fraction = parts.Length == 2 ? parts[1] : "";
        return fraction.Length <= Decimals
            && parts[0].Length <= 50
            && UInt256.TryParse((parts[0] + fraction.PadRight(Decimals, '0')).TrimStart('0') is { Length: > 0 } digits ? digits : "0", out wei);
    }

    public static string Gas(ulong gas) => gas.ToString("N0", CultureInfo.InvariantCulture);
}
