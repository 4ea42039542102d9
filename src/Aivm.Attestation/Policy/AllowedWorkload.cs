using System.Collections.Immutable;

namespace Aivm.Attestation;

/// <summary>One workload that is accepted: evidence of the kind with exactly these values.</summary>
/// <param name="Values">By the measurements' names; more than <see cref="Required"/> may be named.</param>
public sealed record AllowedWorkload(EvidenceKind Kind, ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> Values)
{
    /// <summary>
    /// The least that names a workload. Never the signer alone, who signs other enclaves too; never a trust domain's firmware alone, which starts any
    /// kernel. A GPU's firmware is named by all of its measurements.
    /// </summary>
    public static IReadOnlyList<string> Required(EvidenceKind kind) => kind switch
    {
        EvidenceKind.Sgx => ["mrenclave"],
        EvidenceKind.Tdx => ["mrtd", "rtmr1", "rtmr2"],
        EvidenceKind.SevSnp => ["measurement"],
        EvidenceKind.Nitro => ["pcr0"],
        EvidenceKind.NvidiaGpu => [],
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    public bool Matches(VerifiedEvidence evidence)
    {
        if (evidence.Kind != Kind || !Required(Kind).All(Values.ContainsKey))
            return false;
        var met = 0;
        foreach (var (name, value) in evidence.Measurements)
        {
            if (Values.TryGetValue(name, out var expected))
            {
                if (!expected.Span.SequenceEqual(value.Span))
                    return false;
                met++;
            }
            else if (Kind == EvidenceKind.NvidiaGpu)
            {
                return false;
            }
        }
        return met > 0 && met == Values.Count;
    }
}
