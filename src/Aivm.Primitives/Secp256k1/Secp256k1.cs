namespace Aivm.Primitives;

/// <summary>
/// ECDSA over secp256k1 as Ethereum uses it. Backed by libsecp256k1 where the system has it, else by managed code with the
/// same answers; <c>AIVM_SECP256K1=managed</c> forces the latter. Safe for concurrent use.
/// </summary>
public static class Secp256k1
{
    public const int KeySize = 32;

    /// <summary>x and y, without the prefix byte of SEC 1.</summary>
    public const int PublicKeySize = 64;

    /// <summary>The parity of y as 2 or 3, and x.</summary>
    public const int CompressedKeySize = 33;

    /// <summary>The group order n.</summary>
    public static readonly UInt256 Order = new(0xBFD25E8CD0364141, 0xBAAEDCE6AF48A03B, 0xFFFFFFFFFFFFFFFE, 0xFFFFFFFFFFFFFFFF);

    /// <summary>⌊n/2⌋, the largest s that EIP-2 accepts.</summary>
    public static readonly UInt256 HalfOrder = new(0xDFE92F46681B20A0, 0x5D576E7357A4501D, 0xFFFFFFFFFFFFFFFF, 0x7FFFFFFFFFFFFFFF);

    private static readonly ISecp256k1 Backend = Choose();

    public static bool IsNative => Backend is Secp256k1Native;

    /// <summary>The account whose key made the signature; a high s is recovered like a low one.</summary>
    public static bool TryRecover(in Hash256 hash, in Signature signature, out Address signer)
    {
        Span<byte> publicKey = stackalloc byte[PublicKeySize];
        var recovered = Backend.TryRecover(hash, signature, publicKey);
        signer = recovered ? AddressOfPublicKey(publicKey) : default;
        return recovered;
    }

    /// <summary>Signs with RFC 6979's nonce; s is in the lower half.</summary>
    /// <exception cref="ArgumentException">The key is not a secret key of the curve.</exception>
    public static Signature Sign(in Hash256 hash, ReadOnlySpan<byte> key) =>
        Backend.TrySign(hash, key, out var signature) ? signature : throw NotAKey();

    /// <returns>x and y, 64 bytes.</returns>
    /// <exception cref="ArgumentException">The key is not a secret key of the curve.</exception>
    public static byte[] PublicKeyOf(ReadOnlySpan<byte> key)
    {
        var publicKey = new byte[PublicKeySize];
        return Backend.TryGetPublicKey(key, publicKey) ? publicKey : throw NotAKey();
    }

    /// <exception cref="ArgumentException">The key is not a secret key of the curve.</exception>
    public static Address AddressOf(ReadOnlySpan<byte> key) => AddressOfPublicKey(PublicKeyOf(key));

    /// <summary>The account of a public key in its short form: 2 or 3, and x.</summary>
    public static bool TryGetAddress(ReadOnlySpan<byte> compressedKey, out Address address)
    {
        Span<byte> publicKey = stackalloc byte[PublicKeySize];
        var isPoint = Backend.TryDecompress(compressedKey, publicKey);
        address = isPoint ? AddressOfPublicKey(publicKey) : default;
        return isPoint;
    }

    /// <summary>Whether these bytes are a secret key: 32 bytes, a number in [1, order).</summary>
    public static bool IsKey(ReadOnlySpan<byte> key)
    {
        if (key.Length != KeySize)
            return false;
        var number = UInt256.FromBigEndian(key);
        return !number.IsZero && number < Order;
    }

    internal static bool IsScalar(in UInt256 value) => !value.IsZero && value < Order;

    private static Address AddressOfPublicKey(ReadOnlySpan<byte> publicKey)
    {
        Span<byte> digest = stackalloc byte[Hash256.Size];
        Keccak.Hash(publicKey, digest);
        return new Address(digest[(Hash256.Size - Address.Size)..]);
    }

    private static ISecp256k1 Choose() =>
        Environment.GetEnvironmentVariable("AIVM_SECP256K1") != "managed" && Secp256k1Native.TryLoad(out var native)
            ? native
            : new Secp256k1Managed();

    private static ArgumentException NotAKey() => new("Not a secret key of secp256k1: expected 32 bytes, a number in [1, order).");
}
