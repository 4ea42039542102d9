using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;

namespace Aivm.Attestation;

/// <summary>The certificates that come beside a piece of evidence, taken apart and counted, with nothing trusted yet: what verifying them costs is known before it is done.</summary>
public sealed class VendorCertificates
{
    private VendorCertificates(IReadOnlyList<Certificate> all) => All = all;

    public int Count => All.Count;

    internal IReadOnlyList<Certificate> All { get; }

    /// <summary>
    /// For AMD and NVIDIA the certificates up to the root, in DER or PEM, one or more in a file; none for others. Errors: <c>collateral-needless</c>,
    /// <c>certificate-chain</c> and those of PEM and certificates.
    /// </summary>
    public static bool TryRead(
        Evidence evidence, IReadOnlyList<ReadOnlyMemory<byte>> files,
        [NotNullWhen(true)] out VendorCertificates? certificates, [NotNullWhen(false)] out Error? error) =>
        Refused.Catch(() => Read(evidence, files), out certificates, out error);

    internal static VendorCertificates Read(Evidence evidence, IReadOnlyList<ReadOnlyMemory<byte>> files)
    {
        var takesThem = evidence.Kind is EvidenceKind.SevSnp or EvidenceKind.NvidiaGpu;
        Refused.Unless(takesThem || files.Count == 0, "collateral-needless", $"Evidence of {evidence.Kind.Name()} carries its certificates: give none beside it.");
        return new VendorCertificates(CertificateFiles.Read(files));
    }
}
