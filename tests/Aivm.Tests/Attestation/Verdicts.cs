using Aivm.Attestation;
using Aivm.Primitives;
using Aivm.Tests.Attestation.Fakes;

namespace Aivm.Tests.Attestation;

/// <summary>How tests ask: what evidence says, or the code that refuses it.</summary>
internal static class Verdicts
{
    /// <summary>The code that refuses a fake quote, or null where it is authentic.</summary>
    public static string? Refusal(FakeQuote quote, FakeCollateral? collateral = null, long at = FakeTime.Now) =>
        Refusal(quote.Encode(), collateral ?? new FakeCollateral { Kind = quote.Kind }, at);

    public static string? Refusal(byte[] quote, FakeCollateral collateral, long at = FakeTime.Now) =>
        Refusal(quote, [collateral.Bundle()], at);

    public static string? Refusal(byte[] bytes, IReadOnlyList<byte[]> collateral, long at = FakeTime.Now) => Verify(bytes, collateral, at).Error?.Code;

    /// <summary>With collateral that was verified before, as a chain has it.</summary>
    public static string? Refusal(byte[] bytes, VerifiedCollateral collateral, long at = FakeTime.Now)
    {
        if (!Evidence.TryRead(bytes, out var evidence, out var error))
            return error.Code;
        return EvidenceVerifier.TryVerify(evidence, collateral, at, out _, out error) ? null : error.Code;
    }

    public static VerifiedEvidence Authentic(byte[] bytes, IReadOnlyList<byte[]> collateral, long at = FakeTime.Now)
    {
        var (evidence, error) = Verify(bytes, collateral, at);
        Assert.Null(error);
        return evidence!;
    }

    public static VerifiedEvidence Authentic(FakeQuote quote, FakeCollateral? collateral = null) =>
        Authentic(quote.Encode(), [(collateral ?? new FakeCollateral { Kind = quote.Kind }).Bundle()]);

    private static (VerifiedEvidence? Evidence, Error? Error) Verify(byte[] bytes, IReadOnlyList<byte[]> collateral, long at)
    {
        if (!Evidence.TryRead(bytes, out var evidence, out var error))
            return (null, error);
        List<ReadOnlyMemory<byte>> files = [.. collateral.Select(file => (ReadOnlyMemory<byte>)file)];
        return Refused.Catch(() => EvidenceVerifier.Verify(evidence, files, at, FakeRoots.All), out var verified, out error) ? (verified, null) : (null, error);
    }

    public static byte[] Flipped(byte[] bytes, int at, byte mask = 1)
    {
        var changed = bytes.ToArray();
        changed[at] ^= mask;
        return changed;
    }
}
