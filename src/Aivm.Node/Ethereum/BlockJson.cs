using System.Buffers.Binary;
using System.Text.Json;
using Aivm.Chain;
using Aivm.Node.JsonRpc;
using Aivm.Primitives;

namespace Aivm.Node.Ethereum;

/// <summary>Blocks as <c>eth_getBlockBy*</c> and <c>newHeads</c> show them.</summary>
internal static class BlockJson
{
    public static void WriteHeader(Utf8JsonWriter json, ChainHeader header)
    {
        json.WriteStartObject();
        WriteHeaderFields(json, header.Header, header.Hash);
        json.WriteEndObject();
    }

    /// <param name="full">Whole transactions instead of their hashes.</param>
    public static void WriteBlock(Utf8JsonWriter json, ChainHeader header, IEnumerable<MinedTransaction> transactions, bool full)
    {
        json.WriteStartObject();
        WriteHeaderFields(json, header.Header, header.Hash);
        json.WriteStartArray(Names.Transactions);
        var encodedLength = 0;
        foreach (var mined in transactions)
        {
            encodedLength += EncodedLength(mined.Transaction);
            if (full)
                TransactionJson.WriteMined(json, mined);
            else
                json.WriteDataValue(mined.Transaction.Hash.Span);
        }
        json.WriteEndArray();
        json.WriteQuantity(Names.Size, (ulong)EncodedLength(header.Header, encodedLength));
        json.WriteStartArray(Names.Uncles);
        json.WriteEndArray();
        json.WriteStartArray(Names.Withdrawals);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteHeaderFields(Utf8JsonWriter json, BlockHeader header, Hash256 hash)
    {
        Span<byte> nonce = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(nonce, header.Nonce);
        json.WriteQuantity(Names.Number, header.Number);
        json.WriteData(Names.Hash, hash.Span);
        json.WriteData(Names.ParentHash, header.ParentHash.Span);
        json.WriteData(Names.Nonce, nonce);
        json.WriteData(Names.Sha3Uncles, header.OmmersHash.Span);
        json.WriteData(Names.LogsBloom, header.Bloom.Span);
        json.WriteData(Names.TransactionsRoot, header.TransactionsRoot.Span);
        json.WriteData(Names.StateRoot, header.StateRoot.Span);
        json.WriteData(Names.ReceiptsRoot, header.ReceiptsRoot.Span);
        json.WriteData(Names.Miner, header.Coinbase.Span);
        json.WriteQuantity(Names.Difficulty, header.Difficulty);
        json.WriteData(Names.ExtraData, header.ExtraData.Span);
        json.WriteQuantity(Names.GasLimit, header.GasLimit);
        json.WriteQuantity(Names.GasUsed, header.GasUsed);
        json.WriteQuantity(Names.Timestamp, header.Time);
        json.WriteData(Names.MixHash, header.MixHash.Span);
        json.WriteQuantity(Names.BaseFeePerGas, header.BaseFee);
        json.WriteData(Names.WithdrawalsRoot, header.WithdrawalsRoot.Span);
        json.WriteQuantity(Names.BlobGasUsed, header.BlobGasUsed);
        json.WriteQuantity(Names.ExcessBlobGas, header.ExcessBlobGas);
        json.WriteData(Names.ParentBeaconBlockRoot, header.ParentBeaconBlockRoot.Span);
        json.WriteData(Names.RequestsHash, header.RequestsHash.Span);
    }

    /// <summary>The length of the encoded block, without encoding its transactions again.</summary>
    private static int EncodedLength(BlockHeader header, int transactions)
    {
        const int EmptyLists = 2; // Ommers and withdrawals, one byte each.
        return Rlp.LengthOfList(header.Encode().Length + Rlp.LengthOfList(transactions) + EmptyLists);
    }

    private static int EncodedLength(Transaction transaction) =>
        transaction.Type == TransactionType.Legacy ? transaction.Encoded.Length : Rlp.LengthOf(transaction.Encoded.Span);
}
