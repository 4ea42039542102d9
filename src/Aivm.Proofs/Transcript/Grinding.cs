namespace Aivm.Proofs;

/// <summary>
/// Work that a prover does before the positions of an opening are drawn: it looks for a nonce whose hash with a challenge ends in zero bits. Whoever tries
/// messages until the positions suit a false proof does it for each try, so that positions need so many bits less.
/// </summary>
/// <remarks>
/// The hash is keyed BLAKE3 of 64 bytes: the challenge, 16 zeros, the nonce (4 bytes, little-endian), 28 zeros. The key is BLAKE3 of "AIVM grinding". The low bits
/// of its first 4 bytes, a little-endian word, are zero. The nonce is absorbed before the positions are drawn; any nonce that does is good.
/// </remarks>
internal static class Grinding
{
    /// <summary>Nonces tried together.</summary>
    private const int Batch = 64;

    private static readonly uint[] Key = Blake3.KeyOf("AIVM grinding"u8);

    public static bool IsDone(Ext4 challenge, uint nonce, int bits)
    {
        Span<uint> pair = stackalloc uint[2 * Blake3.HashWords];
        WriteChallenge(challenge, pair, count: 1);
        return FindAmong(pair, nonce, count: 1, bits) == nonce;
    }

    /// <summary>The least nonce that does.</summary>
    public static uint Find(Ext4 challenge, int bits)
    {
        Span<uint> pairs = stackalloc uint[2 * Blake3.HashWords * Batch];
        WriteChallenge(challenge, pairs, Batch);
        for (var first = 0u; first <= uint.MaxValue - Batch; first += Batch)
            if (FindAmong(pairs, first, Batch, bits) is { } nonce)
                return nonce;
        throw new InvalidOperationException($"No nonce has {bits} zero bits.");
    }

    /// <summary>In the left half of each input; all else is zero.</summary>
    private static void WriteChallenge(Ext4 challenge, Span<uint> pairs, int count)
    {
        ReadOnlySpan<uint> words = [challenge.C0.ToUInt32(), challenge.C1.ToUInt32(), challenge.C2.ToUInt32(), challenge.C3.ToUInt32()];
        pairs.Clear();
        for (var word = 0; word < words.Length; word++)
            for (var i = 0; i < count; i++)
                pairs[2 * ((word * count) + i)] = words[word];
    }

    private static uint? FindAmong(Span<uint> pairs, uint first, int count, int bits)
    {
        Span<uint> hashes = stackalloc uint[Blake3.HashWords * count];
        for (var i = 0; i < count; i++)
            pairs[(2 * i) + 1] = first + (uint)i;
        Blake3Lanes.HashPairs(Key, pairs, hashes, 0, count);
        for (var i = 0; i < count; i++)
            if ((hashes[i] & ((1u << bits) - 1)) == 0)
                return first + (uint)i;
        return null;
    }
}
