using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Node.JsonRpc;

/// <summary>
/// Reads the positional parameters of one call, left to right, straight from the message's UTF-8. A <c>TryRead</c> that fails leaves
/// <see cref="Error"/>, which says which parameter is wrong and what was expected.
/// </summary>
internal ref struct RpcParameters
{
    private Utf8JsonReader _reader;
    private int _index = -1;
    private bool _ended;

    /// <param name="json">Text that was parsed before: empty, null, an array or an object.</param>
    public RpcParameters(ReadOnlySpan<byte> json, int maxDepth)
    {
        _reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = maxDepth });
        _ended = json.IsEmpty || !_reader.Read() || _reader.TokenType == JsonTokenType.Null;
        if (!_ended && _reader.TokenType != JsonTokenType.StartArray)
            Error = RpcError.InvalidParameters("params must be an array: Ethereum's methods take positional parameters");
    }

    public RpcError? Error { get; private set; }

    /// <summary>Moves to the next parameter. False when there is none or it is null: optional parameters may be left out either way.</summary>
    public bool TryNext(out Utf8JsonReader value)
    {
        var present = !_ended && _reader.Read() && _reader.TokenType != JsonTokenType.EndArray;
        _ended = !present;
        _index++;
        value = _reader;
        if (present)
            _reader.Skip();
        return present && value.TokenType != JsonTokenType.Null;
    }

    public bool TryReadAddress(string name, out Address value)
    {
        value = default;
        return TryNextRequired(name, out var reader) && (JsonText.TryReadAddress(ref reader, out value) || Expected(name, "0x and 40 hexadecimal digits"));
    }

    public bool TryReadHash(string name, out Hash256 value)
    {
        value = default;
        return TryNextRequired(name, out var reader) && (JsonText.TryReadHash(ref reader, out value) || Expected(name, "0x and 64 hexadecimal digits"));
    }

    public bool TryReadData(string name, out byte[] value)
    {
        value = [];
        return TryNextRequired(name, out var reader)
            && (JsonText.TryReadData(ref reader, out value) || Expected(name, "0x and an even number of hexadecimal digits"));
    }

    public bool TryReadUInt64(string name, out ulong value)
    {
        value = 0;
        return TryNextRequired(name, out var reader) && (JsonText.TryReadQuantity(ref reader, out value) || Expected(name, JsonText.QuantityForm));
    }

    /// <summary>A storage slot: any hexadecimal number of up to 32 bytes, padded or not, as clients send both.</summary>
    public bool TryReadSlot(string name, out UInt256 value)
    {
        value = default;
        return TryNextRequired(name, out var reader)
            && (JsonText.TryReadWord(ref reader, out value) || Expected(name, "0x and at most 64 hexadecimal digits"));
    }

    /// <summary>An optional flag, false when absent.</summary>
    public bool TryReadFlag(string name, out bool value)
    {
        value = false;
        if (!TryNext(out var reader))
            return true;
        value = reader.TokenType == JsonTokenType.True;
        return reader.TokenType is JsonTokenType.True or JsonTokenType.False || Expected(name, "true or false");
    }

    /// <summary>An optional block, the latest when absent.</summary>
    public bool TryReadBlock(out BlockSelector value)
    {
        value = BlockSelector.Latest;
        return !TryNext(out var reader) || BlockSelector.TryRead(ref reader, out value) || Expected("block", BlockSelector.Form);
    }

    public bool TryNextRequired(string name, out Utf8JsonReader value) => TryNext(out value) || Fail($"params[{_index}] ({name}) is missing");

    /// <summary>Refuses the current parameter; false, so that a reader can end with it.</summary>
    public bool Expected(string name, string form) => Fail($"params[{_index}] ({name}): expected {form}");

    private bool Fail(string message)
    {
        Error = RpcError.InvalidParameters(message);
        return false;
    }
}
