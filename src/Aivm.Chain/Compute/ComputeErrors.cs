using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>Why the Compute contract reverts.</summary>
internal static class ComputeErrors
{
    private static readonly AbiError AlreadyRegisteredError = new("AlreadyRegistered");
    private static readonly AbiError NotAProviderError = new("NotAProvider", "address account");
    private static readonly AbiError StakeTooLowError = new("StakeTooLow", "uint256 stake", "uint256 required");
    private static readonly AbiError StakeReservedError = new("StakeReserved", "uint256 free");
    private static readonly AbiError InvalidCapacityError = new("InvalidCapacity", "uint32 maxJobs", "uint32 limit");
    private static readonly AbiError InvalidAnswerTimeError = new("InvalidAnswerTime", "uint32 answerSeconds", "uint32 limit");
    private static readonly AbiError InvalidClassError = new("InvalidClass", "uint8 evidence", "uint8 tier");
    private static readonly AbiError ClassFullError = new("ClassFull", "uint96 basePrice", "uint96 pricePerMgas");
    private static readonly AbiError AskNotFoundError = new("AskNotFound", "uint8 evidence", "uint8 tier");
    private static readonly AbiError NothingToWithdrawError = new("NothingToWithdraw");
    private static readonly AbiError StillUnbondingError = new("StillUnbonding", "uint64 availableAt");
    private static readonly AbiError NoSuchIndexError = new("NoSuchIndex", "uint256 count");

    /// <summary>All of them, for tools that decode revert data.</summary>
    public static readonly IReadOnlyList<AbiError> All =
    [
        .. ContractErrors.All, AlreadyRegisteredError, NotAProviderError, StakeTooLowError, StakeReservedError, InvalidCapacityError,
        InvalidAnswerTimeError, InvalidClassError, ClassFullError, AskNotFoundError, NothingToWithdrawError, StillUnbondingError, NoSuchIndexError,
    ];

    public static CallFailure AlreadyRegistered() =>
        CallFailure.Revert(AlreadyRegisteredError, AlreadyRegisteredError.BeginRevert(), "the account is a provider already: use configure and addStake");

    public static CallFailure NotAProvider(Address account) => CallFailure.Revert(
        NotAProviderError, NotAProviderError.BeginRevert().WriteAddress(account), $"{account} is not registered as a provider");

    public static CallFailure StakeTooLow(UInt256 stake, UInt256 required) => CallFailure.Revert(
        StakeTooLowError, StakeTooLowError.BeginRevert().WriteUInt(stake).WriteUInt(required), $"the stake is {stake} wei, and {required} are needed");

    public static CallFailure StakeReserved(UInt256 free) => CallFailure.Revert(
        StakeReservedError, StakeReservedError.BeginRevert().WriteUInt(free), $"only {free} wei of the stake stand behind no job");

    public static CallFailure InvalidCapacity(uint maxJobs) => CallFailure.Revert(
        InvalidCapacityError, InvalidCapacityError.BeginRevert().WriteUInt(maxJobs).WriteUInt(ComputeParameters.MaxJobs),
        $"{maxJobs} jobs at once; a provider takes 1 to {ComputeParameters.MaxJobs}");

    public static CallFailure InvalidAnswerTime(uint answerSeconds) => CallFailure.Revert(
        InvalidAnswerTimeError, InvalidAnswerTimeError.BeginRevert().WriteUInt(answerSeconds).WriteUInt(ComputeParameters.MaxAnswerSeconds),
        $"answers within {answerSeconds} s; 1 to {ComputeParameters.MaxAnswerSeconds} may be promised");

    public static CallFailure InvalidClass(byte evidence, byte tier) => CallFailure.Revert(
        InvalidClassError, InvalidClassError.BeginRevert().WriteUInt(evidence).WriteUInt(tier),
        $"there are no asks for evidence {evidence} in tier {tier}");

    public static CallFailure ClassFull(AskPrice lowestRefused) => CallFailure.Revert(
        ClassFullError, ClassFullError.BeginRevert().WriteUInt(lowestRefused.Base).WriteUInt(lowestRefused.PerMgas),
        $"{ComputeParameters.AsksPerClass} asks stand in this class, none of them dearer");

    public static CallFailure AskNotFound(AskClass asked) => CallFailure.Revert(
        AskNotFoundError, AskNotFoundError.BeginRevert().WriteUInt((ulong)asked.Evidence).WriteUInt(asked.Tier), "the provider has no ask in this class");

    public static CallFailure NothingToWithdraw() =>
        CallFailure.Revert(NothingToWithdrawError, NothingToWithdrawError.BeginRevert(), "no stake was asked back: use unbond first");

    public static CallFailure StillUnbonding(ulong availableAt) => CallFailure.Revert(
        StillUnbondingError, StillUnbondingError.BeginRevert().WriteUInt(availableAt), $"the stake can be withdrawn from {availableAt} on (Unix seconds)");

    public static CallFailure NoSuchIndex(UInt256 count) =>
        CallFailure.Revert(NoSuchIndexError, NoSuchIndexError.BeginRevert().WriteUInt(count), $"there are {count}");
}
