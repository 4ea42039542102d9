using System.Text.Json.Nodes;
using Aivm.Attestation;
using Aivm.Tests.Attestation.Fakes;

namespace Aivm.Tests.Attestation;

/// <summary>Intel's rule, written down again as tables: levels, the module's part, the enclave's part, the advice to launch again.</summary>
public sealed class TcbEvaluationTests
{
    private static readonly string[] PlatformStatuses =
    [
        "UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded", "OutOfDate", "OutOfDateConfigurationNeeded", "Revoked",
    ];

    public static TheoryData<string, string, string> EnclaveTable()
    {
        var table = new TheoryData<string, string, string>();
        foreach (var platform in PlatformStatuses)
        {
            table.Add(platform, "UpToDate", platform);
            table.Add(platform, "OutOfDate", OutOfDate(platform));
            table.Add(platform, "Revoked", "Revoked");
            table.Add(platform, "none", "TcbNotSupported");
        }
        return table;
    }

    public static TheoryData<string, string, string, string> ModuleTable()
    {
        var table = new TheoryData<string, string, string, string>();
        foreach (var platform in PlatformStatuses)
        {
            foreach (var enclave in new[] { "UpToDate", "OutOfDate", "Revoked" })
            {
                table.Add(platform, "UpToDate", enclave, Worse(platform, enclave));
                table.Add(platform, "OutOfDate", enclave, Worse(OutOfDate(platform), enclave));
                table.Add(platform, "Revoked", enclave, "Revoked");
                table.Add(platform, "none", enclave, "TcbNotSupported");
            }
        }
        return table;
    }

    [Theory]
    [MemberData(nameof(EnclaveTable))]
    public void An_enclave_that_is_behind_makes_an_SGX_platform_so(string platform, string enclave, string expected)
    {
        var collateral = new FakeCollateral { Kind = EvidenceKind.Sgx, Levels = [new(platform, 5)], QeLevels = Reached(enclave, 8) };
        Assert.Equal(expected, Verdicts.Authentic(FakeQuote.Sgx, collateral).TcbStatus.ToString());
    }

    [Theory]
    [MemberData(nameof(ModuleTable))]
    public void A_module_that_is_behind_makes_a_TDX_platform_so(string platform, string module, string enclave, string expected)
    {
        var collateral = new FakeCollateral { Levels = [new(platform, 5)], ModuleLevels = Reached(module, 4), QeLevels = Reached(enclave, 8) };
        Assert.Equal(expected, Verdicts.Authentic(FakeQuote.Tdx4, collateral).TcbStatus.ToString());
    }

    [Theory]
    // Every component of the level is reached, or the level is not.
    [InlineData(6, 11, "UpToDate")]
    [InlineData(5, 11, "UpToDate")]
    [InlineData(4, 11, "SWHardeningNeeded")]
    [InlineData(5, 10, "SWHardeningNeeded")]
    [InlineData(4, 9, "OutOfDate")]
    [InlineData(3, 11, "OutOfDate")]
    [InlineData(1, 11, "TcbNotSupported")]
    [InlineData(6, 7, "TcbNotSupported")]
    public void The_highest_level_that_is_reached_counts(int svn, int pceSvn, string expected)
    {
        var platform = new FakePlatform { Svns = [.. Enumerable.Repeat(9, 7), svn, .. Enumerable.Repeat(9, 8)], PceSvn = pceSvn };
        FakeLevel[] levels = [new("OutOfDate", 2) { PceSvn = 8 }, new("UpToDate", 5), new("SWHardeningNeeded", 4) { PceSvn = 10 }];
        var collateral = new FakeCollateral { Kind = EvidenceKind.Sgx, Platform = platform, Levels = levels };
        Assert.Equal(expected, Verdicts.Authentic(FakeQuote.Sgx with { Chain = platform.Chain }, collateral).TcbStatus.ToString());
    }

    [Theory]
    // A module of version 0 has no levels: its two components are the platform's.
    [InlineData(0, 3, "UpToDate")]
    [InlineData(0, 2, "OutOfDate")]
    [InlineData(1, 4, "UpToDate")]
    [InlineData(1, 3, "OutOfDate")]
    public void The_first_two_components_are_the_modules_own_from_version_1_on(byte version, byte svn, string expected)
    {
        var collateral = new FakeCollateral { Levels = [new("UpToDate", 5) { ModuleSvn = version == 0 ? 0 : 200 }, new("OutOfDate", 2)] };
        if (version == 0)
            collateral = collateral with { Edit = (name, document) => name == "tcb_info" ? RequireModuleSvn(document) : document };
        Assert.Equal(expected, Verdicts.Authentic(FakeQuote.Tdx4 with { Body = FakeQuote.TdBody(moduleSvn: svn, moduleVersion: version) }, collateral).TcbStatus.ToString());
    }

