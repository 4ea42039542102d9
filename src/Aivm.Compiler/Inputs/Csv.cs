namespace Aivm.Compiler.Inputs;

/// <summary>Comma-separated numbers, one sample a line. A first line with anything but numbers is a header; blank lines at the end are ignored.</summary>
internal static class Csv
{
    public static SampleSet Read(byte[] file)
    {
        var values = new TextValues(file);
        var start = file.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0;
        var line = 0;
        var width = 0;
        var rows = 0;
        while (start < file.Length)
        {
            var length = file.AsSpan(start).IndexOf((byte)'\n');
            var end = length < 0 ? file.Length : start + length;
            line++;
            if (file.AsSpan(start, end - start).Trim(" \t\r"u8).IsEmpty)
            {
                if (!file.AsSpan(end).Trim(" \t\r\n"u8).IsEmpty)
                    throw InputFiles.Format($"line {line} is blank");
                break;
            }
            var before = values.Count;
            var bad = ReadLine(file, start, end, values);
            start = end + 1;
            if (bad is null)
            {
                rows++;
                width = rows == 1 ? values.Count : width;
                if (values.Count - before != width)
                    throw InputFiles.Format($"line {line} has {values.Count - before} values, the first row has {width}");
            }
            else if (line > 1)
            {
                throw Refusal.Input("input-value", $"Line {line}, column {bad} of the input is not a number.");
            }
            else
            {
                // A header: what was read of it does not count.
                values = new TextValues(file);
            }
        }
        return rows == 0
            ? throw InputFiles.Format("it holds no row of numbers")
            : new SampleSet(values, rows, [width]);
    }

    /// <summary>Adds a line's values; returns the number of the first column that is no number, or null.</summary>
    private static int? ReadLine(byte[] file, int start, int end, TextValues values)
    {
        for (var column = 1; ; column++)
        {
            var comma = file.AsSpan(start, end - start).IndexOf((byte)',');
            var stop = comma < 0 ? end : start + comma;
            var first = start;
            var last = stop;
            while (first < last && file[first] is (byte)' ' or (byte)'\t')
                first++;
            while (last > first && file[last - 1] is (byte)' ' or (byte)'\t' or (byte)'\r')
                last--;
            if (!values.TryAdd(first, last - first))
                return column;
            if (comma < 0)
                return null;
            start = stop + 1;
        }
    }
}
