using System.Text;

namespace Aivm.Attestation;

/// <summary>Certificates in PEM (RFC 7468, the strict form): nothing but certificates, and white space between them.</summary>
internal static class Pem
{
    public const int MostCertificates = 16;

    private const string Begin = "-----BEGIN CERTIFICATE-----";
    private const string End = "-----END CERTIFICATE-----";
    private const string Blank = " \t\r\n";

    public static bool LooksLikeOne(ReadOnlySpan<byte> text) => text.TrimStart(" \t\r\n"u8).StartsWith("-----BEGIN "u8);

    /// <exception cref="Refused"><c>pem-malformed</c>, or why a certificate in it is refused.</exception>
    public static IReadOnlyList<Certificate> Read(ReadOnlySpan<byte> ascii)
    {
        Refused.Unless(Ascii.IsValid(ascii) && ascii.Length <= 2 * MostCertificates * Certificate.MaxBytes, "pem-malformed", "PEM text is not ASCII, or too long.");
        var text = Encoding.ASCII.GetString(ascii).AsSpan().Trim(Blank);
        var certificates = new List<Certificate>();
        while (!text.IsEmpty)
        {
            Refused.Unless(text.StartsWith(Begin, StringComparison.Ordinal), "pem-malformed", "PEM text holds something else than certificates.");
            text = text[Begin.Length..];
            var end = text.IndexOf(End, StringComparison.Ordinal);
            Refused.Unless(end >= 0, "pem-malformed", "A certificate in PEM does not end.");
            Refused.Unless(certificates.Count < MostCertificates, "pem-malformed", $"PEM text holds more than {MostCertificates} certificates.");
            certificates.Add(Certificate.Read(Decode(text[..end])));
            text = text[(end + End.Length)..].TrimStart(Blank);
        }
        Refused.Unless(certificates.Count > 0, "pem-malformed", "PEM text holds no certificate.");
        return certificates;
    }

    private static byte[] Decode(ReadOnlySpan<char> lines)
    {
        var (text, bytes) = (lines.ToString().Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal), new byte[lines.Length]);
        // Encoded again, so that unused bits, other white space and the like are refused.
        Refused.Unless(
            Convert.TryFromBase64String(text, bytes, out var length) && Convert.ToBase64String(bytes, 0, length) == text,
            "pem-malformed", "A certificate in PEM is not strict base64.");
        return bytes[..length];
    }
}
