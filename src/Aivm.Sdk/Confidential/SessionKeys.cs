using System.Security.Cryptography;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>
/// The two keys of an enclave's session: one on secp256k1 that signs answers, one on X25519 that inputs are sealed to. Made in memory; what leaves the
/// process of them is <see cref="WrappedSessionKeys"/>, and is not to leave the attested machine. The session's evidence names both public halves.
/// </summary>
public sealed class SessionKeys : IDisposable
{
    /// <summary>r ‖ s ‖ v.</summary>
    public const int SignatureSize = 65;

    private const byte LeastV = 27;

    private readonly byte[] _signing;
    private bool _disposed;

    /// <param name="signing">A secret key, 32 bytes; copied.</param>
    /// <param name="encryption">Disposed with the session.</param>
    internal SessionKeys(ReadOnlySpan<byte> signing, EncryptionKey encryption)
    {
        var publicKey = Secp256k1.PublicKeyOf(signing);
        SigningKey = (byte[])[(byte)(2 + (publicKey[^1] & 1)), .. publicKey.AsSpan(0, publicKey.Length / 2)];
        Signer = Secp256k1.AddressOf(signing);
        _signing = signing.ToArray();
        Encryption = encryption;
    }

    /// <summary>The public half of the signing key, compressed, as evidence names it: 33 bytes.</summary>
    public ReadOnlyMemory<byte> SigningKey { get; }

    /// <summary>The address that the chain recovers from a signature.</summary>
    public Address Signer { get; }

    public EncryptionKey Encryption { get; }

    public static SessionKeys Generate()
    {
        Span<byte> signing = stackalloc byte[Secp256k1.KeySize];
        do
            RandomNumberGenerator.Fill(signing);
        while (!Secp256k1.IsKey(signing));
        var keys = new SessionKeys(signing, EncryptionKey.Generate());
        CryptographicOperations.ZeroMemory(signing);
        return keys;
    }

    /// <returns>r ‖ s ‖ v, s in the lower half, v 27 or 28, as the EVM's ecrecover takes it.</returns>
    public byte[] Sign(AnswerStatement statement)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var signature = Secp256k1.Sign(statement.Digest(), _signing);
        var bytes = new byte[SignatureSize];
        signature.R.WriteBigEndian(bytes.AsSpan(0, Hash256.Size));
        signature.S.WriteBigEndian(bytes.AsSpan(Hash256.Size, Hash256.Size));
        bytes[^1] = (byte)(LeastV + signature.YParity);
        return bytes;
    }

    /// <param name="destination">Receives the signing key, then the one on X25519: 32 bytes each.</param>
    internal void CopySecrets(Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _signing.CopyTo(destination);
        Encryption.CopySecret(destination[Secp256k1.KeySize..]);
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_signing);
        Encryption.Dispose();
        _disposed = true;
    }
}
