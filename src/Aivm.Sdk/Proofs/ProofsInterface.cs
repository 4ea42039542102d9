using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>What a client uses of the Proofs precompile (docs/spec/proofs-precompile.md).</summary>
public static class ProofsInterface
{
    public static readonly Address Contract = Address.Parse("0x000000000000000000000000000000000000a180");

    public static readonly AbiFunction VerifyProof = new("verifyProof",
    [
        "address model", "bytes32 weightRoot", "bytes32 inputRoot", "uint32 samples", "bytes32 subject", "bytes inputs", "int64[] outputs", "bytes proof",
    ], ["bool valid"]);
    public static readonly AbiFunction VerificationGas = new("verificationGas", ["address model", "uint32 samples", "bool privateInputs"], ["uint64 gas"]);
    public static readonly AbiFunction VerificationGasByRoot = new("verificationGas", ["address model", "uint32 samples", "bool privateInputs", "bool weightsByRoot"], ["uint64 gas"]);

    /// <summary>Why it reverts, besides errors of the Models contract.</summary>
    public static readonly IReadOnlyList<AbiError> Errors =
    [
        new("ProofRejected", "string code", "string reason"),
        new("UnknownRoot", "address model", "bytes32 root"),
    ];

    /// <summary>What a proof for the chain is bound to: the context that its prover is given.</summary>
    /// <param name="sender">Whoever calls <c>verifyProof</c>: an account, or a contract on its behalf.</param>
    /// <param name="subject">What the sender says that the proof is for; zero for nothing in particular.</param>
    public static Hash256 ContextOf(ulong chainId, Address sender, Hash256 subject) =>
        Keccak.Hash(new AbiWriter(3).WriteUInt(chainId).WriteAddress(sender).WriteHash(subject).ToArray());
}
