using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Aivm.Tests.Attestation.Fakes;

/// <summary>An Intel platform with its certificates: what a quote is signed by.</summary>
internal sealed record FakePlatform
{
    private const string SgxExtension = "1.2.840.113741.1.13.1";

    public static readonly ECDsa AuthorityKey = FakeRoots.P256();
    public static readonly ECDsa Key = FakeRoots.P256();

    public static CertificateSpec AuthoritySpec { get; } = new CertificateSpec("Intel SGX PCK Platform CA", AuthorityKey) { Serial = [0x21] }.AsAuthority(0);

    public static FakeAuthority Authority { get; } = new(AuthoritySpec, HashAlgorithmName.SHA256);

    public static byte[] AuthorityCertificate { get; } = FakeRoots.Intel.Issue(AuthoritySpec);

    public byte[] Fmspc { get; init; } = [0x00, 0x90, 0x6E, 0xA1, 0x00, 0x00];

    public byte[] PceId { get; init; } = [0, 0];

    public byte[] Ppid { get; init; } = [.. Enumerable.Repeat((byte)0x77, 16)];

    public int[] Svns { get; init; } = [.. Enumerable.Repeat(5, 16)];

    public int PceSvn { get; init; } = 11;

    public CertificateSpec Spec => new("Intel SGX PCK Certificate", Key) { Serial = [0x31], Extensions = [SgxIdentity()] };

    public byte[] Certificate => Authority.Issue(Spec);

    public string Chain => FakeAuthority.Pem(Certificate, AuthorityCertificate, FakeRoots.Intel.SelfSigned());

    private X509Extension SgxIdentity() => FakeAuthority.Extension(SgxExtension, writer =>
    {
        using var fields = writer.PushSequence();
        Field(writer, "1", () => writer.WriteOctetString(Ppid));
        Field(writer, "2", () => WriteTcb(writer));
        Field(writer, "3", () => writer.WriteOctetString(PceId));
        Field(writer, "4", () => writer.WriteOctetString(Fmspc));
        Field(writer, "5", () => writer.WriteEnumeratedValue(SgxType.Scalable));
    });

    private void WriteTcb(AsnWriter writer)
    {
        using var components = writer.PushSequence();
        for (var i = 0; i < Svns.Length; i++)
            Field(writer, $"2.{i + 1}", () => writer.WriteInteger(Svns[i]));
        Field(writer, "2.17", () => writer.WriteInteger(PceSvn));
        Field(writer, "2.18", () => writer.WriteOctetString(new byte[16]));
    }

    private static void Field(AsnWriter writer, string id, Action write)
    {
        using var pair = writer.PushSequence();
        writer.WriteObjectIdentifier($"{SgxExtension}.{id}");
        write();
    }

    private enum SgxType
    {
        Standard,
        Scalable,
    }
}