    [Theory]
    // What the platform has now: module's SVN, module's version, other components. Newest: 4, 1, 5.
    [InlineData("UpToDate", 4, 1, 5, 8, "TDRelaunchAdvised")]
    [InlineData("SWHardeningNeeded", 4, 1, 5, 8, "TDRelaunchAdvised")]
    [InlineData("ConfigurationNeeded", 4, 1, 5, 8, "TDRelaunchAdvisedConfigurationNeeded")]
    [InlineData("ConfigurationAndSWHardeningNeeded", 4, 1, 5, 8, "TDRelaunchAdvisedConfigurationNeeded")]
    [InlineData("OutOfDate", 4, 1, 5, 8, "OutOfDate")]
    [InlineData("OutOfDateConfigurationNeeded", 4, 1, 5, 8, "OutOfDateConfigurationNeeded")]
    [InlineData("Revoked", 4, 1, 5, 8, "Revoked")]
    [InlineData("UpToDate", 3, 1, 5, 8, "OutOfDate")]
    [InlineData("UpToDate", 4, 1, 4, 8, "OutOfDate")]
    [InlineData("UpToDate", 0, 0, 5, 8, "TDRelaunchAdvised")]
    [InlineData("UpToDate", 4, 3, 5, 8, "TDRelaunchAdvised")]
    // The advice never hides an enclave that is behind.
    [InlineData("UpToDate", 4, 1, 5, 4, "OutOfDate")]
    [InlineData("UpToDate", 4, 1, 5, 2, "Revoked")]
    [InlineData("UpToDate", 4, 1, 5, 1, "TcbNotSupported")]
    public void A_domain_under_an_old_module_on_a_new_platform_is_advised_to_be_launched_again(
        string platform, byte svn2, byte version2, byte others2, int qeSvn, string expected)
    {
        var body = FakeQuote.Td15Body(FakeQuote.TdBody(moduleSvn: 3), svn2, version2, others2);
        var quote = FakeQuote.Td15 with { Body = body, QeSvn = qeSvn };
        Assert.Equal(expected, Verdicts.Authentic(quote, new FakeCollateral { Levels = [new(platform, 5)] }).TcbStatus.ToString());
    }

    [Fact]
    public void Only_TDX_15_is_advised_to_be_launched_again() =>
        Assert.Equal(TcbStatus.OutOfDate, Verdicts.Authentic(FakeQuote.Tdx5 with { Body = FakeQuote.TdBody(moduleSvn: 3) }).TcbStatus);

    [Fact]
    public void A_present_module_that_Intel_does_not_list_is_refused() =>
        Assert.Equal("tdx-module-mismatch", Verdicts.Refusal(FakeQuote.Td15 with { Body = FakeQuote.Td15Body(FakeQuote.TdBody(moduleSvn: 3), 4, 9) }));

    [Fact]
    public void Advisories_of_every_level_that_is_met_are_listed_once_and_in_order()
    {
        var collateral = new FakeCollateral
        {
            Levels = [new("SWHardeningNeeded", 5, "INTEL-SA-00003", "INTEL-SA-00001")],
            ModuleLevels = [new("OutOfDate", 4, "INTEL-SA-00001", "INTEL-SA-00002")],
            QeLevels = [new("UpToDate", 8, "INTEL-SA-00000")],
        };
        Assert.Equal(["INTEL-SA-00000", "INTEL-SA-00001", "INTEL-SA-00002", "INTEL-SA-00003"], Verdicts.Authentic(FakeQuote.Tdx4, collateral).Advisories);
    }

    private static JsonObject RequireModuleSvn(JsonObject tcbInfo)
    {
        tcbInfo["tcbLevels"]![0]!["tcb"]!["tdxtcbcomponents"]![0]!["svn"] = 3;
        return tcbInfo;
    }

    private static string OutOfDate(string platform) => platform switch
    {
        "UpToDate" or "SWHardeningNeeded" => "OutOfDate",
        "ConfigurationNeeded" or "ConfigurationAndSWHardeningNeeded" => "OutOfDateConfigurationNeeded",
        _ => platform,
    };

    private static string Worse(string status, string enclave) => enclave switch
    {
        "OutOfDate" => OutOfDate(status),
        "Revoked" => "Revoked",
        _ => status,
    };

    /// <summary>One level of the status that is reached, or one that is not.</summary>
    private static FakeLevel[] Reached(string status, int svn) => status == "none" ? [new("UpToDate", svn + 1)] : [new(status, svn)];
}
