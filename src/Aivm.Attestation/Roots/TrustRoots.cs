namespace Aivm.Attestation;

/// <summary>
/// What everything is trusted for: the vendors' roots, pinned in this code. Tests stand authorities of their own in their place; nothing else can,
/// since no public member takes one.
/// </summary>
internal sealed record TrustRoots(Certificate Intel, Certificate Milan, Certificate Genoa, Certificate Turin, Certificate Nitro, Certificate Nvidia)
{
    public static TrustRoots Vendors { get; } = new(
        Read(VendorRoots.Intel), Read(AmdRoots.Milan), Read(AmdRoots.Genoa), Read(AmdRoots.Turin), Read(VendorRoots.Nitro), Read(VendorRoots.Nvidia));

    private static Certificate Read(string base64) => Certificate.Read(Convert.FromBase64String(base64));
}
