using System.Buffers.Binary;

namespace Aivm.Attestation;

/// <summary>A trust domain, as its quote has it.</summary>
public sealed record TdxEvidence : VerifiedEvidence
{
    internal TdxEvidence(TdReport report, PckExtension platform, TcbVerdict tcb)
        : base(EvidenceKind.Tdx, report.ReportData, Measure(report), platform.PlatformId)
    {
        (TcbStatus, Advisories) = (tcb.Status, tcb.Advisories);
        Attributes = new TdAttributes(BinaryPrimitives.ReadUInt64LittleEndian(report.Attributes.Span));
        HasServiceDomain = report.IsTd15 && report.MrServiceTd.Span.ContainsAnyExcept((byte)0);
    }

    public override TcbStatus? TcbStatus { get; }

    public override IReadOnlyList<string> Advisories { get; }

    public TdAttributes Attributes { get; }

    /// <summary>Whether another domain may take part in this one's life, such as one that migrates it.</summary>
    public bool HasServiceDomain { get; }

    private static List<Measurement> Measure(TdReport report)
    {
        var measurements = new List<Measurement>
        {
            new("mrtd", report.MrTd),
            new("rtmr0", report.Rtmr(0)),
            new("rtmr1", report.Rtmr(1)),
            new("rtmr2", report.Rtmr(2)),
            new("rtmr3", report.Rtmr(3)),
            new("mr_config_id", report.MrConfigId),
            new("mr_owner", report.MrOwner),
            new("mr_owner_config", report.MrOwnerConfig),
            new("mr_seam", report.MrSeam),
            new("tee_tcb_svn", report.TeeTcbSvn),
            new("td_attributes", report.Attributes),
            new("xfam", report.Xfam),
        };
        if (report.IsTd15)
            measurements.AddRange([new("tee_tcb_svn2", report.TeeTcbSvn2), new("mr_service_td", report.MrServiceTd)]);
        return measurements;
    }
}

/// <summary>TDATTRIBUTES (Intel TDX Module ABI, "ATTRIBUTES"): how a trust domain was set up.</summary>
public readonly record struct TdAttributes(ulong Bits)
{
    private const ulong SeptVeDisable = 1UL << 28;

    /// <summary>LASS, SEPT_VE_DISABLE, protection keys, key locker, performance monitoring: features that give the host nothing.</summary>
    private const ulong Harmless = 1UL << 27 | SeptVeDisable | 1UL << 30 | 1UL << 31 | 1UL << 63;

    /// <summary>Bits 0 to 7 make a domain untrusted: DEBUG is the first, the others are for profiling, or reserved.</summary>
    private const ulong Untrusted = 0xFF;

    public bool IsDebug => (Bits & Untrusted) != 0;

    /// <summary>Whether a host cannot make the domain's kernel handle exceptions for pages that it took away.</summary>
    public bool DisablesSeptExceptions => (Bits & SeptVeDisable) != 0;

    /// <summary>Bits that are reserved, or make the domain migratable.</summary>
    public bool HasReserved => (Bits & ~(Harmless | Untrusted)) != 0;
}
