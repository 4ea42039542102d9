using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Aivm.Sdk;

/// <summary>
/// The algorithms of RFC 9180 that are used here, and what it derives with them in base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, and AES-GCM
/// with one of two key lengths.
/// </summary>
internal sealed class HpkeSuite
{
    public const int NonceSize = 12;
    public const int TagSize = 16;

    private const int HashSize = 32;
    private const ushort Kem = 0x0020;
    private const ushort Kdf = 0x0001;
    private const byte BaseMode = 0;

    private static readonly byte[] KemId = [.. "KEM"u8, .. BigEndian(Kem)];

    private readonly int _keySize;
    private readonly byte[] _id;

    private HpkeSuite(ushort aead, int keySize) =>
        (_keySize, _id) = (keySize, [.. "HPKE"u8, .. BigEndian(Kem), .. BigEndian(Kdf), .. BigEndian(aead)]);

    public static HpkeSuite Aes256 { get; } = new(aead: 0x0002, keySize: 32);

    /// <summary>The suite of the RFC's own vectors; nothing of ours is sealed with it.</summary>
    internal static HpkeSuite Aes128 { get; } = new(aead: 0x0001, keySize: 16);

    /// <summary>ExtractAndExpand of section 4.1.</summary>
    /// <param name="agreed">The Diffie-Hellman secret.</param>
    public static byte[] SharedSecret(ReadOnlySpan<byte> agreed, ReadOnlySpan<byte> encapsulated, ReadOnlySpan<byte> recipient)
    {
        var extracted = Extract(KemId, salt: [], "eae_prk"u8, agreed);
        var shared = Expand(KemId, extracted, "shared_secret"u8, [.. encapsulated, .. recipient], HashSize);
        CryptographicOperations.ZeroMemory(extracted);
        return shared;
    }

    /// <summary>The key schedule of section 5.1 without a pre-shared key.</summary>
    public (AesGcm Cipher, byte[] BaseNonce) Schedule(ReadOnlySpan<byte> sharedSecret, ReadOnlySpan<byte> info)
    {
        byte[] context = [BaseMode, .. Extract(_id, salt: [], "psk_id_hash"u8, []), .. Extract(_id, salt: [], "info_hash"u8, info)];
        var secret = Extract(_id, sharedSecret, "secret"u8, []);
        var key = Expand(_id, secret, "key"u8, context, _keySize);
        var cipher = new AesGcm(key, TagSize);
        var baseNonce = Expand(_id, secret, "base_nonce"u8, context, NonceSize);
        CryptographicOperations.ZeroMemory(secret);
        CryptographicOperations.ZeroMemory(key);
        return (cipher, baseNonce);
    }

    private static ReadOnlySpan<byte> Version => "HPKE-v1"u8;

    private static byte[] Extract(ReadOnlySpan<byte> suite, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> material)
    {
        byte[] labeled = [.. Version, .. suite, .. label, .. material];
        var extracted = new byte[HashSize];
        HKDF.Extract(HashAlgorithmName.SHA256, labeled, salt, extracted);
        CryptographicOperations.ZeroMemory(labeled);
        return extracted;
    }

    private static byte[] Expand(ReadOnlySpan<byte> suite, ReadOnlySpan<byte> key, ReadOnlySpan<byte> label, ReadOnlySpan<byte> info, int length)
    {
        byte[] labeled = [.. BigEndian(checked((ushort)length)), .. Version, .. suite, .. label, .. info];
        var expanded = new byte[length];
        HKDF.Expand(HashAlgorithmName.SHA256, key, expanded, labeled);
        return expanded;
    }

    private static byte[] BigEndian(ushort number)
    {
        var bytes = new byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, number);
        return bytes;
    }
}
