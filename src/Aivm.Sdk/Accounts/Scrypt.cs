using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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

    public static byte[] DeriveKey(string password, byte[] salt, ScryptCost cost, int length)
    {
        var secret = Encoding.UTF8.GetBytes(password);
        var blocks = Rfc2898DeriveBytes.Pbkdf2(secret, salt, 1, HashAlgorithmName.SHA256, cost.P * cost.R * 2 * BlockWords * sizeof(uint));
        // RFC 7914 counts words little-endian, as the memory of every platform of .NET does.
        var words = MemoryMarshal.Cast<byte, uint>(blocks.AsSpan());
        var laneWords = cost.R * 2 * BlockWords;
        var table = new uint[(long)cost.N * laneWords];
        for (var lane = 0; lane < cost.P; lane++)
            MixLane(words.Slice(lane * laneWords, laneWords), table, cost.N);
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

    /// <summary>The Salsa20/8 core, its state held in locals so that it stays in registers.</summary>
    private static void Salsa8(Span<uint> b)
    {
        uint x0 = b[0], x1 = b[1], x2 = b[2], x3 = b[3], x4 = b[4], x5 = b[5], x6 = b[6], x7 = b[7];
        uint x8 = b[8], x9 = b[9], x10 = b[10], x11 = b[11], x12 = b[12], x13 = b[13], x14 = b[14], x15 = b[15];
        unchecked
        {
            for (var round = 0; round < 8; round += 2)
            {
                Quarter(ref x0, ref x4, ref x8, ref x12);
                Quarter(ref x5, ref x9, ref x13, ref x1);
                Quarter(ref x10, ref x14, ref x2, ref x6);
                Quarter(ref x15, ref x3, ref x7, ref x11);
                Quarter(ref x0, ref x1, ref x2, ref x3);
                Quarter(ref x5, ref x6, ref x7, ref x4);
                Quarter(ref x10, ref x11, ref x8, ref x9);
                Quarter(ref x15, ref x12, ref x13, ref x14);
            }
            b[0] += x0; b[1] += x1; b[2] += x2; b[3] += x3; b[4] += x4; b[5] += x5; b[6] += x6; b[7] += x7;
            b[8] += x8; b[9] += x9; b[10] += x10; b[11] += x11; b[12] += x12; b[13] += x13; b[14] += x14; b[15] += x15;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarter(ref uint a, ref uint b, ref uint c, ref uint d)
    {
        unchecked
        {
            b ^= BitOperations.RotateLeft(a + d, 7);
            c ^= BitOperations.RotateLeft(b + a, 9);
            d ^= BitOperations.RotateLeft(c + b, 13);
            a ^= BitOperations.RotateLeft(d + c, 18);
        }
    }
}
