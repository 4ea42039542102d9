using System.Text.Json;

namespace Aivm.Compiler.Inputs;

/// <summary>A JSON array with an array per sample. A sample may be nested (rows of an image): its numbers count in reading order.</summary>
internal static class JsonRows
{
    public static SampleSet Read(byte[] file)
    {
        var values = new TextValues(file);
        var rows = 0;
        var width = 0;
        try
        {
            var reader = new Utf8JsonReader(file, new JsonReaderOptions { MaxDepth = Shapes.MaxRank + 1 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
                throw InputFiles.Format("it is not an array of arrays");
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.StartArray when reader.CurrentDepth == 1:
                        rows++;
                        break;
                    case JsonTokenType.EndArray when reader.CurrentDepth == 1:
                        width = rows == 1 ? values.Count : width;
                        if ((long)rows * width != values.Count)
                            throw InputFiles.Format($"row {rows} has another number of values than row 1, which has {width}");
                        break;
                    case JsonTokenType.StartArray or JsonTokenType.EndArray:
                        break;
                    case JsonTokenType.Number or JsonTokenType.Null when reader.CurrentDepth > 1:
                        if (!values.TryAdd((int)reader.TokenStartIndex, reader.ValueSpan.Length))
                            throw Refusal.Input("input-value", $"Row {rows} of the input holds a number that is too long.");
                        break;
                    default:
                        throw InputFiles.Format(reader.CurrentDepth == 1
                            ? "it is not an array of arrays: write [[1, 2, 3]] for one sample of three values"
                            : $"row {rows} holds something that is no number");
                }
            }
        }
        catch (JsonException e)
        {
            throw InputFiles.Format($"it is not JSON, see line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}");
        }
        return rows == 0 || width == 0
            ? throw InputFiles.Format("it holds no sample")
            : new SampleSet(values, rows, [width]);
    }
}
