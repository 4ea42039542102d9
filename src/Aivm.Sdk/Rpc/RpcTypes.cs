using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>A call that is tried, not sent: <c>eth_call</c> and <c>eth_estimateGas</c>. What is null, the node chooses.</summary>
public sealed record CallRequest
{
    public Address? From { get; init; }

    public Address? To { get; init; }

    public UInt256 Value { get; init; }

    public ReadOnlyMemory<byte> Data { get; init; }

    public ulong? Gas { get; init; }

    /// <summary>The call is on the state after this block; null: after the latest.</summary>
    public ulong? Block { get; init; }

    internal void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        if (From is { } from)
            json.WriteString("from"u8, from.ToString());
        if (To is { } to)
            json.WriteString("to"u8, to.ToString());
        if (!Value.IsZero)
            json.WriteString("value"u8, Value.ToHexQuantity());
        if (!Data.IsEmpty)
            json.WriteString("data"u8, Hex.Encode(Data.Span));
        if (Gas is { } gas)
            json.WriteString("gas"u8, new UInt256(gas).ToHexQuantity());
        json.WriteEndObject();
    }
}

/// <summary>What became of a transaction.</summary>
/// <param name="EffectiveGasPrice">In wei.</param>
/// <param name="Success">False when it reverted: it is in the block and paid for, but changed nothing else.</param>
public sealed record TransactionReceipt(
    Hash256 TransactionHash,
    Hash256 BlockHash,
    ulong BlockNumber,
    ulong TransactionIndex,
    Address From,
    Address? To,
    bool Success,
    ulong GasUsed,
    UInt256 EffectiveGasPrice,
    IReadOnlyList<LogEntry> Logs)
{
    /// <summary>In wei, without the value that was sent.</summary>
    public UInt256 Fee => EffectiveGasPrice * GasUsed;

    internal static TransactionReceipt Read(JsonElement json) => new(
        json.Hash("transactionHash"),
        json.Hash("blockHash"),
        (ulong)json.Quantity("blockNumber"),
        (ulong)json.Quantity("transactionIndex"),
        json.Address("from"),
        json.OptionalAddress("to"),
        json.Quantity("status") == UInt256.One,
        (ulong)json.Quantity("gasUsed"),
        json.Quantity("effectiveGasPrice"),
        [.. json.GetProperty("logs").EnumerateArray().Select(ReadLog)]);

    internal static LogEntry ReadLog(JsonElement json) => new(
        json.Address("address"),
        [.. json.GetProperty("topics").EnumerateArray().Select(topic => Hash256.Parse(topic.GetString()))],
        EthereumJson.Data(json.GetProperty("data")));
}

/// <summary>What gas costs now, in wei.</summary>
/// <param name="BaseFee">Of the latest block; burned.</param>
public sealed record GasFees(UInt256 BaseFee, UInt256 MaxPriorityFeePerGas)
{
    /// <summary>Twice the base fee and the tip: holds through six full blocks.</summary>
    public UInt256 MaxFeePerGas => BaseFee + BaseFee + MaxPriorityFeePerGas;
}
