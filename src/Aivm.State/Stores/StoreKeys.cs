using System.Buffers.Binary;
using Aivm.Primitives;

namespace Aivm.State;

/// <summary>
/// The first byte of a key says what kind of value it leads to. State owns the kinds below 0x10; the chain's tables start at
/// <see cref="FirstFree"/>. Numbers are big-endian, so that a scan meets them in order.
/// </summary>
public static class StoreKeys
{
    /// <summary>The store's own version, at this one byte.</summary>
    public const byte Version = 0x00;

    /// <summary>Trie nodes by hash.</summary>
    public const byte Node = 0x01;

    /// <summary>Code and other blobs by hash.</summary>
    public const byte Code = 0x02;

    public const byte FirstFree = 0x10;

    public static byte[] Of(byte kind) => [kind];

    public static byte[] Of(byte kind, Hash256 hash) => Of(kind, hash.Span);

    public static byte[] Of(byte kind, ulong number)
    {
        var key = new byte[1 + sizeof(ulong)];
        key[0] = kind;
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(1), number);
        return key;
    }

    public static byte[] Of(byte kind, ReadOnlySpan<byte> rest)
    {
        var key = new byte[1 + rest.Length];
        key[0] = kind;
        rest.CopyTo(key.AsSpan(1));
        return key;
    }
}
