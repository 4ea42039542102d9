using System.Text;
using System.Text.Json;
using Aivm.Chain;
using Aivm.Node.JsonRpc;
using Aivm.Primitives;

namespace Aivm.Node.Ethereum;

/// <summary>What a client wrote to say which logs it wants.</summary>
/// <param name="From">Null: the latest block.</param>
/// <param name="To">Null: the latest block.</param>
/// <param name="BlockHash">One block by hash, in place of a range.</param>
internal sealed record LogQuery(
    BlockSelector? From,
    BlockSelector? To,
    Hash256? BlockHash,
    IReadOnlyList<Address> Addresses,
    IReadOnlyList<IReadOnlyList<Hash256>> Topics)
{
    private const int MaxAlternatives = 1_000;
    private const string Form = "an object with any of fromBlock, toBlock, blockHash, address, topics";

    public static readonly LogQuery All = new(null, null, null, [], []);

    public LogFilter Over(ulong fromBlock, ulong toBlock) => new(fromBlock, toBlock, Addresses, Topics);

    /// <summary>The next parameter; all logs when it is absent.</summary>
    public static bool TryRead(ref RpcParameters parameters, out LogQuery query)
    {
        query = All;
        if (!parameters.TryNext(out var reader))
            return true;
        if (reader.TokenType != JsonTokenType.StartObject)
            return parameters.Expected("filter", Form);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!TryReadField(ref reader, ref query, out var field, out var form))
                return parameters.Expected($"filter.{field}", form);
        }
        if (query.BlockHash is not null && (query.From is not null || query.To is not null))
            return parameters.Expected("filter", "either blockHash or fromBlock and toBlock, not both");
        return true;
    }

    private static bool TryReadField(ref Utf8JsonReader reader, ref LogQuery query, out string field, out string form)
    {
        field = reader.ValueIsEscaped ? "" : Encoding.UTF8.GetString(reader.ValueSpan);
        form = BlockSelector.Form;
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return true;
        switch (field)
        {
            case "fromBlock":
                if (!BlockSelector.TryRead(ref reader, out var from))
                    return false;
                query = query with { From = from };
                return true;
            case "toBlock":
                if (!BlockSelector.TryRead(ref reader, out var to))
                    return false;
                query = query with { To = to };
                return true;
            case "blockHash":
                form = "0x and 64 hexadecimal digits";
                if (!JsonText.TryReadHash(ref reader, out var hash))
                    return false;
                query = query with { BlockHash = hash };
                return true;
            case "address":
                form = $"an address or an array of at most {MaxAlternatives}";
                if (!TryReadAddresses(ref reader, out var addresses))
                    return false;
                query = query with { Addresses = addresses };
                return true;
            case "topics":
                form = $"an array of at most {LogEntry.MaxTopics} topics, each null, a hash or an array of at most {MaxAlternatives} hashes";
                if (!TryReadTopics(ref reader, out var topics))
                    return false;
                query = query with { Topics = topics };
                return true;
            default:
                reader.Skip();
                return true;
        }
    }

    private static bool TryReadAddresses(ref Utf8JsonReader reader, out List<Address> addresses)
    {
        addresses = [];
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            var single = JsonText.TryReadAddress(ref reader, out var only);
            addresses.Add(only);
            return single;
        }
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (addresses.Count == MaxAlternatives || !JsonText.TryReadAddress(ref reader, out var address))
                return false;
            addresses.Add(address);
        }
        return true;
    }

    private static bool TryReadTopics(ref Utf8JsonReader reader, out List<IReadOnlyList<Hash256>> topics)
    {
        topics = [];
        if (reader.TokenType != JsonTokenType.StartArray)
            return false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (topics.Count == LogEntry.MaxTopics || !TryReadAlternatives(ref reader, out var alternatives))
                return false;
            topics.Add(alternatives);
        }
        return true;
    }

    private static bool TryReadAlternatives(ref Utf8JsonReader reader, out List<Hash256> alternatives)
    {
        alternatives = [];
        if (reader.TokenType == JsonTokenType.Null)
            return true;
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            var single = JsonText.TryReadHash(ref reader, out var only);
            alternatives.Add(only);
            return single;
        }
        var takesAny = false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            // As geth reads it: null among the alternatives lets every topic pass.
            takesAny |= reader.TokenType == JsonTokenType.Null;
            if (reader.TokenType == JsonTokenType.Null)
                continue;
            if (alternatives.Count == MaxAlternatives || !JsonText.TryReadHash(ref reader, out var topic))
                return false;
            alternatives.Add(topic);
        }
        if (takesAny)
            alternatives.Clear();
        return true;
    }
}
