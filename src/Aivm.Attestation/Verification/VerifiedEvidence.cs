namespace Aivm.Attestation;

/// <summary>
/// What hardware said, after every signature between it and a pinned root was checked. Only a verifier makes one: no other assembly can derive from it
/// or change it. It is authentic, and nothing more: whether to accept it is for <see cref="AttestationPolicy"/> to say.
/// </summary>
public abstract record VerifiedEvidence
{
    private protected VerifiedEvidence(
        EvidenceKind kind, ReadOnlyMemory<byte> reportData, IReadOnlyList<Measurement> measurements, ReadOnlyMemory<byte> platformId) =>
        (Kind, ReportData, Measurements, PlatformId) = (kind, reportData, measurements, platformId);

    public EvidenceKind Kind { get; }

    /// <summary>What the workload had signed: the place to which keys and freshness are bound.</summary>
    public ReadOnlyMemory<byte> ReportData { get; }

    /// <summary>What was loaded and how it is configured, by the format's names.</summary>
    public IReadOnlyList<Measurement> Measurements { get; }

    /// <summary>The same for all evidence of one machine, so that one machine counts once. Empty where the format hides it.</summary>
    public ReadOnlyMemory<byte> PlatformId { get; }

    /// <summary>How up to date the platform is by its vendor's own rule. Null where the vendor has none.</summary>
    public virtual TcbStatus? TcbStatus => null;

    /// <summary>The vendor's advisories that apply to the platform, in order.</summary>
    public virtual IReadOnlyList<string> Advisories => [];
}

/// <summary>One signed value, under the name that its format gives it.</summary>
public readonly record struct Measurement(string Name, ReadOnlyMemory<byte> Value);
