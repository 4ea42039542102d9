using System.Buffers.Binary;

namespace Aivm.Attestation;

/// <summary>Tells evidence by its first bytes. Every format has bytes there that no other has.</summary>
internal static class EvidenceReader
{
    /// <summary>Report type 0x81 begins a TDREPORT, which only the machine that made it can check.</summary>
    private const byte TdReportType = 0x81;
    private const int TdReportSize = 1024;
    private const ushort MostVersion = 0xFF;

    /// <summary>Which kind the bytes claim to be, whether or not they are whole. Null where they claim none that is known.</summary>
    public static EvidenceKind? KindOf(ReadOnlySpan<byte> bytes)
    {
        if (DevelopmentEvidence.IsOne(bytes) || IsArmToken(bytes))
            return null;
        if (IsQuote(bytes))
            return bytes is [_, _, _, _, IntelQuote.TeeTdx, ..] ? EvidenceKind.Tdx : EvidenceKind.Sgx;
        if (bytes is [GpuReport.SpdmVersion, GpuReport.GetMeasurements, ..])
            return EvidenceKind.NvidiaGpu;
        // A tag of one byte, or an array of four: 0x84 with its length, 0x9F without.
        if (bytes is [0xD2, ..] or [0x84, ..] or [0x9F, ..])
            return EvidenceKind.Nitro;
        return IsSnp(bytes) ? EvidenceKind.SevSnp : null;
    }

    public static Evidence Read(ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        Refused.Unless(span.Length <= Evidence.MaxBytes, "evidence-too-large", $"The evidence has {span.Length} bytes; {Evidence.MaxBytes} is the limit.");
        Refused.Unless(!DevelopmentEvidence.IsOne(span), "development-evidence", "The evidence is that of a development TEE: it proves nothing, and no network takes it.");
        Refused.Unless(!IsArmToken(span), "arm-cca-unsupported", "The evidence is an Arm CCA token, which is not verified yet.");
        Refused.Unless(!IsTdReport(span), "tdx-report-unquoted", "The evidence is a TDREPORT, which only its own machine can check: have it quoted.");
        return KindOf(span) switch
        {
            EvidenceKind.Sgx or EvidenceKind.Tdx => IntelQuote.Read(bytes),
            EvidenceKind.SevSnp => SnpReport.Read(bytes),
            EvidenceKind.Nitro => NitroDocument.Read(bytes),
            EvidenceKind.NvidiaGpu => GpuReport.Read(bytes),
            _ => throw new Refused("evidence-unknown", "The evidence is none of: SGX or TDX quote, SEV-SNP report, Nitro document, NVIDIA report."),
        };
    }

    /// <summary>CBOR tag 399 (draft-ffm-rats-cca-token).</summary>
    private static bool IsArmToken(ReadOnlySpan<byte> span) => span is [0xD9, 0x01, 0x8F, ..];

    private static bool IsTdReport(ReadOnlySpan<byte> span) => span.Length == TdReportSize && span[0] == TdReportType;

    /// <summary>Intel's vendor in the header, or the beginning of a header: a small version, then the type of a key, which a report of AMD's has zeros for.</summary>
    private static bool IsQuote(ReadOnlySpan<byte> span)
    {
        if (span.Length >= IntelQuote.VendorIdAt.End.Value && span[IntelQuote.VendorIdAt].SequenceEqual(IntelQuote.IntelVendorId))
            return true;
        return span.Length >= 4 && BinaryPrimitives.ReadUInt16LittleEndian(span) <= MostVersion && BinaryPrimitives.ReadUInt16LittleEndian(span[2..]) is 2 or 3;
    }

    private static bool IsSnp(ReadOnlySpan<byte> span) =>
        span.Length == SnpReport.Size || (span.Length >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(span) <= MostVersion);
}
