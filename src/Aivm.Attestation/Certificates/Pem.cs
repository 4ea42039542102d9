using System.Text;

namespace Aivm.Attestation;

/// <summary>Certificates in PEM (RFC 7468), their base64 in its strict form.</summary>
internal static class Pem
{
    public const int MostCertificates = 16;

    private static ReadOnlySpan<byte> Begin => "-----BEGIN CERTIFICATE-----"u8;

    private static ReadOnlySpan<byte> End => "-----END CERTIFICATE-----"u8;

    private static ReadOnlySpan<byte> Blank => " \t\r\n"u8;

    /// <summary>Text with a block of any kind in it. A certificate in DER is none, whatever the names in it say.</summary>
    public static bool LooksLikeOne(ReadOnlySpan<byte> text) => text is not [0x30, >= 0x80, ..] && text.IndexOf("-----BEGIN "u8) >= 0;

    /// <summary>Nothing but certificates, and white space between them.</summary>
    /// <exception cref="Refused"><c>pem-malformed</c>, or why a certificate in it is refused.</exception>
    public static IReadOnlyList<Certificate> Read(ReadOnlySpan<byte> text) => Read(text, isAmidText: false);

    /// <summary>The certificates in a file that may have more in it, as tools write it: explanations (RFC 7468, section 5.2), attributes, blocks of other kinds.</summary>
    /// <inheritdoc cref="Read(ReadOnlySpan{byte})" path="/exception"/>
    public static IReadOnlyList<Certificate> ReadAmidText(ReadOnlySpan<byte> text) => Read(text, isAmidText: true);

    private static List<Certificate> Read(ReadOnlySpan<byte> text, bool isAmidText)
    {
        Refused.Unless(text.Length <= 2 * MostCertificates * Certificate.MaxBytes, "pem-malformed", "PEM text is too long.");
        var certificates = new List<Certificate>();
        while (true)
        {
            var begin = text.IndexOf(Begin);
            var between = begin < 0 ? text : text[..begin];
            Refused.Unless(isAmidText || !between.ContainsAnyExcept(Blank), "pem-malformed", "PEM text holds something else than certificates.");
            if (begin < 0)
                break;
            text = text[(begin + Begin.Length)..];
            var end = text.IndexOf(End);
            Refused.Unless(end >= 0, "pem-malformed", "A certificate in PEM does not end.");
            Refused.Unless(certificates.Count < MostCertificates, "pem-malformed", $"PEM text holds more than {MostCertificates} certificates.");
            certificates.Add(Certificate.Read(Decode(text[..end])));
            text = text[(end + End.Length)..];
        }
        Refused.Unless(certificates.Count > 0, "pem-malformed", "PEM text holds no certificate.");
        return certificates;
    }

    private static byte[] Decode(ReadOnlySpan<byte> lines)
    {
        var (text, bytes) = (Encoding.ASCII.GetString(lines).Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal), new byte[lines.Length]);
        // Encoded again, so that unused bits, other white space and the like are refused.
        Refused.Unless(
            Convert.TryFromBase64String(text, bytes, out var length) && Convert.ToBase64String(bytes, 0, length) == text,
            "pem-malformed", "A certificate in PEM is not strict base64.");
        return bytes[..length];
    }
}
