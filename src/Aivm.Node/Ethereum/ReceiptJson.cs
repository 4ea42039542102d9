using System.Text.Json;
using Aivm.Chain;
using Aivm.Node.JsonRpc;
using Aivm.Primitives;

namespace Aivm.Node.Ethereum;

/// <summary>Receipts and logs as Ethereum's clients read them.</summary>
internal static class ReceiptJson
{
    public static void Write(Utf8JsonWriter json, MinedTransaction mined)
    {
        json.WriteStartObject();
        json.WriteData(Names.TransactionHash, mined.Transaction.Hash.Span);
        json.WriteQuantity(Names.TransactionIndex, (ulong)mined.Index);
        json.WriteData(Names.BlockHash, mined.BlockHash.Span);
        json.WriteQuantity(Names.BlockNumber, mined.BlockNumber);
        json.WriteData(Names.From, mined.Sender.Span);
        json.WriteAddress(Names.To, mined.Transaction.To);
        json.WriteNull(Names.ContractAddress);
        json.WriteQuantity(Names.CumulativeGasUsed, mined.CumulativeGasUsed);
        json.WriteQuantity(Names.GasUsed, mined.GasUsed);
        json.WriteQuantity(Names.EffectiveGasPrice, mined.GasPrice);
        json.WriteQuantity(Names.Status, mined.Success ? 1UL : 0UL);
        json.WriteQuantity(Names.Type, (ulong)mined.Transaction.Type);
        json.WriteStartArray(Names.Logs);
        for (var i = 0; i < mined.Logs.Count; i++)
            WriteLog(json, new MinedLog(
                mined.Logs[i], mined.BlockNumber, mined.BlockHash, mined.Transaction.Hash, mined.Index, mined.FirstLogIndex + i));
        json.WriteEndArray();
        json.WriteData(Names.LogsBloom, Bloom.Of(mined.Logs).Span);
        json.WriteEndObject();
    }

    public static void WriteLog(Utf8JsonWriter json, MinedLog mined)
    {
        json.WriteStartObject();
        json.WriteData(Names.Address, mined.Log.Address.Span);
        json.WriteStartArray(Names.Topics);
        foreach (var topic in mined.Log.Topics)
            json.WriteDataValue(topic.Span);
        json.WriteEndArray();
        json.WriteData(Names.Data, mined.Log.Data.Span);
        json.WriteData(Names.BlockHash, mined.BlockHash.Span);
        json.WriteQuantity(Names.BlockNumber, mined.BlockNumber);
        json.WriteData(Names.TransactionHash, mined.TransactionHash.Span);
        json.WriteQuantity(Names.TransactionIndex, (ulong)mined.TransactionIndex);
        json.WriteQuantity(Names.LogIndex, (ulong)mined.Index);
        json.WriteBoolean(Names.Removed, false);
        json.WriteEndObject();
    }
}
