using System.Formats.Asn1;

namespace Aivm.Attestation;

/// <summary>What Intel says about a platform in its certificate (Intel SGX PCK Certificate and CRL Specification, section 1.3.5).</summary>
internal sealed class PckExtension
{
    private const string Id = "1.2.840.113741.1.13.1";
    private const string PpidId = Id + ".1";
    private const string TcbId = Id + ".2";
    private const string PceIdId = Id + ".3";
    private const string FmspcId = Id + ".4";
    private const string PceSvnId = TcbId + ".17";
    private const string CpuSvnId = TcbId + ".18";

    /// <summary>How many components a TCB has.</summary>
    public const int Components = 16;

    private readonly int[] _svns = new int[Components];

    private PckExtension(ReadOnlyMemory<byte> value)
    {
        var fields = ReadPairs(value);
        PlatformId = ReadBytes(fields, PpidId, 16);
        PceId = ReadBytes(fields, PceIdId, 2);
        Fmspc = ReadBytes(fields, FmspcId, 6);
        var tcb = ReadPairs(Find(fields, TcbId));
        for (var i = 0; i < Components; i++)
            _svns[i] = ReadNumber(tcb, $"{TcbId}.{i + 1}", byte.MaxValue);
        PceSvn = ReadNumber(tcb, PceSvnId, ushort.MaxValue);
        ReadBytes(tcb, CpuSvnId, 16);
    }

    /// <summary>PPID: the platform's provisioning identity.</summary>
    public ReadOnlyMemory<byte> PlatformId { get; }

    public ReadOnlyMemory<byte> PceId { get; }

    /// <summary>The family of platforms, which TCB information is about.</summary>
    public ReadOnlyMemory<byte> Fmspc { get; }

    /// <summary>The security version of each component.</summary>
    public ReadOnlySpan<int> Svns => _svns;

    public int PceSvn { get; }

    /// <exception cref="Refused"><c>pck-extension</c>: the certificate is not one of a platform.</exception>
    public static PckExtension Read(Certificate certificate)
    {
        if (certificate.Extensions.Find(Id) is not { } value)
            throw new Refused("pck-extension", "The certificate in the quote has no SGX extension: it is not that of a platform.");
        try
        {
            return new PckExtension(value);
        }
        catch (AsnContentException)
        {
            throw new Refused("pck-extension", "The SGX extension of the platform's certificate is not of the specified form.");
        }
    }

    /// <summary>SEQUENCE OF SEQUENCE { id, value }: the encoded value of each id.</summary>
    private static Dictionary<string, ReadOnlyMemory<byte>> ReadPairs(ReadOnlyMemory<byte> value)
    {
        var (outer, fields) = (new AsnReader(value, AsnEncodingRules.DER), new Dictionary<string, ReadOnlyMemory<byte>>());
        var sequence = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        while (sequence.HasData)
        {
            var pair = sequence.ReadSequence();
            Refused.Unless(fields.TryAdd(pair.ReadObjectIdentifier(), pair.ReadEncodedValue()), "pck-extension", "A field is twice in the SGX extension.");
            pair.ThrowIfNotEmpty();
        }
        return fields;
    }

    private static ReadOnlyMemory<byte> Find(Dictionary<string, ReadOnlyMemory<byte>> fields, string id) =>
        fields.TryGetValue(id, out var value) ? value : throw new Refused("pck-extension", $"The SGX extension has no field {id}.");

    private static byte[] ReadBytes(Dictionary<string, ReadOnlyMemory<byte>> fields, string id, int length)
    {
        var bytes = new AsnReader(Find(fields, id), AsnEncodingRules.DER).ReadOctetString();
        Refused.Unless(bytes.Length == length, "pck-extension", $"The field {id} of the SGX extension has {bytes.Length} bytes instead of {length}.");
        return bytes;
    }

    private static int ReadNumber(Dictionary<string, ReadOnlyMemory<byte>> fields, string id, int most)
    {
        var isNumber = new AsnReader(Find(fields, id), AsnEncodingRules.DER).TryReadInt32(out var number);
        Refused.Unless(isNumber && number >= 0 && number <= most, "pck-extension", $"The field {id} of the SGX extension is no number up to {most}.");
        return number;
    }
}
