using System.Buffers.Binary;
using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>Gets receipts from a node, with what proves them. The node is not trusted: what it gives is checked as anybody would check it.</summary>
public sealed class ReceiptClient(RpcClient rpc)
{
    /// <param name="reference">The receipt's id, or the hash of the transaction that made it.</param>
    /// <param name="block">The block whose state is to show it; by default the one that made it.</param>
    /// <exception cref="AivmException"><c>receipt-not-found</c>, <c>node-answer-invalid</c>.</exception>
    public async Task<ReceiptFile> GetAsync(Hash256 reference, ulong? block = null, CancellationToken cancellation = default)
    {
        var encoded = await FindAsync(reference, cancellation);
        if (!InferenceReceipt.TryDecode(encoded, out var receipt, out var error))
            throw JsonRpcTransport.Invalid(error.Message);
        var number = block ?? receipt.Height;
        var batch = await rpc.InvokeBatchAsync(
            [new("eth_getBlockByNumber", json => WriteBlock(json, number)), new("eth_getProof", json => WriteSlot(json, receipt, number))], cancellation);
        if (batch[0].ValueKind == JsonValueKind.Null)
            throw new AivmException(Failure.Input, "block-not-found", $"The node has no block {number}.");
        var header = RpcClient.Read(batch[0], ReadHeader);
        var file = RpcClient.Read(batch[1], proof => Read(encoded, header, proof));
        if (!ReceiptVerifier.TryVerify(file, header.Hash, out _, out error))
            throw error.Code == "receipt-absent"
                ? new AivmException(Failure.Check, "receipt-not-found", $"Block {number} is before the receipt's own, {receipt.Height}: name a later one.")
                : JsonRpcTransport.Invalid(error.Message);
        return file;
    }

    /// <summary>The encoded receipt from the log of its transaction.</summary>
    private async Task<byte[]> FindAsync(Hash256 reference, CancellationToken cancellation)
    {
        if (await rpc.GetReceiptAsync(reference, cancellation) is { } transaction)
            return FindIn(transaction.Logs).FirstOrDefault() ?? throw NotFound(reference, "the transaction made none");
        foreach (var home in ReceiptHome.All)
        {
            if (await GetHeightAsync(home, reference, cancellation) is { } height)
                return await FindInAsync(home, reference, height, cancellation);
        }
        throw NotFound(reference, "the chain has neither a transaction nor a receipt with it, or a challenge revoked it");
    }

    private async Task<ulong?> GetHeightAsync(ReceiptHome home, Hash256 id, CancellationToken cancellation)
    {
        var call = new CallRequest { To = home.Contract, Data = home.Height.BeginCall().WriteHash(id).ToArray() };
        if (await rpc.CallAsync(call, cancellation) is not { Length: UInt256.Size } answer)
            return null;
        var height = UInt256.FromBigEndian(answer);
        return height.IsZero || !height.FitsUInt64 ? null : (ulong)height;
    }

    private async Task<byte[]> FindInAsync(ReceiptHome home, Hash256 id, ulong height, CancellationToken cancellation)
    {
        var logs = await rpc.GetLogsAsync(new LogQuery(home.Contract, height, height, [home.Event.Topic, null, null, id]), cancellation);
        return FindIn(logs.Select(log => log.Log)).FirstOrDefault(receipt => Keccak.Hash(receipt) == id) ?? throw NotFound(id, "the node has no log of it");
    }

    private static IEnumerable<byte[]> FindIn(IEnumerable<LogEntry> logs) => InferenceClient.FindReceipts(logs).Concat(JobsClient.FindReceipts(logs));

    private static ReceiptFile Read(byte[] receipt, BlockHeader header, JsonElement proof)
    {
        var slot = proof.GetProperty("storageProof").EnumerateArray().First();
        return new ReceiptFile(receipt, header.Encode(), Nodes(proof.GetProperty("accountProof")), Nodes(slot.GetProperty("proof")));
    }

    private static byte[][] Nodes(JsonElement nodes) => [.. nodes.EnumerateArray().Select(EthereumJson.Data)];

    /// <summary>All fields that the hash covers; the node's own word for the hash has to be theirs.</summary>
    private static BlockHeader ReadHeader(JsonElement json)
    {
        var header = new BlockHeader
        {
            ParentHash = json.Hash("parentHash"),
            OmmersHash = json.Hash("sha3Uncles"),
            Coinbase = json.Address("miner"),
            StateRoot = json.Hash("stateRoot"),
            TransactionsRoot = json.Hash("transactionsRoot"),
            ReceiptsRoot = json.Hash("receiptsRoot"),
            Bloom = Bloom.FromBytes(Bytes(json, "logsBloom", Bloom.Size)),
            Difficulty = json.Quantity("difficulty"),
            Number = (ulong)json.Quantity("number"),
            GasLimit = (ulong)json.Quantity("gasLimit"),
            GasUsed = (ulong)json.Quantity("gasUsed"),
            Time = (ulong)json.Quantity("timestamp"),
            ExtraData = EthereumJson.Data(json.GetProperty("extraData")),
            MixHash = json.Hash("mixHash"),
            Nonce = BinaryPrimitives.ReadUInt64BigEndian(Bytes(json, "nonce", sizeof(ulong))),
            BaseFee = json.Quantity("baseFeePerGas"),
            WithdrawalsRoot = json.Hash("withdrawalsRoot"),
            BlobGasUsed = (ulong)json.Quantity("blobGasUsed"),
            ExcessBlobGas = (ulong)json.Quantity("excessBlobGas"),
            ParentBeaconBlockRoot = json.Hash("parentBeaconBlockRoot"),
            RequestsHash = json.Hash("requestsHash"),
        };
        return header.Hash == json.Hash("hash") ? header : throw new FormatException("A block's hash is not that of its header.");
    }

    private static byte[] Bytes(JsonElement json, string name, int length) =>
        EthereumJson.Data(json.GetProperty(name)) is var bytes && bytes.Length == length ? bytes : throw new FormatException($"{name} has {length} bytes.");

    private static void WriteBlock(Utf8JsonWriter json, ulong number)
    {
        json.WriteQuantityValue(number);
        json.WriteBooleanValue(false);
    }

    private static void WriteSlot(Utf8JsonWriter json, InferenceReceipt receipt, ulong number)
    {
        json.WriteStringValue(ReceiptHome.Of(receipt).Contract.ToString());
        json.WriteStartArray();
        json.WriteStringValue(ReceiptHome.Of(receipt).SlotOf(receipt.Id).ToHash256().ToString());
        json.WriteEndArray();
        json.WriteQuantityValue(number);
    }

    private static AivmException NotFound(Hash256 reference, string reason) =>
        new(Failure.Check, "receipt-not-found", $"There is no receipt for {reference}: {reason}.");
}
