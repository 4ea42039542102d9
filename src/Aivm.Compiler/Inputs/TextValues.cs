using System.Text;

namespace Aivm.Compiler.Inputs;

/// <summary>Numbers as text within a file; only their places are stored.</summary>
internal sealed class TextValues(byte[] file) : SampleValues
{
    private const int MaxNumberLength = 400;

    private readonly List<(int Start, int Length)> _places = [];

    public int Count => _places.Count;

    /// <summary>Adds the text at a place; false when it is neither a number nor missing (empty, <c>nan</c>, <c>na</c>, <c>null</c>).</summary>
    public bool TryAdd(int start, int length)
    {
        if (_places.Count == InputFiles.MaxValues)
            throw InputFiles.TooLarge($"more than {InputFiles.MaxValues} values");
        if (length > MaxNumberLength)
            return false;
        _places.Add((start, length));
        if (IsMissing(_places.Count - 1) || IsNumber(_places.Count - 1))
            return true;
        _places.RemoveAt(_places.Count - 1);
        return false;
    }

    public override bool IsMissing(int index)
    {
        var (start, length) = _places[index];
        var text = file.AsSpan(start, length);
        return length == 0 || Ascii.EqualsIgnoreCase(text, "nan") || Ascii.EqualsIgnoreCase(text, "na") || Ascii.EqualsIgnoreCase(text, "null");
    }

    public override bool TryReal(int index, out double real)
    {
        if (IsMissing(index))
        {
            real = double.NaN;
            return true;
        }
        Span<char> text = stackalloc char[MaxNumberLength];
        return DecimalNumber.TryToDouble(Text(index, text), out real);
    }

    public override bool TryFixed(int index, int decimals, out long value)
    {
        Span<char> text = stackalloc char[MaxNumberLength];
        return DecimalNumber.TryToFixed(Text(index, text), decimals, out value);
    }

    private bool IsNumber(int index)
    {
        Span<char> text = stackalloc char[MaxNumberLength];
        return DecimalNumber.IsNumber(Text(index, text));
    }

    private ReadOnlySpan<char> Text(int index, Span<char> buffer)
    {
        var (start, length) = _places[index];
        Encoding.Latin1.GetChars(file.AsSpan(start, length), buffer);
        return buffer[..length];
    }
}
