using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>Functions and events of the Attestations contract and of the precompile beside it, as docs/spec/attestations-contract.md lists them.</summary>
public static class AttestationsAbi
{
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

    /// <summary>Of the precompile.</summary>
    public static readonly AbiFunction VerifyAttestation = new("verifyAttestation", ["bytes evidence", "bytes[] certificates"],
        ["bool acceptable", "string code", "string kind", "bytes reportData", "bytes32 measurement"]);

    public static readonly AbiEvent CollateralStored =
        new("CollateralStored", "bytes32 indexed key", "string kind", "bytes fmspc", "uint64 validFrom", "uint64 validUntil");
    public static readonly AbiEvent SessionOpened = new(
        "SessionOpened", "address indexed provider", "address indexed signer", "uint8 kind", "uint64 expiresAt", "bytes32 encryptionKey", "bytes32 modelSetRoot",
        "bytes32 measurement");
    public static readonly AbiEvent SessionClosed = new("SessionClosed", "address indexed provider");
}
