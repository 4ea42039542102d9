using System.IO.Compression;
using System.Text;

namespace Aivm.Fuzz.Inputs;

/// <summary>Changes of archives: of the array inside, packed again as it should be, or of the archive's own bytes.</summary>
internal static class NpzMutations
{
    private static readonly string[] Types = ["<f4", "<f8", "<f2", ">f4", "|u1", "|i1", "|b1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "|S1", "<U4", "|O", "<c8", ""];

    private static readonly string[] ShapeParts = ["0", "1", "2", "3", "67108864", "67108865", "4294967296", "999999999", "-1", "", " ", "1,", "(", "1L"];

    private static readonly string[] Names = ["x.npy", "y.npy", "x", "../x.npy", "/x.npy", " ", "x.npy/", "é.npy"];

    public static byte[] Change(byte[] parent, byte[] other, Random random) => random.Next(4) switch
    {
        0 => ByteMutations.Change(parent, other, random),
        1 => Archive(InputSeeds.Array(Types[random.Next(Types.Length)], Shape(random), Data(random)), random),
        2 => Archive(InputSeeds.Array("|u1", Shape(random), new byte[random.Next(64) == 0 ? 1 << 22 : random.Next(64)]), random),
        _ => Archive(ByteMutations.Change(InputSeeds.Array("<f4", "2, 3", Data(random)), parent, random), random),
    };

    private static byte[] Archive(byte[] array, Random random)
    {
        var archive = InputSeeds.Archive(array, random.Next(4) == 0 ? Names[random.Next(Names.Length)] : "x.npy", (CompressionLevel)random.Next(1, 3));
        return random.Next(4) == 0 ? ByteMutations.Change(archive, archive, random) : archive;
    }

    private static string Shape(Random random)
    {
        var shape = new StringBuilder();
        for (var axes = random.Next(1, 12); axes > 0; axes -= 1 + random.Next(6))
            shape.Append(shape.Length > 0 ? ", " : "").Append(ShapeParts[random.Next(random.Next(3) == 0 ? ShapeParts.Length : 4)]);
        return shape.ToString();
    }

    private static byte[] Data(Random random)
    {
        var data = new byte[random.Next(2) == 0 ? 24 : random.Next(64)];
        random.NextBytes(data);
        return data;
    }
}
