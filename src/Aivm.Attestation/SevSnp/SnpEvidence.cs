namespace Aivm.Attestation;

/// <summary>A guest, as its report has it.</summary>
public sealed record SnpEvidence : VerifiedEvidence
{
    private const ulong DebugFlag = 1UL << 19;
    private const ulong MigrationAgentFlag = 1UL << 18;
    private const ulong AliasCheckFlag = 1UL << 5;

    internal SnpEvidence(SnpReport report, SnpProduct product, SnpTcb tcb)
        : base(EvidenceKind.SevSnp, report.Slice(0x50, 64), Measure(report), report.SigningKey == SnpSigningKey.Chip ? report.ChipId : default)
    {
        (Product, Tcb, Vmpl) = (product, tcb, report.Vmpl);
        IsDebug = (report.Policy & DebugFlag) != 0;
        HasMigrationAgent = (report.Policy & MigrationAgentFlag) != 0;
        IsAliasChecked = report.Version >= 3 && (report.PlatformInfo & AliasCheckFlag) != 0;
    }

    public SnpProduct Product { get; }

    /// <summary>The reported TCB, which the signing key attests.</summary>
    public SnpTcb Tcb { get; }

    /// <summary>The privilege level that asked for the report: 0 is the guest's highest.</summary>
    public uint Vmpl { get; }

    /// <summary>Whether the host may read the guest's memory.</summary>
    public bool IsDebug { get; }

    /// <summary>Whether another guest may take part in moving this one.</summary>
    public bool HasMigrationAgent { get; }

    /// <summary>Whether the firmware found no memory that answers at two addresses.</summary>
    public bool IsAliasChecked { get; }

    private static Measurement[] Measure(SnpReport report) =>
    [
        new("measurement", report.Slice(0x90, 48)),
        new("host_data", report.Slice(0xC0, 32)),
        new("id_key_digest", report.Slice(0xE0, 48)),
        new("author_key_digest", report.Slice(0x110, 48)),
        new("family_id", report.Slice(0x10, 16)),
        new("image_id", report.Slice(0x20, 16)),
        new("guest_svn", report.Slice(0x04, 4)),
        new("policy", report.Slice(0x08, 8)),
        new("platform_info", report.Slice(0x40, 8)),
        new("reported_tcb", report.ReportedTcb),
    ];
}
