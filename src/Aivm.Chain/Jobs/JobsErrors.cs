using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>Why the Jobs contract reverts.</summary>
internal static class JobsErrors
{
    private static readonly AbiError InvalidEvidenceKindError = new("InvalidEvidenceKind", "uint8 evidence");
    private static readonly AbiError InvalidDeadlineError = new("InvalidDeadline", "uint64 deadline", "uint64 earliest", "uint64 latest");
    private static readonly AbiError InvalidInputKindError = new("InvalidInputKind", "uint8 inputKind", "string reason");
    private static readonly AbiError InputTooLongError = new("InputTooLong", "uint256 length", "uint256 limit");
    private static readonly AbiError PaymentTooHighError = new("PaymentTooHigh", "uint256 limit");
    private static readonly AbiError InvalidCallbackError = new("InvalidCallback", "string reason");
    private static readonly AbiError NoOfferError = new("NoOffer", "string reason");
    private static readonly AbiError JobNotFoundError = new("JobNotFound", "uint64 job");
    private static readonly AbiError WrongStateError = new("WrongState", "uint8 state");
    private static readonly AbiError NotCallerError = new("NotCaller", "address caller");
    private static readonly AbiError NotOfferedToError = new("NotOfferedTo", "address provider");
    private static readonly AbiError JobExpiredError = new("JobExpired", "uint64 dueTime");
    private static readonly AbiError NotDueError = new("NotDue", "uint64 dueTime", "uint64 dueHeight");
    private static readonly AbiError ReasonTooLongError = new("ReasonTooLong", "uint256 length", "uint256 limit");
    private static readonly AbiError OutputTooLongError = new("OutputTooLong", "uint256 length", "uint256 limit");
    private static readonly AbiError InvalidOutputError = new("InvalidOutput", "string reason");
    private static readonly AbiError EvidenceRejectedError = new("EvidenceRejected", "string code", "string reason");
    private static readonly AbiError CallbackGasMissingError = new("CallbackGasMissing", "uint64 required", "uint64 available");
    private static readonly AbiError InputMismatchError = new("InputMismatch", "bytes32 commitment");
    private static readonly AbiError AnswerIsRightError = new("AnswerIsRight");
    private static readonly AbiError NotChallengeableError = new("NotChallengeable", "string reason");
    private static readonly AbiError EvidenceUnavailableError = new("EvidenceUnavailable", "uint8 evidence", "string reason");

    /// <summary>All of them, for tools that decode revert data.</summary>
    public static readonly IReadOnlyList<AbiError> All =
    [
        .. ContractErrors.All, InvalidEvidenceKindError, InvalidDeadlineError, InvalidInputKindError, InputTooLongError, PaymentTooHighError,
        InvalidCallbackError, NoOfferError, JobNotFoundError, WrongStateError, NotCallerError, NotOfferedToError, JobExpiredError, NotDueError,
        ReasonTooLongError, OutputTooLongError, InvalidOutputError, EvidenceRejectedError, CallbackGasMissingError, InputMismatchError,
        AnswerIsRightError, NotChallengeableError, EvidenceUnavailableError,
    ];

    public static CallFailure InvalidEvidenceKind(UInt256 evidence) => CallFailure.Revert(
        InvalidEvidenceKindError, InvalidEvidenceKindError.BeginRevert().WriteUInt(evidence),
        $"{evidence} is no kind of evidence that can be asked for: 1 proof, 2 trusted hardware, 3 stake alone, 4 development hardware");

    public static CallFailure InvalidDeadline(ulong deadline, ulong earliest, ulong latest) => CallFailure.Revert(
        InvalidDeadlineError, InvalidDeadlineError.BeginRevert().WriteUInt(deadline).WriteUInt(earliest).WriteUInt(latest),
        $"the deadline {deadline} is outside {earliest} to {latest} (Unix seconds)");

    public static CallFailure InvalidInputKind(UInt256 kind, string reason) => CallFailure.Revert(
        InvalidInputKindError, InvalidInputKindError.BeginRevert().WriteUInt(kind).WriteString(reason), reason);

    public static CallFailure InputTooLong(int length) => CallFailure.Revert(
        InputTooLongError, InputTooLongError.BeginRevert().WriteUInt((ulong)length).WriteUInt((ulong)JobsParameters.MaxInputBytes),
        $"{length} bytes of input; the limit is {JobsParameters.MaxInputBytes}: give larger ones by digest");

