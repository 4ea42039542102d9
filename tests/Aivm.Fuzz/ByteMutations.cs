using System.Buffers.Binary;

namespace Aivm.Fuzz;

/// <summary>Changes that know nothing of a format: flips, numbers at the edges, splices, truncations.</summary>
internal static class ByteMutations
{
    private static readonly long[] Edges =
    [
        0, 1, 2, 3, 7, 8, 15, 16, 24, 25, 31, 32, 62, 63, 64, 127, 128, 129, 255, 256, 4095, 4096, 4097, 32767, 32768, 65534, 65535, 65536,
        1 << 20, 1 << 24, (1 << 24) + 1, 1 << 29, int.MaxValue, 1L << 31, uint.MaxValue, 1L << 32, 1L << 62, long.MaxValue,
    ];

    /// <summary>A number that rules often turn on, or its negative.</summary>
    public static long Edge(Random random)
    {
        var edge = Edges[random.Next(Edges.Length)];
        return random.Next(4) == 0 ? unchecked(-edge - random.Next(2)) : edge;
    }

    /// <summary>One to four changes.</summary>
    public static byte[] Change(byte[] parent, byte[] other, Random random)
    {
        var bytes = (byte[])parent.Clone();
        for (var changes = 1 + (random.Next(8) >> random.Next(3)); changes > 0; changes--)
            bytes = ChangeOnce(bytes, other, random);
        return bytes;
    }

    private static byte[] ChangeOnce(byte[] bytes, byte[] other, Random random)
    {
        if (bytes.Length == 0)
            return [(byte)random.Next(256)];
        var at = Place(bytes.Length, random);
        switch (random.Next(12))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 1:
                bytes[at] = (byte)random.Next(256);
                return bytes;
            case 2:
                bytes[at] = unchecked((byte)(bytes[at] + random.Next(-3, 4)));
                return bytes;
            case 3 or 4 or 5 or 6:
                Overwrite(bytes, at, Edge(random), 1 << random.Next(4));
                return bytes;
            case 7:
                return [.. bytes.AsSpan(0, at)];
            case 8:
                return [.. bytes.AsSpan(0, at), .. bytes.AsSpan(Math.Min(bytes.Length, at + 1 + random.Next(16)))];
            case 9:
                return [.. bytes.AsSpan(0, at), .. Piece(bytes, random), .. bytes.AsSpan(at)];
            case 10:
                return [.. bytes.AsSpan(0, at), .. Piece(other, random), .. bytes.AsSpan(at)];
            default:
                Piece(other, random).AsSpan(0, Math.Min(16, bytes.Length - at) / 2).CopyTo(bytes.AsSpan(at));
                return bytes;
        }
    }

    /// <summary>Structure lies at the front of containers and around names.</summary>
    private static int Place(int length, Random random) => random.Next(random.Next(2) == 0 ? Math.Min(length, 400) : length);

    private static void Overwrite(byte[] bytes, int at, long value, int size)
    {
        Span<byte> word = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(word, value);
        size = Math.Min(size, bytes.Length - at);
        word[..size].CopyTo(bytes.AsSpan(at));
    }

    private static byte[] Piece(byte[] bytes, Random random)
    {
        var piece = new byte[16];
        var start = random.Next(bytes.Length + 1);
        bytes.AsSpan(start, Math.Min(16, bytes.Length - start)).CopyTo(piece);
        return piece[..(8 + random.Next(9))];
    }
}
