using System.Formats.Asn1;

namespace Aivm.Attestation;

/// <summary>A certificate revocation list of version 2 (RFC 5280, section 5): complete, direct, with a number and an end.</summary>
internal sealed class RevocationList
{
    /// <summary>Room for ten thousand entries; real lists have a few hundred.</summary>
    public const int MaxBytes = 512 << 10;

    private readonly List<ReadOnlyMemory<byte>> _serials = [];
    private readonly ReadOnlyMemory<byte> _signedPart;
    private readonly ReadOnlyMemory<byte> _signature;
    private readonly ReadOnlyMemory<byte> _issuer;
    private readonly SignatureScheme _scheme;

    private RevocationList(ReadOnlyMemory<byte> der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        var list = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        _signedPart = list.ReadEncodedValue();
        (_scheme, var algorithm) = SignatureAlgorithm.Read(list);
        _signature = list.ReadBitString(out var unused);
        list.ThrowIfNotEmpty();

        var fields = new AsnReader(_signedPart, AsnEncodingRules.DER).ReadSequence();
        Refused.Unless(unused == 0 && fields.TryReadInt32(out var version) && version == 1, "crl-malformed", "A revocation list is not of version 2.");
        Refused.Unless(fields.ReadEncodedValue().Span.SequenceEqual(algorithm.Span), "crl-malformed", "A revocation list names two algorithms for one signature.");
        _issuer = DistinguishedName.Read(fields);
        Validity = new Validity(AsnTime.Read(fields), AsnTime.Read(fields));
        if (fields.HasData && fields.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence))
            ReadEntries(fields.ReadSequence());
        var wrapper = fields.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0));
        fields.ThrowIfNotEmpty();
        // Neither delta lists nor indirect ones are understood: their extensions are critical.
        var extensions = Extensions.Read(wrapper.ReadSequence(), [], "crl-malformed");
        wrapper.ThrowIfNotEmpty();
        Number = ReadNumber(extensions);
    }

    /// <summary>From thisUpdate to nextUpdate.</summary>
    public Validity Validity { get; }

    /// <summary>Rises with every list of an issuer, by RFC 5280. Intel's does not: it is 1 in each.</summary>
    public ulong Number { get; }

    /// <exception cref="Refused"><c>crl-malformed</c>.</exception>
    public static RevocationList Read(ReadOnlyMemory<byte> der)
    {
        Refused.Unless(der.Length <= MaxBytes, "crl-malformed", $"A revocation list has {der.Length} bytes; {MaxBytes} is the limit.");
        try
        {
            return new RevocationList(der);
        }
        catch (AsnContentException)
        {
            throw new Refused("crl-malformed", "A revocation list is not in DER, or not of the form of RFC 5280.");
        }
    }

    /// <summary>The list is that of this issuer, and current.</summary>
    public void RequireFrom(Certificate issuer, long at)
    {
        Refused.Unless(_issuer.Span.SequenceEqual(issuer.Subject.Span), "crl-issuer", "A revocation list is by another issuer than the certificates that it should speak about.");
        Refused.Unless(issuer.Usages is not { } usages || usages.HasFlag(KeyUsages.CrlSign), "certificate-usage", "A revocation list is by an authority that may not sign any.");
        Refused.Unless(Validity.From <= at, "crl-not-yet-valid", $"A revocation list is from {Validity.From}, and the time is {at}.");
        Refused.Unless(at <= Validity.Until, "crl-expired", $"A revocation list should have been renewed at {Validity.Until}, and the time is {at}: fetch the current one.");
        Refused.Unless(issuer.Key.Verifies(_scheme, _signedPart.Span, _signature), "crl-signature", "A revocation list is not signed by its issuer.");
    }

    public bool Revokes(Certificate certificate)
    {
        foreach (var serial in _serials)
        {
            if (serial.Span.SequenceEqual(certificate.Serial.Span))
                return true;
        }
        return false;
    }

    private void ReadEntries(AsnReader entries)
    {
        while (entries.HasData)
        {
            var entry = entries.ReadSequence();
            _serials.Add(entry.ReadIntegerBytes());
            AsnTime.Read(entry);
            if (entry.HasData)
                Extensions.Read(entry.ReadSequence(), [], "crl-malformed");
            entry.ThrowIfNotEmpty();
        }
    }

    private static ulong ReadNumber(Extensions extensions)
    {
        Refused.Unless(extensions.Find(Extensions.CrlNumber) is not null, "crl-malformed", "A revocation list has no number.");
        var reader = new AsnReader(extensions.Find(Extensions.CrlNumber)!.Value, AsnEncodingRules.DER);
        var isNumber = reader.TryReadUInt64(out var number);
        reader.ThrowIfNotEmpty();
        Refused.Unless(isNumber, "crl-malformed", "A revocation list's number is negative, or has more than 64 bits.");
        return number;
    }
}
