using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>
/// Why a transaction is refused. Messages begin with the phrases of go-ethereum, by which wallets and libraries (viem, ethers) tell errors
/// apart.
/// </summary>
public static class TransactionErrors
{
    /// <summary>The number that stands for an error in a <see cref="TransactionResult"/>.</summary>
    public static TransactionCode CodeOf(Error error) => error.Code switch
    {
        "transaction-malformed" or "transaction-type-unsupported" => TransactionCode.Malformed,
        "transaction-too-large" => TransactionCode.TooLarge,
        "signature-invalid" => TransactionCode.WrongSignature,
        "chain-id-wrong" => TransactionCode.WrongChainId,
        "not-replay-protected" => TransactionCode.NotReplayProtected,
        "nonce-too-low" => TransactionCode.NonceTooLow,
        "nonce-too-high" => TransactionCode.NonceTooHigh,
        "nonce-exhausted" => TransactionCode.NonceExhausted,
        "insufficient-funds" => TransactionCode.InsufficientFunds,
        "intrinsic-gas-too-low" => TransactionCode.IntrinsicGasTooLow,
        "gas-limit-too-high" => TransactionCode.GasLimitTooHigh,
        "fee-below-base-fee" => TransactionCode.FeeTooLow,
        "tip-above-fee" => TransactionCode.TipAboveFee,
        "sender-has-code" => TransactionCode.SenderHasCode,
        "creation-not-supported" => TransactionCode.CreationNotSupported,
        "already-known" => TransactionCode.AlreadyKnown,
        "underpriced" => TransactionCode.Underpriced,
        "pool-full" => TransactionCode.PoolFull,
        "not-in-pool" => TransactionCode.NotInPool,
        "chain-not-started" => TransactionCode.ChainNotStarted,
        _ => TransactionCode.Malformed,
    };

    public static Error TooLarge(int length, int limit) =>
        new("transaction-too-large", $"oversized data: transaction size {length}, limit {limit}");

    public static Error WrongSignature() => new("signature-invalid", "invalid sender: the signature belongs to no account");

    public static Error WrongChainId(ulong have, ulong want) =>
        new("chain-id-wrong", $"invalid chain id for signer: have {have} want {want}");

    public static Error NotReplayProtected() =>
        new("not-replay-protected", "only replay-protected (EIP-155) transactions allowed");

    public static Error NonceTooLow(Address sender, ulong have, ulong next) =>
        new("nonce-too-low", $"nonce too low: address {sender}, tx: {have} state: {next}");

    public static Error NonceTooHigh(Address sender, ulong have, ulong next) =>
        new("nonce-too-high", $"nonce too high: address {sender}, tx: {have} state: {next}");

    public static Error NonceExhausted(Address sender) => new("nonce-exhausted", $"nonce has max value: address {sender}");

    public static Error InsufficientFunds(UInt256 have, UInt256 want) => new(
        "insufficient-funds",
        $"insufficient funds for gas * price + value: balance {have}, tx cost {want}, overshot {want - have}");

    public static Error IntrinsicGasTooLow(ulong have, ulong want) =>
        new("intrinsic-gas-too-low", $"intrinsic gas too low: have {have}, want {want}");

    public static Error BelowFloor(ulong have, ulong want) =>
        new("intrinsic-gas-too-low", $"intrinsic gas too low: insufficient gas for floor data gas cost: have {have}, want {want}");

    public static Error AboveTransactionGas(ulong have, ulong cap) =>
        new("gas-limit-too-high", $"transaction gas limit too high (cap: {cap}, tx: {have})");

    public static Error AboveBlockGas(ulong have, ulong left) =>
        new("gas-limit-too-high", $"exceeds block gas limit: the transaction's limit is {have}, the block has {left}");

    public static Error BelowBaseFee(Address sender, UInt256 have, UInt256 baseFee) => new(
        "fee-below-base-fee", $"max fee per gas less than block base fee: address {sender}, maxFeePerGas: {have}, baseFee: {baseFee}");

    public static Error TipAboveFee(UInt256 tip, UInt256 fee) =>
        new("tip-above-fee", $"max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas: {tip}, maxFeePerGas: {fee}");

    public static Error SenderHasCode(Address sender) => new("sender-has-code", $"sender not an eoa: address {sender}");

    public static Error CreationNotSupported() => new(
        "creation-not-supported", "contract creation is not supported: this version of the chain runs models and system contracts, no EVM code");

    public static Error AlreadyKnown(Hash256 hash) => new("already-known", $"already known: {hash}");

    public static Error ReplacementUnderpriced() => new(
        "underpriced", "replacement transaction underpriced: both fees must rise by a tenth");

    public static Error Underpriced() => new("underpriced", "transaction underpriced: the pool is full of better-paying transactions");

    public static Error PoolFull(Address sender, int limit) =>
        new("pool-full", $"txpool is full: account {sender} has {limit} transactions waiting");

    public static Error NotInPool(Hash256 hash) => new("not-in-pool", $"the transaction {hash} is no longer in the pool");

    public static Error NotStarted() => new("chain-not-started", "the chain has no genesis yet");
}
