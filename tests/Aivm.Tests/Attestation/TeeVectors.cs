using System.Text.Json;
using Aivm.Attestation;

namespace Aivm.Tests.Attestation;

/// <summary>Real evidence, in the folder tee of the shared vectors.</summary>
internal static class TeeVectors
{
    public static byte[] Read(string path) => File.ReadAllBytes(SharedVectors.Require(Path.Combine("tee", path)));

    /// <summary>A verdict with every workload accepted.</summary>
    public static AttestationVerdict Verdict(byte[] evidence, long at, params IEnumerable<string> collateral) =>
        Verdict(evidence, at, AttestationPolicy.Default with { AnyWorkload = true }, collateral);

    public static AttestationVerdict Verdict(byte[] evidence, long at, AttestationPolicy policy, params IEnumerable<string> collateral) =>
        AttestationVerdict.Of(evidence, [.. collateral.Select(file => (ReadOnlyMemory<byte>)Read(file))], at, policy);

    /// <summary>Hexadecimal digits in a file of text.</summary>
    public static byte[] ReadHex(string path) => Convert.FromHexString(System.Text.Encoding.ASCII.GetString(Read(path)).Trim());

    public static IReadOnlyList<QuoteCase> Cases()
    {
        var document = JsonDocument.Parse(Read("bundles/cases.json")).RootElement.GetProperty("cases");
        return [.. document.EnumerateArray().Select(QuoteCase.Read)];
    }
}

/// <summary>One quote with collateral and time, and what Intel's rule gives.</summary>
/// <param name="Peer">Status and advisories as another verifier gave them, or the error on which it gave up.</param>
internal sealed record QuoteCase(string Name, byte[] Uncut, byte[] Quote, string Collateral, long At, string Status, string Policy, string Peer)
{
    public static QuoteCase Read(JsonElement json)
    {
        var uncut = TeeVectors.Read(Path.Combine("bundles", json.GetProperty("quote").GetString()!));
        return new QuoteCase(
            json.GetProperty("name").GetString()!, uncut, uncut[..json.GetProperty("canonical_length").GetInt32()],
            $"bundles/{json.GetProperty("collateral").GetString()}", json.GetProperty("unix_time").GetInt64(),
            json.GetProperty("tcb_status_intel_rule").GetString()!, json.GetProperty("recommended_policy_result").GetString()!,
            json.GetProperty("dcap_qvl_js_0_3_9").GetString()!);
    }
}
