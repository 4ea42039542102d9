namespace Aivm.Chain;

/// <summary>Numbers of <see cref="TransactionResult.Code"/>, never renumbered: 1 to 9 were executed and paid for, 10 and above were not.</summary>
public enum TransactionCode : uint
{
    Ok = 0,
    Reverted = 1,
    OutOfGas = 2,
    ExecutionFailed = 3,

    Malformed = 10,
    WrongChainId = 11,
    WrongSignature = 12,
    NonceTooLow = 13,
    NonceTooHigh = 14,
    InsufficientFunds = 15,
    IntrinsicGasTooLow = 16,
    GasLimitTooHigh = 17,
    FeeTooLow = 18,
    TipAboveFee = 19,
    SenderHasCode = 20,
    CreationNotSupported = 21,
    TooLarge = 22,
    AlreadyKnown = 23,
    Underpriced = 24,
    PoolFull = 25,
    NotReplayProtected = 26,
    NonceExhausted = 27,
    NotInPool = 28,
    ChainNotStarted = 29,
}
