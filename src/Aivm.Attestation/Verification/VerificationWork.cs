namespace Aivm.Attestation;

/// <summary>
/// What verifying takes at most, in nanoseconds of the reference core (docs/benchmarks/attestation.md), known before a signature is looked at: evidence
/// is taken apart first, which costs by its length. Signatures that are skipped because one before them failed are counted all the same.
/// </summary>
public static class VerificationWork
{
    private const long P384 = 1_400_000;
    private const long Rsa4096 = 140_000;

    /// <summary>A quote with stored collateral: the platform's certificate, the quoting enclave, the quote, and the authority where it was renewed; TCB levels.</summary>
    private const long Quote = 1_300_000;

    /// <summary>The ten signatures in Intel's collateral.</summary>
    private const long Collateral = 4_900_000;

    private const long ReadByte = 20;
    private const long CollateralByte = 80;

    /// <summary>Taking evidence or certificates apart.</summary>
    public static long OfReading(long bytes) => ReadByte * bytes;

    /// <summary>A bundle of Intel's collateral, from its bytes.</summary>
    public static long OfCollateral(int bytes) => Collateral + (CollateralByte * bytes);

    /// <summary>
    /// Evidence with its certificates, of which each is checked once at most: as a link of the chain, or as the root. Of a quote without the collateral
    /// that it needs.
    /// </summary>
    public static long Of(Evidence evidence, VendorCertificates certificates) => evidence switch
    {
        IntelQuote => Quote,
        SnpReport => P384 + (Rsa4096 * certificates.Count),
        GpuReport => P384 * (1 + certificates.Count),
        NitroDocument document => P384 * (2 + document.Authorities.Count),
        _ => throw new ArgumentOutOfRangeException(nameof(evidence)),
    };
}
