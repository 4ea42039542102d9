using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>
/// An inference's output for its caller's eyes (docs/spec/confidential-inputs.md). Sealed are the numbers, 64 bits each, lowest byte first; the output's
/// hash, keccak256 of those bytes, is what the chain sees and what is sealed belongs to.
/// </summary>
public static class SealedOutput
{
    public const int MaxSize = 64 << 10;

    public const int MaxCount = (MaxSize - Hpke.Overhead) / sizeof(long);

    /// <param name="error"><c>output-too-large</c>, <c>sealing-key-invalid</c>.</param>
    public static bool TrySeal(
        ulong chainId,
        ulong job,
        ReadOnlySpan<byte> replyKey,
        ReadOnlySpan<long> output,
        [NotNullWhen(true)] out byte[]? sealedBytes,
        [NotNullWhen(false)] out Error? error)
    {
        using var ephemeral = EncryptionKey.Generate();
        return TrySeal(ephemeral, chainId, job, replyKey, output, out sealedBytes, out error);
    }

    /// <param name="outputHash">As the enclave signed it.</param>
    /// <param name="error">
    /// <c>sealed-output-too-large</c>; <c>sealed-output-unopened</c>: for another key, chain, job or output, or changed; <c>sealed-output-malformed</c>;
    /// <c>output-hash-mismatch</c>.
    /// </param>
    public static bool TryOpen(
        EncryptionKey key,
        ulong chainId,
        ulong job,
        Hash256 outputHash,
        ReadOnlySpan<byte> sealedBytes,
        [NotNullWhen(true)] out long[]? output,
        [NotNullWhen(false)] out Error? error)
    {
        output = null;
        if (sealedBytes.Length > MaxSize)
        {
            error = new Error("sealed-output-too-large", $"A sealed output has at most {MaxSize} bytes, this one {sealedBytes.Length}: dispute the answer.");
            return false;
        }
        if (!Hpke.TryOpen(key, SealedFormat.OutputInfo(chainId, job, key.PublicKey.Span), outputHash.Span, sealedBytes, out var plaintext))
        {
            error = new Error("sealed-output-unopened", "The output does not open: take the reply key of this job's input, and the hash that was signed.");
            return false;
        }
        error = CheckOpened(plaintext, outputHash);
        output = error is null ? OutputNumbers.Unpack(plaintext) : null;
        CryptographicOperations.ZeroMemory(plaintext);
        return error is null;
    }

    /// <summary>As the public method, with the secret that tests fix to freeze bytes.</summary>
    internal static bool TrySeal(
        EncryptionKey ephemeral,
        ulong chainId,
        ulong job,
        ReadOnlySpan<byte> replyKey,
        ReadOnlySpan<long> output,
        [NotNullWhen(true)] out byte[]? sealedBytes,
        [NotNullWhen(false)] out Error? error)
    {
        sealedBytes = null;
        if (output.Length > MaxCount)
        {
            error = new Error("output-too-large", $"A sealed output has at most {MaxCount} numbers, this one {output.Length}: ask a model with a smaller output.");
            return false;
        }
        var plaintext = OutputNumbers.Pack(output);
        var isSealed = Hpke.TrySeal(
            ephemeral, replyKey, SealedFormat.OutputInfo(chainId, job, replyKey), Keccak.Hash(plaintext).Span, plaintext, out sealedBytes);
        CryptographicOperations.ZeroMemory(plaintext);
        error = isSealed ? null : SealedFormat.InvalidKey("reply key");
        return isSealed;
    }

    private static Error? CheckOpened(ReadOnlySpan<byte> plaintext, Hash256 outputHash)
    {
        if (plaintext.Length % sizeof(long) != 0)
            return new Error("sealed-output-malformed", "The output that opened is not a row of numbers of 64 bits: dispute the answer.");
        return Keccak.Hash(plaintext) == outputHash
            ? null
            : new Error("output-hash-mismatch", "The output that opened is not the one that was signed: dispute the answer.");
    }
}
