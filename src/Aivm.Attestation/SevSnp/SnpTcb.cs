namespace Aivm.Attestation;

/// <summary>The generations of processors, each with a root key of its own.</summary>
public enum SnpProduct
{
    Milan,
    /// <summary>Also Bergamo and Siena.</summary>
    Genoa,
    Turin,
}

/// <summary>The security versions of a processor's firmware (publication 56860, "TCB_VERSION").</summary>
/// <param name="Fmc">Since Turin; 0 before.</param>
public readonly record struct SnpTcb(byte Fmc, byte BootLoader, byte Tee, byte Snp, byte Microcode)
{
    public static SnpTcb Read(SnpProduct product, ReadOnlySpan<byte> version) => product == SnpProduct.Turin
        ? new SnpTcb(version[0], version[1], version[2], version[3], version[7])
        : new SnpTcb(0, version[0], version[1], version[6], version[7]);

    /// <summary>Whether every part is at least as new.</summary>
    public bool Reaches(SnpTcb least) =>
        Fmc >= least.Fmc && BootLoader >= least.BootLoader && Tee >= least.Tee && Snp >= least.Snp && Microcode >= least.Microcode;
}
