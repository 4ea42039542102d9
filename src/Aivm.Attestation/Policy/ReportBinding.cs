using System.Buffers.Binary;
using System.Security.Cryptography;
using Aivm.Primitives;

namespace Aivm.Attestation;

/// <summary>
/// What a provider's evidence is bound to: the 64 bytes of report data that its hardware signs. The first half says whose evidence it is and which keys
/// live inside; the second that it is not older than a block, and that this GPU's evidence belongs to it.
/// </summary>
/// <param name="SigningKey">The session's key on secp256k1, compressed: it signs results.</param>
/// <param name="EncryptionKey">The session's key on X25519: confidential inputs are encrypted to it.</param>
/// <param name="ModelSetRoot">Which models the session serves.</param>
/// <param name="GpuEvidence">SHA-256 of the GPU's report; zero without a GPU.</param>
public sealed record ReportBinding(
    ulong ChainId, Address Provider, ReadOnlyMemory<byte> SigningKey, ReadOnlyMemory<byte> EncryptionKey, Hash256 ModelSetRoot,
    Hash256 BlockHash, ulong Height, Hash256 Nonce, Hash256 GpuEvidence)
{
    public const int SigningKeySize = 33;
    public const int EncryptionKeySize = 32;

    private static ReadOnlySpan<byte> Domain => "aivm attestation report data v1\n"u8;

    /// <summary>Every part has a fixed length, so that no two bindings have the same bytes.</summary>
    /// <exception cref="ArgumentException">A key has another length.</exception>
    public byte[] ReportData()
    {
        if (SigningKey.Length != SigningKeySize || EncryptionKey.Length != EncryptionKeySize)
            throw new ArgumentException($"A signing key has {SigningKeySize} bytes, an encryption key {EncryptionKeySize}.");
        byte[] session = [.. Domain, .. Number(ChainId), .. Provider.Span, .. SigningKey.Span, .. EncryptionKey.Span, .. ModelSetRoot.Span];
        byte[] freshness = [.. BlockHash.Span, .. Number(Height), .. Nonce.Span, .. GpuEvidence.Span];
        return [.. SHA256.HashData(session), .. SHA256.HashData(freshness)];
    }

    private static byte[] Number(ulong number)
    {
        var bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, number);
        return bytes;
    }
}
