using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>Which logs <see cref="RpcClient.GetLogsAsync"/> looks for.</summary>
/// <param name="Topics">By place; null allows any.</param>
public sealed record LogQuery(Address Contract, ulong FromBlock, ulong ToBlock, IReadOnlyList<Hash256?> Topics)
{
    internal void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("address"u8, Contract.ToString());
        json.WriteString("fromBlock"u8, new UInt256(FromBlock).ToHexQuantity());
        json.WriteString("toBlock"u8, new UInt256(ToBlock).ToHexQuantity());
        json.WriteStartArray("topics"u8);
        foreach (var topic in Topics)
        {
            if (topic is { } wanted)
                json.WriteStringValue(wanted.ToString());
            else
                json.WriteNullValue();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}

/// <summary>A log in its block.</summary>
public sealed record MinedLog(LogEntry Log, ulong BlockNumber, Hash256 TransactionHash)
{
    internal static MinedLog Read(JsonElement json) =>
        new(TransactionReceipt.ReadLog(json), (ulong)json.Quantity("blockNumber"), json.Hash("transactionHash"));
}

/// <summary>Spans of blocks that a node looks at in one query.</summary>
internal static class LogWindows
{
    /// <summary>The node's bound for one query of logs.</summary>
    public const ulong Blocks = 10_000;

    /// <summary>The youngest first, down to genesis. A node may say that it has any number of blocks: who does not trust it takes so many windows and no more.</summary>
    public static IEnumerable<(ulong From, ulong To)> Back(ulong last)
    {
        while (true)
        {
            var first = last - Math.Min(last, Blocks - 1);
            yield return (first, last);
            if (first == 0)
                yield break;
            last = first - 1;
        }
    }
}

/// <summary>The latest block.</summary>
/// <param name="Time">Unix seconds.</param>
public sealed record ChainHead(ulong Number, Hash256 Hash, Hash256 ParentHash, ulong Time);
