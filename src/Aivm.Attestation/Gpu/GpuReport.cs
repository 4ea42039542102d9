using System.Buffers.Binary;

namespace Aivm.Attestation;

/// <summary>
/// What an NVIDIA GPU signs: a GET_MEASUREMENTS request of SPDM 1.1 and the MEASUREMENTS response to it (DMTF DSP0274 version 1.1, sections 10.11.1
/// and 10.11.2). From SPDM 1.2 on the signature covers a prefix and the negotiation before it, which no report holds.
/// </summary>
internal sealed class GpuReport : Evidence
{
    public const byte SpdmVersion = 0x11;
    public const byte GetMeasurements = 0xE0;
    private const byte Measurements = 0x60;
    private const int RequestSize = 37;
    private const int NonceSize = 32;
    private const int SignatureSize = 96;
    private const byte SignatureRequested = 1;
    private const byte DmtfFormat = 1;

    private GpuReport(ReadOnlyMemory<byte> bytes)
    {
        var cursor = new ByteCursor(bytes, "gpu-truncated", "The report");
        var request = cursor.Take(RequestSize).Span;
        Refused.Unless(request[0] == SpdmVersion && request[1] == GetMeasurements, "gpu-request", "The report does not begin with a GET_MEASUREMENTS request of SPDM 1.1.");
        Refused.Unless((request[2] & SignatureRequested) != 0, "gpu-request", "The report's request does not ask for a signature.");
        Nonce = bytes.Slice(4, NonceSize);

        var response = cursor.Take(8).Span;
        Refused.Unless(response[0] == SpdmVersion && response[1] == Measurements, "gpu-response", "The request is not followed by a MEASUREMENTS response of SPDM 1.1.");
        var (count, length) = (response[4], response[5] | response[6] << 8 | response[7] << 16);
        Blocks = ReadBlocks(cursor.Take(length), count);
        cursor.Take(NonceSize);
        cursor.Take(cursor.TakeUInt16());
        SignedPart = bytes[..^cursor.Rest.Length];
        Signature = cursor.Take(SignatureSize);
        cursor.RequireEnd("gpu-trailing", $"{cursor.Rest.Length} bytes follow the report: give it alone.");
    }

    public override EvidenceKind Kind => EvidenceKind.NvidiaGpu;

    /// <summary>What the verifier chose, so that the report is not older than the choice.</summary>
    public ReadOnlyMemory<byte> Nonce { get; }

    /// <summary>The measurements by their indices, in the order of the report.</summary>
    public IReadOnlyList<Measurement> Blocks { get; }

    public ReadOnlyMemory<byte> SignedPart { get; }

    /// <summary>r ‖ s, big-endian.</summary>
    public ReadOnlyMemory<byte> Signature { get; }

    public static GpuReport Read(ReadOnlyMemory<byte> bytes) => new(bytes);

    /// <summary>DSP0274, "Measurement block format": index, format, size, and in DMTF's format type, size and value.</summary>
    private static Measurement[] ReadBlocks(ReadOnlyMemory<byte> record, int count)
    {
        var (cursor, blocks, seen) = (new ByteCursor(record, "gpu-measurements", "The measurement record"), new Measurement[count], new bool[256]);
        for (var i = 0; i < count; i++)
        {
            var head = cursor.Take(4).Span;
            Refused.Unless(head[1] == DmtfFormat, "gpu-measurements", "A measurement is not in DMTF's format.");
            Refused.Unless(head[0] > 0 && !seen[head[0]], "gpu-measurements", "Two measurements have the same index, or one has none.");
            seen[head[0]] = true;
            var block = new ByteCursor(cursor.Take(BinaryPrimitives.ReadUInt16LittleEndian(head[2..])), "gpu-measurements", "A measurement");
            block.Take(1);
            blocks[i] = new Measurement($"block_{head[0]}", block.Take(block.TakeUInt16()));
            block.RequireEnd("gpu-measurements", "A measurement is longer than its value.");
        }
        cursor.RequireEnd("gpu-measurements", "The measurement record goes on after its last measurement.");
        return blocks;
    }
}
