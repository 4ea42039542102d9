using System.Text.Json;
using Aivm.Chain;
using Aivm.Node.JsonRpc;
using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Node.Ethereum;

/// <summary>Accounts at any block, with proofs.</summary>
internal sealed class StateMethods(ChainReader chain, TransactionPool pool)
{
    private const int MaxProofSlots = 1_024;

    public void Register(Dictionary<string, RpcMethod> methods)
    {
        methods.Add("eth_getBalance", GetBalance);
        methods.Add("eth_getTransactionCount", GetNonce);
        methods.Add("eth_getCode", GetCode);
        methods.Add("eth_getStorageAt", GetStorage);
        methods.Add("eth_getProof", GetProof);
    }

    private RpcError? GetBalance(ref RpcCall call)
    {
        if (!call.Parameters.TryReadAddress("address", out var address) || !call.Parameters.TryReadBlock(out var selector))
            return call.Parameters.Error;
        if (!chain.TryFind(selector, out var header))
            return BlockLookup.NotFound;
        call.Result.WriteQuantityValue(chain.StateAt(header).GetBalance(address));
        return null;
    }

    private RpcError? GetNonce(ref RpcCall call)
    {
        if (!call.Parameters.TryReadAddress("address", out var address) || !call.Parameters.TryReadBlock(out var selector))
            return call.Parameters.Error;
        if (!chain.TryFind(selector, out var header))
            return BlockLookup.NotFound;
        call.Result.WriteQuantityValue(
            selector.Tag == BlockTag.Pending ? pool.NextNonce(address) : chain.StateAt(header).GetNonce(address));
        return null;
    }

    private RpcError? GetCode(ref RpcCall call)
    {
        if (!call.Parameters.TryReadAddress("address", out var address) || !call.Parameters.TryReadBlock(out var selector))
            return call.Parameters.Error;
        if (!chain.TryFind(selector, out var header))
            return BlockLookup.NotFound;
        call.Result.WriteDataValue(chain.StateAt(header).GetCode(address).Span);
        return null;
    }

    private RpcError? GetStorage(ref RpcCall call)
    {
        if (!call.Parameters.TryReadAddress("address", out var address)
            || !call.Parameters.TryReadSlot("slot", out var slot)
            || !call.Parameters.TryReadBlock(out var selector))
            return call.Parameters.Error;
        if (!chain.TryFind(selector, out var header))
            return BlockLookup.NotFound;
        call.Result.WriteDataValue(chain.StateAt(header).GetStorage(address, slot).ToHash256().Span);
        return null;
    }

    private RpcError? GetProof(ref RpcCall call)
    {
        if (!call.Parameters.TryReadAddress("address", out var address)
            || !TryReadSlots(ref call.Parameters, out var slots)
            || !call.Parameters.TryReadBlock(out var selector))
            return call.Parameters.Error;
        if (!chain.TryFind(selector, out var header))
            return BlockLookup.NotFound;
        WriteProof(call.Result, chain.StateAt(header).GetProof(address, slots));
        return null;
    }

    private static bool TryReadSlots(ref RpcParameters parameters, out List<UInt256> slots)
    {
        const string Name = "slots";
        slots = [];
        if (!parameters.TryNextRequired(Name, out var reader))
            return false;
        if (reader.TokenType != JsonTokenType.StartArray)
            return parameters.Expected(Name, "an array");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (slots.Count == MaxProofSlots || !JsonText.TryReadWord(ref reader, out var slot))
                return parameters.Expected(Name, $"at most {MaxProofSlots} slots, each 0x and at most 64 hexadecimal digits");
            slots.Add(slot);
        }
        return true;
    }

    private static void WriteProof(Utf8JsonWriter json, AccountProof proof)
    {
        var account = proof.Account ?? Account.New;
        json.WriteStartObject();
        json.WriteData(Names.Address, proof.Address.Span);
        WriteNodes(json, Names.AccountProof, proof.Nodes);
        json.WriteQuantity(Names.Balance, account.Balance);
        json.WriteData(Names.CodeHash, account.CodeHash.Span);
        json.WriteQuantity(Names.Nonce, account.Nonce);
        json.WriteData(Names.StorageHash, account.StorageRoot.Span);
        json.WriteStartArray(Names.StorageProof);
        foreach (var slot in proof.Storage)
        {
            json.WriteStartObject();
            // Quantities, as geth writes them since the slots may be asked for in either form.
            json.WriteQuantity(Names.Key, slot.Slot);
            json.WriteQuantity(Names.Value, slot.Value);
            WriteNodes(json, Names.Proof, slot.Nodes);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteNodes(Utf8JsonWriter json, JsonEncodedText name, byte[][] nodes)
    {
        json.WriteStartArray(name);
        foreach (var node in nodes)
            json.WriteDataValue(node);
        json.WriteEndArray();
    }
}
