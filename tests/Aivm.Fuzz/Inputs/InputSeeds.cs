using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Aivm.Fuzz.Inputs;

/// <summary>Small files of samples in each format.</summary>
internal static class InputSeeds
{
    public static IReadOnlyList<byte[]> Create(string format) => format switch
    {
        "csv" => [.. Csv.Select(Encoding.UTF8.GetBytes)],
        "json" => [.. Json.Select(Encoding.UTF8.GetBytes)],
        _ => [.. Arrays().Select(array => Archive(array, "x.npy", CompressionLevel.Fastest)), Archive(Array("<f4", "2,", BitConverter.GetBytes(1.5).AsSpan(0, 8)), "y.npy", CompressionLevel.NoCompression)],
    };

    private static string[] Csv =>
    [
        "1,2,3\n4,5,6\n", "a,b\r\n1.5,-2e3\r\n.25,1e-400\r\n", "\uFEFF1, 2 ,nan\n,na,NULL\n\n\n", "0\n255\n256\n-1\n", "9223372036854775807\n-9223372036854775808\n0.5\n1.5\n",
    ];

    private static string[] Json =>
    [
        "[[1, 2, 3], [4, 5, 6]]", "[[[1.5, -2e3], [null, 1e-40]]]", "[[0],[255],[9223372036854775807]]", " [ [ [ [ [ [ [ [ [1] ] ] ] ] ] ] ] ] ",
    ];

    private static IEnumerable<byte[]> Arrays()
    {
        yield return Array("<f4", "2, 3", Enumerable.Range(0, 6).SelectMany(i => BitConverter.GetBytes(i / 2f)).ToArray());
        yield return Array("<f8", "1, 2", [.. BitConverter.GetBytes(double.NaN), .. BitConverter.GetBytes(-1e300)]);
        yield return Array("<i8", "2,", [.. BitConverter.GetBytes(long.MaxValue), .. BitConverter.GetBytes(-5L)]);
        yield return Array("<u8", "1, 1, 1", BitConverter.GetBytes(ulong.MaxValue));
        yield return Array("|u1", "2, 2, 1", [0, 1, 254, 255]);
        yield return Array("|b1", "3,", [0, 1, 1]);
        yield return Array("<i2", "1, 2", [1, 128, 255, 255]);
    }

    /// <summary>An array file of NumPy, version 1.</summary>
    public static byte[] Array(string type, string shape, ReadOnlySpan<byte> data)
    {
        var header = Encoding.Latin1.GetBytes($"{{'descr': '{type}', 'fortran_order': False, 'shape': ({shape}), }}\n");
        var length = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)header.Length);
        return [0x93, .. "NUMPY"u8, 1, 0, .. length, .. header, .. data];
    }

    public static byte[] Archive(byte[] array, string name, CompressionLevel level)
    {
        using var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        using (var entry = archive.CreateEntry(name, level).Open())
            entry.Write(array);
        return memory.ToArray();
    }
}
