using System.Security.Cryptography;

namespace Aivm.Sdk;

/// <summary>An input inside the enclave. Disposing it zeroes it.</summary>
public sealed class OpenedInput : IDisposable
{
    private readonly byte[] _plaintext;
    private readonly int _headerSize;

    internal OpenedInput(byte[] plaintext, int headerSize) => (_plaintext, _headerSize) = (plaintext, headerSize);

    /// <summary>The caller's public key that the output is sealed to.</summary>
    public ReadOnlyMemory<byte> ReplyKey => _plaintext.AsMemory(0, EncryptionKey.PublicKeySize);

    public ReadOnlyMemory<byte> PackedInput => _plaintext.AsMemory(_headerSize);

    public void Dispose() => CryptographicOperations.ZeroMemory(_plaintext);
}
