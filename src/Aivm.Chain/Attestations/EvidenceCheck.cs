using System.Diagnostics.CodeAnalysis;
using Aivm.Attestation;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>What evidence of real hardware is worth on this chain at the block's time. All gas is taken before the work that it pays for, by what that takes at most.</summary>
internal static class EvidenceCheck
{
    /// <summary>Comparing evidence with one workload of a policy.</summary>
    private const ulong WorkloadGas = 1_000;

    /// <param name="given">With certificates of AMD and NVIDIA. Intel's collateral is the chain's.</param>
    public static AttestationVerdict Of(NativeCall call, EvidenceBytes given, AttestationPolicy policy)
    {
        call.Charge((ulong)VerificationWork.OfReading(given.Length));
        if (!Evidence.TryRead(given.Evidence, out var evidence, out var error))
            return new AttestationVerdict(null, error, null);
        if (!TryVerify(call, evidence, given.Certificates, out var verified, out error))
            return new AttestationVerdict(evidence.Kind, error, null);
        call.Charge(WorkloadGas * (ulong)policy.Workloads.Length);
        return new AttestationVerdict(evidence.Kind, policy.TryAccept(verified, out error) ? null : error, verified);
    }

    /// <summary>The block's time as certificates have it.</summary>
    public static long TimeOf(NativeCall call) => (long)Math.Min(call.Block.Time, long.MaxValue);

    /// <summary>
    /// keccak256 over the kind's name and the values that name a workload of that kind: whatever else is measured may differ between starts of the same
    /// workload. Zero for a GPU, which no value names.
    /// </summary>
    public static Hash256 NameOf(NativeCall call, VerifiedEvidence evidence)
    {
        var required = AllowedWorkload.Required(evidence.Kind);
        if (required.Count == 0)
            return Hash256.Zero;
        List<byte> named = [.. evidence.Kind.NameBytes()];
        foreach (var name in required)
        {
            foreach (var measurement in evidence.Measurements)
            {
                if (measurement.Name == name)
                    named.AddRange(measurement.Value.Span);
            }
        }
        return call.Keccak([.. named]);
    }

    private static bool TryVerify(
        NativeCall call, Evidence evidence, IReadOnlyList<ReadOnlyMemory<byte>> files, [NotNullWhen(true)] out VerifiedEvidence? verified, [NotNullWhen(false)] out Error? error)
    {
        verified = null;
        if (!VendorCertificates.TryRead(evidence, files, out var certificates, out error))
            return false;
        call.Charge((ulong)VerificationWork.Of(evidence, certificates));
        if (evidence.Kind is not (Attestation.EvidenceKind.Sgx or Attestation.EvidenceKind.Tdx))
            return EvidenceVerifier.TryVerify(evidence, certificates, TimeOf(call), call.Context.Models.Collateral.Roots, out verified, out error);
        return StoredCollateral.TryLoad(call, evidence, out var collateral, out error)
            && EvidenceVerifier.TryVerify(evidence, collateral, TimeOf(call), out verified, out error);
    }
}
