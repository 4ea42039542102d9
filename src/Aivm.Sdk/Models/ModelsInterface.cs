using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>The part of the Models contract and of model accounts that a client uses (docs/spec/models-contract.md).</summary>
public static class ModelsInterface
{
    public static readonly Address Contract = Address.Parse("0x000000000000000000000000000000000000a100");

    /// <summary>The longest chunk of an upload, in bytes.</summary>
    public const int MaxChunkLength = 256 << 10;

    /// <summary>The longest container, in bytes.</summary>
    public const int MaxContainerLength = 8 << 20;

    /// <summary>The longest metadata, in bytes of UTF-8.</summary>
    public const int MaxMetadataLength = 16 << 10;

    public static readonly AbiFunction Begin = new("begin", ["bytes32 hash", "uint32 size"], []);
    public static readonly AbiFunction Chunk = new("chunk", ["bytes32 hash", "uint32 offset", "bytes data"], []);
    public static readonly AbiFunction Seal = new("seal", ["bytes32 hash", "string name", "string metadata", "uint256 price"], ["address model"]);
    public static readonly AbiFunction PublishOffChain = new("publishOffChain",
    [
        "uint8 kind", "bytes32 hash", "bytes32 digest", "uint64 size", "uint64 gas", "string name", "string metadata", "uint256 price",
    ], ["address model"]);
    public static readonly AbiFunction Reclaim = new("reclaim", ["address publisher", "bytes32 hash"], []);
    public static readonly AbiFunction Infer = new("infer", ["address model", "bytes input"], ["int64[] output", "bytes32 receiptId"]);
    public static readonly AbiFunction RegisterRoot = new("registerRoot", ["address model", "bytes32 root", "bytes proof"], []);
    public static readonly AbiFunction RootHeight = new("rootHeight", ["address model", "bytes32 root"], ["uint64 height"]);
    public static readonly AbiFunction ReceiptHeight = new("receiptHeight", ["bytes32 receiptId"], ["uint64 height"]);
    public static readonly AbiFunction Resolve = new("resolve", ["string name"], ["address model"]);
    public static readonly AbiFunction GasOf = new("gasOf", ["address model"], ["uint64 gas"]);
    public static readonly AbiFunction Info = new("info", ["address model"],
    [
        "address owner", "address publisher", "bytes32 hash", "string name", "uint32 version", "string metadata", "uint256 price", "uint64 gas",
        "uint64 loadGas", "uint32 size", "uint64 height",
    ]);
    public static readonly AbiFunction PriceOf = new("priceOf", ["address model"], ["uint256 price"]);
    public static readonly AbiFunction ModelCount = new("modelCount", [], ["uint256 count"]);
    public static readonly AbiFunction ModelAt = new("modelAt", ["uint256 index"], ["address model"]);
    public static readonly AbiFunction Upload = new("upload", ["address publisher", "bytes32 hash"],
        ["uint32 size", "uint32 received", "uint32 chunkSize", "uint64 expiresAt", "uint256 deposit"]);
    public static readonly AbiFunction DepositFor = new("depositFor", ["uint32 size"], ["uint256 deposit"]);

    /// <summary>Of a model account.</summary>
    public static readonly AbiFunction ModelInfer = new("infer", ["int64[] input"], ["int64[] output"]);

    /// <summary>Of a model account.</summary>
    public static readonly AbiFunction ModelInferPacked = new("inferPacked", ["bytes input"], ["int64[] output"]);

    /// <summary>Of a model account.</summary>
    public static readonly AbiFunction ModelDescribe = new("describe", [], ["string json"]);

    public static readonly AbiEvent ModelPublished =
        new("ModelPublished", "address indexed model", "address indexed publisher", "bytes32 indexed hash", "string name", "uint32 version", "uint256 price", "uint64 gas");
    public static readonly AbiEvent Inferred =
        new("Inferred", "address indexed model", "address indexed payer", "bytes32 indexed receiptId", "int64[] output", "bytes receipt");

    /// <summary>Why the contract and model accounts revert.</summary>
    public static readonly IReadOnlyList<AbiError> Errors =
    [
        new("UnknownSelector", "bytes4 selector"),
        new("MalformedCalldata", "string reason"),
        new("ValueNotAccepted"),
        new("WrongDeposit", "uint256 required"),
        new("InvalidSize", "uint32 size", "uint32 limit"),
        new("UploadExists", "bytes32 hash"),
        new("UploadNotFound", "bytes32 hash"),
        new("UploadExpired", "uint64 expiresAt"),
        new("UploadNotExpired", "uint64 expiresAt"),
        new("UploadIncomplete", "uint32 received", "uint32 size"),
        new("ChunkOutOfOrder", "uint32 expected"),
        new("ChunkMismatch", "uint32 offset"),
        new("WrongChunkLength", "uint32 length", "uint32 least", "uint32 most"),
        new("HashMismatch", "bytes32 actual"),
        new("InvalidModel", "string code", "string reason"),
        new("AlreadyPublished", "address model"),
        new("InvalidName", "string name"),
        new("MetadataTooLong", "uint256 length", "uint256 limit"),
        new("InvalidMetadata"),
        new("NotAModel", "address account"),
        new("ModelNotFound", "string name"),
        new("InsufficientPayment", "uint256 price", "uint256 value"),
        new("InvalidInput", "string code", "string reason"),
        new("NotOwner", "address owner"),
        new("InvalidOwner"),
        new("IndexOutOfRange", "uint256 count"),
        new("PrivateWeights", "address model"),
        new("WrongRoot", "bytes32 expected"),
        new("RootExists", "bytes32 root"),
        new("InvalidProof", "string code", "string reason"),
        new("InvalidOffChainKind", "uint8 kind"),
        new("InvalidOffChainSize", "uint64 size", "uint64 limit"),
        new("InvalidOffChainGas", "uint64 gas", "uint64 limit"),
        new("OffChainModel", "address model"),
    ];

    /// <summary>The account of a model, known before it is published: keccak256(0xA1 ‖ publisher ‖ model hash)[12..].</summary>
    public static Address ModelAddress(Address publisher, Hash256 modelHash) =>
        new(Keccak.Hash([0xA1, .. publisher.Span, .. modelHash.Span]).Span[(Hash256.Size - Address.Size)..]);
}
