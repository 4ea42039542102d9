using System.Text.Json;
using Aivm.Chain;
using Aivm.Node.JsonRpc;
using Aivm.Primitives;

namespace Aivm.Node.Ethereum;

/// <summary>Transactions as <c>eth_getTransaction*</c> shows them.</summary>
internal static class TransactionJson
{
    public static void WriteMined(Utf8JsonWriter json, MinedTransaction mined)
    {
        json.WriteStartObject();
        json.WriteData(Names.BlockHash, mined.BlockHash.Span);
        json.WriteQuantity(Names.BlockNumber, mined.BlockNumber);
        json.WriteQuantity(Names.TransactionIndex, (ulong)mined.Index);
        json.WriteQuantity(Names.GasPrice, mined.GasPrice);
        WriteContent(json, mined.Transaction, mined.Sender);
        json.WriteEndObject();
    }

    public static void WritePending(Utf8JsonWriter json, Transaction transaction, Address sender)
    {
        json.WriteStartObject();
        json.WriteNull(Names.BlockHash);
        json.WriteNull(Names.BlockNumber);
        json.WriteNull(Names.TransactionIndex);
        json.WriteQuantity(Names.GasPrice, transaction.MaxFeePerGas);
        WriteContent(json, transaction, sender);
        json.WriteEndObject();
    }

    private static void WriteContent(Utf8JsonWriter json, Transaction transaction, Address sender)
    {
        json.WriteData(Names.Hash, transaction.Hash.Span);
        json.WriteQuantity(Names.Type, (ulong)transaction.Type);
        json.WriteQuantity(Names.Nonce, transaction.Nonce);
        json.WriteData(Names.From, sender.Span);
        json.WriteAddress(Names.To, transaction.To);
        json.WriteQuantity(Names.Value, transaction.Value);
        json.WriteQuantity(Names.Gas, transaction.GasLimit);
        json.WriteData(Names.Input, transaction.Data.Span);
        if (transaction.ChainId is { } chainId)
            json.WriteQuantity(Names.ChainId, chainId);
        if (transaction.Type == TransactionType.DynamicFee)
        {
            json.WriteQuantity(Names.MaxFeePerGas, transaction.MaxFeePerGas);
            json.WriteQuantity(Names.MaxPriorityFeePerGas, transaction.MaxPriorityFeePerGas);
        }
        if (transaction.Type != TransactionType.Legacy)
        {
            WriteAccessList(json, transaction.AccessList);
            json.WriteQuantity(Names.YParity, transaction.Signature.YParity);
        }
        json.WriteQuantity(Names.V, transaction.V);
        json.WriteQuantity(Names.R, transaction.Signature.R);
        json.WriteQuantity(Names.S, transaction.Signature.S);
    }

    private static void WriteAccessList(Utf8JsonWriter json, IReadOnlyList<AccessListEntry> accessList)
    {
        json.WriteStartArray(Names.AccessList);
        foreach (var entry in accessList)
        {
            json.WriteStartObject();
            json.WriteData(Names.Address, entry.Address.Span);
            json.WriteStartArray(Names.StorageKeys);
            foreach (var key in entry.StorageKeys)
                json.WriteDataValue(key.Span);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
