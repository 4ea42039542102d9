namespace Aivm.Attestation;

/// <summary>Certificates as vendors' services give them: files in DER or PEM, with one certificate or several.</summary>
internal static class CertificateFiles
{
    public static IReadOnlyList<Certificate> Read(IReadOnlyList<ReadOnlyMemory<byte>> files)
    {
        var certificates = new List<Certificate>();
        foreach (var file in files)
        {
            if (Pem.LooksLikeOne(file.Span))
                certificates.AddRange(Pem.Read(file.Span));
            else
                certificates.Add(Certificate.Read(file));
            Refused.Unless(certificates.Count <= Pem.MostCertificates, "certificate-chain", $"There are more than {Pem.MostCertificates} certificates.");
        }
        return certificates;
    }

    /// <summary>The one certificate that is of no authority: that of the device.</summary>
    public static Certificate Leaf(IReadOnlyList<Certificate> certificates)
    {
        Certificate? leaf = null;
        foreach (var certificate in certificates)
        {
            if (certificate.Constraints.IsAuthority)
                continue;
            Refused.Unless(leaf is null, "certificate-chain", "There are two certificates of devices: give the one that signed the evidence.");
            leaf = certificate;
        }
        return leaf ?? throw new Refused("collateral-missing", "The certificate of the device that signed the evidence is missing: give it, and those of its authorities, as collateral.");
    }
}
