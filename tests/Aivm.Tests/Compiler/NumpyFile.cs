using System.IO.Compression;
using System.Text;

namespace Aivm.Tests.Compiler;

/// <summary>Arrays as NumPy saves them.</summary>
internal static class NumpyFile
{
    /// <param name="shape">As Python writes it, e.g. <c>(2, 3)</c>.</param>
    public static byte[] Npy(string type, string shape, byte[] data)
    {
        var header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}".PadRight(117) + "\n";
        return [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. data];
    }

    public static byte[] Npz(params (string Name, byte[] Array)[] arrays) => Npz(CompressionLevel.Optimal, arrays);

    public static byte[] Npz(CompressionLevel compression, params (string Name, byte[] Array)[] arrays)
    {
        var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, array) in arrays)
            {
                using var entry = archive.CreateEntry($"{name}.npy", compression).Open();
                entry.Write(array);
            }
        }
        return stream.ToArray();
    }
}
