using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>The Compute contract (docs/spec/jobs.md).</summary>
public static class ComputeInterface
{
    public static readonly Address Contract = Address.Parse("0x000000000000000000000000000000000000a102");

    public static readonly AbiFunction Register = new("register", ["uint32 maxJobs", "uint32 answerSeconds"], []);
    public static readonly AbiFunction Configure = new("configure", ["uint32 maxJobs", "uint32 answerSeconds"], []);
    public static readonly AbiFunction AddStake = new("addStake", [], []);
    public static readonly AbiFunction Unbond = new("unbond", ["uint256 amount"], ["uint64 availableAt"]);
    public static readonly AbiFunction Withdraw = new("withdraw", [], ["uint256 amount"]);
    public static readonly AbiFunction Ask = new("ask", ["uint8 evidence", "uint8 tier", "uint96 basePrice", "uint96 pricePerMgas"], ["uint64 effectiveAt"]);
    public static readonly AbiFunction WithdrawAsk = new("withdrawAsk", ["uint8 evidence", "uint8 tier"], []);

    public static readonly AbiFunction Provider = new("provider", ["address provider"],
    [
        "uint256 stake", "uint256 reserved", "uint256 unbonding", "uint64 unbondedAt", "uint32 maxJobs", "uint32 activeJobs", "uint32 answerSeconds",
        "uint8 strikes", "uint64 registeredAt", "uint16 reputation",
    ]);
    public static readonly AbiFunction Record = new("record", ["address provider"],
        ["uint32 succeeded", "uint32 slow", "uint32 missed", "uint32 late", "uint32 wrong", "uint64 totalSeconds"]);
    public static readonly AbiFunction ProviderCount = new("providerCount", [], ["uint256 count"]);
    public static readonly AbiFunction ProviderAt = new("providerAt", ["uint256 index"], ["address provider"]);
    public static readonly AbiFunction AskCount = new("askCount", ["uint8 evidence", "uint8 tier"], ["uint256 count"]);
    public static readonly AbiFunction AskAt = new("askAt", ["uint8 evidence", "uint8 tier", "uint256 index"],
        ["address provider", "uint96 basePrice", "uint96 pricePerMgas", "uint64 effectiveAt", "uint96 nextBasePrice", "uint96 nextPricePerMgas"]);
    public static readonly AbiFunction TierOf = new("tierOf", ["uint64 gas"], ["uint8 tier"]);
    public static readonly AbiFunction Rules = new("rules", [],
        ["uint256 minStake", "uint64 acceptSeconds", "uint64 acceptBlocks", "uint64 deadlineBlocks", "uint64 challengeSeconds", "uint64 unbondingSeconds"]);

    public static readonly AbiEvent ProviderRegistered = new("ProviderRegistered", "address indexed provider", "uint256 stake");
    public static readonly AbiEvent ProviderConfigured = new("ProviderConfigured", "address indexed provider", "uint32 maxJobs", "uint32 answerSeconds");
    public static readonly AbiEvent StakeAdded = new("StakeAdded", "address indexed provider", "uint256 amount", "uint256 stake");
    public static readonly AbiEvent UnbondingStarted = new("UnbondingStarted", "address indexed provider", "uint256 amount", "uint64 availableAt");
    public static readonly AbiEvent StakeWithdrawn = new("StakeWithdrawn", "address indexed provider", "uint256 amount");
    public static readonly AbiEvent AskChanged = new("AskChanged", "address indexed provider", "uint8 indexed evidence", "uint8 indexed tier",
        "uint96 basePrice", "uint96 pricePerMgas", "uint64 effectiveAt");
    public static readonly AbiEvent AskWithdrawn = new("AskWithdrawn", "address indexed provider", "uint8 indexed evidence", "uint8 indexed tier", "uint8 reason");
    public static readonly AbiEvent ProviderSlashed = new("ProviderSlashed", "address indexed provider", "uint8 indexed fault", "uint64 indexed job",
        "uint256 amount", "address beneficiary", "uint256 reward");

    /// <summary>Why it reverts.</summary>
    public static readonly IReadOnlyList<AbiError> Errors =
    [
        new("UnknownSelector", "bytes4 selector"),
        new("MalformedCalldata", "string reason"),
        new("ValueNotAccepted"),
        new("AlreadyRegistered"),
        new("NotAProvider", "address account"),
        new("StakeTooLow", "uint256 stake", "uint256 required"),
        new("StakeReserved", "uint256 free"),
        new("InvalidCapacity", "uint32 maxJobs", "uint32 limit"),
        new("InvalidAnswerTime", "uint32 answerSeconds", "uint32 limit"),
        new("InvalidClass", "uint8 evidence", "uint8 tier"),
        new("ClassFull", "uint96 basePrice", "uint96 pricePerMgas"),
        new("AskNotFound", "uint8 evidence", "uint8 tier"),
        new("NothingToWithdraw"),
        new("StillUnbonding", "uint64 availableAt"),
        new("NoSuchIndex", "uint256 count"),
    ];
}
