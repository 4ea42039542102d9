using System.Formats.Asn1;

namespace Aivm.Attestation;

/// <summary>What AMD says in the certificate of a VCEK or VLEK (publication 57230, "VCEK Certificate Definition"): the TCB that the key is a function of, and whose it is.</summary>
internal sealed class SnpCertificate
{
    private const string Prefix = "1.3.6.1.4.1.3704.1.";
    private const string BootLoaderId = Prefix + "3.1";
    private const string TeeId = Prefix + "3.2";
    private const string SnpId = Prefix + "3.3";
    private const string MicrocodeId = Prefix + "3.8";
    private const string FmcId = Prefix + "3.9";
    private const string HardwareIdId = Prefix + "4";
    private const string ProviderId = Prefix + "5";

    private readonly Certificate _certificate;

    private SnpCertificate(Certificate certificate, SnpProduct product)
    {
        _certificate = certificate;
        Tcb = new SnpTcb(product == SnpProduct.Turin ? Number(FmcId) : (byte)0, Number(BootLoaderId), Number(TeeId), Number(SnpId), Number(MicrocodeId));
    }

    public SnpTcb Tcb { get; }

    /// <exception cref="Refused"><c>snp-certificate</c>.</exception>
    public static SnpCertificate Read(Certificate certificate, SnpProduct product)
    {
        try
        {
            return new SnpCertificate(certificate, product);
        }
        catch (AsnContentException)
        {
            throw new Refused("snp-certificate", "AMD's extensions of the processor's certificate are not of the specified form.");
        }
    }

    /// <summary>The certificate is for the kind of key that the report says, and a chip's is for this chip.</summary>
    public void RequireFor(SnpReport report)
    {
        var hardwareId = _certificate.Extensions.Find(HardwareIdId);
        if (report.SigningKey == SnpSigningKey.Provider)
        {
            Refused.Unless(
                hardwareId is null && _certificate.Extensions.Find(ProviderId) is not null, "snp-signing-key",
                "The report is signed by a provider's key (VLEK), and the certificate is not for one.");
            return;
        }
        Refused.Unless(hardwareId is not null, "snp-signing-key", "The report is signed by a chip's key (VCEK), and the certificate is not for one.");
        var id = HardwareId(hardwareId.Value);
        Refused.Unless(
            id.Length is 8 or 64 && report.ChipId.Span.StartsWith(id) && !report.ChipId.Span[id.Length..].ContainsAnyExcept((byte)0),
            "snp-chip-id", "The certificate is for another chip than the report names.");
    }

    /// <summary>64 octets, or 8 since Turin: the extension's value is the identity itself; an OCTET STRING around it is taken too.</summary>
    private static ReadOnlySpan<byte> HardwareId(ReadOnlyMemory<byte> value) => value.Span switch
    {
        [0x04, 64, ..] and { Length: 66 } wrapped => wrapped[2..],
        [0x04, 8, ..] and { Length: 10 } wrapped => wrapped[2..],
        var bare => bare,
    };

    private byte Number(string id)
    {
        if (_certificate.Extensions.Find(id) is not { } value)
            throw new Refused("snp-certificate", $"The processor's certificate has no extension {id}.");
        var reader = new AsnReader(value, AsnEncodingRules.DER);
        var isNumber = reader.TryReadUInt32(out var number);
        reader.ThrowIfNotEmpty();
        Refused.Unless(isNumber && number <= byte.MaxValue, "snp-certificate", $"The extension {id} of the processor's certificate is no security version.");
        return (byte)number;
    }
}
