namespace Aivm.Primitives;

public enum AbiKind
{
    UnsignedInteger,
    SignedInteger,
    Address,
    Bool,
    FixedBytes,
    Bytes,
    String,
    /// <summary><c>T[]</c>.</summary>
    Array,
    /// <summary><c>T[k]</c>.</summary>
    FixedArray,
    Tuple,
}

/// <summary>
/// A type of the Solidity contract ABI (docs.soliditylang.org, "Contract ABI Specification"), without function pointers and fixed-point
/// numbers. Types without any bytes (<c>()</c>, <c>T[0]</c>) are refused: a long array of them would cost an attacker nothing.
/// </summary>
public sealed class AbiType : IEquatable<AbiType>
{
    public const int MaxDepth = 8;
    public const int MaxTextLength = 1024;

    /// <summary>The most words that a static type may occupy.</summary>
    public const int MaxHeadWords = 1 << 16;

    private AbiType(AbiKind kind, string name, bool isDynamic, int headWords) =>
        (Kind, Name, IsDynamic, HeadWords) = (kind, name, isDynamic, headWords);

    public AbiKind Kind { get; }

    /// <summary>The canonical name that signatures are hashed with: <c>uint256</c> for <c>uint</c>, tuples in parentheses.</summary>
    public string Name { get; }

    /// <summary>True when the head holds an offset and the value lies in the tail.</summary>
    public bool IsDynamic { get; }

    /// <summary>How many 32-byte words the head takes: one for a dynamic type, all of it for a static one.</summary>
    public int HeadWords { get; }

    /// <summary>The bits of an integer, the bytes of fixed bytes, the elements of a fixed array; 0 for other kinds.</summary>
    public int Size { get; private init; }

    /// <summary>The elements' type for arrays.</summary>
    public AbiType? Element { get; private init; }

    /// <summary>The types of a tuple's fields; empty for other kinds.</summary>
    public IReadOnlyList<AbiType> Components { get; private init; } = [];

    /// <exception cref="FormatException">The text is no supported ABI type.</exception>
    public static AbiType Parse(string text) =>
        TryParse(text, out var type) ? type! : throw new FormatException($"'{text}' is no ABI type.");

    public static bool TryParse(ReadOnlySpan<char> text, out AbiType? type)
    {
        type = null;
        return text.Length <= MaxTextLength && TryParse(text, depth: 0, out type);
    }

    public bool Equals(AbiType? other) => other is not null && Name == other.Name;

    public override bool Equals(object? obj) => Equals(obj as AbiType);

    /// <summary>For dictionaries within one process only.</summary>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Name);

    public override string ToString() => Name;

    private static bool TryParse(ReadOnlySpan<char> text, int depth, out AbiType? type)
    {
        type = null;
        if (depth > MaxDepth || text.IsEmpty)
            return false;
        if (text[^1] == ']')
            return TryParseArray(text, depth, out type);
        return text[0] == '(' ? TryParseTuple(text, depth, out type) : TryParseElementary(text, out type);
    }

    private static bool TryParseArray(ReadOnlySpan<char> text, int depth, out AbiType? type)
    {
        type = null;
        var open = text.LastIndexOf('[');
        if (open < 0 || !TryParse(text[..open], depth + 1, out var element))
            return false;
        var count = text[(open + 1)..^1];
        if (count.IsEmpty)
        {
            type = new AbiType(AbiKind.Array, element!.Name + "[]", isDynamic: true, headWords: 1) { Element = element };
            return true;
        }
        if (!TryParseSize(count, out var length) || (long)length * element!.HeadWords > MaxHeadWords)
            return false;
        type = new AbiType(AbiKind.FixedArray, $"{element.Name}[{length}]", element.IsDynamic, element.IsDynamic ? 1 : length * element.HeadWords)
        {
            Element = element,
            Size = length,
        };
        return true;
    }

    private static bool TryParseTuple(ReadOnlySpan<char> text, int depth, out AbiType? type)
    {
        type = null;
        if (text[^1] != ')')
            return false;
        var components = new List<AbiType>();
        var rest = text[1..^1];
        while (true)
        {
            var end = EndOfComponent(rest);
            if (end < 0 || !TryParse(rest[..end], depth + 1, out var component))
                return false;
            components.Add(component!);
            if (end == rest.Length)
                break;
            rest = rest[(end + 1)..];
        }

        var isDynamic = components.Exists(component => component.IsDynamic);
        var headWords = components.Sum(component => component.HeadWords);
        if (headWords > MaxHeadWords)
            return false;
        var name = $"({string.Join(',', components.Select(component => component.Name))})";
        type = new AbiType(AbiKind.Tuple, name, isDynamic, isDynamic ? 1 : headWords) { Components = components };
        return true;
    }

    /// <summary>The index of the comma that ends the first component, or the length; -1 when parentheses do not match.</summary>
    private static int EndOfComponent(ReadOnlySpan<char> text)
    {
        var nesting = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '(')
                nesting++;
            else if (text[i] == ')' && --nesting < 0)
                return -1;
            else if (text[i] == ',' && nesting == 0)
                return i;
        }
        return nesting == 0 ? text.Length : -1;
    }

    private static bool TryParseElementary(ReadOnlySpan<char> text, out AbiType? type)
    {
        type = text switch
        {
            "address" => Static(AbiKind.Address, "address", 0),
            "bool" => Static(AbiKind.Bool, "bool", 0),
            "bytes" => new AbiType(AbiKind.Bytes, "bytes", isDynamic: true, headWords: 1),
            "string" => new AbiType(AbiKind.String, "string", isDynamic: true, headWords: 1),
            "uint" => Static(AbiKind.UnsignedInteger, "uint256", 256),
            "int" => Static(AbiKind.SignedInteger, "int256", 256),
            _ => null,
        };
        if (type is not null)
            return true;
        if (text.StartsWith("uint", StringComparison.Ordinal) && TryParseBits(text[4..], out var bits))
            type = Static(AbiKind.UnsignedInteger, $"uint{bits}", bits);
        else if (text.StartsWith("int", StringComparison.Ordinal) && TryParseBits(text[3..], out bits))
            type = Static(AbiKind.SignedInteger, $"int{bits}", bits);
        else if (text.StartsWith("bytes", StringComparison.Ordinal) && TryParseSize(text[5..], out var size) && size <= 32)
            type = Static(AbiKind.FixedBytes, $"bytes{size}", size);
        return type is not null;
    }

    private static AbiType Static(AbiKind kind, string name, int size) => new(kind, name, isDynamic: false, headWords: 1) { Size = size };

    private static bool TryParseBits(ReadOnlySpan<char> digits, out int bits) =>
        TryParseSize(digits, out bits) && bits <= 256 && bits % 8 == 0;

    /// <summary>A positive decimal number of at most five digits without leading zeros.</summary>
    private static bool TryParseSize(ReadOnlySpan<char> digits, out int size)
    {
        size = 0;
        if (digits.Length is 0 or > 5 || digits[0] == '0' || digits.ContainsAnyExceptInRange('0', '9'))
            return false;
        foreach (var digit in digits)
            size = 10 * size + (digit - '0');
        return true;
    }
}
