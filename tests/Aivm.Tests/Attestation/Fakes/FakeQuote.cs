using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Aivm.Attestation;

namespace Aivm.Tests.Attestation.Fakes;

/// <summary>A quote of a fake platform. Each part can be made wrong by itself; everything is signed as it is then.</summary>
internal sealed record FakeQuote
{
    public static readonly ECDsa AttestationKey = FakeRoots.P256();
    public static readonly byte[] QeSigner = [.. Enumerable.Repeat((byte)0xD5, 32)];

    public ushort Version { get; init; } = 4;

    public uint? Tee { get; init; }

    public ushort KeyType { get; init; } = 2;

    public ushort BodyType { get; init; } = 2;

    public uint? BodySize { get; init; }

    public byte[] Body { get; init; } = TdBody();

    public string Chain { get; init; } = new FakePlatform().Chain;

    public ushort OuterType { get; init; } = 6;

    public ushort InnerType { get; init; } = 5;

    public int QeSvn { get; init; } = 8;

    public int QeProduct { get; init; } = 1;

    public byte[] QeSignerValue { get; init; } = QeSigner;

    public byte QeAttributes { get; init; } = 0x11;

    public byte[]? QeReportData { get; init; }

    public byte[] QeAuthentication { get; init; } = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    public ECDsa QeReportKey { get; init; } = FakePlatform.Key;

    public ECDsa Key { get; init; } = AttestationKey;

    public int AuthenticationLengthError { get; init; }

    public byte[] Trailing { get; init; } = [];

    public Func<byte[], byte[]> QuoteSignature { get; init; } = signature => signature;

    public Func<byte[], byte[]> QeSignature { get; init; } = signature => signature;

    public static FakeQuote Sgx { get; } = new() { Version = 3, Body = Enclave(0x05, new byte[64], 0, 1, new byte[32]) };

    public static FakeQuote Tdx4 { get; } = new();

    public static FakeQuote Tdx5 { get; } = new() { Version = 5 };

    public static FakeQuote Td15 { get; } = new() { Version = 5, BodyType = 3, Body = Td15Body() };

    /// <summary>Good quotes of each form, by name.</summary>
    public static FakeQuote Named(string form) => form switch
    {
        "sgx" => Sgx,
        "tdx4" => Tdx4,
        "tdx5" => Tdx5,
        "td15" => Td15,
        _ => throw new ArgumentOutOfRangeException(nameof(form)),
    };

    public EvidenceKind Kind => Version == 3 ? EvidenceKind.Sgx : EvidenceKind.Tdx;

    public byte[] Encode()
    {
        byte[] signed = [.. Header(), .. BodyPrefix(), .. Body];
        var point = PointOf(Key);
        var qeReport = Enclave(QeAttributes, QeReportData ?? [.. SHA256.HashData([.. point, .. QeAuthentication]), .. new byte[32]], QeSvn, QeProduct, QeSignerValue);
        byte[] qe =
        [
            .. qeReport, .. QeSignature(QeReportKey.SignData(qeReport, HashAlgorithmName.SHA256)),
            .. Little16((ushort)QeAuthentication.Length), .. QeAuthentication, .. Certification(InnerType, Encoding.ASCII.GetBytes(Chain)),
        ];
        byte[] authentication = [.. QuoteSignature(Key.SignData(signed, HashAlgorithmName.SHA256)), .. point, .. Version == 3 ? qe : Certification(OuterType, qe)];
        return [.. signed, .. Little32((uint)(authentication.Length + AuthenticationLengthError)), .. authentication, .. Trailing];
    }

    public Evidence Read() => Evidence.TryRead(Encode(), out var evidence, out var error) ? evidence : throw new InvalidOperationException(error.ToString());

    /// <summary>TEE_TCB_SVN is the module's security version, its version, and the platform's.</summary>
    public static byte[] TdBody(byte reportData = 15, byte moduleSvn = 4, byte moduleVersion = 1, byte svn = 5, ulong attributes = 1UL << 28)
    {
        var body = new byte[584];
        body.AsSpan(0, 16).Fill(svn);
        (body[0], body[1]) = (moduleSvn, moduleVersion);
        BinaryPrimitives.WriteUInt64LittleEndian(body.AsSpan(120), attributes);
        body.AsSpan(136, 48).Fill(0xA1);
        for (var i = 0; i < 4; i++)
            body.AsSpan(328 + 48 * i, 48).Fill((byte)(0xB0 + i));
        body.AsSpan(520, 64).Fill(reportData);
        return body;
    }

    public static byte[] Td15Body(byte[]? body = null, byte moduleSvn2 = 4, byte moduleVersion2 = 1, byte svn2 = 5, byte service = 0)
    {
        var longer = new byte[648];
        (body ?? TdBody()).CopyTo(longer, 0);
        longer.AsSpan(584, 16).Fill(svn2);
        (longer[584], longer[585]) = (moduleSvn2, moduleVersion2);
        longer[600] = service;
        return longer;
    }

    public static byte[] Enclave(byte attributes, byte[] reportData, int svn, int product, byte[] signer)
    {
        var report = new byte[384];
        report[48] = attributes;
        report.AsSpan(64, 32).Fill(0xE5);
        signer.CopyTo(report, 128);
        BinaryPrimitives.WriteUInt16LittleEndian(report.AsSpan(256), (ushort)product);
        BinaryPrimitives.WriteUInt16LittleEndian(report.AsSpan(258), (ushort)svn);
        reportData.CopyTo(report, 320);
        return report;
    }

    public static byte[] PointOf(ECDsa key)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return [.. point.X!, .. point.Y!];
    }

    private byte[] Header() =>
    [
        .. Little16(Version), .. Little16(KeyType), .. Little32(Tee ?? (Version == 3 ? 0u : 0x81u)), .. new byte[4], .. IntelQuote.IntelVendorId, .. new byte[20],
    ];

    private byte[] BodyPrefix() => Version < 5 ? [] : [.. Little16(BodyType), .. Little32(BodySize ?? (uint)Body.Length)];

    private static byte[] Certification(ushort type, byte[] data) => [.. Little16(type), .. Little32((uint)data.Length), .. data];

    private static byte[] Little16(ushort value) => BitConverter.GetBytes(value);

    private static byte[] Little32(uint value) => BitConverter.GetBytes(value);
}
