using Aivm.Chain;
using Aivm.Node.JsonRpc;

namespace Aivm.Node.Ethereum;

/// <summary>Committed blocks, transactions, receipts and logs. What does not exist is null, not an error.</summary>
internal sealed class ChainMethods(ChainReader chain, TransactionPool pool)
{
    public void Register(Dictionary<string, RpcMethod> methods)
    {
        methods.Add("eth_blockNumber", BlockNumber);
        methods.Add("eth_getBlockByNumber", GetBlock);
        methods.Add("eth_getBlockByHash", GetBlock);
        methods.Add("eth_getBlockTransactionCountByNumber", GetTransactionCount);
        methods.Add("eth_getBlockTransactionCountByHash", GetTransactionCount);
        methods.Add("eth_getUncleCountByBlockNumber", GetUncleCount);
        methods.Add("eth_getUncleCountByBlockHash", GetUncleCount);
        methods.Add("eth_getTransactionByHash", GetTransaction);
        methods.Add("eth_getTransactionByBlockNumberAndIndex", GetTransactionInBlock);
        methods.Add("eth_getTransactionByBlockHashAndIndex", GetTransactionInBlock);
        methods.Add("eth_getTransactionReceipt", GetReceipt);
        methods.Add("eth_getBlockReceipts", GetBlockReceipts);
        methods.Add("eth_getLogs", GetLogs);
    }

    /// <summary>The logs of a query at this moment.</summary>
    public static bool TryGetLogs(ChainReader chain, LogQuery query, out IReadOnlyList<MinedLog> logs, out RpcError? error)
    {
        logs = [];
        error = BlockLookup.NotFound;
        ulong from, to;
        if (query.BlockHash is { } hash)
        {
            if (!chain.TryGetHeader(hash, out var block))
                return false;
            from = to = block.Number;
        }
        else
        {
            from = NumberOf(chain, query.From ?? BlockSelector.Latest);
            to = NumberOf(chain, query.To ?? BlockSelector.Latest);
        }
        if (!chain.TryGetLogs(query.Over(from, to), out logs, out var refusal))
        {
            error = refusal.Code == "log-range-invalid" ? RpcError.InvalidParameters(refusal.Message) : RpcError.LimitExceeded(refusal.Message);
            return false;
        }
        error = null;
        return true;
    }

    private static ulong NumberOf(ChainReader chain, BlockSelector selector) =>
        selector.Number ?? (chain.TryFind(selector, out var header) ? header.Number : chain.Head.Number);

    private RpcError? BlockNumber(ref RpcCall call)
    {
        call.Result.WriteQuantityValue(chain.Head.Number);
        return null;
    }

    private RpcError? GetBlock(ref RpcCall call)
    {
        if (!call.Parameters.TryReadBlock(out var selector) || !call.Parameters.TryReadFlag("fullTransactions", out var full))
            return call.Parameters.Error;
        if (chain.TryFind(selector, out var header))
            BlockJson.WriteBlock(call.Result, header, chain.GetTransactions(header), full);
        else
            call.Result.WriteNullValue();
        return null;
    }

    private RpcError? GetTransactionCount(ref RpcCall call)
    {
        if (!call.Parameters.TryReadBlock(out var selector))
            return call.Parameters.Error;
        if (chain.TryFind(selector, out var header))
            call.Result.WriteQuantityValue((ulong)chain.GetTransactions(header).Count());
        else
            call.Result.WriteNullValue();
        return null;
    }

    private RpcError? GetUncleCount(ref RpcCall call)
    {
        if (!call.Parameters.TryReadBlock(out var selector))
            return call.Parameters.Error;
        if (chain.TryFind(selector, out _))
            call.Result.WriteQuantityValue(0UL);
        else
            call.Result.WriteNullValue();
        return null;
    }

    private RpcError? GetTransaction(ref RpcCall call)
    {
        if (!call.Parameters.TryReadHash("hash", out var hash))
            return call.Parameters.Error;
        // The pool is asked first: a transaction that is mined between the two questions is found by the second.
        if (pool.TryGet(hash, out var waiting) && waiting.TryRecoverSender(out var sender))
            TransactionJson.WritePending(call.Result, waiting, sender);
        else if (chain.TryGetTransaction(hash, out var mined))
            TransactionJson.WriteMined(call.Result, mined);
        else
            call.Result.WriteNullValue();
        return null;
    }

    private RpcError? GetTransactionInBlock(ref RpcCall call)
    {
        if (!call.Parameters.TryReadBlock(out var selector) || !call.Parameters.TryReadUInt64("index", out var index))
            return call.Parameters.Error;
        if (index <= int.MaxValue && chain.TryFind(selector, out var header) && chain.TryGetTransaction(header.Number, (int)index, out var mined))
            TransactionJson.WriteMined(call.Result, mined);
        else
            call.Result.WriteNullValue();
        return null;
    }

    private RpcError? GetReceipt(ref RpcCall call)
    {
        if (!call.Parameters.TryReadHash("hash", out var hash))
            return call.Parameters.Error;
        if (chain.TryGetTransaction(hash, out var mined))
            ReceiptJson.Write(call.Result, mined);
        else
            call.Result.WriteNullValue();
        return null;
    }

    private RpcError? GetBlockReceipts(ref RpcCall call)
    {
        if (!call.Parameters.TryReadBlock(out var selector))
            return call.Parameters.Error;
        if (!chain.TryFind(selector, out var header))
        {
            call.Result.WriteNullValue();
            return null;
        }
        call.Result.WriteStartArray();
        foreach (var mined in chain.GetTransactions(header))
            ReceiptJson.Write(call.Result, mined);
        call.Result.WriteEndArray();
        return null;
    }

    private RpcError? GetLogs(ref RpcCall call)
    {
        if (!LogQuery.TryRead(ref call.Parameters, out var query))
            return call.Parameters.Error;
        if (!TryGetLogs(chain, query, out var logs, out var error))
            return error;
        call.Result.WriteStartArray();
        foreach (var log in logs)
            ReceiptJson.WriteLog(call.Result, log);
        call.Result.WriteEndArray();
        return null;
    }
}
