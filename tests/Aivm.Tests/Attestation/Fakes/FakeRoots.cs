using System.Security.Cryptography;
using Aivm.Attestation;

namespace Aivm.Tests.Attestation.Fakes;

/// <summary>The roots of tests, in the place of the vendors'. Their keys are made anew for each run of the tests.</summary>
internal static class FakeRoots
{
    public static ECDsa P256() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static ECDsa P384() => ECDsa.Create(ECCurve.NamedCurves.nistP384);

    public static FakeAuthority Intel { get; } = new(new CertificateSpec("Intel SGX Root CA", P256()).AsAuthority(1), HashAlgorithmName.SHA256);

    public static FakeAuthority Nitro { get; } = new(new CertificateSpec("aws.nitro-enclaves", P384()).AsAuthority(), HashAlgorithmName.SHA384);

    public static FakeAuthority Nvidia { get; } = new(new CertificateSpec("NVIDIA Device Identity CA", P384()).AsAuthority(), HashAlgorithmName.SHA384);

    public static FakeAuthority Milan { get; } = Amd("ARK-Milan");

    public static FakeAuthority Genoa { get; } = Amd("ARK-Genoa");

    public static FakeAuthority Turin { get; } = Amd("ARK-Turin");

    public static TrustRoots All { get; } = new(Pinned(Intel), Pinned(Milan), Pinned(Genoa), Pinned(Turin), Pinned(Nitro), Pinned(Nvidia));

    private static FakeAuthority Amd(string name) =>
        new(new CertificateSpec(name, RSA.Create(4096)).AsAuthority(), HashAlgorithmName.SHA384);

    private static Certificate Pinned(FakeAuthority authority) => Certificate.Read(authority.SelfSigned());
}
