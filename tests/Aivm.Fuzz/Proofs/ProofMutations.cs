using System.Buffers.Binary;
using Aivm.Proofs;
using Aivm.Tests.Proofs;

namespace Aivm.Fuzz.Proofs;

/// <summary>Changes of a proof: of bits and words, of blocks, by another proof of the same shape, and of the columns it opens.</summary>
internal static class ProofMutations
{
    private static readonly uint[] Edges = [0, 1, Felt.Modulus - 1, Felt.Modulus, Felt.Modulus + 1, int.MaxValue, 1u << 31, uint.MaxValue];

    private static readonly int[] Blocks = [1, 4, 16, 32, 48, 64, 512, 4096];

    public static byte[] Change(byte[] parent, byte[] other, IReadOnlyList<OpenedAt> columns, Random random)
    {
        var bytes = (byte[])parent.Clone();
        var at = Place(bytes.Length, random);
        switch (random.Next(16))
        {
            case 0 or 1:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 2:
                bytes[at] = (byte)random.Next(256);
                return bytes;
            case 3:
                WriteWord(bytes, at, Edges[random.Next(Edges.Length)]);
                return bytes;
            case 4 or 5:
                AddToWord(bytes, at, random);
                return bytes;
            case 6:
                return bytes[..at];
            case 7:
                return [.. bytes, .. other.AsSpan(0, Math.Min(other.Length, Blocks[random.Next(Blocks.Length)]))];
            case 8:
                return [.. bytes.AsSpan(0, at), .. other.AsSpan(Math.Min(at, other.Length))];
            case 9:
                CopyBlock(other, at, bytes, at, random);
                return bytes;
            case 10:
                CopyBlock(bytes, Place(bytes.Length, random), bytes, at, random);
                return bytes;
            case 11:
                SwapBlocks(bytes, at, Place(bytes.Length, random), random);
                return bytes;
            case 12:
                return [.. bytes.AsSpan(0, at), .. bytes.AsSpan(Math.Min(bytes.Length, at + Blocks[random.Next(Blocks.Length)]))];
            case 13:
                return [.. bytes.AsSpan(0, at), .. bytes.AsSpan(at, Math.Min(bytes.Length - at, Blocks[random.Next(Blocks.Length)])), .. bytes.AsSpan(at)];
            case 14:
                CopyColumn(bytes, bytes, columns[random.Next(columns.Count)], random);
                return bytes;
            default:
                CopyColumn(other, bytes, columns[random.Next(columns.Count)], random);
                return bytes;
        }
    }

    /// <summary>Anywhere, or where a word begins, or near the front or the end, where messages are that columns do not outnumber.</summary>
    private static int Place(int length, Random random) => random.Next(4) switch
    {
        0 => random.Next(length),
        1 => random.Next(length) / sizeof(uint) * sizeof(uint),
        2 => random.Next(Math.Min(length, 4096)) / Ext4.Bytes * Ext4.Bytes,
        _ => length - 1 - random.Next(Math.Min(length, 4096)),
    };

    private static void WriteWord(byte[] bytes, int at, uint word)
    {
        if (at <= bytes.Length - sizeof(uint))
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), word);
    }

    /// <summary>What was an element stays one.</summary>
    private static void AddToWord(byte[] bytes, int at, Random random)
    {
        at = at / sizeof(uint) * sizeof(uint);
        if (at > bytes.Length - sizeof(uint))
            return;
        var word = (ulong)BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
        WriteWord(bytes, at, (uint)((word + (random.Next(2) == 0 ? 1 : (ulong)random.Next((int)Felt.Modulus))) % Felt.Modulus));
    }

    private static void CopyBlock(byte[] source, int from, byte[] bytes, int at, Random random)
    {
        from = Math.Min(from, source.Length);
        var length = Math.Min(Blocks[random.Next(Blocks.Length)], Math.Min(source.Length - from, bytes.Length - at));
        source.AsSpan(from, length).CopyTo(bytes.AsSpan(at));
    }

    private static void SwapBlocks(byte[] bytes, int a, int b, Random random)
    {
        if (a > b)
            (a, b) = (b, a);
        var length = Math.Min(Blocks[random.Next(Blocks.Length)], Math.Min(b - a, bytes.Length - b));
        var first = bytes.AsSpan(a, length).ToArray();
        bytes.AsSpan(b, length).CopyTo(bytes.AsSpan(a));
        first.CopyTo(bytes, b);
    }

    private static void CopyColumn(byte[] source, byte[] bytes, OpenedAt opened, Random random) =>
        opened.Copy(source, random.Next(opened.Queries), bytes, random.Next(opened.Queries));
}
