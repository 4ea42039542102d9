namespace Aivm.Attestation;

/// <summary>An enclave, as its quote has it.</summary>
public sealed record SgxEvidence : VerifiedEvidence
{
    internal SgxEvidence(EnclaveReport report, PckExtension platform, TcbVerdict tcb)
        : base(EvidenceKind.Sgx, report.ReportData, Measure(report), platform.PlatformId)
    {
        (TcbStatus, Advisories) = (tcb.Status, tcb.Advisories);
        IsDebug = report.IsDebug;
    }

    public override TcbStatus? TcbStatus { get; }

    public override IReadOnlyList<string> Advisories { get; }

    /// <summary>Whether the host may read the enclave's memory.</summary>
    public bool IsDebug { get; }

    private static Measurement[] Measure(EnclaveReport report) =>
    [
        new("mrenclave", report.MrEnclave),
        new("mrsigner", report.MrSigner),
        new("isv_prod_id", report.ProductId),
        new("isv_svn", report.SecurityVersion),
        new("attributes", report.Attributes),
    ];
}
