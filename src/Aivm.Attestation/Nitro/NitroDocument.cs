using System.Formats.Cbor;

namespace Aivm.Attestation;

/// <summary>
/// An attestation document of AWS Nitro Enclaves (AWS, "Verifying the root of trust", attestation_process.md): COSE_Sign1 (RFC 9052, section 4.2) with
/// ES384 over a CBOR map.
/// </summary>
internal sealed class NitroDocument : Evidence
{
    public const int MaxBytesOfDocument = 32 << 10;
    private const int MostFields = 9;
    private const int MostPcrs = 32;
    private const int MostAuthorities = 8;
    private const int AlgorithmLabel = 1;
    private const int Es384 = -35;
    private const int SignatureSize = 96;

    private static readonly string[] Mandatory = ["module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"];

    private readonly SortedDictionary<int, byte[]> _pcrs = [];

    private NitroDocument(ReadOnlyMemory<byte> bytes)
    {
        var envelope = CborFields.ReadEnvelope(bytes);
        Refused.Unless(envelope.Signature.Length == SignatureSize, "signature-range", $"The document's signature has {envelope.Signature.Length} bytes instead of {SignatureSize}.");
        RequireEs384(envelope.Protected);
        (Signature, SignedPart) = (envelope.Signature, SigStructure(envelope));
        ReadPayload(new CborReader(envelope.Payload, CborConformanceMode.Strict));
    }

    public override EvidenceKind Kind => EvidenceKind.Nitro;

    public ReadOnlyMemory<byte> SignedPart { get; }

    public ReadOnlyMemory<byte> Signature { get; }

    /// <summary>Platform configuration registers by number.</summary>
    public IReadOnlyDictionary<int, byte[]> Pcrs => _pcrs;

    public string ModuleId { get; private set; } = "";

    /// <summary>Milliseconds since 1970, by the hypervisor's clock.</summary>
    public ulong Timestamp { get; private set; }

    public ReadOnlyMemory<byte> Certificate { get; private set; }

    /// <summary>From the root down.</summary>
    public List<byte[]> Authorities { get; } = [];

    public ReadOnlyMemory<byte> PublicKey { get; private set; }

    public ReadOnlyMemory<byte> UserData { get; private set; }

    public ReadOnlyMemory<byte> Nonce { get; private set; }

    public static NitroDocument Read(ReadOnlyMemory<byte> bytes)
    {
        Refused.Unless(bytes.Length <= MaxBytesOfDocument, "nitro-malformed", $"The document has {bytes.Length} bytes; {MaxBytesOfDocument} is the limit.");
        return CborFields.Catch(() => new NitroDocument(bytes));
    }

    private void ReadPayload(CborReader reader)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        CborFields.ReadMap(reader, MostFields, () =>
        {
            var name = reader.ReadTextString();
            Refused.Unless(seen.Add(name), "nitro-malformed", $"The document has the field {name} twice.");
            ReadField(name, reader);
        });
        CborFields.RequireEnd(reader);
        foreach (var name in Mandatory)
            Refused.Unless(seen.Contains(name), "nitro-malformed", $"The document has no field {name}.");
        Refused.Unless(ModuleId.Length > 0 && Timestamp > 0 && _pcrs.Count > 0 && Certificate.Length > 0 && Authorities.Count > 0, "nitro-malformed", "A field of the document is empty.");
    }

    private void ReadField(string name, CborReader reader)
    {
        switch (name)
        {
            case "module_id":
                ModuleId = reader.ReadTextString();
                break;
            case "digest":
                Refused.Unless(reader.ReadTextString() == "SHA384", "nitro-malformed", "The document's digest is not SHA384.");
                break;
            case "timestamp":
                Timestamp = reader.ReadUInt64();
                break;
            case "pcrs":
                CborFields.ReadMap(reader, MostPcrs, () => ReadPcr(reader));
                break;
            case "certificate":
                Certificate = CborFields.ReadBytes(reader, 1024);
                break;
            case "cabundle":
                CborFields.ReadArray(reader, MostAuthorities, () => Authorities.Add(CborFields.ReadBytes(reader, 1024)));
                break;
            case "public_key":
                PublicKey = CborFields.ReadOptionalBytes(reader, 1024);
                break;
            case "user_data":
                UserData = CborFields.ReadOptionalBytes(reader, 512);
                break;
            case "nonce":
                Nonce = CborFields.ReadOptionalBytes(reader, 512);
                break;
            default:
                throw new Refused("nitro-malformed", "The document has a field that is not specified.");
        }
    }

    private void ReadPcr(CborReader reader)
    {
        var (index, value) = (reader.ReadUInt32(), CborFields.ReadBytes(reader, 64));
        Refused.Unless(index < MostPcrs && value.Length is 32 or 48 or 64, "nitro-malformed", "A PCR has a number above 31, or another length than a digest.");
        Refused.Unless(_pcrs.TryAdd((int)index, value), "nitro-malformed", $"The document has PCR {index} twice.");
    }

    private static void RequireEs384(byte[] header)
    {
        var reader = new CborReader(header, CborConformanceMode.Strict);
        CborFields.ReadMap(reader, 1, () =>
            Refused.Unless(
                reader.ReadInt32() == AlgorithmLabel && reader.ReadInt32() == Es384, "nitro-algorithm",
                "The document's protected header is not one of ES384 alone."));
        CborFields.RequireEnd(reader);
        Refused.Unless(header.Length > 1, "nitro-algorithm", "The document's protected header names no algorithm.");
    }

    /// <summary>RFC 9052, section 4.4: what the signature is over.</summary>
    private static byte[] SigStructure(CborEnvelope envelope)
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartArray(4);
        writer.WriteTextString("Signature1");
        writer.WriteByteString(envelope.Protected);
        writer.WriteByteString([]);
        writer.WriteByteString(envelope.Payload);
        writer.WriteEndArray();
        return writer.Encode();
    }
}
