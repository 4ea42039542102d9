using System.Text;

namespace Aivm.Attestation;

/// <summary>Whose hardware speaks. Development evidence is none of these: it has a type of its own.</summary>
public enum EvidenceKind
{
    /// <summary>An Intel SGX enclave, by a DCAP quote of version 3.</summary>
    Sgx,
    /// <summary>An Intel TDX trust domain, by a DCAP quote of version 4 or 5.</summary>
    Tdx,
    /// <summary>An AMD SEV-SNP guest.</summary>
    SevSnp,
    /// <summary>An AWS Nitro enclave.</summary>
    Nitro,
    /// <summary>An NVIDIA GPU in confidential-computing mode.</summary>
    NvidiaGpu,
}

public static class EvidenceKinds
{
    /// <summary>The name in documents, policies and the command line.</summary>
    public static string Name(this EvidenceKind kind) => kind switch
    {
        EvidenceKind.Sgx => "sgx",
        EvidenceKind.Tdx => "tdx",
        EvidenceKind.SevSnp => "sev-snp",
        EvidenceKind.Nitro => "nitro",
        EvidenceKind.NvidiaGpu => "nvidia-gpu",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>The name in ASCII, to be hashed in front of what is of the kind: no name begins with another.</summary>
    public static byte[] NameBytes(this EvidenceKind kind) => Encoding.ASCII.GetBytes(kind.Name());
}
