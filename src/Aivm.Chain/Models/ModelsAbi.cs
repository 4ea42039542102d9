using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>Functions and events of the Models contract and of model accounts, as docs/spec/models-contract.md lists them.</summary>
public static class ModelsAbi
{
    public static readonly AbiFunction Begin = new("begin", ["bytes32 hash", "uint32 size"], []);
    public static readonly AbiFunction Chunk = new("chunk", ["bytes32 hash", "uint32 offset", "bytes data"], []);
    public static readonly AbiFunction Seal = new("seal", ["bytes32 hash", "string name", "string metadata", "uint256 price"], ["address model"]);
    public static readonly AbiFunction PublishOffChain = new("publishOffChain",
    [
        "uint8 kind", "bytes32 hash", "bytes32 digest", "uint64 size", "uint64 gas", "string name", "string metadata", "uint256 price",
    ], ["address model"]);
    public static readonly AbiFunction Reclaim = new("reclaim", ["address publisher", "bytes32 hash"], []);
    public static readonly AbiFunction Infer = new("infer", ["address model", "bytes input"], ["int64[] output", "bytes32 receiptId"]);
    public static readonly AbiFunction SetPrice = new("setPrice", ["address model", "uint256 price"], []);
    public static readonly AbiFunction TransferOwnership = new("transferOwnership", ["address model", "address newOwner"], []);

    public static readonly AbiFunction RegisterRoot = new("registerRoot", ["address model", "bytes32 root", "bytes proof"], []);

    public static readonly AbiFunction Resolve = new("resolve", ["string name"], ["address model"]);
    public static readonly AbiFunction VersionCount = new("versionCount", ["string name"], ["uint32 count"]);
    public static readonly AbiFunction GasOf = new("gasOf", ["address model"], ["uint64 gas"]);
    public static readonly AbiFunction Info = new("info", ["address model"],
    [
        "address owner", "address publisher", "bytes32 hash", "string name", "uint32 version", "string metadata", "uint256 price", "uint64 gas",
        "uint64 loadGas", "uint32 size", "uint64 height",
    ]);
    public static readonly AbiFunction OwnerOf = new("ownerOf", ["address model"], ["address owner"]);
    public static readonly AbiFunction PriceOf = new("priceOf", ["address model"], ["uint256 price"]);
    public static readonly AbiFunction MetadataOf = new("metadataOf", ["address model"], ["string metadata"]);
    public static readonly AbiFunction PublisherOf = new("publisherOf", ["bytes32 hash"], ["address publisher"]);
    public static readonly AbiFunction AddressOf = new("addressOf", ["address publisher", "bytes32 hash"], ["address model"]);
    public static readonly AbiFunction ModelCount = new("modelCount", [], ["uint256 count"]);
    public static readonly AbiFunction ModelAt = new("modelAt", ["uint256 index"], ["address model"]);
    public static readonly AbiFunction Upload = new("upload", ["address publisher", "bytes32 hash"],
        ["uint32 size", "uint32 received", "uint32 chunkSize", "uint64 expiresAt", "uint256 deposit"]);
    public static readonly AbiFunction DepositFor = new("depositFor", ["uint32 size"], ["uint256 deposit"]);
    public static readonly AbiFunction ReceiptHeight = new("receiptHeight", ["bytes32 receiptId"], ["uint64 height"]);
    public static readonly AbiFunction RootCount = new("rootCount", ["address model"], ["uint256 count"]);
    public static readonly AbiFunction RootAt = new("rootAt", ["address model", "uint256 index"], ["bytes32 root"]);
    public static readonly AbiFunction RootHeight = new("rootHeight", ["address model", "bytes32 root"], ["uint64 height"]);
    public static readonly AbiFunction NetworkFeeBps = new("networkFeeBps", [], ["uint16 bps"]);

    /// <summary>Of a model account.</summary>
    public static readonly AbiFunction ModelInfer = new("infer", ["int64[] input"], ["int64[] output"]);

    /// <summary>Of a model account.</summary>
    public static readonly AbiFunction ModelInferPacked = new("inferPacked", ["bytes input"], ["int64[] output"]);

    /// <summary>Of a model account.</summary>
    public static readonly AbiFunction ModelDescribe = new("describe", [], ["string json"]);

    public static readonly AbiEvent UploadStarted =
        new("UploadStarted", "address indexed publisher", "bytes32 indexed hash", "uint32 size", "uint256 deposit", "uint64 expiresAt");
    public static readonly AbiEvent ChunkStored =
        new("ChunkStored", "address indexed publisher", "bytes32 indexed hash", "uint32 offset", "uint32 length");
    public static readonly AbiEvent UploadReclaimed =
        new("UploadReclaimed", "address indexed publisher", "bytes32 indexed hash", "address indexed by", "uint256 deposit");
    public static readonly AbiEvent ModelPublished =
        new("ModelPublished", "address indexed model", "address indexed publisher", "bytes32 indexed hash", "string name", "uint32 version", "uint256 price", "uint64 gas");
    public static readonly AbiEvent PriceChanged = new("PriceChanged", "address indexed model", "uint256 price");
    public static readonly AbiEvent OwnershipTransferred =
        new("OwnershipTransferred", "address indexed model", "address indexed previousOwner", "address indexed newOwner");
    public static readonly AbiEvent RootRegistered = new("RootRegistered", "address indexed model", "bytes32 indexed root", "uint256 index");
    public static readonly AbiEvent Inferred =
        new("Inferred", "address indexed model", "address indexed payer", "bytes32 indexed receiptId", "int64[] output", "bytes receipt");
}