    public static CallFailure PaymentTooHigh() => CallFailure.Revert(
        PaymentTooHighError, PaymentTooHighError.BeginRevert().WriteUInt(JobsParameters.MaxPayment), $"a job locks at most {JobsParameters.MaxPayment} wei");

    public static CallFailure InvalidCallback(string reason) =>
        CallFailure.Revert(InvalidCallbackError, InvalidCallbackError.BeginRevert().WriteString(reason), reason);

    public static CallFailure NoOffer(string reason) => CallFailure.Revert(NoOfferError, NoOfferError.BeginRevert().WriteString(reason), reason);

    public static CallFailure JobNotFound(ulong job) =>
        CallFailure.Revert(JobNotFoundError, JobNotFoundError.BeginRevert().WriteUInt(job), $"there is no job {job}");

    public static CallFailure WrongState(JobState state) => CallFailure.Revert(
        WrongStateError, WrongStateError.BeginRevert().WriteUInt((ulong)state), $"the job is {Words(state)}");

    public static CallFailure NotCaller(Address caller) =>
        CallFailure.Revert(NotCallerError, NotCallerError.BeginRevert().WriteAddress(caller), $"the job is {caller}'s");

    public static CallFailure NotOfferedTo(Address provider) =>
        CallFailure.Revert(NotOfferedToError, NotOfferedToError.BeginRevert().WriteAddress(provider), $"the job is with {provider}");

    public static CallFailure JobExpired(ulong dueTime) => CallFailure.Revert(
        JobExpiredError, JobExpiredError.BeginRevert().WriteUInt(dueTime), $"the time for this ended at {dueTime} (Unix seconds)");

    public static CallFailure NotDue(ulong dueTime, ulong dueHeight) => CallFailure.Revert(
        NotDueError, NotDueError.BeginRevert().WriteUInt(dueTime).WriteUInt(dueHeight),
        $"nothing is due before {dueTime} (Unix seconds) and block {dueHeight} have passed");

    public static CallFailure ReasonTooLong(int length) => CallFailure.Revert(
        ReasonTooLongError, ReasonTooLongError.BeginRevert().WriteUInt((ulong)length).WriteUInt((ulong)JobsParameters.MaxReasonBytes),
        $"{length} bytes of reason; the limit is {JobsParameters.MaxReasonBytes}");

    public static CallFailure OutputTooLong(int length) => CallFailure.Revert(
        OutputTooLongError, OutputTooLongError.BeginRevert().WriteUInt((ulong)length).WriteUInt((ulong)JobsParameters.MaxOutputBytes),
        $"{length} bytes of output; the limit is {JobsParameters.MaxOutputBytes}");

    public static CallFailure InvalidOutput(string reason) =>
        CallFailure.Revert(InvalidOutputError, InvalidOutputError.BeginRevert().WriteString(reason), reason);

    public static CallFailure EvidenceRejected(string code, string reason) => CallFailure.Revert(
        EvidenceRejectedError, EvidenceRejectedError.BeginRevert().WriteString(code).WriteString(reason), $"{code}: {reason}");

    public static CallFailure CallbackGasMissing(ulong required, ulong available) => CallFailure.Revert(
        CallbackGasMissingError, CallbackGasMissingError.BeginRevert().WriteUInt(required).WriteUInt(available),
        $"the callback was paid for with {required} gas, and {available} are left for it: send the transaction with more");

    public static CallFailure InputMismatch(Hash256 commitment) => CallFailure.Revert(
        InputMismatchError, InputMismatchError.BeginRevert().WriteHash(commitment), $"the input is not the one that {commitment} commits to");

    public static CallFailure AnswerIsRight() =>
        CallFailure.Revert(AnswerIsRightError, AnswerIsRightError.BeginRevert(), "the model gives the output that was answered");

    public static CallFailure NotChallengeable(string reason) =>
        CallFailure.Revert(NotChallengeableError, NotChallengeableError.BeginRevert().WriteString(reason), reason);

    public static CallFailure EvidenceUnavailable(EvidenceKind evidence, string reason) => CallFailure.Revert(
        EvidenceUnavailableError, EvidenceUnavailableError.BeginRevert().WriteUInt((ulong)evidence).WriteString(reason), reason);

    private static string Words(JobState state) => state switch
    {
        JobState.Offered => "offered to a provider",
        JobState.Accepted => "accepted by its provider",
        JobState.Answered => "answered and may be challenged",
        _ => "ended",
    };
}
