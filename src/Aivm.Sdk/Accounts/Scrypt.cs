using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using System.Text;

namespace Aivm.Sdk;

/// <summary>
/// scrypt (RFC 7914). Written out because the Web3 Secret Storage definition's own example has r = 1 with n = 2^18, beyond the bound of
/// the RFC that libraries enforce.
/// </summary>
internal static class Scrypt
{
    /// <summary>The words of a Salsa20 block.</summary>
    private const int BlockWords = 16;

    /// <summary>The diagonals of Salsa20's 4 x 4 matrix, one after the other: the order in which four quarter rounds are one vector operation.</summary>
    private static readonly int[] Diagonals = [0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11];

    public static byte[] DeriveKey(string password, byte[] salt, ScryptCost cost, int length)
    {
        var secret = Encoding.UTF8.GetBytes(password);
        var blocks = Rfc2898DeriveBytes.Pbkdf2(secret, salt, 1, HashAlgorithmName.SHA256, cost.P * cost.R * 2 * BlockWords * sizeof(uint));
        // RFC 7914 counts words little-endian, as the memory of every platform of .NET does.
        var words = MemoryMarshal.Cast<byte, uint>(blocks.AsSpan());
        var laneWords = cost.R * 2 * BlockWords;
        var table = new uint[(long)cost.N * laneWords];
        ToDiagonals(words);
        for (var lane = 0; lane < cost.P; lane++)
            MixLane(words.Slice(lane * laneWords, laneWords), table, cost.N);
        FromDiagonals(words);
        var key = Rfc2898DeriveBytes.Pbkdf2(secret, blocks, 1, HashAlgorithmName.SHA256, length);
        CryptographicOperations.ZeroMemory(secret);
        CryptographicOperations.ZeroMemory(blocks);
        Array.Clear(table);
        return key;
    }

    /// <summary>scryptROMix: fills the table with successive mixes, then walks it in an order that only the data tells.</summary>
    private static void MixLane(Span<uint> lane, uint[] table, int n)
    {
        var mixed = new uint[lane.Length];
        for (var i = 0; i < n; i++)
        {
            lane.CopyTo(table.AsSpan(i * lane.Length));
            MixBlocks(lane, mixed);
        }
        for (var i = 0; i < n; i++)
        {
            var chosen = (int)(lane[^BlockWords] & (uint)(n - 1));
            Xor(lane, table.AsSpan(chosen * lane.Length, lane.Length));
            MixBlocks(lane, mixed);
        }
    }

    /// <summary>scryptBlockMix: even blocks go to the first half, odd ones to the second.</summary>
    private static void MixBlocks(Span<uint> lane, uint[] mixed)
    {
        Span<uint> state = stackalloc uint[BlockWords];
        lane[^BlockWords..].CopyTo(state);
        var half = lane.Length / 2;
        for (var start = 0; start < lane.Length; start += BlockWords)
        {
            Xor(state, lane.Slice(start, BlockWords));
            Salsa8(state);
            var pair = start / (2 * BlockWords) * BlockWords;
            state.CopyTo(mixed.AsSpan(start % (2 * BlockWords) == 0 ? pair : half + pair));
        }
        mixed.CopyTo(lane);
    }

    private static void Xor(Span<uint> target, ReadOnlySpan<uint> source)
    {
        var targetVectors = MemoryMarshal.Cast<uint, Vector<uint>>(target);
        var sourceVectors = MemoryMarshal.Cast<uint, Vector<uint>>(source);
        for (var i = 0; i < targetVectors.Length; i++)
            targetVectors[i] ^= sourceVectors[i];
    }

    /// <summary>The Salsa20/8 core on a block in the order of <see cref="Diagonals"/>: four quarter rounds in each operation.</summary>
    private static void Salsa8(Span<uint> block)
    {
        var start = MemoryMarshal.Cast<uint, Vector128<uint>>(block);
        Vector128<uint> a = start[0], b = start[1], c = start[2], d = start[3];
        for (var round = 0; round < 8; round += 2)
        {
            // Columns.
            b ^= RotateLeft(a + d, 7);
            c ^= RotateLeft(b + a, 9);
            d ^= RotateLeft(c + b, 13);
            a ^= RotateLeft(d + c, 18);
            // Rows: the same words, each vector turned so that a row stands where a column stood.
            b = Vector128.Shuffle(b, Vector128.Create(3u, 0, 1, 2));
            c = Vector128.Shuffle(c, Vector128.Create(2u, 3, 0, 1));
            d = Vector128.Shuffle(d, Vector128.Create(1u, 2, 3, 0));
            d ^= RotateLeft(a + b, 7);
            c ^= RotateLeft(d + a, 9);
            b ^= RotateLeft(c + d, 13);
            a ^= RotateLeft(b + c, 18);
            b = Vector128.Shuffle(b, Vector128.Create(1u, 2, 3, 0));
            c = Vector128.Shuffle(c, Vector128.Create(2u, 3, 0, 1));
            d = Vector128.Shuffle(d, Vector128.Create(3u, 0, 1, 2));
        }
        start[0] += a;
        start[1] += b;
        start[2] += c;
        start[3] += d;
    }

    private static Vector128<uint> RotateLeft(Vector128<uint> value, int bits) => (value << bits) | (value >>> (32 - bits));

    /// <summary>Puts the words of each block into the order of <see cref="Diagonals"/>; nothing between here and the way back depends on it.</summary>
    private static void ToDiagonals(Span<uint> words)
    {
        Span<uint> block = stackalloc uint[BlockWords];
        for (var start = 0; start < words.Length; start += BlockWords)
        {
            words.Slice(start, BlockWords).CopyTo(block);
            for (var i = 0; i < BlockWords; i++)
                words[start + i] = block[Diagonals[i]];
        }
    }

    private static void FromDiagonals(Span<uint> words)
    {
        Span<uint> block = stackalloc uint[BlockWords];
        for (var start = 0; start < words.Length; start += BlockWords)
        {
            words.Slice(start, BlockWords).CopyTo(block);
            for (var i = 0; i < BlockWords; i++)
                words[start + Diagonals[i]] = block[i];
        }
    }
}
