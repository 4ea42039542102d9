namespace Aivm.Attestation;

/// <summary>
/// What everything is trusted for: the vendors' roots, pinned in this code. Tests stand authorities of their own in their place; nobody else can: no
/// other assembly makes one.
/// </summary>
public sealed class TrustRoots
{
    internal TrustRoots(Certificate intel, Certificate milan, Certificate genoa, Certificate turin, Certificate nitro, Certificate nvidia) =>
        (Intel, Milan, Genoa, Turin, Nitro, Nvidia) = (intel, milan, genoa, turin, nitro, nvidia);

    public static TrustRoots Vendors { get; } = new(
        Read(VendorRoots.Intel), Read(AmdRoots.Milan), Read(AmdRoots.Genoa), Read(AmdRoots.Turin), Read(VendorRoots.Nitro), Read(VendorRoots.Nvidia));

    internal Certificate Intel { get; }

    internal Certificate Milan { get; }

    internal Certificate Genoa { get; }

    internal Certificate Turin { get; }

    internal Certificate Nitro { get; }

    internal Certificate Nvidia { get; }

    private static Certificate Read(string base64) => Certificate.Read(Convert.FromBase64String(base64));
}
