namespace Aivm.Attestation;

/// <summary>From a report to evidence: NVIDIA's root, the chain of the device, the report. Reference measurements are not compared here.</summary>
internal static class GpuVerifier
{
    public static VerifiedEvidence Verify(GpuReport report, IReadOnlyList<Certificate> certificates, long at, TrustRoots roots)
    {
        var leaf = CertificateFiles.Leaf(certificates);
        new TrustChain(roots.Nvidia, SignatureScheme.EcdsaSha384).Walk(leaf, certificates, at);
        var isSigned = leaf.Key.On(EllipticCurve.P384).Verifies(report.SignedPart.Span, report.Signature.Span);
        Refused.Unless(isSigned, "gpu-signature", "The report is not signed by the key of the device's certificate.");
        return new GpuEvidence(report, leaf);
    }
}

/// <summary>A GPU, as its report has it. Report data are the nonce of the request: a GPU signs nothing else that a workload chooses.</summary>
public sealed record GpuEvidence : VerifiedEvidence
{
    /// <param name="device">Its key is the device's own, so that the key names it.</param>
    internal GpuEvidence(GpuReport report, Certificate device)
        : base(EvidenceKind.NvidiaGpu, report.Nonce, report.Blocks, device.Subject)
    {
    }
}
