namespace Aivm.Attestation;

internal static class DevelopmentEvidence { public static bool IsOne(ReadOnlySpan<byte> b) => b.StartsWith("AIVM DEVELOPMENT TEE"u8); }
