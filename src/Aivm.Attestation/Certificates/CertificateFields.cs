using System.Formats.Asn1;

namespace Aivm.Attestation;

/// <summary>From when to when something is valid, in unix seconds. Both ends belong to it (RFC 5280, section 4.1.2.5).</summary>
internal readonly record struct Validity(long From, long Until)
{
    public bool Contains(long at) => From <= at && at <= Until;

    public Validity Intersect(Validity other) => new(Math.Max(From, other.From), Math.Min(Until, other.Until));

    public static Validity Read(AsnReader sequence)
    {
        var validity = new Validity(AsnTime.Read(sequence), AsnTime.Read(sequence));
        sequence.ThrowIfNotEmpty();
        return validity;
    }
}

/// <summary>UTCTime and GeneralizedTime in their DER forms.</summary>
internal static class AsnTime
{
    /// <summary>RFC 5280, section 4.1.2.5.1: two digits are a year from 1950 to 2049.</summary>
    private const int LastTwoDigitYear = 2049;

    public static long Read(AsnReader reader)
    {
        var time = reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime(LastTwoDigitYear) : reader.ReadGeneralizedTime();
        Refused.Unless(time.Ticks % TimeSpan.TicksPerSecond == 0, "certificate-malformed", "A time has fractions of a second.");
        return time.ToUnixTimeSeconds();
    }
}

/// <summary>Whether a certificate's key may sign certificates, and how many authorities may stand below it (RFC 5280, section 4.2.1.9).</summary>
internal readonly record struct BasicConstraints(bool IsAuthority, int? PathLength)
{
    public static BasicConstraints Read(Extensions extensions)
    {
        if (extensions.Find(Extensions.BasicConstraints) is not { } value)
            return default;
        var outer = new AsnReader(value, AsnEncodingRules.DER);
        var fields = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        var isAuthority = fields.HasData && fields.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && fields.ReadBoolean();
        int? pathLength = null;
        if (fields.HasData)
        {
            Refused.Unless(fields.TryReadInt32(out var length) && length >= 0 && isAuthority, "certificate-malformed", "A certificate's path length is no number, or on no authority.");
            pathLength = length;
        }
        fields.ThrowIfNotEmpty();
        return new BasicConstraints(isAuthority, pathLength);
    }
}

/// <summary>RFC 5280, section 4.2.1.3: named bits, the first of them the highest of the first byte.</summary>
[Flags]
internal enum KeyUsages
{
    DigitalSignature = 1 << 0,
    KeyCertSign = 1 << 5,
    CrlSign = 1 << 6,
}

internal static class KeyUsage
{
    public static KeyUsages? Read(Extensions extensions)
    {
        if (extensions.Find(Extensions.KeyUsage) is not { } value)
            return null;
        var reader = new AsnReader(value, AsnEncodingRules.DER);
        var bits = reader.ReadBitString(out var unused);
        reader.ThrowIfNotEmpty();
        Refused.Unless(bits.Length is 1 or 2, "certificate-malformed", "A certificate's key usage has no bits, or too many.");
        var usages = 0;
        for (var bit = 0; bit < 8 * bits.Length - unused; bit++)
            usages |= (bits[bit / 8] >> (7 - bit % 8) & 1) << bit;
        return (KeyUsages)usages;
    }
}

/// <summary>Names (RFC 5280, section 4.1.2.4), kept in their encoding.</summary>
internal static class DistinguishedName
{
    private const string CommonNameId = "2.5.4.3";

    public static ReadOnlyMemory<byte> Read(AsnReader reader)
    {
        Refused.Unless(reader.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence), "certificate-malformed", "A name is no sequence.");
        return reader.ReadEncodedValue();
    }

    /// <summary>Whether the name's only common name is this one.</summary>
    public static bool HasCommonName(ReadOnlyMemory<byte> name, string commonName)
    {
        try
        {
            var (parts, found) = (new AsnReader(name, AsnEncodingRules.DER).ReadSequence(), 0);
            while (parts.HasData)
            {
                var set = parts.ReadSetOf();
                while (set.HasData)
                {
                    var attribute = set.ReadSequence();
                    if (attribute.ReadObjectIdentifier() != CommonNameId)
                        continue;
                    if (TextOf(attribute) != commonName)
                        return false;
                    found++;
                }
            }
            return found == 1;
        }
        catch (AsnContentException)
        {
            throw new Refused("certificate-malformed", "A name is not of the form of RFC 5280.");
        }
    }

    private static string? TextOf(AsnReader attribute) => attribute.PeekTag().TagValue switch
    {
        (int)UniversalTagNumber.UTF8String => attribute.ReadCharacterString(UniversalTagNumber.UTF8String),
        (int)UniversalTagNumber.PrintableString => attribute.ReadCharacterString(UniversalTagNumber.PrintableString),
        _ => null,
    };
}
