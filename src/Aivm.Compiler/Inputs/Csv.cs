namespace Aivm.Compiler.Inputs;

/// <summary>
/// Comma-separated numbers, one sample a line. A first line without any number is a header; one that mixes both is an error, lest a sample
/// with a slip in it vanish. Blank lines at the end are ignored.
/// </summary>
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
            else if (HoldsNumber(file, start, end))
            {
                throw Refusal.Input("input-value", $"Line 1, column {bad} of the input is not a number; a header would hold no number at all.");
            }
            else
            {
                // A header: what was read of it does not count.
                values = new TextValues(file);
            }
            start = end + 1;
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
            if (!TryAddField(file, ref start, end, values))
                return column;
            if (start > end)
                return null;
        }
    }

    private static bool HoldsNumber(byte[] file, int start, int end)
    {
        var values = new TextValues(file);
        while (start <= end)
        {
            if (TryAddField(file, ref start, end, values) && !values.IsMissing(values.Count - 1))
                return true;
        }
        return false;
    }

    /// <summary>Adds the field that begins at <paramref name="start"/>, which moves behind the comma after it, or beyond the line's end.</summary>
    private static bool TryAddField(byte[] file, ref int start, int end, TextValues values)
    {
        var comma = file.AsSpan(start, end - start).IndexOf((byte)',');
        var stop = comma < 0 ? end : start + comma;
        var first = start;
        var last = stop;
        while (first < last && file[first] is (byte)' ' or (byte)'\t')
            first++;
        while (last > first && file[last - 1] is (byte)' ' or (byte)'\t' or (byte)'\r')
            last--;
        start = stop + 1;
        return values.TryAdd(first, last - first);
    }
}
