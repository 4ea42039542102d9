using System.Text;

namespace Aivm.Fuzz.Inputs;

/// <summary>Changes of tables and JSON: numbers at the edges of what numbers may be, marks where none belong.</summary>
internal static class TextMutations
{
    private static readonly byte[][] Parts =
    [
        .. new[]
        {
            "nan", "na", "null", "inf", "-Infinity", "1e308", "1e309", "-1e-400", "1e400", "1e401", "1e999999999999", ".5", "5.", ".", "-", "+1", "--1", "0x10", "1_000", "1e", "e1",
            "9223372036854775807", "9223372036854775808", "-9223372036854775808", "0.0000000000000000005", "255.00000000000000000001", "99999999999999999999999999999999999999",
            ",", ",,", "\n", "\r\n", "\r", "\n\n", " ", "\t", "\"", "\"1\"", "[", "]", "[]", "[[", "]]", "{", "}", "{\"a\":1}", "true", "//", "/**/", "\0", "\uFEFF", "\u2028", "é", "１",
        }.Select(Encoding.UTF8.GetBytes),
        [0xC3], [0xFF, 0xFE],
        .. new[] { 300, 400, 401, 5000 }.Select(length => Encoding.ASCII.GetBytes(new string('9', length))),
        .. new[] { 8, 9, 64, 5000 }.Select(depth => Encoding.ASCII.GetBytes(new string('[', depth))),
    ];

    public static byte[] Change(byte[] parent, byte[] other, Random random)
    {
        var text = parent;
        for (var changes = 1 + random.Next(3); changes > 0; changes--)
        {
            var at = random.Next(text.Length + 1);
            var part = random.Next(12) == 0 ? other : Parts[random.Next(Parts.Length)];
            var end = random.Next(2) == 0 ? at : Math.Min(text.Length, at + 1 + random.Next(4));
            text = [.. text.AsSpan(0, at), .. part, .. text.AsSpan(end)];
        }
        return text;
    }
}
