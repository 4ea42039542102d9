using System.Buffers.Binary;

namespace Aivm.Attestation;

/// <summary>
/// An ATTESTATION_REPORT (AMD SEV-SNP Firmware ABI, publication 56860, table "ATTESTATION_REPORT Structure"), of version 2, 3 or 5: 1184 bytes, of
/// which the first 0x2A0 are signed.
/// </summary>
internal sealed class SnpReport : Evidence
{
    public const int Size = 0x4A0;
    private const int SignedSize = 0x2A0;
    private const int NumberSize = 72;
    private const int SignatureEnd = SignedSize + 2 * NumberSize;
    private const uint EcdsaP384 = 1;

    private readonly ReadOnlyMemory<byte> _bytes;

    private SnpReport(ReadOnlyMemory<byte> bytes)
    {
        Refused.Unless(bytes.Length >= sizeof(uint), "snp-length", "The report ends before its version.");
        _bytes = bytes;
        Version = Word(0);
        Refused.Unless(Version is 2 or 3 or 5, "snp-version", $"The report is of version {Version}; 2, 3 and 5 are taken.");
        Refused.Unless(bytes.Length == Size, "snp-length", $"The report has {bytes.Length} bytes instead of {Size}: give it alone.");
        Refused.Unless(Word(0x34) == EcdsaP384, "snp-algorithm", $"The report is signed by the algorithm {Word(0x34)}; 1, ECDSA on P-384, is taken.");
        Refused.Unless(!bytes.Span[SignatureEnd..].ContainsAnyExcept((byte)0), "snp-trailing", "The bytes after the report's signature are not zero.");
        Signature = (byte[])[.. Number(SignedSize), .. Number(SignedSize + NumberSize)];
        SigningKey = (Word(0x48) >> 2 & 7) switch
        {
            0 => SnpSigningKey.Chip,
            1 => SnpSigningKey.Provider,
            var key => throw new Refused("snp-signing-key", $"The report is signed by a key of the kind {key}: neither a VCEK nor a VLEK."),
        };
    }

    public override EvidenceKind Kind => EvidenceKind.SevSnp;

    public uint Version { get; }

    public ReadOnlyMemory<byte> SignedPart => _bytes[..SignedSize];

    /// <summary>r ‖ s, big-endian.</summary>
    public ReadOnlyMemory<byte> Signature { get; }

    public SnpSigningKey SigningKey { get; }

    public ulong Policy => BinaryPrimitives.ReadUInt64LittleEndian(_bytes.Span[0x08..]);

    public uint Vmpl => Word(0x30);

    public ulong PlatformInfo => BinaryPrimitives.ReadUInt64LittleEndian(_bytes.Span[0x40..]);

    /// <summary>The TCB of which the signing key is a function. A host may report an older one than it has.</summary>
    public ReadOnlyMemory<byte> ReportedTcb => Slice(0x180, 8);

    /// <summary>Family, model and stepping; since version 3.</summary>
    public (byte Family, byte Model)? Processor => Version >= 3 ? (_bytes.Span[0x188], _bytes.Span[0x189]) : null;

    public ReadOnlyMemory<byte> ChipId => Slice(0x1A0, 64);

    public ReadOnlyMemory<byte> Slice(int offset, int length) => _bytes.Slice(offset, length);

    public static SnpReport Read(ReadOnlyMemory<byte> bytes) => new(bytes);

    /// <summary>A number of 72 bytes, the lowest first, as one of 48, the highest first.</summary>
    private byte[] Number(int offset)
    {
        var size = EllipticCurve.P384.Size;
        var number = _bytes.Span.Slice(offset, NumberSize);
        Refused.Unless(!number[size..].ContainsAnyExcept((byte)0), "signature-range", "The report's r or s has more than 384 bits.");
        var reversed = number[..size].ToArray();
        reversed.AsSpan().Reverse();
        return reversed;
    }

    private uint Word(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.Span[offset..]);
}

/// <summary>Which of its keys the processor signed with.</summary>
internal enum SnpSigningKey
{
    /// <summary>VCEK, which no other chip has.</summary>
    Chip,
    /// <summary>VLEK, which AMD made for one cloud provider.</summary>
    Provider,
}
