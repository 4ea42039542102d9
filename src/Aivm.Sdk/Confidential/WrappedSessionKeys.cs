using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>
/// A session's secret keys under a key of the provider's account: version (1), salt (32), then under AES-256-GCM the signing key (32) and the one on X25519
/// (32), and the tag (16). Key and nonce are HKDF-SHA256 of the account's key and the salt, which is fresh each time: no two boxes share them.
/// </summary>
public static class WrappedSessionKeys
{
    public const int Size = 1 + SaltSize + SecretsSize + TagSize;

    private const byte Version = 1;
    private const int SaltSize = 32;
    private const int SecretsSize = Secp256k1.KeySize + EncryptionKey.Size;
    private const int TagSize = 16;
    private const int NonceSize = 12;
    private const int KeySize = 32;

    private static ReadOnlySpan<byte> Purpose => "aivm session keys"u8;

    /// <param name="context">What the keys belong to: whoever opens has to say the same.</param>
    public static byte[] Wrap(SessionKeys keys, Wallet account, ReadOnlySpan<byte> context)
    {
        var wrapped = new byte[Size];
        wrapped[0] = Version;
        var salt = wrapped.AsSpan(1, SaltSize);
        RandomNumberGenerator.Fill(salt);
        Span<byte> secrets = stackalloc byte[SecretsSize];
        keys.CopySecrets(secrets);
        using (var box = new Box(account, salt))
            box.Cipher.Encrypt(box.Nonce, secrets, wrapped.AsSpan(1 + SaltSize, SecretsSize), wrapped.AsSpan(Size - TagSize), Associated(context));
        CryptographicOperations.ZeroMemory(secrets);
        return wrapped;
    }

    /// <param name="error">
    /// <c>session-keys-version</c>: not of this layout; <c>session-keys-unopened</c>: of another account or context, or changed.
    /// </param>
    public static bool TryOpen(
        ReadOnlySpan<byte> wrapped, Wallet account, ReadOnlySpan<byte> context, [NotNullWhen(true)] out SessionKeys? keys, [NotNullWhen(false)] out Error? error)
    {
        keys = null;
        if (wrapped.Length != Size || wrapped[0] != Version)
        {
            error = new Error("session-keys-version", "The session's keys were kept by another version of this program, or cut: they are not used.");
            return false;
        }
        Span<byte> secrets = stackalloc byte[SecretsSize];
        if (IsOpened(wrapped, account, context, secrets) && Secp256k1.IsKey(secrets[..Secp256k1.KeySize]))
            keys = new SessionKeys(secrets[..Secp256k1.KeySize], new EncryptionKey(secrets[Secp256k1.KeySize..]));
        CryptographicOperations.ZeroMemory(secrets);
        error = keys is null
            ? new Error("session-keys-unopened", "The session's keys were kept by another account, for another chain or kind of evidence, or were changed: they are not used.")
            : null;
        return error is null;
    }

    private static bool IsOpened(ReadOnlySpan<byte> wrapped, Wallet account, ReadOnlySpan<byte> context, Span<byte> secrets)
    {
        using var box = new Box(account, wrapped.Slice(1, SaltSize));
        try
        {
            box.Cipher.Decrypt(box.Nonce, wrapped.Slice(1 + SaltSize, SecretsSize), wrapped[(Size - TagSize)..], secrets, Associated(context));
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    private static byte[] Associated(ReadOnlySpan<byte> context) => [Version, .. context];

    /// <summary>The cipher of one salt, with the nonce of its one message.</summary>
    private sealed class Box : IDisposable
    {
        public Box(Wallet account, ReadOnlySpan<byte> salt)
        {
            Span<byte> secret = stackalloc byte[KeySize + NonceSize];
            account.DeriveSecret(salt, Purpose, secret);
            Cipher = new AesGcm(secret[..KeySize], TagSize);
            Nonce = secret[KeySize..].ToArray();
            CryptographicOperations.ZeroMemory(secret);
        }

        public AesGcm Cipher { get; }

        public byte[] Nonce { get; }

        public void Dispose() => Cipher.Dispose();
    }
}
