using System.Buffers.Binary;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>What sealed inputs and outputs are bound to, and the refusal that they share.</summary>
internal static class SealedFormat
{
    public static byte[] InputInfo(InputBinding binding, ReadOnlySpan<byte> sessionKey) =>
    [
        .. "aivm sealed input v1"u8, .. BigEndian(binding.ChainId), .. binding.Provider.Span, .. sessionKey, .. binding.ModelHash.Span,
        .. binding.Caller.Span,
    ];

    public static byte[] OutputInfo(ulong chainId, ulong job, ReadOnlySpan<byte> replyKey) =>
        [.. "aivm sealed output v1"u8, .. BigEndian(chainId), .. BigEndian(job), .. replyKey];

    public static Error InvalidKey(string whose) => new(
        "sealing-key-invalid", $"The {whose} cannot be sealed to: expected the {EncryptionKey.PublicKeySize} bytes of a public key on X25519, not of low order.");

    private static byte[] BigEndian(ulong number)
    {
        var bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, number);
        return bytes;
    }
}
