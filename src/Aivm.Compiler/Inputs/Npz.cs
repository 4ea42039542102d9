using System.Buffers.Binary;
using System.IO.Compression;

namespace Aivm.Compiler.Inputs;

/// <summary>NumPy's archive of arrays: a ZIP of <c>.npy</c> files.</summary>
internal static class Npz
{
    private const int MaxArrays = 64;
    private const int MaxDirectoryEntry = 4096;
    private const int EndRecordSize = 22;

    /// <summary>Deflate at its best: 258 bytes for 2 bits.</summary>
    private const double MaxCompression = 1032;

    public static SampleSet Read(byte[] file)
    {
        RequireFewEntries(file);
        try
        {
            using var archive = new ZipArchive(new MemoryStream(file, writable: false), ZipArchiveMode.Read);
            var unfolded = archive.Entries.Sum(entry => (double)entry.Length);
            if (unfolded > InputFiles.MaxSize)
                throw InputFiles.TooLarge($"the archive unfolds to more than {InputFiles.MaxSize} bytes");
            // Memory is taken for what the file can hold, not for what it says.
            if (unfolded > MaxCompression * file.Length)
                throw InputFiles.Format("its arrays are shorter than the archive says");
            var arrays = new SortedDictionary<string, Lazy<SampleSet>>(StringComparer.Ordinal);
            foreach (var entry in archive.Entries)
            {
                var array = Extract(entry);
                if (!arrays.TryAdd(Path.GetFileNameWithoutExtension(entry.FullName), new Lazy<SampleSet>(() => Npy.Read(array))))
                    throw InputFiles.Format($"it holds {entry.FullName} twice");
            }
            return arrays.Count > 0 ? Joined(arrays) : throw InputFiles.Format("it holds no array");
        }
        catch (Exception e) when (e is InvalidDataException or IOException or NotSupportedException or ArgumentException or OverflowException)
        {
            throw InputFiles.Format("it is no sound NPZ archive");
        }
    }

    /// <summary>
    /// The array <c>x</c>, or the only one, holds the values of all inputs; without it each array is an input. An array is decoded
    /// when a model asks for it: labels of whatever kind may lie beside the samples.
    /// </summary>
    private static SampleSet Joined(SortedDictionary<string, Lazy<SampleSet>> arrays)
    {
        var whole = arrays.GetValueOrDefault("x") ?? (arrays.Count == 1 ? arrays.Values.First() : null);
        return SampleSet.OfArchive(whole?.Value, arrays);
    }

    /// <summary>The archive's directory is read whole by the framework: an absurd one is refused before that.</summary>
    private static void RequireFewEntries(ReadOnlySpan<byte> file)
    {
        var end = file.LastIndexOf("PK\u0005\u0006"u8);
        if (end < 0 || file.Length - end < EndRecordSize)
            throw InputFiles.Format("it is no ZIP archive");
        var record = file[end..];
        var directory = BinaryPrimitives.ReadUInt32LittleEndian(record[12..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(record[10..]) > MaxArrays || directory > MaxArrays * MaxDirectoryEntry)
            throw InputFiles.TooLarge($"the archive holds more than {MaxArrays} arrays");
        // The directory must end where the record begins: no more entries than were counted can lie in it.
        if (BinaryPrimitives.ReadUInt32LittleEndian(record[16..]) + (ulong)directory != (ulong)end)
            throw InputFiles.Format("its ZIP directory is damaged");
    }

    private static byte[] Extract(ZipArchiveEntry entry)
    {
        if (entry.Length > InputFiles.MaxSize)
            throw InputFiles.TooLarge($"the array {entry.Name} has {entry.Length} bytes");
        var array = new byte[entry.Length];
        using var stream = entry.Open();
        stream.ReadExactly(array);
        return stream.ReadByte() < 0 ? array : throw InputFiles.Format("an array is longer than the archive says");
    }
}
