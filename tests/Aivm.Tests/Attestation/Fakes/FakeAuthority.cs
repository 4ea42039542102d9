using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Aivm.Tests.Attestation.Fakes;

/// <summary>What a certificate of a test says. Defaults are those of an honest one.</summary>
internal sealed record CertificateSpec(string CommonName, AsymmetricAlgorithm Key)
{
    public bool? IsAuthority { get; init; } = false;

    public int? PathLength { get; init; }

    public X509KeyUsageFlags? Usage { get; init; } = X509KeyUsageFlags.DigitalSignature;

    public long From { get; init; } = FakeTime.Now - 365 * FakeTime.Day;

    public long Until { get; init; } = FakeTime.Now + 3650 * FakeTime.Day;

    public byte[] Serial { get; init; } = [0x11, 0x22];

    public IReadOnlyList<X509Extension> Extensions { get; init; } = [];

    public CertificateSpec AsAuthority(int? pathLength = null) =>
        this with { IsAuthority = true, PathLength = pathLength, Usage = X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign };
}

internal static class FakeTime
{
    public const long Now = 1_750_000_000;
    public const long Day = 86_400;

    public static DateTimeOffset Date(long unix) => DateTimeOffset.FromUnixTimeSeconds(unix);

    public static string Iso(long unix) => Date(unix).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
}

/// <summary>A certificate authority made in a test: it signs whatever it is asked to.</summary>
internal sealed class FakeAuthority(CertificateSpec spec, HashAlgorithmName hash)
{
    public X500DistinguishedName Name { get; } = NameOf(spec.CommonName);

    public AsymmetricAlgorithm Key => spec.Key;

    /// <summary>Signed by itself.</summary>
    public byte[] SelfSigned() => Issue(spec);

    public byte[] Issue(CertificateSpec subject) => Issue(subject, Generator());

    public byte[] Issue(CertificateSpec subject, X509SignatureGenerator generator)
    {
        var request = new CertificateRequest(NameOf(subject.CommonName), PublicKeyOf(subject.Key), hash, RSASignaturePadding.Pss);
        if (subject.IsAuthority is { } isAuthority)
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, subject.PathLength.HasValue, subject.PathLength ?? 0, critical: true));
        if (subject.Usage is { } usage)
            request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));
        foreach (var extension in subject.Extensions)
            request.CertificateExtensions.Add(extension);
        using var certificate = request.Create(Name, generator, FakeTime.Date(subject.From), FakeTime.Date(subject.Until), subject.Serial);
        return certificate.RawData;
    }

    /// <summary>The certificate with its extensions written twice, which no library issues.</summary>
    public byte[] IssueWithExtensionsTwice(CertificateSpec subject)
    {
        var certificate = new AsnReader(Issue(subject), AsnEncodingRules.DER).ReadSequence();
        var (fields, signedPart) = (certificate.ReadSequence(), new AsnWriter(AsnEncodingRules.DER));
        using (signedPart.PushSequence())
        {
            while (fields.PeekTag() is not { TagClass: TagClass.ContextSpecific, TagValue: 3 })
                signedPart.WriteEncodedValue(fields.ReadEncodedValue().Span);
            var extensions = fields.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 3)).ReadSequence();
            using (signedPart.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 3)))
            using (signedPart.PushSequence())
            {
                while (extensions.HasData)
                {
                    var extension = extensions.ReadEncodedValue().Span;
                    signedPart.WriteEncodedValue(extension);
                    signedPart.WriteEncodedValue(extension);
                }
            }
        }
        var whole = new AsnWriter(AsnEncodingRules.DER);
        using (whole.PushSequence())
        {
            whole.WriteEncodedValue(signedPart.Encode());
            whole.WriteEncodedValue(certificate.ReadEncodedValue().Span);
            whole.WriteBitString(Generator().SignData(signedPart.Encode(), hash));
        }
        return whole.Encode();
    }

    public byte[] RevocationList(long from, long until, int number, params byte[][] serials)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (var serial in serials)
            builder.AddEntry(serial, FakeTime.Date(from), null);
        var keyId = X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(new byte[20]);
        return builder.Build(Name, Generator(), new BigInteger(number), FakeTime.Date(until), hash, keyId, FakeTime.Date(from));
    }

    private X509SignatureGenerator Generator() => Key switch
    {
        ECDsa ec => X509SignatureGenerator.CreateForECDsa(ec),
        RSA rsa => new PssGenerator(rsa),
        _ => throw new InvalidOperationException("no key"),
    };

    public static X500DistinguishedName NameOf(string commonName)
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(commonName);
        return builder.Build();
    }

    public static PublicKey PublicKeyOf(AsymmetricAlgorithm key) => key switch
    {
        ECDsa ec => new PublicKey(ec),
        RSA rsa => new PublicKey(rsa),
        _ => throw new ArgumentException("no key", nameof(key)),
    };

    public static string Pem(params IEnumerable<byte[]> certificates) =>
        string.Concat(certificates.Select(der => PemEncoding.WriteString("CERTIFICATE", der) + "\n"));

    /// <summary>An extension whose value an ASN.1 writer makes.</summary>
    public static X509Extension Extension(string id, Action<AsnWriter> write, bool critical = false)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        write(writer);
        return new X509Extension(id, writer.Encode(), critical);
    }
}
