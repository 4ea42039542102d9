using Aivm.Chain;
using Aivm.Consensus.Dev;
using Aivm.Node.JsonRpc;
using Aivm.Primitives;

namespace Aivm.Node.Ethereum;

/// <summary>Transactions into the pool: signed ones, and unsigned ones of the unlocked development accounts.</summary>
internal sealed class SendMethods(ChainReader chain, TransactionPool pool, CallMethods calls, DevEngine engine, IReadOnlyList<DevAccount> accounts)
{
    // One nonce is given out at a time.
    private readonly Lock _signing = new();

    public void Register(Dictionary<string, RpcMethod> methods)
    {
        methods.Add("eth_sendRawTransaction", SendRawTransaction);
        methods.Add("eth_sendTransaction", SendTransaction);
        methods.Add("eth_accounts", Accounts);
        methods.Add("eth_requestAccounts", Accounts);
    }

    private RpcError? SendRawTransaction(ref RpcCall call)
    {
        if (!call.Parameters.TryReadData("transaction", out var encoded))
            return call.Parameters.Error;
        // While nothing can be stored, nothing is promised.
        if (engine.Halted is { } halted)
            return RpcError.Unavailable(halted);
        if (!pool.TryAdd(encoded, out var transaction, out var error))
            return RpcError.Execution(error.Message);
        call.Result.WriteDataValue(transaction.Hash.Span);
        return null;
    }

    private RpcError? Accounts(ref RpcCall call)
    {
        call.Result.WriteStartArray();
        foreach (var account in accounts)
            call.Result.WriteDataValue(account.Address.Span);
        call.Result.WriteEndArray();
        return null;
    }

    private RpcError? SendTransaction(ref RpcCall call)
    {
        if (!CallArguments.TryRead(ref call.Parameters, out var arguments))
            return call.Parameters.Error;
        if (arguments.From is not { } from)
            return RpcError.InvalidParameters("params[0] (transaction.from) is missing");
        var account = accounts.FirstOrDefault(candidate => candidate.Address == from);
        if (account is null)
            return RpcError.Execution($"unknown account {from}: sign the transaction and use eth_sendRawTransaction");
        if (arguments.ChainId is { } chainId && chainId != chain.Genesis.ChainId)
            return RpcError.InvalidParameters($"params[0] (transaction.chainId): this chain is {chain.Genesis.ChainId}");
        if (engine.Halted is { } halted)
            return RpcError.Unavailable(halted);
        if (EnsureGas(arguments, out var gas) is { } failure)
            return failure;
        lock (_signing)
        {
            var transaction = Fill(arguments, from, gas).Sign(account.Key.Span);
            if (!pool.TryAdd(transaction, out var error))
                return RpcError.Execution(error.Message);
            call.Result.WriteDataValue(transaction.Hash.Span);
            return null;
        }
    }

    private RpcError? EnsureGas(CallArguments arguments, out ulong gas)
    {
        gas = arguments.Gas ?? 0;
        return arguments.Gas is null ? calls.Estimate(arguments, chain.Head, out gas) : null;
    }

    /// <summary>What the sender left open: the next nonce, and a fee that outlasts some full blocks.</summary>
    private UnsignedTransaction Fill(CallArguments arguments, Address from, ulong gas)
    {
        var content = new UnsignedTransaction
        {
            ChainId = chain.Genesis.ChainId,
            Nonce = arguments.Nonce ?? pool.NextNonce(from),
            GasLimit = gas,
            To = arguments.To,
            Value = arguments.Value ?? UInt256.Zero,
            Data = arguments.Data,
            AccessList = arguments.AccessList ?? [],
        };
        if (arguments.GasPrice is { } gasPrice)
        {
            var type = arguments.AccessList is null ? TransactionType.Legacy : TransactionType.AccessList;
            return content with { Type = type, GasPrice = gasPrice };
        }
        var tip = arguments.MaxPriorityFeePerGas ?? UInt256.Min(FeeMethods.SuggestedTip, arguments.MaxFeePerGas ?? UInt256.MaxValue);
        return content with { MaxPriorityFeePerGas = tip, MaxFeePerGas = arguments.MaxFeePerGas ?? (chain.NextBaseFee * 2) + tip };
    }
}
