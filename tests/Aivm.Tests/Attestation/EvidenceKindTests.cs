using Aivm.Attestation;

namespace Aivm.Tests.Attestation;

/// <summary>Evidence is told by its first bytes. What is told and not taken is refused by its own name, so that nobody looks for the fault in its bytes.</summary>
public sealed class EvidenceKindTests
{
    private const int TdReportSize = 1024;

    [Theory]
    [InlineData("D9018F")]
    [InlineData("D9018FA219ACCA40")]
    public void An_Arm_CCA_token_is_refused_by_name(string token) => Assert.Equal("arm-cca-unsupported", Code(Convert.FromHexString(token)));

    [Theory]
    [InlineData("D9018E")]
    [InlineData("D901")]
    public void Another_tag_is_no_Arm_CCA_token(string bytes) => Assert.Equal("evidence-unknown", Code(Convert.FromHexString(bytes)));

    /// <summary>REPORTTYPE, the first four bytes: TDX's type, subtype 0, version 0 or 1. Nothing else is looked at.</summary>
    [Theory]
    [InlineData("81000000")]
    [InlineData("81000100")]
    public void A_TDREPORT_that_was_not_quoted_is_refused_by_name(string type)
    {
        byte[] report = [.. Convert.FromHexString(type), .. new byte[TdReportSize - 4]];
        Assert.Equal("tdx-report-unquoted", Code(report));
        Assert.NotEqual("tdx-report-unquoted", Code(report[..^1]));
        Assert.NotEqual("tdx-report-unquoted", Code([.. report, 0]));
    }

    [Fact]
    public void Evidence_of_a_development_TEE_is_refused_by_name()
    {
        var evidence = DevelopmentEvidence.Make(new byte[DevelopmentEvidence.MeasurementSize], new byte[DevelopmentEvidence.ReportDataSize]).Encoded;
        Assert.Equal("development-evidence", Code(evidence.ToArray()));
    }

    [Fact]
    public void What_is_longer_than_any_format_is_refused_unread()
    {
        Assert.Equal("evidence-too-large", Code([0xD9, 0x01, 0x8F, .. new byte[Evidence.MaxBytes]]));
        Assert.Equal("arm-cca-unsupported", Code([0xD9, 0x01, 0x8F, .. new byte[Evidence.MaxBytes - 3]]));
    }

    private static string? Code(byte[] bytes) => Evidence.TryRead(bytes, out _, out var error) ? null : error.Code;
}
