using Aivm.Primitives;

namespace Aivm.Attestation;

/// <summary>The rules in the order in which they are looked at: how the workload is protected, the platform, the binding, the workload.</summary>
internal static class PolicyRules
{
    /// <summary>The first rule that the evidence breaks, or null.</summary>
    public static Error? Violated(AttestationPolicy policy, VerifiedEvidence evidence) =>
        Protection(evidence) ?? Platform(policy, evidence) ?? Binding(policy, evidence) ?? Workload(policy, evidence);

    /// <summary>A policy cannot change these: without them nobody but the host's word protects the workload.</summary>
    private static Error? Protection(VerifiedEvidence evidence) => evidence switch
    {
        SgxEvidence { IsDebug: true } => Debug("the enclave has ATTRIBUTES.DEBUG"),
        TdxEvidence { Attributes.IsDebug: true } => Debug("the trust domain has DEBUG, or a bit beside it, in its attributes"),
        SnpEvidence { IsDebug: true } => Debug("the guest's policy allows debugging"),
        NitroEvidence { IsDebug: true } => Debug("the enclave's registers are zero, as in debug mode"),
        TdxEvidence { Attributes.HasReserved: true } =>
            new("policy-td-attributes", "The trust domain has attributes that are reserved or let it be migrated: launch it without them."),
        TdxEvidence { Attributes.DisablesSeptExceptions: false } =>
            new("policy-td-sept-ve", "The trust domain lets the host make its kernel handle missing pages: launch it with SEPT_VE_DISABLE."),
        TdxEvidence { HasServiceDomain: true } => new("policy-td-service", "The trust domain is bound to a service domain (MR_SERVICETD): launch it without one."),
        SnpEvidence { Vmpl: not 0 } => new("policy-snp-vmpl", "The report was asked for below the guest's highest privilege level: ask at VMPL 0."),
        SnpEvidence { HasMigrationAgent: true } => new("policy-snp-migration", "The guest may be associated with a migration agent: launch it without that."),
        _ => null,
    };

    private static Error Debug(string why) => new("policy-debug", $"The host can read the workload's memory: {why}.");

    private static Error? Platform(AttestationPolicy policy, VerifiedEvidence evidence)
    {
        if (evidence is SnpEvidence snp)
            return Processor(policy, snp);
        if (evidence.TcbStatus is not { } status || policy.TcbStatuses.Contains(status))
            return null;
        var isHardened = status == TcbStatus.SWHardeningNeeded && evidence.Advisories.Count > 0 && evidence.Advisories.All(policy.Advisories.Contains);
        return isHardened
            ? null
            : new Error("policy-tcb-status", $"The platform's TCB is {status}{Listed(evidence.Advisories)}, which the policy does not accept: update the platform, or list the status.");
    }

    private static string Listed(IReadOnlyList<string> advisories) => advisories.Count == 0 ? "" : $" ({string.Join(", ", advisories)})";

    private static Error? Processor(AttestationPolicy policy, SnpEvidence snp)
    {
        if (!policy.SnpProducts.Contains(snp.Product))
            return new Error("policy-snp-product", $"The policy does not accept {snp.Product} processors.");
        if (policy.MinimumSnpTcb.TryGetValue(snp.Product, out var least) && !snp.Tcb.Reaches(least))
            return new Error("policy-snp-tcb", $"The processor reports {snp.Tcb}, and the least for {snp.Product} is {least}: update its firmware.");
        return policy.RequireAliasCheck && !snp.IsAliasChecked
            ? new Error("policy-snp-alias", "The firmware has not checked that no memory answers at two addresses: update firmware and BIOS.")
            : null;
    }

    private static Error? Binding(AttestationPolicy policy, VerifiedEvidence evidence)
    {
        if (evidence is GpuEvidence)
        {
            return policy.GpuNonce is { } nonce && !nonce.Span.SequenceEqual(evidence.ReportData.Span)
                ? new Error("policy-gpu-nonce", "The GPU signed another nonce than the policy names: ask it again with that one.")
                : null;
        }
        return policy.ReportData is { } data && !data.Span.SequenceEqual(evidence.ReportData.Span)
            ? new Error("policy-report-data", "The evidence is bound to other report data than the policy names: it is stale, or somebody else's.")
            : null;
    }

    private static Error? Workload(AttestationPolicy policy, VerifiedEvidence evidence) =>
        policy.AnyWorkload || policy.Workloads.Any(workload => workload.Matches(evidence))
            ? null
            : new Error("policy-measurement", $"None of the policy's {policy.Workloads.Length} workloads has this evidence's measurements.");
}
