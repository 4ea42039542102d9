using Aivm.Attestation;
using Aivm.Tests.Attestation.Fakes;

namespace Aivm.Tests.Attestation;

/// <summary>Evidence of the development TEE: unmistakable, and worth nothing on a real network.</summary>
public sealed class DevelopmentEvidenceTests
{
    private static readonly DevelopmentEvidence Made = DevelopmentEvidence.Make(new byte[32], new byte[64]);

    [Fact]
    public void A_development_network_takes_it()
    {
        Assert.True(DevelopmentNetwork.TryOpen(31337, genesisAllows: true, out var network, out _));
        Assert.True(network.TryVerify(Made.Encoded, out var evidence, out _));
        Assert.Equal((32, 64), (evidence.Measurement.Length, evidence.ReportData.Length));
        for (var at = 0; at < Made.Encoded.Length; at++)
        {
            Assert.False(network.TryVerify(Verdicts.Flipped(Made.Encoded.ToArray(), at), out _, out var error));
            Assert.Equal("development-evidence-malformed", error.Code);
        }
        Assert.False(network.TryVerify(Made.Encoded[..^1], out _, out _));
    }

    [Theory]
    [InlineData(31337, false)]
    [InlineData(1, true)]
    [InlineData(1, false)]
    public void A_real_network_has_no_way_to_take_it(ulong chainId, bool genesisAllows)
    {
        Assert.False(DevelopmentNetwork.TryOpen(chainId, genesisAllows, out _, out var error));
        Assert.Equal("development-evidence", error.Code);
    }

    [Fact]
    public void The_verifier_of_real_evidence_refuses_it_by_name()
    {
        Assert.False(Evidence.TryRead(Made.Encoded, out _, out var error));
        Assert.Equal("development-evidence", error.Code);
        var verdict = AttestationVerdict.Of(Made.Encoded, [], FakeTime.Now, AttestationPolicy.Default with { AnyWorkload = true });
        Assert.Equal((null, false, false, "development-evidence"), (verdict.Kind, verdict.IsAuthentic, verdict.IsAcceptable, verdict.Refusal?.Code));
    }

    /// <summary>Nothing that wants real evidence can be given this, since no type joins them.</summary>
    [Fact]
    public void Its_type_is_no_type_of_real_evidence()
    {
        Assert.False(typeof(Evidence).IsAssignableFrom(typeof(DevelopmentEvidence)));
        Assert.False(typeof(VerifiedEvidence).IsAssignableFrom(typeof(DevelopmentEvidence)));
        Assert.DoesNotContain(Enum.GetNames<EvidenceKind>(), name => name.Contains("evelop", StringComparison.Ordinal));
        Assert.Empty(typeof(DevelopmentNetwork).GetConstructors());
    }

    [Fact]
    public void Its_text_says_what_it_is() =>
        Assert.StartsWith("AIVM DEVELOPMENT TEE: THIS PROVES NOTHING", System.Text.Encoding.ASCII.GetString(Made.Encoded.Span));
}
