using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>A call as <c>eth_call</c> describes it.</summary>
/// <param name="To">Null would create a contract.</param>
/// <param name="Gas">At most the gas cap of a transaction, which is also the default.</param>
/// <param name="GasPrice">Wei; null or zero: the call costs the caller nothing but its value.</param>
public sealed record CallRequest(
    Address From, Address? To, UInt256 Value, ReadOnlyMemory<byte> Data, ulong? Gas = null, UInt256? GasPrice = null)
{
    public IReadOnlyList<AccessListEntry> AccessList { get; init; } = [];
}

/// <param name="GasUsed">As a transaction would have used it.</param>
/// <param name="GasNeeded">What a transaction would have to offer for the same: refunds come only after.</param>
public sealed record SimulationResult(CallResult Call, ulong GasUsed, ulong GasNeeded);

/// <summary>Runs calls on top of a committed block and throws their changes away. Safe to use from several threads.</summary>
public sealed class Simulator(ChainReader reader, ModelCache models)
{
    /// <summary>Errors: those of an invalid transaction. A call that reverts or halts is a result, not an error.</summary>
    public bool TryCall(
        CallRequest request, ChainHeader block, [NotNullWhen(true)] out SimulationResult? result, [NotNullWhen(false)] out Error? error)
    {
        result = null;
        var cap = reader.Genesis.Limits.TransactionGas;
        var gas = Math.Min(request.Gas ?? cap, cap);
        if (request.To is null)
        {
            error = TransactionErrors.CreationNotSupported();
            return false;
        }
        var intrinsic = IntrinsicGas.Of(request.Data.Span, request.AccessList);
        if (gas < intrinsic.Required)
        {
            error = TransactionErrors.IntrinsicGasTooLow(gas, intrinsic.Required);
            return false;
        }
        error = CheckFunds(request, block, gas);
        if (error is not null)
            return false;
        result = Run(request, request.To.Value, block, gas, intrinsic);
        return true;
    }

    /// <summary>
    /// The least gas limit with which the call succeeds. Errors: those of <see cref="TryCall"/>. When the call fails with all the gas it may
    /// have, the estimate is null and the result says why.
    /// </summary>
    public bool TryEstimateGas(
        CallRequest request, ChainHeader block, out ulong? estimate, [NotNullWhen(true)] out SimulationResult? result, [NotNullWhen(false)] out Error? error)
    {
        estimate = null;
        if (!TryCall(request, block, out result, out error))
            return false;
        if (!result.Call.IsSuccess)
            return true;
        // What was used is enough unless code looked at the gas it had left: then the answer lies above, and halving finds it.
        var low = result.GasNeeded;
        var high = Math.Min(request.Gas ?? ulong.MaxValue, reader.Genesis.Limits.TransactionGas);
        if (Succeeds(request, block, low))
        {
            estimate = low;
            return true;
        }
        while (high - low > 1)
        {
            var middle = low + ((high - low) / 2);
            if (Succeeds(request, block, middle))
                high = middle;
            else
                low = middle;
        }
        estimate = high;
        return true;
    }

    private bool Succeeds(CallRequest request, ChainHeader block, ulong gas) =>
        TryCall(request with { Gas = gas }, block, out var result, out _) && result.Call.IsSuccess;

    private Error? CheckFunds(CallRequest request, ChainHeader block, ulong gas)
    {
        var price = request.GasPrice ?? UInt256.Zero;
        if (price.IsZero && request.Value.IsZero)
            return null;
        var balance = reader.StateAt(block).GetBalance(request.From);
        if (!UInt256.TryMultiply(price, gas, out var fee) || !UInt256.TryAdd(fee, request.Value, out var cost))
            return TransactionErrors.InsufficientFunds(balance, UInt256.MaxValue);
        return balance < cost ? TransactionErrors.InsufficientFunds(balance, cost) : null;
    }

    private SimulationResult Run(CallRequest request, Address to, ChainHeader block, ulong gas, IntrinsicGas intrinsic)
    {
        var state = reader.OpenState(block);
        var context = new TransactionContext(
            state, BlockContext.Of(reader.Genesis, block.Header), models, request.From, request.GasPrice ?? UInt256.Zero);
        var call = MessageCall.Execute(context, new CallFrame
        {
            Kind = CallKind.Call,
            Caller = request.From,
            Account = to,
            Callee = to,
            Value = request.Value,
            Gas = gas - intrinsic.Base,
            Input = request.Data,
        });
        return new SimulationResult(
            call, TransactionExecutor.GasUsed(gas, intrinsic, call, context.Refund), Math.Max(gas - call.GasLeft, intrinsic.Floor));
    }
}
