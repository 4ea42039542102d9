using System.Text.Json;
using Aivm.Chain;
using Aivm.Node.JsonRpc;

namespace Aivm.Node.Ethereum;

/// <summary>Filters that a client polls.</summary>
internal sealed class FilterMethods(ChainReader chain, FilterTable filters)
{
    private static readonly RpcError NotFound = RpcError.Execution("filter not found");

    public void Register(Dictionary<string, RpcMethod> methods)
    {
        methods.Add("eth_newFilter", NewLogFilter);
        methods.Add("eth_newBlockFilter", NewBlockFilter);
        methods.Add("eth_newPendingTransactionFilter", NewTransactionFilter);
        methods.Add("eth_getFilterChanges", GetChanges);
        methods.Add("eth_getFilterLogs", GetLogs);
        methods.Add("eth_uninstallFilter", Uninstall);
    }

    private RpcError? NewLogFilter(ref RpcCall call)
    {
        if (!LogQuery.TryRead(ref call.Parameters, out var query))
            return call.Parameters.Error;
        call.Result.WriteStringValue(filters.Add(new LogPoll(chain, query)));
        return null;
    }

    private RpcError? NewBlockFilter(ref RpcCall call)
    {
        call.Result.WriteStringValue(filters.Add(new BlockPoll(chain)));
        return null;
    }

    private RpcError? NewTransactionFilter(ref RpcCall call)
    {
        call.Result.WriteStringValue(filters.Add(new TransactionPoll()));
        return null;
    }

    private RpcError? GetChanges(ref RpcCall call)
    {
        if (!TryReadId(ref call.Parameters, out var id))
            return call.Parameters.Error;
        return filters.TryGet(id, out var filter) ? filter.WriteChanges(call.Result) : NotFound;
    }

    private RpcError? GetLogs(ref RpcCall call)
    {
        if (!TryReadId(ref call.Parameters, out var id))
            return call.Parameters.Error;
        if (!filters.TryGet(id, out var filter) || filter is not LogPoll { Query: var query })
            return NotFound;
        if (!ChainMethods.TryGetLogs(chain, query, out var logs, out var error))
            return error;
        call.Result.WriteStartArray();
        foreach (var log in logs)
            ReceiptJson.WriteLog(call.Result, log);
        call.Result.WriteEndArray();
        return null;
    }

    private RpcError? Uninstall(ref RpcCall call)
    {
        if (!TryReadId(ref call.Parameters, out var id))
            return call.Parameters.Error;
        call.Result.WriteBooleanValue(filters.Remove(id));
        return null;
    }

    private static bool TryReadId(ref RpcParameters parameters, out string id)
    {
        id = "";
        if (!parameters.TryNextRequired("filter id", out var reader))
            return false;
        if (reader.TokenType != JsonTokenType.String || reader.ValueIsEscaped || reader.ValueSpan.Length > RandomId.MaxLength)
            return parameters.Expected("filter id", "the id that a method of eth_new*Filter returned");
        id = System.Text.Encoding.UTF8.GetString(reader.ValueSpan);
        return true;
    }
}
