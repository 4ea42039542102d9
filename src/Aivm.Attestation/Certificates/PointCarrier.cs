using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Aivm.Attestation;

/// <summary>
/// A point of P-384 as a key of the platform, without the check that the platform makes on import: it multiplies the point by the group's order, which
/// takes longer than to verify a signature, and on a curve of cofactor 1 says no more than that the point lies on it (SP 800-186, section 3.2.1.4).
/// Keys in certificates are loaded without it. So the point is put into a certificate that says nothing else.
/// </summary>
internal static class PointCarrier
{
    // Version 3, serial number 1, empty names, a validity of no length, ECDSA with SHA-384; the point; an empty signature.
    private static readonly byte[] Before = Convert.FromHexString(
        "3081C23081B0A003020102020101300A06082A8648CE3D0403033000301E170D3730303130313030303030305A170D3730303130313030303030305A30003076301006072A8648CE3D020106052B8104002203620004");
    private static readonly byte[] After = Convert.FromHexString("300A06082A8648CE3D040303030100");

    /// <summary>Null where the platform does not load it, as for a point that is not on the curve: then import says so.</summary>
    public static ECDsa? TryLoad(ReadOnlySpan<byte> point)
    {
        try
        {
            using var carrier = X509CertificateLoader.LoadCertificate([.. Before, .. point, .. After]);
            return carrier.GetECDsaPublicKey();
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
