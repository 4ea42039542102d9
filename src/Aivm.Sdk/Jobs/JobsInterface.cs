using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>The Jobs contract (docs/spec/jobs.md).</summary>
public static class JobsInterface
{
    public static readonly Address Contract = Address.Parse("0x000000000000000000000000000000000000a101");

    public static readonly AbiFunction Request = new("request",
    [
        "address model", "uint8 evidence", "uint64 deadline", "uint16 minReputation", "address provider", "uint8 inputKind", "bytes32 commitment",
        "bytes input", "address callback", "uint64 callbackGas",
    ], ["uint64 job"]);
    public static readonly AbiFunction Cancel = new("cancel", ["uint64 job"], []);
    public static readonly AbiFunction Accept = new("accept", ["uint64 job"], []);
    public static readonly AbiFunction Decline = new("decline", ["uint64 job", "string reason"], []);
    public static readonly AbiFunction Submit = new("submit", ["uint64 job", "bytes output", "bytes evidence"], ["bytes32 receiptId"]);
    public static readonly AbiFunction Expire = new("expire", ["uint64 job"], []);
    public static readonly AbiFunction ChallengeByReplay = new("challengeByReplay", ["uint64 job", "bytes32 salt", "bytes input"], ["uint256 reward"]);
    public static readonly AbiFunction ChallengeByProof = new("challengeByProof",
        ["uint64 job", "bytes32 salt", "bytes input", "int64[] outputs", "bytes32 weightRoot", "bytes proof"], ["uint256 reward"]);

    public static readonly AbiFunction Quote = new("quote",
        ["address model", "uint8 evidence", "uint64 deadline", "uint16 minReputation", "address provider", "uint64 callbackGas"],
        ["address provider", "uint256 price", "uint256 modelPrice", "uint256 stipend", "uint256 total"]);
    public static readonly AbiFunction Job = new("job", ["uint64 job"],
    [
        "address caller", "uint8 state", "uint8 evidence", "uint8 inputKind", "uint8 reason", "address model", "address provider", "uint256 price",
        "uint256 locked", "uint64 deadline", "uint64 dueTime", "uint64 dueHeight", "bytes32 inputCommitment", "bytes32 outputHash", "bytes32 receiptId",
    ]);
    public static readonly AbiFunction JobCount = new("jobCount", [], ["uint64 count"]);
    public static readonly AbiFunction ReceiptHeight = new("receiptHeight", ["bytes32 receiptId"], ["uint64 height"]);
    public static readonly AbiFunction Owed = new("owed", [], ["uint256 amount"]);

    /// <summary>Of a caller that wants to be told. Called once, with the stipend that was paid for it.</summary>
    public static readonly AbiFunction OnInference = new("onInference", ["uint64 job", "bytes output", "bytes32 receiptId"], []);

    /// <summary>What <c>submit</c> takes as evidence of a proof.</summary>
    public static readonly AbiFunction ProofEvidence = new("proof", ["bytes input", "bytes32 weightRoot", "bytes proof"], []);

    /// <summary>What <c>submit</c> takes as evidence of trusted hardware.</summary>
    public static readonly AbiFunction SignedEvidence = new("signed", ["uint64 height", "bytes32 outputHash", "bytes signature"], []);

    public static readonly AbiEvent JobRequested = new("JobRequested", "uint64 indexed job", "address indexed caller", "address indexed model",
        "uint8 evidence", "uint64 deadline", "uint8 inputKind", "bytes32 inputCommitment", "bytes input");
    public static readonly AbiEvent JobOffered = new("JobOffered", "uint64 indexed job", "address indexed provider", "uint256 price", "uint64 acceptBy");
    public static readonly AbiEvent JobAccepted = new("JobAccepted", "uint64 indexed job", "address indexed provider", "uint64 deadline");
    public static readonly AbiEvent JobPassed = new("JobPassed", "uint64 indexed job", "address indexed provider", "uint8 cause", "string reason");
    public static readonly AbiEvent JobAnswered = new("JobAnswered", "uint64 indexed job", "address indexed provider", "bytes32 indexed receiptId",
        "bytes output", "bytes receipt");
    public static readonly AbiEvent JobEnded = new("JobEnded", "uint64 indexed job", "address indexed caller", "uint8 indexed reason", "uint256 paid", "uint256 refunded");
    public static readonly AbiEvent ReceiptRevoked = new("ReceiptRevoked", "uint64 indexed job", "bytes32 indexed receiptId", "bytes32 outputHash");
    public static readonly AbiEvent CallbackFailed = new("CallbackFailed", "uint64 indexed job", "address indexed callback", "bytes data");

    /// <summary>Why it reverts.</summary>
    public static readonly IReadOnlyList<AbiError> Errors =
    [
        new("UnknownSelector", "bytes4 selector"),
        new("MalformedCalldata", "string reason"),
        new("ValueNotAccepted"),
        new("InvalidEvidenceKind", "uint8 evidence"),
        new("InvalidDeadline", "uint64 deadline", "uint64 earliest", "uint64 latest"),
        new("InvalidInputKind", "uint8 inputKind", "string reason"),
        new("InputTooLong", "uint256 length", "uint256 limit"),
        new("PaymentTooHigh", "uint256 limit"),
        new("InvalidCallback", "string reason"),
        new("NoOffer", "string reason"),
        new("JobNotFound", "uint64 job"),
        new("WrongState", "uint8 state"),
        new("NotCaller", "address caller"),
        new("NotOfferedTo", "address provider"),
        new("JobExpired", "uint64 dueTime"),
        new("NotDue", "uint64 dueTime", "uint64 dueHeight"),
        new("ReasonTooLong", "uint256 length", "uint256 limit"),
        new("OutputTooLong", "uint256 length", "uint256 limit"),
        new("InvalidOutput", "string reason"),
        new("EvidenceRejected", "string code", "string reason"),
        new("CallbackGasMissing", "uint64 required", "uint64 available"),
        new("InputMismatch", "bytes32 commitment"),
        new("AnswerIsRight"),
        new("NotChallengeable", "string reason"),
        new("EvidenceUnavailable", "uint8 evidence", "string reason"),
    ];
}
