using System.Security.Cryptography;

namespace Aivm.Tests.Attestation.Fakes;

/// <summary>An NVIDIA GPU with its certificates, and reports of it. Each part can be made wrong by itself.</summary>
internal sealed record FakeGpu
{
    public static readonly ECDsa Key = FakeRoots.P384();
    public static readonly ECDsa AuthorityKey = FakeRoots.P384();

    public static CertificateSpec AuthoritySpec { get; } = new CertificateSpec("NVIDIA GPU Identity", AuthorityKey).AsAuthority();

    public static FakeAuthority Authority { get; } = new(AuthoritySpec, HashAlgorithmName.SHA384);

    public byte[] Nonce { get; init; } = [.. Enumerable.Repeat((byte)0x4E, 32)];

    public byte[] Request { get; init; } = [0x11, 0xE0, 0x01, 0xFF];

    public byte[] Response { get; init; } = [0x11, 0x60, 0, 0];

    public int Blocks { get; init; } = 3;

    public int? BlockCount { get; init; }

    public byte[] Trailing { get; init; } = [];

    public Func<int, byte> Index { get; init; } = block => (byte)(block + 1);

    public ECDsa SigningKey { get; init; } = Key;

    public Func<byte[], byte[]> Signature { get; init; } = signature => signature;

    public static byte[][] Certificates { get; } =
        [Authority.Issue(new CertificateSpec("GH100 GSP", Key) { IsAuthority = null }), FakeRoots.Nvidia.Issue(AuthoritySpec), FakeRoots.Nvidia.SelfSigned()];

    public byte[] Encode()
    {
        byte[] record = [.. Enumerable.Range(0, Blocks).SelectMany(Block)];
        byte[] signed =
        [
            .. Request, .. Nonce, 0,
            .. Response, (byte)(BlockCount ?? Blocks), (byte)record.Length, (byte)(record.Length >> 8), (byte)(record.Length >> 16), .. record,
            .. new byte[32], 5, 0, 1, 2, 3, 4, 5,
        ];
        return [.. signed, .. Signature(SigningKey.SignData(signed, HashAlgorithmName.SHA384)), .. Trailing];
    }

    private byte[] Block(int block) => [Index(block), 1, 51, 0, 1, 48, 0, .. Enumerable.Repeat((byte)block, 48)];
}
