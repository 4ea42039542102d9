using System.Buffers.Binary;

namespace Aivm.Attestation;

/// <summary>
/// A DCAP quote with ECDSA on P-256 (Intel SGX ECDSA QuoteLibReference, appendix A.4; TDX DCAP Quoting Library API, appendix A.3): header, body, and
/// the signatures that lead from the body through the quoting enclave to the platform's certificate. Consumed to its last byte.
/// </summary>
internal sealed class IntelQuote : Evidence
{
    /// <summary>The TEE type in the header, at 4.</summary>
    public const byte TeeTdx = 0x81;

    private const int HeaderSize = 48;
    private const int SignatureSize = 64;
    private const int KeySize = 64;
    private const ushort EcdsaP256 = 2;
    private const uint TeeSgx = 0;
    private const ushort PckChainInPem = 5;
    private const ushort QeReportData = 6;
    private const ushort BodyTd10 = 2;
    private const ushort BodyTd15 = 3;

    private IntelQuote(ReadOnlyMemory<byte> bytes)
    {
        var cursor = new ByteCursor(bytes, "quote-truncated", "The quote");
        Version = ReadHeader(cursor.Take(HeaderSize).Span, out var kind);
        Kind = kind;
        Body = TakeBody(Version, ref cursor);
        SignedPart = bytes[..^cursor.Rest.Length];

        var authentication = TakeAuthentication(ref cursor);
        Signature = authentication.Take(SignatureSize);
        AttestationKey = authentication.Take(KeySize);
        var certification = Version == 3 ? authentication : TakeCertification(ref authentication, QeReportData);
        QeReport = new EnclaveReport(certification.Take(EnclaveReport.Size));
        QeReportSignature = certification.Take(SignatureSize);
        QeAuthentication = certification.Take(certification.TakeUInt16());
        PckChain = TakeCertification(ref certification, PckChainInPem).Rest;
    }

    public static ReadOnlySpan<byte> IntelVendorId => [0x93, 0x9A, 0x72, 0x33, 0xF7, 0x9C, 0x4C, 0xA9, 0x94, 0x0A, 0x0D, 0xB3, 0x95, 0x7F, 0x06, 0x07];

    public static Range VendorIdAt => 12..28;

    public override EvidenceKind Kind { get; }

    public ushort Version { get; }

    /// <summary>Header and body: what the attestation key signed.</summary>
    public ReadOnlyMemory<byte> SignedPart { get; }

    /// <summary>An <see cref="EnclaveReport"/> or a <see cref="TdReport"/>, by the kind.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    public ReadOnlyMemory<byte> Signature { get; }

    public ReadOnlyMemory<byte> AttestationKey { get; }

    /// <summary>The quoting enclave's own report, by which it vouches for the attestation key.</summary>
    public EnclaveReport QeReport { get; }

    public ReadOnlyMemory<byte> QeReportSignature { get; }

    public ReadOnlyMemory<byte> QeAuthentication { get; }

    /// <summary>The platform's certificate and its authorities, in PEM.</summary>
    public ReadOnlyMemory<byte> PckChain { get; }

    public static IntelQuote Read(ReadOnlyMemory<byte> bytes) => new(bytes);

    /// <summary>How long the quote at the beginning of a buffer says that it is. The rest of it is not looked at.</summary>
    public static int LengthOf(ReadOnlyMemory<byte> buffer)
    {
        var cursor = new ByteCursor(buffer, "quote-truncated", "The quote");
        var version = ReadHeader(cursor.Take(HeaderSize).Span, out _);
        TakeBody(version, ref cursor);
        cursor.Take(cursor.TakeUInt32());
        return buffer.Length - cursor.Rest.Length;
    }

    private static ushort ReadHeader(ReadOnlySpan<byte> header, out EvidenceKind kind)
    {
        var version = BinaryPrimitives.ReadUInt16LittleEndian(header);
        Refused.Unless(version is 3 or 4 or 5, "quote-version", $"The quote is of version {version}; 3 (SGX), 4 and 5 (TDX) are taken.");
        var keyType = BinaryPrimitives.ReadUInt16LittleEndian(header[2..]);
        Refused.Unless(keyType == EcdsaP256, "quote-key-type", $"The quote's attestation key is of type {keyType}; 2, ECDSA on P-256, is taken.");
        var tee = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        Refused.Unless(
            tee == (version == 3 ? TeeSgx : TeeTdx), "quote-tee",
            $"A quote of version {version} is for the TEE type {(version == 3 ? TeeSgx : TeeTdx):X}, not for {tee:X}.");
        Refused.Unless(header[VendorIdAt].SequenceEqual(IntelVendorId), "quote-vendor", "The quote is by another quoting enclave than Intel's.");
        kind = version == 3 ? EvidenceKind.Sgx : EvidenceKind.Tdx;
        return version;
    }

    private static ReadOnlyMemory<byte> TakeBody(ushort quoteVersion, ref ByteCursor cursor)
    {
        if (quoteVersion < 5)
            return cursor.Take(quoteVersion == 3 ? EnclaveReport.Size : TdReport.Size10);
        var (type, size) = (cursor.TakeUInt16(), cursor.TakeUInt32());
        Refused.Unless(
            (type, size) is (BodyTd10, TdReport.Size10) or (BodyTd15, TdReport.Size15), "quote-body",
            $"The quote's body has the type {type} and {size} bytes; 2 with {TdReport.Size10} and 3 with {TdReport.Size15} are taken.");
        return cursor.Take(size);
    }

    private static ByteCursor TakeAuthentication(ref ByteCursor cursor)
    {
        var authentication = cursor.Take(cursor.TakeUInt32());
        cursor.RequireEnd("quote-trailing", $"{cursor.Rest.Length} bytes follow the quote: cut it to the length that it states.");
        return new ByteCursor(authentication, "quote-authentication", "The quote's authentication data");
    }

    /// <summary>Certification data, which end what holds them.</summary>
    private static ByteCursor TakeCertification(ref ByteCursor cursor, ushort expected)
    {
        var type = cursor.TakeUInt16();
        Refused.Unless(type == expected, "quote-certification", $"The quote's certification data are of type {type}, where only {expected} is taken.");
        var data = cursor.Take(cursor.TakeUInt32());
        cursor.RequireEnd("quote-authentication", "The quote's authentication data go on after their last part.");
        return new ByteCursor(data, "quote-authentication", "The quote's certification data");
    }
}
