using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>The accounts that every genesis holds.</summary>
public static class SystemContracts
{
    /// <summary>Publishes models and sells inferences (docs/spec/models-contract.md).</summary>
    public static readonly Address Models = Address.Parse("0x000000000000000000000000000000000000a100");

    /// <summary>Inferences that run off the chain (docs/spec/jobs.md).</summary>
    public static readonly Address Jobs = Address.Parse("0x000000000000000000000000000000000000a101");

    /// <summary>Who computes them, for how much, and what stands behind it (docs/spec/jobs.md).</summary>
    public static readonly Address Compute = Address.Parse("0x000000000000000000000000000000000000a102");

    /// <summary>What trusted hardware said, and who may sign for it (docs/spec/attestations-contract.md).</summary>
    public static readonly Address Attestations = Address.Parse("0x000000000000000000000000000000000000a105");

    /// <summary>Verifies proofs of inference (docs/spec/proofs-precompile.md).</summary>
    public static readonly Address Proofs = Address.Parse("0x000000000000000000000000000000000000a180");

    /// <summary>Says what evidence of trusted hardware is worth (docs/spec/attestations-contract.md).</summary>
    public static readonly Address AttestationVerifier = Address.Parse("0x000000000000000000000000000000000000a181");

    /// <summary>Governance's address: the network's part of fees waits there.</summary>
    public static readonly Address Treasury = Address.Parse("0x000000000000000000000000000000000000a107");

    /// <summary>EIP-2935.</summary>
    public static readonly Address BlockHistory = Address.Parse("0x0000f90827f1c53a10cb7a02335b175320002935");

    /// <summary>0x…A100 to 0x…A1FF (contracts and precompiles of the system) and the block history.</summary>
    public static bool IsReserved(Address address) =>
        address == BlockHistory || (address.Span[..^2].IndexOfAnyExcept((byte)0) < 0 && address.Span[^2] == 0xA1);
}
