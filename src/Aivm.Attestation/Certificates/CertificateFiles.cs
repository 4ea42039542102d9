namespace Aivm.Attestation;

/// <summary>Certificates as vendors' services and tools give them: files in DER or PEM, with one certificate or several, one of them in two files perhaps.</summary>
internal static class CertificateFiles
{
    /// <summary>Each once.</summary>
    public static IReadOnlyList<Certificate> Read(IReadOnlyList<ReadOnlyMemory<byte>> files)
    {
        var (certificates, given) = (new List<Certificate>(), 0);
        foreach (var file in files)
        {
            foreach (var certificate in ReadFile(file))
            {
                given++;
                Refused.Unless(given <= Pem.MostCertificates, "certificate-chain", $"There are more than {Pem.MostCertificates} certificates.");
                if (!certificates.Exists(known => known.Encoded.Span.SequenceEqual(certificate.Encoded.Span)))
                    certificates.Add(certificate);
            }
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

    private static IReadOnlyList<Certificate> ReadFile(ReadOnlyMemory<byte> file) =>
        Pem.LooksLikeOne(file.Span) ? Pem.ReadAmidText(file.Span) : [Certificate.Read(file)];
}
