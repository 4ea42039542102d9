using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Aivm.Attestation;

namespace Aivm.Tests.Attestation.Fakes;

/// <summary>An AMD processor with its certificates, and reports of it. Each part can be made wrong by itself.</summary>
internal sealed record FakeProcessor
{
    public static readonly RSA AuthorityKey = RSA.Create(4096);
    public static readonly ECDsa Key = FakeRoots.P384();

    private const string Prefix = "1.3.6.1.4.1.3704.1.";

    public SnpProduct Product { get; init; } = SnpProduct.Genoa;

    public SnpSigningKey SigningKey { get; init; } = SnpSigningKey.Chip;

    public uint Version { get; init; } = 3;

    public byte[] ChipId { get; init; } = [.. Enumerable.Repeat((byte)0xC1, 64)];

    public byte[]? CertifiedChipId { get; init; }

    /// <summary>FMC, boot loader, TEE, SNP, microcode.</summary>
    public byte[] Tcb { get; init; } = [1, 10, 2, 23, 84];

    public byte[]? CertifiedTcb { get; init; }

    public (byte Family, byte Model) Cpu { get; init; } = (0x19, 0x11);

    public ulong Policy { get; init; } = 0x30000;

    public uint Vmpl { get; init; }

    public ulong PlatformInfo { get; init; } = 0x25;

    public uint Algorithm { get; init; } = 1;

    public uint? KeyInfo { get; init; }

    public byte[] ReportData { get; init; } = [.. Enumerable.Repeat((byte)0xDA, 64)];

    public CertificateSpec? Leaf { get; init; }

    public string? AuthorityName { get; init; }

    public Func<byte[], byte[]> Signature { get; init; } = signature => signature;

    public static FakeProcessor Named(string form) => form switch
    {
        "milan-v2" => new() { Product = SnpProduct.Milan, Version = 2, Cpu = (0, 0) },
        "genoa-v3" => new(),
        "genoa-vlek" => new() { SigningKey = SnpSigningKey.Provider },
        "turin-v5" => Turin,
        "turin-vlek" => Turin with { SigningKey = SnpSigningKey.Provider },
        "siena-v3" => new() { Cpu = (0x19, 0xA0) },
        _ => throw new ArgumentOutOfRangeException(nameof(form)),
    };

    private static FakeProcessor Turin { get; } =
        new() { Product = SnpProduct.Turin, Version = 5, Cpu = (0x1A, 0x02), ChipId = [.. Enumerable.Repeat((byte)0xC2, 8), .. new byte[56]], CertifiedChipId = [.. Enumerable.Repeat((byte)0xC2, 8)] };

    public FakeAuthority Root => Product switch
    {
        SnpProduct.Milan => FakeRoots.Milan,
        SnpProduct.Genoa => FakeRoots.Genoa,
        _ => FakeRoots.Turin,
    };

    public CertificateSpec AuthoritySpec =>
        new CertificateSpec(AuthorityName ?? $"{(SigningKey == SnpSigningKey.Chip ? "SEV-" : "SEV-VLEK-")}{Product}", AuthorityKey).AsAuthority(0);

    public FakeAuthority Authority => new(AuthoritySpec, HashAlgorithmName.SHA384);

    public CertificateSpec LeafSpec => Leaf ?? new CertificateSpec(SigningKey == SnpSigningKey.Chip ? "SEV-VCEK" : "SEV-VLEK", Key)
    {
        IsAuthority = null,
        Usage = null,
        Serial = [0],
        Extensions = LeafExtensions(),
    };

    /// <summary>The key's certificate and its authorities', a file each.</summary>
    public byte[][] Certificates => [Authority.Issue(LeafSpec), Root.Issue(AuthoritySpec), Root.SelfSigned()];

    public byte[] Report()
    {
        var report = new byte[0x4A0];
        Write32(report, 0x00, Version);
        BinaryPrimitives.WriteUInt64LittleEndian(report.AsSpan(0x08), Policy);
        Write32(report, 0x30, Vmpl);
        Write32(report, 0x34, Algorithm);
        BinaryPrimitives.WriteUInt64LittleEndian(report.AsSpan(0x40), PlatformInfo);
        Write32(report, 0x48, KeyInfo ?? (SigningKey == SnpSigningKey.Chip ? 0u : 1u << 2));
        ReportData.CopyTo(report, 0x50);
        report.AsSpan(0x90, 48).Fill(0xAE);
        WriteTcb(report.AsSpan(0x180));
        if (Version >= 3)
            (report[0x188], report[0x189]) = Cpu;
        ChipId.CopyTo(report, 0x1A0);
        var signature = Signature(Key.SignData(report.AsSpan(0, 0x2A0), HashAlgorithmName.SHA384));
        signature.AsSpan(0, 48).CopyTo(report.AsSpan(0x2A0));
        report.AsSpan(0x2A0, 48).Reverse();
        signature.AsSpan(48).CopyTo(report.AsSpan(0x2E8));
        report.AsSpan(0x2E8, 48).Reverse();
        return report;
    }

    private void WriteTcb(Span<byte> version)
    {
        if (Product == SnpProduct.Turin)
            (version[0], version[1], version[2], version[3], version[7]) = (Tcb[0], Tcb[1], Tcb[2], Tcb[3], Tcb[4]);
        else
            (version[0], version[1], version[6], version[7]) = (Tcb[1], Tcb[2], Tcb[3], Tcb[4]);
    }

    private List<X509Extension> LeafExtensions()
    {
        var tcb = CertifiedTcb ?? Tcb;
        List<X509Extension> extensions = [Svn("3.1", tcb[1]), Svn("3.2", tcb[2]), Svn("3.3", tcb[3]), Svn("3.8", tcb[4])];
        if (Product == SnpProduct.Turin)
            extensions.Add(Svn("3.9", tcb[0]));
        extensions.Add(SigningKey == SnpSigningKey.Chip
            ? new X509Extension(Prefix + "4", CertifiedChipId ?? ChipId, critical: false)
            : FakeAuthority.Extension(Prefix + "5", writer => writer.WriteCharacterString(System.Formats.Asn1.UniversalTagNumber.IA5String, "a provider")));
        return extensions;
    }

    private static X509Extension Svn(string id, byte svn) => FakeAuthority.Extension(Prefix + id, writer => writer.WriteInteger(svn));

    private static void Write32(byte[] report, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(report.AsSpan(at), value);
}
