using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc7748;

namespace Aivm.Sdk;

/// <summary>A secret key on X25519. Whoever has it opens what was sealed to its public half; it is zeroed when disposed.</summary>
public sealed class EncryptionKey : IDisposable
{
    public const int Size = X25519.ScalarSize;
    public const int PublicKeySize = X25519.PointSize;

    private readonly byte[] _secret;
    private bool _disposed;

    /// <param name="secret">32 bytes; copied.</param>
    /// <exception cref="ArgumentException">The key has another length.</exception>
    public EncryptionKey(ReadOnlySpan<byte> secret)
    {
        if (secret.Length != Size)
            throw new ArgumentException($"A key on X25519 has {Size} bytes, got {secret.Length}.", nameof(secret));
        _secret = secret.ToArray();
        var publicKey = new byte[PublicKeySize];
        X25519.GeneratePublicKey(_secret, publicKey);
        PublicKey = publicKey;
    }

    public ReadOnlyMemory<byte> PublicKey { get; }

    public static EncryptionKey Generate()
    {
        Span<byte> secret = stackalloc byte[Size];
        RandomNumberGenerator.Fill(secret);
        var key = new EncryptionKey(secret);
        CryptographicOperations.ZeroMemory(secret);
        return key;
    }

    /// <summary>
    /// Whether something can be sealed to a public key: its length is right, and it is not a point of low order. With such a point every secret is zero,
    /// because scalars are multiples of eight: any one tells.
    /// </summary>
    public static bool IsUsable(ReadOnlySpan<byte> publicKey)
    {
        Span<byte> agreed = stackalloc byte[Size];
        return publicKey.Length == PublicKeySize && X25519.CalculateAgreement(new byte[Size], publicKey, agreed);
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_secret);
        _disposed = true;
    }

    internal void CopySecret(Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _secret.CopyTo(destination);
    }

    /// <summary>The Diffie-Hellman secret with another's public key.</summary>
    /// <param name="secret">Receives 32 bytes.</param>
    /// <returns>False where the secret is zero: the other key is a point of low order, with which everybody has that secret.</returns>
    internal bool TryAgree(ReadOnlySpan<byte> publicKey, Span<byte> secret)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return X25519.CalculateAgreement(_secret, publicKey, secret);
    }
}
