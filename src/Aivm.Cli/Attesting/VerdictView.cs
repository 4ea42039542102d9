using Aivm.Attestation;

namespace Aivm.Cli.Attesting;

/// <summary>A verdict as one document.</summary>
internal static class VerdictView
{
    public static object Document(AttestationVerdict verdict) => new
    {
        Kind = verdict.Kind?.Name(),
        Authentic = verdict.IsAuthentic,
        TcbStatus = verdict.Evidence?.TcbStatus?.ToString(),
        Advisories = verdict.Evidence?.Advisories ?? [],
        Acceptable = verdict.IsAcceptable,
        verdict.Refusal?.Code,
        Reason = verdict.Refusal?.Message,
        Measurements = verdict.Evidence?.Measurements.ToDictionary(measurement => measurement.Name, measurement => Hex(measurement.Value)) ?? [],
        ReportData = verdict.Evidence is { } evidence ? Hex(evidence.ReportData) : null,
    };

    /// <summary>One line for people.</summary>
    public static string Sentence(AttestationVerdict verdict) => verdict switch
    {
        { IsAcceptable: true } => "authentic and acceptable",
        { IsAuthentic: true } => $"authentic, not acceptable: {verdict.Refusal}",
        _ => $"not authentic: {verdict.Refusal}",
    };

    /// <summary>Digits alone, as vendors' tools print measurements.</summary>
    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);
}
