using System.Formats.Asn1;

namespace Aivm.Attestation;

/// <summary>The extensions of a certificate, of a revocation list or of an entry in one (RFC 5280, section 4.2): each at most once.</summary>
internal sealed class Extensions
{
    public const string KeyUsage = "2.5.29.15";
    public const string BasicConstraints = "2.5.29.19";
    public const string CrlNumber = "2.5.29.20";
    private const int Most = 32;

    private readonly Dictionary<string, ReadOnlyMemory<byte>> _values = [];

    public static Extensions None { get; } = new();

    /// <param name="sequence">SEQUENCE OF Extension.</param>
    /// <param name="understood">What may be critical here, since the caller looks at it.</param>
    /// <param name="malformed">The code for two of the same.</param>
    public static Extensions Read(AsnReader sequence, ReadOnlySpan<string> understood, string malformed)
    {
        var extensions = new Extensions();
        while (sequence.HasData)
        {
            var extension = sequence.ReadSequence();
            var id = extension.ReadObjectIdentifier();
            var isCritical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
            var value = extension.ReadOctetString();
            extension.ThrowIfNotEmpty();
            Refused.Unless(!isCritical || understood.Contains(id), "extension-critical", $"The critical extension {id} is not one that this verifier understands.");
            Refused.Unless(extensions._values.Count < Most && extensions._values.TryAdd(id, value), malformed, $"The extension {id} is there twice, or there are more than {Most}.");
        }
        return extensions;
    }

    /// <summary>The value inside the OCTET STRING, or null.</summary>
    public ReadOnlyMemory<byte>? Find(string id) => _values.TryGetValue(id, out var value) ? value : default(ReadOnlyMemory<byte>?);
}
