using System.Security.Cryptography;

namespace Aivm.Attestation;

/// <summary>
/// What a development TEE says. Neither <see cref="Attestation.Evidence"/> nor <see cref="VerifiedEvidence"/>: nothing that asks for those can be
/// given this. It begins with words that no real evidence begins with, and ends with a code whose key stands below for everybody to use.
/// </summary>
public sealed record DevelopmentEvidence
{
    public const int MeasurementSize = 32;
    public const int ReportDataSize = 64;

    private const int CodeSize = 32;

    private DevelopmentEvidence(ReadOnlyMemory<byte> encoded)
    {
        var fields = encoded[Words.Length..];
        (Encoded, Measurement, ReportData) = (encoded, fields[..MeasurementSize], fields.Slice(MeasurementSize, ReportDataSize));
    }

    public ReadOnlyMemory<byte> Encoded { get; }

    /// <summary>What the workload calls itself.</summary>
    public ReadOnlyMemory<byte> Measurement { get; }

    public ReadOnlyMemory<byte> ReportData { get; }

    private static ReadOnlySpan<byte> Words => "AIVM DEVELOPMENT TEE: THIS PROVES NOTHING\n"u8;

    /// <summary>The root of development evidence. Published on purpose.</summary>
    private static ReadOnlySpan<byte> PublishedKey => "anybody may make development evidence with this key"u8;

    private static int Size => Words.Length + MeasurementSize + ReportDataSize + CodeSize;

    public static bool IsOne(ReadOnlySpan<byte> bytes) => bytes.StartsWith("AIVM DEVELOPMENT TEE"u8);

    /// <exception cref="ArgumentException">A part has another length.</exception>
    public static DevelopmentEvidence Make(ReadOnlySpan<byte> measurement, ReadOnlySpan<byte> reportData)
    {
        if (measurement.Length != MeasurementSize || reportData.Length != ReportDataSize)
            throw new ArgumentException($"A measurement has {MeasurementSize} bytes, and report data have {ReportDataSize}.");
        byte[] signed = [.. Words, .. measurement, .. reportData];
        return new DevelopmentEvidence((byte[])[.. signed, .. HMACSHA256.HashData(PublishedKey, signed)]);
    }

    /// <summary>Null where the bytes are no development evidence. Only a development network asks.</summary>
    internal static DevelopmentEvidence? Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length != Size || !bytes.Span.StartsWith(Words))
            return null;
        var code = HMACSHA256.HashData(PublishedKey, bytes.Span[..^CodeSize]);
        return code.AsSpan().SequenceEqual(bytes.Span[^CodeSize..]) ? new DevelopmentEvidence(bytes) : null;
    }
}
