using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>The Attestations contract and the precompile beside it (docs/spec/attestations-contract.md).</summary>
public static class AttestationsInterface
{
    public static readonly Address Contract = Address.Parse("0x000000000000000000000000000000000000a105");

    /// <summary>Where <see cref="VerifyAttestation"/> is called.</summary>
    public static readonly Address Verifier = Address.Parse("0x000000000000000000000000000000000000a181");

    /// <summary>The longest bundle of collateral, in bytes.</summary>
    public const int MaxCollateralLength = 128 << 10;

    public static readonly AbiFunction StoreCollateral = new("storeCollateral", ["bytes bundle"], ["bytes32 key"]);
    public static readonly AbiFunction OpenSession = new("openSession",
    [
        "bytes evidence", "bytes[] certificates", "bytes signingKey", "bytes32 encryptionKey", "bytes32 modelSetRoot", "bytes32 blockHash", "uint64 height",
        "bytes32 nonce",
    ], []);
    public static readonly AbiFunction CloseSession = new("closeSession", [], []);
    public static readonly AbiFunction SessionOf = new("sessionOf", ["address provider"],
    [
        "address signer", "uint8 kind", "uint64 openedAt", "uint64 expiresAt", "bytes32 encryptionKey", "bytes32 modelSetRoot", "bytes32 measurement",
    ]);
    public static readonly AbiFunction Collateral = new("collateral", ["bytes32 key"],
    [
        "bytes32 hash", "uint32 size", "uint64 tcbIssued", "uint32 tcbEvaluation", "uint64 qeIssued", "uint32 qeEvaluation", "uint64 rootCrl", "uint64 pckCrl",
        "uint64 rootCrlIssued", "uint64 pckCrlIssued", "uint64 validFrom", "uint64 validUntil",
    ]);
    public static readonly AbiFunction Policy = new("policy", [], ["string json"]);
    public static readonly AbiFunction VerifyAttestation = new("verifyAttestation", ["bytes evidence", "bytes[] certificates"],
        ["bool acceptable", "string code", "string kind", "bytes reportData", "bytes32 measurement"]);

    public static readonly AbiEvent CollateralStored =
        new("CollateralStored", "bytes32 indexed key", "string kind", "bytes fmspc", "uint64 validFrom", "uint64 validUntil");
    public static readonly AbiEvent SessionOpened = new(
        "SessionOpened", "address indexed provider", "address indexed signer", "uint8 kind", "uint64 expiresAt", "bytes32 encryptionKey", "bytes32 modelSetRoot",
        "bytes32 measurement");
    public static readonly AbiEvent SessionClosed = new("SessionClosed", "address indexed provider");

    /// <summary>Why the contract reverts.</summary>
    public static readonly IReadOnlyList<AbiError> Errors =
    [
        new("UnknownSelector", "bytes4 selector"),
        new("MalformedCalldata", "string reason"),
        new("ValueNotAccepted"),
        new("CollateralRefused", "string code", "string reason"),
        new("CollateralTooLong", "uint256 length", "uint256 limit"),
        new("CollateralNotNewer", "bytes32 key"),
        new("EvidenceRefused", "string code", "string reason"),
        new("EvidenceUsed", "uint64 height"),
        new("InvalidSigningKey"),
        new("UnknownBlock", "uint64 height"),
        new("StaleBlock", "uint64 height", "uint64 oldest"),
        new("PlatformHidden"),
        new("PlatformTaken", "address provider"),
        new("NoSession", "address provider"),
    ];
}
