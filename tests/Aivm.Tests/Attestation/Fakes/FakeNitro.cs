using System.Formats.Cbor;
using System.Security.Cryptography;

namespace Aivm.Tests.Attestation.Fakes;

/// <summary>An enclave on AWS with its certificates, and documents of it. Each part can be made wrong by itself.</summary>
internal sealed record FakeNitro
{
    public static readonly ECDsa Key = FakeRoots.P384();
    public static readonly ECDsa AuthorityKey = FakeRoots.P384();

    public static CertificateSpec AuthoritySpec { get; } = new CertificateSpec("zone.aws.nitro-enclaves", AuthorityKey).AsAuthority(0);

    public static FakeAuthority Authority { get; } = new(AuthoritySpec, HashAlgorithmName.SHA384);

    public CertificateSpec Leaf { get; init; } = new("i-0123.aws", Key) { From = FakeTime.Now - 60, Until = FakeTime.Now + 3 * 3600 };

    public byte[][] Authorities { get; init; } = [FakeRoots.Nitro.SelfSigned(), FakeRoots.Nitro.Issue(AuthoritySpec)];

    public int Algorithm { get; init; } = -35;

    public bool Tagged { get; init; }

    public bool Indefinite { get; init; }

    public byte[] Pcr0 { get; init; } = [.. Enumerable.Repeat((byte)0x9C, 48)];

    public string Digest { get; init; } = "SHA384";

    public byte[]? UserData { get; init; } = [1, 2, 3];

    public string? ExtraField { get; init; }

    /// <summary>The name of one more field as it is encoded, of which a name has several ways.</summary>
    public byte[]? EncodedField { get; init; }

    /// <summary>The number of one more PCR as it is encoded.</summary>
    public byte[]? EncodedPcr { get; init; }

    public string? WithoutField { get; init; }

    public bool UnprotectedHeader { get; init; }

    public Func<byte[], byte[]> Signature { get; init; } = signature => signature;

    public ECDsa SigningKey { get; init; } = Key;

    public byte[] Encode()
    {
        var header = Header();
        var payload = Payload();
        var signed = Write(writer =>
        {
            writer.WriteStartArray(4);
            writer.WriteTextString("Signature1");
            writer.WriteByteString(header);
            writer.WriteByteString([]);
            writer.WriteByteString(payload);
            writer.WriteEndArray();
        });
        var signature = Signature(SigningKey.SignData(signed, HashAlgorithmName.SHA384));
        return Write(writer =>
        {
            if (Tagged)
                writer.WriteTag((CborTag)18);
            writer.WriteStartArray(Indefinite ? null : 4);
            writer.WriteByteString(header);
            writer.WriteStartMap(UnprotectedHeader ? 1 : 0);
            if (UnprotectedHeader)
            {
                writer.WriteInt32(4);
                writer.WriteByteString([1]);
            }
            writer.WriteEndMap();
            writer.WriteByteString(payload);
            writer.WriteByteString(signature);
            writer.WriteEndArray();
        });
    }

    private byte[] Header() => Write(writer =>
    {
        writer.WriteStartMap(1);
        writer.WriteInt32(1);
        writer.WriteInt32(Algorithm);
        writer.WriteEndMap();
    });

    private byte[] Payload()
    {
        var fields = new List<(string Name, Action<CborWriter> Write)>
        {
            ("module_id", writer => writer.WriteTextString("i-0123-enc0123")),
            ("digest", writer => writer.WriteTextString(Digest)),
            ("timestamp", writer => writer.WriteUInt64(1000UL * FakeTime.Now)),
            ("pcrs", WritePcrs),
            ("certificate", writer => writer.WriteByteString(Authority.Issue(Leaf))),
            ("cabundle", WriteAuthorities),
            ("public_key", writer => writer.WriteNull()),
            ("user_data", WriteUserData),
            ("nonce", writer => writer.WriteNull()),
        };
        fields.RemoveAll(field => field.Name == WithoutField);
        if (ExtraField is not null)
            fields.Add((ExtraField, writer => writer.WriteNull()));
        return Write(writer =>
        {
            writer.WriteStartMap(Indefinite ? null : fields.Count + (EncodedField is null ? 0 : 1));
            foreach (var (name, write) in fields)
            {
                writer.WriteTextString(name);
                write(writer);
            }
            if (EncodedField is not null)
            {
                writer.WriteEncodedValue(EncodedField);
                writer.WriteNull();
            }
            writer.WriteEndMap();
        });
    }

    private void WritePcrs(CborWriter writer)
    {
        writer.WriteStartMap(Indefinite ? null : 2 + (EncodedPcr is null ? 0 : 1));
        writer.WriteInt32(0);
        writer.WriteByteString(Pcr0);
        writer.WriteInt32(4);
        writer.WriteByteString(new byte[48]);
        if (EncodedPcr is not null)
        {
            writer.WriteEncodedValue(EncodedPcr);
            writer.WriteByteString(new byte[48]);
        }
        writer.WriteEndMap();
    }

    private void WriteAuthorities(CborWriter writer)
    {
        writer.WriteStartArray(Authorities.Length);
        foreach (var authority in Authorities)
            writer.WriteByteString(authority);
        writer.WriteEndArray();
    }

    private void WriteUserData(CborWriter writer)
    {
        if (UserData is null)
            writer.WriteNull();
        else
            writer.WriteByteString(UserData);
    }

    private static byte[] Write(Action<CborWriter> write)
    {
        var writer = new CborWriter(CborConformanceMode.Lax);
        write(writer);
        return writer.Encode();
    }
}
