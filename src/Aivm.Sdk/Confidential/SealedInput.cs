using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>
/// An inference's input for an enclave's eyes (docs/spec/confidential-inputs.md). Sealed is: reply key (32) ‖ salt (32) ‖ tag 0x01 ‖ packed input. The
/// commitment, keccak256 of what follows the reply key, is what the chain sees and what is sealed belongs to.
/// </summary>
public sealed class SealedInput
{
    public const int MaxSize = 256 << 10;

    public const int MaxPackedSize = MaxSize - Hpke.Overhead - HeaderSize;

    private const byte PackedInputTag = 1;
    private const int SaltSize = 32;
    private const int HeaderSize = EncryptionKey.PublicKeySize + SaltSize + 1;

    private SealedInput(Hash256 commitment, Hash256 salt, byte[] bytes) => (Commitment, Salt, Bytes) = (commitment, salt, bytes);

    public Hash256 Commitment { get; }

    /// <summary>The caller's secret: with it and the input anybody can check the commitment. A challenge needs it.</summary>
    public Hash256 Salt { get; }

    /// <summary>What the provider is given.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <param name="sessionKey">The public key on X25519 of the provider's session, as its evidence names it: 32 bytes.</param>
    /// <param name="replyKey">The caller's public key that the output is sealed to; a fresh one for each input tells the least.</param>
    /// <param name="error"><c>input-too-large</c>, <c>sealing-key-invalid</c>.</param>
    public static bool TrySeal(
        InputBinding binding,
        ReadOnlySpan<byte> sessionKey,
        ReadOnlySpan<byte> replyKey,
        ReadOnlySpan<byte> packedInput,
        [NotNullWhen(true)] out SealedInput? sealedInput,
        [NotNullWhen(false)] out Error? error)
    {
        Span<byte> salt = stackalloc byte[SaltSize];
        RandomNumberGenerator.Fill(salt);
        using var ephemeral = EncryptionKey.Generate();
        return TrySeal(ephemeral, salt, binding, sessionKey, replyKey, packedInput, out sealedInput, out error);
    }

    /// <param name="commitment">As the chain has it.</param>
    /// <param name="error">
    /// <c>sealed-input-too-large</c>; <c>sealed-input-unopened</c>: for another key, binding or commitment, or changed; <c>sealed-input-malformed</c>;
    /// <c>input-commitment-mismatch</c>; <c>sealing-key-invalid</c>: the reply key.
    /// </param>
    public static bool TryOpen(
        EncryptionKey key,
        InputBinding binding,
        Hash256 commitment,
        ReadOnlySpan<byte> sealedBytes,
        [NotNullWhen(true)] out OpenedInput? opened,
        [NotNullWhen(false)] out Error? error)
    {
        opened = null;
        if (sealedBytes.Length > MaxSize)
        {
            error = new Error("sealed-input-too-large", $"A sealed input has at most {MaxSize} bytes, this one {sealedBytes.Length}: send a smaller input.");
            return false;
        }
        var info = SealedFormat.InputInfo(binding, key.PublicKey.Span);
        if (!Hpke.TryOpen(key, info, commitment.Span, sealedBytes, out var plaintext))
        {
            error = new Error("sealed-input-unopened", "The input does not open: seal it to this session's key, for this chain, provider, model, caller and commitment.");
            return false;
        }
        error = CheckOpened(plaintext, commitment);
        if (error is null)
            opened = new OpenedInput(plaintext, HeaderSize);
        else
            CryptographicOperations.ZeroMemory(plaintext);
        return error is null;
    }

    /// <summary>As the public method, with the two secrets that tests fix to freeze bytes.</summary>
    internal static bool TrySeal(
        EncryptionKey ephemeral,
        ReadOnlySpan<byte> salt,
        InputBinding binding,
        ReadOnlySpan<byte> sessionKey,
        ReadOnlySpan<byte> replyKey,
        ReadOnlySpan<byte> packedInput,
        [NotNullWhen(true)] out SealedInput? sealedInput,
        [NotNullWhen(false)] out Error? error)
    {
        sealedInput = null;
        if (packedInput.Length > MaxPackedSize)
        {
            error = new Error("input-too-large", $"A sealed input has at most {MaxPackedSize} bytes, this one {packedInput.Length}: send a smaller one.");
            return false;
        }
        if (!EncryptionKey.IsUsable(replyKey))
        {
            error = SealedFormat.InvalidKey("reply key");
            return false;
        }
        byte[] plaintext = [.. replyKey, .. salt, PackedInputTag, .. packedInput];
        var commitment = CommitmentOf(plaintext);
        var info = SealedFormat.InputInfo(binding, sessionKey);
        if (Hpke.TrySeal(ephemeral, sessionKey, info, commitment.Span, plaintext, out var bytes))
            sealedInput = new SealedInput(commitment, new Hash256(salt), bytes);
        CryptographicOperations.ZeroMemory(plaintext);
        error = sealedInput is null ? SealedFormat.InvalidKey("session's key") : null;
        return error is null;
    }

    private static Error? CheckOpened(ReadOnlySpan<byte> plaintext, Hash256 commitment)
    {
        if (plaintext.Length < HeaderSize || plaintext[HeaderSize - 1] != PackedInputTag)
            return new Error("sealed-input-malformed", "The input that opened is not a reply key, a salt, the tag 1 and a packed input.");
        if (CommitmentOf(plaintext) != commitment)
            return new Error("input-commitment-mismatch", "The input that opened is not the one that was committed to: seal that one.");
        return EncryptionKey.IsUsable(plaintext[..EncryptionKey.PublicKeySize]) ? null : SealedFormat.InvalidKey("reply key");
    }

    private static Hash256 CommitmentOf(ReadOnlySpan<byte> plaintext) => Keccak.Hash(plaintext[EncryptionKey.PublicKeySize..]);
}
