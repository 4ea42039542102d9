using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Chain;

/// <summary>When a transaction is valid. Admission, proposals and execution ask the same questions.</summary>
public static class TransactionRules
{
    /// <summary>What holds whatever the state is. Does not recover the sender.</summary>
    public static Error? CheckForm(Transaction transaction, Genesis genesis)
    {
        var limits = genesis.Limits;
        if (transaction.Encoded.Length > limits.TransactionBytes)
            return TransactionErrors.TooLarge(transaction.Encoded.Length, limits.TransactionBytes);
        if (transaction.ChainId is not { } chainId)
            return TransactionErrors.NotReplayProtected();
        if (chainId != genesis.ChainId)
            return TransactionErrors.WrongChainId(chainId, genesis.ChainId);
        if (transaction.To is null)
            return TransactionErrors.CreationNotSupported();
        if (transaction.MaxPriorityFeePerGas > transaction.MaxFeePerGas)
            return TransactionErrors.TipAboveFee(transaction.MaxPriorityFeePerGas, transaction.MaxFeePerGas);
        if (transaction.GasLimit > limits.TransactionGas)
            return TransactionErrors.AboveTransactionGas(transaction.GasLimit, limits.TransactionGas);
        if (transaction.GasLimit > genesis.GasLimit)
            return TransactionErrors.AboveBlockGas(transaction.GasLimit, genesis.GasLimit);
        return CheckIntrinsicGas(transaction);
    }

    /// <summary>What it may cost at most: its value and all its gas at its highest price. False when that needs more than 256 bits.</summary>
    public static bool TryGetMaxCost(Transaction transaction, out UInt256 cost)
    {
        cost = default;
        return UInt256.TryMultiply(transaction.MaxFeePerGas, transaction.GasLimit, out var gas)
            && UInt256.TryAdd(gas, transaction.Value, out cost);
    }

    /// <summary>What depends on the sender's account: nonce, EIP-3607, balance.</summary>
    public static Error? CheckSender(Transaction transaction, Address sender, WorldState state)
    {
        var nonce = state.GetNonce(sender);
        if (transaction.Nonce < nonce)
            return TransactionErrors.NonceTooLow(sender, transaction.Nonce, nonce);
        if (transaction.Nonce > nonce)
            return TransactionErrors.NonceTooHigh(sender, transaction.Nonce, nonce);
        if (nonce == ulong.MaxValue)
            return TransactionErrors.NonceExhausted(sender);
        if (HasCode(state.GetCodeHash(sender)))
            return TransactionErrors.SenderHasCode(sender);
        var balance = state.GetBalance(sender);
        if (!TryGetMaxCost(transaction, out var cost))
            return TransactionErrors.InsufficientFunds(balance, UInt256.MaxValue);
        return balance < cost ? TransactionErrors.InsufficientFunds(balance, cost) : null;
    }

    public static bool HasCode(Hash256 codeHash) => !codeHash.IsZero && codeHash != Account.EmptyCodeHash;

    private static Error? CheckIntrinsicGas(Transaction transaction)
    {
        var gas = IntrinsicGas.Of(transaction);
        if (transaction.GasLimit < gas.Base)
            return TransactionErrors.IntrinsicGasTooLow(transaction.GasLimit, gas.Base);
        return transaction.GasLimit < gas.Floor ? TransactionErrors.BelowFloor(transaction.GasLimit, gas.Floor) : null;
    }
}
