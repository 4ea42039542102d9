using System.Text.Json;
using Aivm.Chain;
using Aivm.Node.JsonRpc;
using Aivm.Primitives;

namespace Aivm.Node.Ethereum;

/// <summary>Calls that change nothing: on top of any block, with the gas of one transaction at most.</summary>
internal sealed class CallMethods(ChainReader chain, Simulator simulator)
{
    public void Register(Dictionary<string, RpcMethod> methods)
    {
        methods.Add("eth_call", Call);
        methods.Add("eth_estimateGas", EstimateGas);
        methods.Add("eth_createAccessList", CreateAccessList);
    }

    /// <summary>The gas that a transaction like this needs on top of a block.</summary>
    public RpcError? Estimate(CallArguments arguments, ChainHeader header, out ulong gas)
    {
        gas = 0;
        if (!simulator.TryEstimateGas(ToRequest(arguments, header), header, out var estimate, out var result, out var error))
            return RpcError.Execution(error.Message);
        if (estimate is not { } enough)
            return Failure(result.Call);
        gas = enough;
        return null;
    }

    private RpcError? Call(ref RpcCall call)
    {
        if (!TryReadCall(ref call.Parameters, out var arguments, out var selector))
            return call.Parameters.Error;
        if (call.Parameters.TryNext(out var overrides) && !IsEmptyObject(overrides))
            return RpcError.InvalidParameters("params[2]: state overrides are not supported");
        if (!chain.TryFind(selector, out var header))
            return BlockLookup.NotFound;
        if (!simulator.TryCall(ToRequest(arguments, header), header, out var result, out var error))
            return RpcError.Execution(error.Message);
        if (!result.Call.IsSuccess)
            return Failure(result.Call);
        call.Result.WriteDataValue(result.Call.Output.Span);
        return null;
    }

    private RpcError? EstimateGas(ref RpcCall call)
    {
        if (!TryReadCall(ref call.Parameters, out var arguments, out var selector))
            return call.Parameters.Error;
        if (!chain.TryFind(selector, out var header))
            return BlockLookup.NotFound;
        var error = Estimate(arguments, header, out var gas);
        if (error is null)
            call.Result.WriteQuantityValue(gas);
        return error;
    }

    /// <summary>Native contracts and models gain nothing from announcing slots, so the best list is the empty one.</summary>
    private RpcError? CreateAccessList(ref RpcCall call)
    {
        if (!TryReadCall(ref call.Parameters, out var arguments, out var selector))
            return call.Parameters.Error;
        if (!chain.TryFind(selector, out var header))
            return BlockLookup.NotFound;
        if (!simulator.TryCall(ToRequest(arguments, header), header, out var result, out var error))
            return RpcError.Execution(error.Message);
        call.Result.WriteStartObject();
        call.Result.WriteStartArray(Names.AccessList);
        call.Result.WriteEndArray();
        if (!result.Call.IsSuccess)
            call.Result.WriteString("error"u8, Failure(result.Call).Message);
        call.Result.WriteQuantity(Names.GasUsed, result.GasUsed);
        call.Result.WriteEndObject();
        return null;
    }

    private static bool TryReadCall(ref RpcParameters parameters, out CallArguments arguments, out BlockSelector selector)
    {
        selector = default;
        return CallArguments.TryRead(ref parameters, out arguments) && parameters.TryReadBlock(out selector);
    }

    /// <summary>A call that names a fee but no gas may use what its sender can pay for, not more.</summary>
    private CallRequest ToRequest(CallArguments arguments, ChainHeader header)
    {
        var from = arguments.From ?? Address.Zero;
        var value = arguments.Value ?? UInt256.Zero;
        var price = arguments.GasPrice ?? arguments.MaxFeePerGas ?? UInt256.Zero;
        var gas = arguments.Gas;
        if (gas is null && !price.IsZero && UInt256.TrySubtract(chain.StateAt(header).GetBalance(from), value, out var budget))
        {
            var affordable = budget / price;
            gas = affordable.FitsUInt64 ? (ulong)affordable : null;
        }
        return new CallRequest(from, arguments.To, value, arguments.Data, gas, price) { AccessList = arguments.AccessList ?? [] };
    }

    /// <summary>
    /// A revert carries its data under code 3, as clients expect that decode custom errors; whatever else stopped the call is told in words.
    /// </summary>
    private static RpcError Failure(CallResult result)
    {
        if (result.Status != CallStatus.Reverted)
            return RpcError.Execution(result.Error?.Message ?? "execution failed");
        var reason = result.Error is null ? "execution reverted" : $"execution reverted: {result.Error.Message}";
        return RpcError.Reverted(reason, result.Output);
    }

    private static bool IsEmptyObject(Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.StartObject && reader.Read() && reader.TokenType == JsonTokenType.EndObject;
}
