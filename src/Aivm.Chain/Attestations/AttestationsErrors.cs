using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>Why the Attestations contract reverts.</summary>
internal static class AttestationsErrors
{
    private static readonly AbiError CollateralRefusedError = new("CollateralRefused", "string code", "string reason");
    private static readonly AbiError CollateralTooLongError = new("CollateralTooLong", "uint256 length", "uint256 limit");
    private static readonly AbiError CollateralNotNewerError = new("CollateralNotNewer", "bytes32 key");
    private static readonly AbiError EvidenceRefusedError = new("EvidenceRefused", "string code", "string reason");
    private static readonly AbiError EvidenceUsedError = new("EvidenceUsed", "uint64 height");
    private static readonly AbiError InvalidSigningKeyError = new("InvalidSigningKey");
    private static readonly AbiError UnknownBlockError = new("UnknownBlock", "uint64 height");
    private static readonly AbiError StaleBlockError = new("StaleBlock", "uint64 height", "uint64 oldest");
    private static readonly AbiError PlatformHiddenError = new("PlatformHidden");
    private static readonly AbiError PlatformTakenError = new("PlatformTaken", "address provider");
    private static readonly AbiError NoSessionError = new("NoSession", "address provider");

    /// <summary>All of them, for tools that decode revert data.</summary>
    public static readonly IReadOnlyList<AbiError> All =
    [
        .. ContractErrors.All, CollateralRefusedError, CollateralTooLongError, CollateralNotNewerError, EvidenceRefusedError, EvidenceUsedError,
        InvalidSigningKeyError, UnknownBlockError, StaleBlockError, PlatformHiddenError, PlatformTakenError, NoSessionError,
    ];

    /// <param name="error">Of the verifier.</param>
    public static CallFailure CollateralRefused(Error error) => CallFailure.Revert(
        CollateralRefusedError, CollateralRefusedError.BeginRevert().WriteString(error.Code).WriteString(error.Message), error.ToString());

    public static CallFailure CollateralTooLong(int length, int limit) => CallFailure.Revert(
        CollateralTooLongError, CollateralTooLongError.BeginRevert().WriteUInt((ulong)length).WriteUInt((ulong)limit),
        $"the bundle has {length} bytes; {limit} is the limit");

    public static CallFailure CollateralNotNewer(Hash256 key) => CallFailure.Revert(
        CollateralNotNewerError, CollateralNotNewerError.BeginRevert().WriteHash(key), "what is stored is as new, and no longer");

    /// <param name="error">Of the verifier, or of the policy.</param>
    public static CallFailure EvidenceRefused(Error error) => CallFailure.Revert(
        EvidenceRefusedError, EvidenceRefusedError.BeginRevert().WriteString(error.Code).WriteString(error.Message), error.ToString());

    public static CallFailure EvidenceUsed(ulong height) => CallFailure.Revert(
        EvidenceUsedError, EvidenceUsedError.BeginRevert().WriteUInt(height), $"evidence with this report data opened a session in block {height}: ask the hardware again");

    public static CallFailure InvalidSigningKey() => CallFailure.Revert(
        InvalidSigningKeyError, InvalidSigningKeyError.BeginRevert(), "the signing key is not 33 bytes that name a point of secp256k1");

    public static CallFailure UnknownBlock(ulong height) =>
        CallFailure.Revert(UnknownBlockError, UnknownBlockError.BeginRevert().WriteUInt(height), $"block {height} does not exist yet, or has another hash");

    public static CallFailure StaleBlock(ulong height, ulong oldest) => CallFailure.Revert(
        StaleBlockError, StaleBlockError.BeginRevert().WriteUInt(height).WriteUInt(oldest), $"the evidence names block {height}; {oldest} is the oldest that is taken");

    public static CallFailure PlatformHidden() => CallFailure.Revert(
        PlatformHiddenError, PlatformHiddenError.BeginRevert(), "the evidence does not say on which machine it was made: have it signed by the chip's own key");

    public static CallFailure PlatformTaken(Address provider) => CallFailure.Revert(
        PlatformTakenError, PlatformTakenError.BeginRevert().WriteAddress(provider), $"the machine serves a session of {provider}");

    public static CallFailure NoSession(Address provider) =>
        CallFailure.Revert(NoSessionError, NoSessionError.BeginRevert().WriteAddress(provider), $"{provider} has no session");
}
