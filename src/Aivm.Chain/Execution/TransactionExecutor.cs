using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Chain;

/// <summary>What became of a transaction that was executed and paid for.</summary>
/// <param name="GasUsed">After refunds and the floor of EIP-7623.</param>
/// <param name="GasPrice">Wei per gas that was paid.</param>
public sealed record ExecutedTransaction(
    Transaction Transaction,
    Address Sender,
    CallResult Call,
    ulong GasUsed,
    UInt256 GasPrice,
    IReadOnlyList<LogEntry> Logs)
{
    public bool IsSuccess => Call.IsSuccess;
}

/// <summary>Executes one transaction on a state: buys gas, runs the call, refunds, pays the proposer. The base fee is burned.</summary>
public static class TransactionExecutor
{
    /// <summary>EIP-3529: at most a fifth of the gas used is refunded.</summary>
    private const ulong RefundQuotient = 5;

    /// <summary>A transaction that is not valid here leaves the state as it was. Errors: <see cref="TransactionErrors"/>.</summary>
    public static bool TryExecute(
        Transaction transaction,
        WorldState state,
        BlockContext block,
        ModelCache models,
        ulong blockGasLeft,
        [NotNullWhen(true)] out ExecutedTransaction? executed,
        [NotNullWhen(false)] out Error? error)
    {
        executed = null;
        error = Check(transaction, state, block, blockGasLeft, out var sender);
        if (error is not null)
            return false;
        var price = BaseFee.EffectiveGasPrice(transaction, block.BaseFee);
        state.SubtractBalance(sender, price * transaction.GasLimit);
        state.SetNonce(sender, transaction.Nonce + 1);

        var context = new TransactionContext(state, block, models, sender, price);
        var intrinsic = IntrinsicGas.Of(transaction);
        var result = MessageCall.Execute(context, FirstFrame(transaction, sender, intrinsic));
        var gasUsed = GasUsed(transaction.GasLimit, intrinsic, result, context.Refund);
        state.AddBalance(sender, price * (transaction.GasLimit - gasUsed));
        var tip = (price - block.BaseFee) * gasUsed;
        if (!tip.IsZero)
            state.AddBalance(block.Coinbase, tip);
        state.EndTransaction();
        executed = new ExecutedTransaction(transaction, sender, result, gasUsed, price, context.Logs);
        return true;
    }

    private static Error? Check(Transaction transaction, WorldState state, BlockContext block, ulong blockGasLeft, out Address sender)
    {
        sender = default;
        if (TransactionRules.CheckForm(transaction, block.Genesis) is { } wrongForm)
            return wrongForm;
        if (!transaction.TryRecoverSender(out sender))
            return TransactionErrors.WrongSignature();
        if (transaction.MaxFeePerGas < block.BaseFee)
            return TransactionErrors.BelowBaseFee(sender, transaction.MaxFeePerGas, block.BaseFee);
        if (transaction.GasLimit > blockGasLeft)
            return TransactionErrors.AboveBlockGas(transaction.GasLimit, blockGasLeft);
        return TransactionRules.CheckSender(transaction, sender, state);
    }

    private static CallFrame FirstFrame(Transaction transaction, Address sender, IntrinsicGas intrinsic) => new()
    {
        Kind = CallKind.Call,
        Caller = sender,
        Account = transaction.To!.Value,
        Callee = transaction.To.Value,
        Value = transaction.Value,
        Gas = transaction.GasLimit - intrinsic.Base,
        Input = transaction.Data,
    };

    internal static ulong GasUsed(ulong gasLimit, IntrinsicGas intrinsic, CallResult result, long refund)
    {
        var used = gasLimit - result.GasLeft;
        used -= Math.Min((ulong)Math.Max(refund, 0), used / RefundQuotient);
        return Math.Max(used, intrinsic.Floor);
    }
}
