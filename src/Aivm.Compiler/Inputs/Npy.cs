using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Aivm.Compiler.Inputs;

/// <summary>A NumPy array (format versions 1 to 3), samples on its first axis.</summary>
internal static partial class Npy
{
    private const int MaxHeader = 4096;

    public static SampleSet Read(byte[] array)
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
