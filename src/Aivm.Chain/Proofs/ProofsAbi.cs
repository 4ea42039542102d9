using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>Functions of the Proofs precompile, as docs/spec/proofs-precompile.md lists them.</summary>
public static class ProofsAbi
{
    public static readonly AbiFunction VerifyProof = new("verifyProof",
    [
        "address model", "bytes32 weightRoot", "bytes32 inputRoot", "uint32 samples", "bytes32 subject", "bytes inputs", "int64[] outputs", "bytes proof",
    ], ["bool valid"]);
    public static readonly AbiFunction VerificationGas = new("verificationGas", ["address model", "uint32 samples", "bool privateInputs"], ["uint64 gas"]);
    public static readonly AbiFunction VerificationGasByRoot = new("verificationGas", ["address model", "uint32 samples", "bool privateInputs", "bool weightsByRoot"], ["uint64 gas"]);
}
