namespace Aivm.State;

/// <summary>Paths through a trie: one nibble (0..15) a byte, and the hex-prefix encoding that stores them (Yellow Paper, appendix C).</summary>
internal static class Nibbles
{
    private const byte LeafFlag = 0x20;
    private const byte OddFlag = 0x10;

    /// <param name="path">Receives two nibbles for each byte of the key.</param>
    public static void FromKey(ReadOnlySpan<byte> key, Span<byte> path)
    {
        for (var i = 0; i < key.Length; i++)
        {
            path[2 * i] = (byte)(key[i] >> 4);
            path[(2 * i) + 1] = (byte)(key[i] & 0x0F);
        }
    }

    /// <param name="path">An even number of nibbles.</param>
    public static byte[] ToKey(ReadOnlySpan<byte> path)
    {
        var key = new byte[path.Length / 2];
        for (var i = 0; i < key.Length; i++)
            key[i] = (byte)((path[2 * i] << 4) | path[(2 * i) + 1]);
        return key;
    }

    public static int EncodedLength(int pathLength) => 1 + (pathLength / 2);

    /// <param name="encoded">Receives <see cref="EncodedLength"/> bytes.</param>
    public static void Encode(ReadOnlySpan<byte> path, bool leaf, Span<byte> encoded)
    {
        var flags = leaf ? LeafFlag : (byte)0;
        var next = 0;
        if (path.Length % 2 == 1)
            flags |= (byte)(OddFlag | path[next++]);
        encoded[0] = flags;
        for (var i = 1; next < path.Length; i++, next += 2)
            encoded[i] = (byte)((path[next] << 4) | path[next + 1]);
    }

    /// <summary>False where the bytes are not the canonical encoding of a path.</summary>
    public static bool IsCanonical(ReadOnlySpan<byte> encoded) =>
        !encoded.IsEmpty && (encoded[0] & 0xC0) == 0 && ((encoded[0] & OddFlag) != 0 || (encoded[0] & 0x0F) == 0);

    public static bool IsLeaf(ReadOnlySpan<byte> encoded) => (encoded[0] & LeafFlag) != 0;

    public static int DecodedLength(ReadOnlySpan<byte> encoded) => (2 * (encoded.Length - 1)) + ((encoded[0] & OddFlag) != 0 ? 1 : 0);

    public static byte[] Decode(ReadOnlySpan<byte> encoded)
    {
        var path = new byte[DecodedLength(encoded)];
        for (var i = 0; i < path.Length; i++)
            path[i] = NibbleAt(encoded, i);
        return path;
    }

    /// <summary>True where the path begins with the encoded one.</summary>
    public static bool IsPrefix(ReadOnlySpan<byte> encoded, ReadOnlySpan<byte> path)
    {
        var length = DecodedLength(encoded);
        if (length > path.Length)
            return false;
        for (var i = 0; i < length; i++)
        {
            if (path[i] != NibbleAt(encoded, i))
                return false;
        }
        return true;
    }

    private static byte NibbleAt(ReadOnlySpan<byte> encoded, int index)
    {
        // An odd path begins in the low half of the first byte, an even one in the second byte.
        var position = index + ((encoded[0] & OddFlag) != 0 ? 1 : 2);
        var pair = encoded[position / 2];
        return (byte)(position % 2 == 0 ? pair >> 4 : pair & 0x0F);
    }
}
