using System.Buffers.Binary;

namespace Aivm.Attestation;

/// <summary>The REPORTBODY of an enclave (Intel SDM volume 3D, table "REPORT"): that of the workload, or that of the quoting enclave.</summary>
internal readonly struct EnclaveReport(ReadOnlyMemory<byte> body)
{
    public const int Size = 384;

    /// <summary>ATTRIBUTES.DEBUG: the host may read the enclave's memory.</summary>
    private const byte DebugFlag = 0x02;

    public ReadOnlyMemory<byte> Encoded => body;

    public uint MiscSelect => BinaryPrimitives.ReadUInt32LittleEndian(body.Span[16..]);

    public ReadOnlyMemory<byte> Attributes => body.Slice(48, 16);

    public bool IsDebug => (Attributes.Span[0] & DebugFlag) != 0;

    public ReadOnlyMemory<byte> MrEnclave => body.Slice(64, 32);

    public ReadOnlyMemory<byte> MrSigner => body.Slice(128, 32);

    public ReadOnlyMemory<byte> ProductId => body.Slice(256, 2);

    public ReadOnlyMemory<byte> SecurityVersion => body.Slice(258, 2);

    public ReadOnlyMemory<byte> ReportData => body.Slice(320, 64);
}
