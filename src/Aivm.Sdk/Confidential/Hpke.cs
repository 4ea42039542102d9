using System.Diagnostics.CodeAnalysis;

namespace Aivm.Sdk;

/// <summary>
/// Hybrid public key encryption, RFC 9180, base mode, one message a key: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. What is sealed is the
/// encapsulated key (32 bytes), then the ciphertext, then its tag (16).
/// </summary>
public static class Hpke
{
    /// <summary>How many bytes more than the plaintext is sealed.</summary>
    public const int Overhead = EncryptionKey.PublicKeySize + HpkeSuite.TagSize;

    /// <param name="info">Says what for and between whom: who opens has to say the same.</param>
    /// <param name="associated">What the message belongs to; is not sealed, and has to be said again too.</param>
    /// <returns>False where the recipient's key has another length, or is a point of low order, to which nobody should seal.</returns>
    public static bool TrySeal(
        ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> info, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> plaintext, [NotNullWhen(true)] out byte[]? sealedBytes)
    {
        using var ephemeral = EncryptionKey.Generate();
        return TrySeal(ephemeral, recipient, info, associated, plaintext, out sealedBytes);
    }

    /// <returns>False where it was sealed to another key, for another purpose, or was changed: which of these cannot be told.</returns>
    public static bool TryOpen(
        EncryptionKey recipient, ReadOnlySpan<byte> info, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> sealedBytes, [NotNullWhen(true)] out byte[]? plaintext)
    {
        plaintext = null;
        if (sealedBytes.Length < Overhead
            || !HpkeContext.TryReceive(HpkeSuite.Aes256, recipient, sealedBytes[..EncryptionKey.PublicKeySize], info, out var context))
            return false;
        using (context)
        {
            var opened = new byte[sealedBytes.Length - Overhead];
            if (!context.TryOpen(sealedBytes[EncryptionKey.PublicKeySize..], associated, opened))
                return false;
            plaintext = opened;
            return true;
        }
    }

    /// <param name="ephemeral">Made for this message and used for no other: tests fix it to freeze bytes.</param>
    internal static bool TrySeal(
        EncryptionKey ephemeral,
        ReadOnlySpan<byte> recipient,
        ReadOnlySpan<byte> info,
        ReadOnlySpan<byte> associated,
        ReadOnlySpan<byte> plaintext,
        [NotNullWhen(true)] out byte[]? sealedBytes)
    {
        sealedBytes = null;
        if (recipient.Length != EncryptionKey.PublicKeySize || !HpkeContext.TrySend(HpkeSuite.Aes256, ephemeral, recipient, info, out var context))
            return false;
        using (context)
        {
            var result = new byte[Overhead + plaintext.Length];
            ephemeral.PublicKey.Span.CopyTo(result);
            context.Seal(plaintext, associated, result.AsSpan(EncryptionKey.PublicKeySize));
            sealedBytes = result;
            return true;
        }
    }
}
