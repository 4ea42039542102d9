using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Aivm.Sdk;

/// <summary>
/// One direction of messages under one encapsulated key (RFC 9180, section 5.2): every message that is sealed, or opens, takes the next nonce. A
/// message that does not open takes none. Used by one thread at a time.
/// </summary>
internal sealed class HpkeContext : IDisposable
{
    private readonly AesGcm _cipher;
    private readonly byte[] _baseNonce;
    private ulong _sequence;

    private HpkeContext(HpkeSuite suite, ReadOnlySpan<byte> sharedSecret, ReadOnlySpan<byte> info) =>
        (_cipher, _baseNonce) = suite.Schedule(sharedSecret, info);

    /// <param name="ephemeral">Made for this context and used for no other.</param>
    /// <returns>False where the recipient's key is no point that can be sealed to.</returns>
    public static bool TrySend(
        HpkeSuite suite, EncryptionKey ephemeral, ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> info, [NotNullWhen(true)] out HpkeContext? context) =>
        TryAgree(suite, ephemeral, recipient, ephemeral.PublicKey.Span, recipient, info, out context);

    /// <param name="encapsulated">The sender's ephemeral public key.</param>
    /// <returns>False where that key is no point that anybody seals with.</returns>
    public static bool TryReceive(
        HpkeSuite suite, EncryptionKey recipient, ReadOnlySpan<byte> encapsulated, ReadOnlySpan<byte> info, [NotNullWhen(true)] out HpkeContext? context) =>
        TryAgree(suite, recipient, encapsulated, encapsulated, recipient.PublicKey.Span, info, out context);

    /// <param name="ciphertext">Receives as many bytes as the plaintext has, and <see cref="HpkeSuite.TagSize"/>.</param>
    public void Seal(ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associated, Span<byte> ciphertext)
    {
        _cipher.Encrypt(Nonce(), plaintext, ciphertext[..plaintext.Length], ciphertext[plaintext.Length..], associated);
        _sequence++;
    }

    /// <param name="plaintext">Receives as many bytes as the ciphertext has, less <see cref="HpkeSuite.TagSize"/>; zeros where the answer is false.</param>
    public bool TryOpen(ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> associated, Span<byte> plaintext)
    {
        try
        {
            _cipher.Decrypt(Nonce(), ciphertext[..^HpkeSuite.TagSize], ciphertext[^HpkeSuite.TagSize..], plaintext, associated);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
        _sequence++;
        return true;
    }

    public void Dispose() => _cipher.Dispose();

    private static bool TryAgree(
        HpkeSuite suite,
        EncryptionKey own,
        ReadOnlySpan<byte> other,
        ReadOnlySpan<byte> encapsulated,
        ReadOnlySpan<byte> recipient,
        ReadOnlySpan<byte> info,
        [NotNullWhen(true)] out HpkeContext? context)
    {
        context = null;
        Span<byte> agreed = stackalloc byte[EncryptionKey.Size];
        if (!own.TryAgree(other, agreed))
            return false;
        var shared = HpkeSuite.SharedSecret(agreed, encapsulated, recipient);
        context = new HpkeContext(suite, shared, info);
        CryptographicOperations.ZeroMemory(shared);
        CryptographicOperations.ZeroMemory(agreed);
        return true;
    }

    /// <summary>The base nonce, its end exclusive-ored with the message's number. 2^64 messages are never reached.</summary>
    private byte[] Nonce()
    {
        byte[] nonce = [.. _baseNonce];
        var end = nonce.AsSpan(HpkeSuite.NonceSize - sizeof(ulong));
        BinaryPrimitives.WriteUInt64BigEndian(end, BinaryPrimitives.ReadUInt64BigEndian(end) ^ _sequence);
        return nonce;
    }
}
