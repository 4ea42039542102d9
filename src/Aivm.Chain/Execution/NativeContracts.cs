using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>What runs when a native contract is called.</summary>
internal delegate CallResult NativeCode(TransactionContext context, CallFrame frame);

/// <summary>A contract that the node executes itself.</summary>
internal sealed record NativeContract(Address Address, NativeCode Code)
{
    /// <summary>
    /// 0xEF 0xA0 and the last two bytes of the address. EIP-3541 keeps 0xEF free of EVM code, so nobody can deploy a marker, an account that has
    /// one is not empty, and Solidity, which calls no account without code, calls it.
    /// </summary>
    public byte[] Marker { get; } = [.. NativeContracts.MarkerPrefix, .. Address.Span[^2..]];
}

/// <summary>The native contracts that every genesis holds.</summary>
internal static class NativeContracts
{
    public static readonly IReadOnlyList<NativeContract> All =
    [
        new(SystemContracts.Models, ModelsContract.Execute),
        new(SystemContracts.Jobs, JobsContract.Execute),
        new(SystemContracts.Compute, ComputeContract.Execute),
        new(SystemContracts.Attestations, AttestationsContract.Execute),
        new(SystemContracts.Proofs, ProofsContract.Execute),
        new(SystemContracts.AttestationVerifier, VerifyAttestation.Execute),
    ];

    public static ReadOnlySpan<byte> MarkerPrefix => [0xEF, 0xA0];

    /// <summary>The contract that a marker names; null where it names none.</summary>
    public static NativeContract? Of(ReadOnlySpan<byte> code)
    {
        foreach (var contract in All)
        {
            if (code.SequenceEqual(contract.Marker))
                return contract;
        }
        return null;
    }
}
