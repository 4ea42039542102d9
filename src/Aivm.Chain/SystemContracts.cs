using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>The accounts that every genesis holds, and the code that marks what executes them.</summary>
public static class SystemContracts
{
    /// <summary>Publishes models and sells inferences (docs/spec/models-contract.md).</summary>
    public static readonly Address Models = Address.Parse("0x000000000000000000000000000000000000a100");

    /// <summary>Verifies proofs of inference (docs/spec/proofs-precompile.md).</summary>
    public static readonly Address Proofs = Address.Parse("0x000000000000000000000000000000000000a180");

    /// <summary>Governance's address: the network's part of fees waits there.</summary>
    public static readonly Address Treasury = Address.Parse("0x000000000000000000000000000000000000a107");

    /// <summary>EIP-2935.</summary>
    public static readonly Address BlockHistory = Address.Parse("0x0000f90827f1c53a10cb7a02335b175320002935");

    /// <summary>
    /// The code of the Models contract: 0xEF 0xA0 marks what the node executes natively, two bytes say which contract. EIP-3541 keeps 0xEF
    /// free of EVM code, so nobody can deploy a marker, and an account that has one is not empty.
    /// </summary>
    public static ReadOnlySpan<byte> ModelsCode => [0xEF, 0xA0, 0xA1, 0x00];

    /// <summary>Likewise of the Proofs precompile: Solidity calls no account without code.</summary>
    public static ReadOnlySpan<byte> ProofsCode => [0xEF, 0xA0, 0xA1, 0x80];

    /// <summary>0x…A100 to 0x…A1FF (contracts and precompiles of the system) and the block history.</summary>
    public static bool IsReserved(Address address) =>
        address == BlockHistory || (address.Span[..^2].IndexOfAnyExcept((byte)0) < 0 && address.Span[^2] == 0xA1);
}
