using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;

namespace Aivm.Attestation;

/// <summary>The permission to take development evidence. A real network has none: it cannot make one, and there is no other way to check such evidence.</summary>
public sealed class DevelopmentNetwork
{
    /// <summary>The chain id of development chains, which every Ethereum tool knows as one.</summary>
    public const ulong ChainId = 31337;

    private DevelopmentNetwork()
    {
    }

    /// <summary>Errors: <c>development-evidence</c>: the chain id is not that of development chains, or the genesis does not allow it.</summary>
    public static bool TryOpen(ulong chainId, bool genesisAllows, [NotNullWhen(true)] out DevelopmentNetwork? network, [NotNullWhen(false)] out Error? error)
    {
        var isOpen = chainId == ChainId && genesisAllows;
        network = isOpen ? new DevelopmentNetwork() : null;
        error = isOpen ? null : new Error("development-evidence", $"Development evidence is taken on a chain with the id {ChainId} whose genesis allows it, and nowhere else.");
        return isOpen;
    }

    /// <summary>Errors: <c>development-evidence-malformed</c>.</summary>
    public bool TryVerify(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out DevelopmentEvidence? evidence, [NotNullWhen(false)] out Error? error)
    {
        evidence = DevelopmentEvidence.Read(bytes);
        error = evidence is null ? new Error("development-evidence-malformed", "The bytes are not development evidence, or were changed.") : null;
        return evidence is not null;
    }
}
