using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>Why the Proofs precompile reverts, besides the errors of <see cref="ModelsErrors"/> that it shares.</summary>
internal static class ProofsErrors
{
    private static readonly AbiError ProofRejectedError = new("ProofRejected", "string code", "string reason");
    private static readonly AbiError UnknownRootError = new("UnknownRoot", "address model", "bytes32 root");

    /// <summary>All of them, for tools that decode revert data.</summary>
    public static readonly IReadOnlyList<AbiError> All = [ProofRejectedError, UnknownRootError];

    /// <param name="error">Of the verifier, of the circuit, or of what the calldata states.</param>
    public static CallFailure Rejected(Error error) =>
        CallFailure.Revert(ProofRejectedError, ProofRejectedError.BeginRevert().WriteString(error.Code).WriteString(error.Message), error.ToString());

    public static CallFailure UnknownRoot(Address model, Hash256 root, string explanation) =>
        CallFailure.Revert(UnknownRootError, UnknownRootError.BeginRevert().WriteAddress(model).WriteHash(root), explanation);
}
