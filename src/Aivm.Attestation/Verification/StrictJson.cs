using System.Text.Json;

namespace Aivm.Attestation;

/// <summary>
/// An object of a JSON document that somebody else wrote. Each member is asked for with the form that it must have; what is missing or of another
/// form is refused under one code. Duplicate members are refused before anything is read. Members that nobody asks for do not matter.
/// </summary>
/// <param name="code">The code of every refusal.</param>
/// <param name="document">What messages call the document.</param>
internal readonly struct StrictJson(JsonElement element, string code, string document)
{
    private const int Deepest = 12;

    public static StrictJson Parse(ReadOnlyMemory<byte> utf8, int maxBytes, string code, string document)
    {
        Refused.Unless(utf8.Length <= maxBytes, code, $"{document} has {utf8.Length} bytes; {maxBytes} is the limit.");
        try
        {
            // Not disposed: it is read as long as this value lives. Its table is rented, and may be left to the collector.
            var parsed = JsonDocument.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = Deepest });
            return new StrictJson(parsed.RootElement, code, document).Object();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The latter: half of a surrogate pair in a member's name, met where names are compared.
            throw new Refused(code, $"{document} is not strict JSON: one value, no duplicate members, no comments.");
        }
    }

    public bool Has(string name) => element.TryGetProperty(name, out _);

    public string Text(string name)
    {
        var member = Member(name);
        Require(member.ValueKind == JsonValueKind.String, name, "a string");
        return Unescaped(member.GetString, name);
    }

    public int Integer(string name, int least = 0, int most = int.MaxValue)
    {
        var member = Member(name);
        var isNumber = member.ValueKind == JsonValueKind.Number && member.TryGetInt32(out var number) && number >= least && number <= most;
        Require(isNumber, name, $"a whole number from {least} to {most}");
        return member.GetInt32();
    }

    public bool Flag(string name)
    {
        var member = Member(name);
        Require(member.ValueKind is JsonValueKind.True or JsonValueKind.False, name, "true or false");
        return member.GetBoolean();
    }

    /// <param name="length">In bytes; 0 for any.</param>
    public byte[] Hex(string name, int length = 0)
    {
        var text = Text(name);
        var bytes = new byte[text.Length / 2];
        var isHex = text.Length % 2 == 0 && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
        Require(isHex && (length == 0 || bytes.Length == length), name, length == 0 ? "hexadecimal digits" : $"{2 * length} hexadecimal digits");
        return bytes;
    }

    /// <summary>Hexadecimal digits, or an array of numbers, as some libraries write bytes.</summary>
    public byte[] Octets(string name, int most)
    {
        if (Member(name).ValueKind != JsonValueKind.Array)
            return Hex(name);
        var (numbers, bytes) = (Items(name, most), new List<byte>());
        foreach (var number in numbers)
        {
            Require(number.ValueKind == JsonValueKind.Number && number.TryGetByte(out _), name, "an array of bytes");
            bytes.Add(number.GetByte());
        }
        return [.. bytes];
    }

    /// <summary>A date such as 2025-06-19T10:16:03Z, in unix seconds.</summary>
    public long Time(string name)
    {
        Require(IsoTime.TryParse(Text(name), out var seconds), name, "a time such as 2025-06-19T10:16:03Z");
        return seconds;
    }

    public StrictJson Object(string name) => new StrictJson(Member(name), code, $"{document}: {name}").Object();

    public List<StrictJson> Objects(string name, int most)
    {
        var (objects, self) = (new List<StrictJson>(), this);
        foreach (var item in Items(name, most))
            objects.Add(new StrictJson(item, self.Code, $"{self.Document}: {name}").Object());
        return objects;
    }

    public List<string> Texts(string name, int most)
    {
        var texts = new List<string>();
        foreach (var item in Items(name, most))
        {
            Require(item.ValueKind == JsonValueKind.String, name, "an array of strings");
            texts.Add(Unescaped(item.GetString, name));
        }
        return texts;
    }

    /// <summary>The names of all members, in the document's order.</summary>
    public List<string> Names()
    {
        var names = new List<string>();
        foreach (var member in element.EnumerateObject())
            names.Add(Unescaped(() => member.Name, "the name of a member"));
        return names;
    }

    public Refused Refuse(string message) => new(code, $"{document}: {message}");

    private string Code => code;

    private string Document => document;

    private StrictJson Object()
    {
        Refused.Unless(element.ValueKind == JsonValueKind.Object, code, $"{document} is no JSON object.");
        return this;
    }

    private JsonElement Member(string name)
    {
        return element.TryGetProperty(name, out var member) ? member : throw new Refused(code, $"{document} has no member {name}.");
    }

    private List<JsonElement> Items(string name, int most)
    {
        var member = Member(name);
        Require(member.ValueKind == JsonValueKind.Array && member.GetArrayLength() <= most, name, $"an array of at most {most}");
        return [.. member.EnumerateArray()];
    }

    private string Unescaped(Func<string?> read, string name)
    {
        try
        {
            return read()!;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, or bytes that are not UTF-8.
            throw new Refused(code, $"{document}: {name} is no text.");
        }
    }

    /// <summary>Asked for every number of an array: the sentence is made where it is needed.</summary>
    private void Require(bool holds, string name, string what)
    {
        if (!holds)
            throw Refuse($"{name} is not {what}.");
    }
}
