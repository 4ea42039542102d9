using System.Globalization;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>Names of models: <c>publisher/name</c>, the publisher by address, and <c>@n</c> for a version.</summary>
public static class ModelNames
{
    private const int AddressLength = 2 + (2 * Address.Size);

    /// <summary>Whether this is a local name: 1 to 64 of <c>a-z 0-9 . _ -</c>, the first a letter or a digit.</summary>
    public static bool IsLocalName(ReadOnlySpan<char> name) =>
        name.Length is >= 1 and <= ModelsParameters.MaxNameLength
        && char.IsAsciiLetterOrDigit(name[0])
        && !name.ContainsAnyExcept("abcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <param name="version">From 1; 0 means the latest.</param>
    public static bool TryParse(string name, out Address publisher, out string localName, out uint version)
    {
        localName = "";
        version = 0;
        publisher = default;
        if (name.Length <= AddressLength + 1
            || !name.StartsWith("0x", StringComparison.Ordinal)
            || name[AddressLength] != '/'
            || !Address.TryParse(name.AsSpan(0, AddressLength), out publisher))
            return false;
        var rest = name.AsSpan(AddressLength + 1);
        var at = rest.IndexOf('@');
        if (at >= 0 && !TryParseVersion(rest[(at + 1)..], out version))
            return false;
        localName = (at < 0 ? rest : rest[..at]).ToString();
        return IsLocalName(localName);
    }

    private static bool TryParseVersion(ReadOnlySpan<char> digits, out uint version) =>
        uint.TryParse(digits, NumberStyles.None, null, out version) && version > 0 && digits[0] != '0';
}
