using System.Globalization;
using System.Text.Json;
using Aivm.Chain;
using Aivm.Consensus.Dev;
using Aivm.Node.JsonRpc;
using Aivm.Primitives;

namespace Aivm.Node.Ethereum;

/// <summary>The node itself: what it is, how it does, and the development engine's switch.</summary>
internal sealed class NodeMethods(ChainReader chain, TransactionPool pool, DevEngine engine)
{
    public void Register(Dictionary<string, RpcMethod> methods)
    {
        methods.Add("web3_clientVersion", Text($"aivm/v{Application.Version}"));
        methods.Add("web3_sha3", Sha3);
        methods.Add("net_version", Text(chain.Genesis.ChainId.ToString(CultureInfo.InvariantCulture)));
        methods.Add("net_listening", Flag(true));
        methods.Add("net_peerCount", Text("0x0"));
        methods.Add("eth_chainId", ChainId);
        methods.Add("eth_protocolVersion", Text("0x41"));
        methods.Add("eth_syncing", Flag(false));
        methods.Add("eth_mining", Flag(true));
        methods.Add("txpool_status", PoolStatus);
        methods.Add("evm_mine", Mine);
        methods.Add("aivm_chainLimits", Limits);
    }

    private static RpcMethod Text(string value) => (ref RpcCall call) =>
    {
        call.Result.WriteStringValue(value);
        return null;
    };

    private static RpcMethod Flag(bool value) => (ref RpcCall call) =>
    {
        call.Result.WriteBooleanValue(value);
        return null;
    };

    private RpcError? ChainId(ref RpcCall call)
    {
        call.Result.WriteQuantityValue(chain.Genesis.ChainId);
        return null;
    }

    private static RpcError? Sha3(ref RpcCall call)
    {
        if (!call.Parameters.TryReadData("data", out var data))
            return call.Parameters.Error;
        call.Result.WriteDataValue(Keccak.Hash(data).Span);
        return null;
    }

    /// <summary>The pool does not tell executable from waiting transactions apart here: all count as pending.</summary>
    private RpcError? PoolStatus(ref RpcCall call)
    {
        call.Result.WriteStartObject();
        call.Result.WriteQuantity(PendingName, (ulong)pool.Count);
        call.Result.WriteQuantity(QueuedName, 0UL);
        call.Result.WriteEndObject();
        return null;
    }

    /// <summary>Mines one block at once, as other development nodes do.</summary>
    private RpcError? Mine(ref RpcCall call)
    {
        if (engine.MineOne() is { } halted)
            return RpcError.Unavailable(halted);
        call.Result.WriteStringValue("0x0"u8);
        return null;
    }

    /// <summary>What a client has to know to publish a model in pieces that fit.</summary>
    private RpcError? Limits(ref RpcCall call)
    {
        var limits = chain.Genesis.Limits;
        call.Result.WriteStartObject();
        call.Result.WriteNumber("blockGas"u8, chain.Genesis.GasLimit);
        call.Result.WriteNumber("transactionGas"u8, limits.TransactionGas);
        call.Result.WriteNumber("transactionBytes"u8, limits.TransactionBytes);
        call.Result.WriteNumber("blockBytes"u8, limits.BlockBytes);
        call.Result.WriteNumber("modelBytes"u8, limits.ModelBytes);
        call.Result.WriteNumber("chunkBytes"u8, limits.ChunkBytes);
        call.Result.WriteNumber("uploadLifetime"u8, limits.UploadLifetime);
        call.Result.WriteEndObject();
        return null;
    }

    private static readonly JsonEncodedText PendingName = JsonEncodedText.Encode("pending");
    private static readonly JsonEncodedText QueuedName = JsonEncodedText.Encode("queued");
}
