using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;

namespace Aivm.Attestation;

/// <summary>
/// What authentic evidence must say to be accepted. Nothing is accepted that the policy does not name: the default one accepts no workload at all.
/// A value; two nodes with the same policy accept the same evidence.
/// </summary>
public sealed record AttestationPolicy
{
    public static AttestationPolicy Default { get; } = new();

    /// <summary>Intel's statuses that are accepted whatever their advisories are.</summary>
    public ImmutableHashSet<TcbStatus> TcbStatuses { get; init; } = [TcbStatus.UpToDate];

    /// <summary>Advisories whose mitigation the accepted workloads have: SWHardeningNeeded is accepted where all of a platform's advisories are among them.</summary>
    public ImmutableHashSet<string> Advisories { get; init; } = [];

    /// <summary>AMD's processors that are accepted. Milan's root seed can be read out by software, so that its reports can be forged.</summary>
    public ImmutableHashSet<SnpProduct> SnpProducts { get; init; } = [SnpProduct.Genoa, SnpProduct.Turin];

    /// <summary>The least TCB of each of AMD's products. AMD signs no list of them; a product without an entry has no least one.</summary>
    public ImmutableDictionary<SnpProduct, SnpTcb> MinimumSnpTcb { get; init; } = ImmutableDictionary<SnpProduct, SnpTcb>.Empty;

    /// <summary>Whether AMD's firmware must have looked for memory that answers at two addresses.</summary>
    public bool RequireAliasCheck { get; init; }

    /// <summary>The workloads that are accepted.</summary>
    public ImmutableArray<AllowedWorkload> Workloads { get; init; } = [];

    /// <summary>Waives <see cref="Workloads"/>, and nothing else: who sets it learns what a genuine machine runs, not whether to trust it.</summary>
    public bool AnyWorkload { get; init; }

    /// <summary>What the evidence must be bound to. Without it nobody has looked at whether the evidence is fresh, or whose it is.</summary>
    public ReadOnlyMemory<byte>? ReportData { get; init; }

    /// <summary>The nonce that a GPU must have signed.</summary>
    public ReadOnlyMemory<byte>? GpuNonce { get; init; }

    /// <summary>Errors: the codes that begin with <c>policy-</c> (docs/spec/attestation.md).</summary>
    public bool TryAccept(VerifiedEvidence evidence, [NotNullWhen(false)] out Error? error) =>
        (error = PolicyRules.Violated(this, evidence)) is null;
}
