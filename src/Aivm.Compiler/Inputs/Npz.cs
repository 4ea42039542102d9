using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace Aivm.Compiler.Inputs;

/// <summary>NumPy's archive of arrays (a ZIP of <c>.npy</c> files, format versions 1 to 3).</summary>
internal static partial class Npz
{
    private const int MaxArrays = 64;
    private const int MaxHeader = 4096;
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
                if (!arrays.TryAdd(Path.GetFileNameWithoutExtension(entry.FullName), new Lazy<SampleSet>(() => ReadArray(array))))
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
        if (BinaryPrimitives.ReadUInt16LittleEndian(record[10..]) > MaxArrays || directory > MaxArrays * MaxHeader)
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

    private static SampleSet ReadArray(byte[] array)
    {
        if (array.Length < 12 || !array.AsSpan().StartsWith(new byte[] { 0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y' }))
            throw InputFiles.Format("the array is not in NPY format");
        var (headerStart, headerLength) = array[6] switch
        {
            1 => (10, BinaryPrimitives.ReadUInt16LittleEndian(array.AsSpan(8))),
            2 or 3 => (12, (long)BinaryPrimitives.ReadUInt32LittleEndian(array.AsSpan(8))),
            _ => throw InputFiles.Format($"NPY version {array[6]} is not known"),
        };
        if (headerLength > MaxHeader || headerStart + headerLength > array.Length)
            throw InputFiles.Format("the array's header is damaged");
        var header = Header().Match(Encoding.Latin1.GetString(array, headerStart, (int)headerLength));
        if (!header.Success)
            throw InputFiles.Format("the array's header is not understood");
        if (header.Groups["fortran"].Value == "True")
            throw InputFiles.Format("the array is in Fortran order: save numpy.ascontiguousarray(x)");

        var type = header.Groups["type"].Value;
        var size = ArrayValues.Size(type) ?? throw InputFiles.Format($"the array's element type {type} is not supported");
        long[] extents = [.. header.Groups["shape"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(extent => long.Parse(extent, NumberStyles.None, CultureInfo.InvariantCulture))];
        if (extents.Length is 0 or > Shapes.MaxRank + 1)
            throw InputFiles.Format("the array wants samples on its first axis");
        var count = extents.Aggregate(1L, (product, extent) =>
            extent <= InputFiles.MaxValues && product * extent <= InputFiles.MaxValues
                ? product * extent
                : throw InputFiles.TooLarge($"more than {InputFiles.MaxValues} values"));
        if (count == 0)
            throw InputFiles.Format("it holds no sample");
        var data = array.AsMemory(headerStart + (int)headerLength);
        if (data.Length != count * size)
            throw InputFiles.Format($"the array has {data.Length} bytes, its shape wants {count * size}");
        int[] shape = extents.Length == 1 ? [1] : [.. extents[1..].Select(extent => (int)extent)];
        return new SampleSet(new ArrayValues(data, type, size), (int)extents[0], shape);
    }

    [GeneratedRegex(
        """^\{'descr': '(?<type>[^']{1,8})', 'fortran_order': (?<fortran>True|False), 'shape': \((?<shape>([0-9]{1,9}(, [0-9]{1,9}){0,9},?)?)\), ?\}\s*$""",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Header();
}
