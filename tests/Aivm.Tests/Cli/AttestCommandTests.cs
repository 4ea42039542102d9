using System.Text.Json;
using Aivm.Attestation;
using Aivm.Node;
using Aivm.Primitives;
using Aivm.Sdk;
using Aivm.Tests.Attestation;
using Aivm.Tests.Attestation.Fakes;
using ApplicationOptions = Aivm.Chain.ApplicationOptions;

namespace Aivm.Tests.Cli;

/// <summary><c>aivm attest verify</c>: one document, and an exit code that says the same. <c>aivm attest store</c>: what the chain needs besides.</summary>
public sealed class AttestCommandTests : IDisposable
{
    private static readonly string[] Members =
        ["kind", "authentic", "tcb_status", "advisories", "acceptable", "code", "reason", "measurements", "report_data"];

    private readonly CliProcess _cli = new();

    [Fact]
    public async Task An_acceptable_quote_exits_0()
    {
        var given = TeeVectors.Cases().First(given => given.Policy == "accept");
        var quote = _cli.WriteFile("quote.bin", given.Quote);
        var outcome = await Verify(quote, given.At, [given.Collateral], "--any-measurement");
        Assert.Equal((0, "authentic and acceptable\n"), (outcome.ExitCode, outcome.Error));
        Assert.Equal(Members, outcome.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal(("tdx", "UpToDate", true, true), (Text(outcome, "kind"), Text(outcome, "tcb_status"), Flag(outcome, "authentic"), Flag(outcome, "acceptable")));
        Assert.Equal(JsonValueKind.Null, outcome.Json.GetProperty("code").ValueKind);
        Assert.Equal(96, outcome.Json.GetProperty("measurements").GetProperty("mrtd").GetString()!.Length);
        Assert.Equal(128, Text(outcome, "report_data")!.Length);
    }

    [Fact]
    public async Task Without_a_list_of_workloads_an_authentic_quote_exits_1()
    {
        var given = TeeVectors.Cases().First(given => given.Policy == "accept");
        var outcome = await Verify(_cli.WriteFile("quote.bin", given.Quote), given.At, [given.Collateral], "--json");
        Assert.Equal((1, ""), (outcome.ExitCode, outcome.Error));
        Assert.Equal((true, false, "policy-measurement"), (Flag(outcome, "authentic"), Flag(outcome, "acceptable"), Text(outcome, "code")));
    }

    [Fact]
    public async Task A_policy_file_names_the_workload()
    {
        var given = TeeVectors.Cases().First(given => given.Policy == "accept");
        var evidence = TeeVectors.Verdict(given.Quote, given.At, given.Collateral).Evidence!;
        var values = evidence.Measurements.Where(measurement => measurement.Name is "mrtd" or "rtmr1" or "rtmr2")
            .Select(measurement => $"\"{measurement.Name}\":\"{Convert.ToHexString(measurement.Value.Span)}\"");
        var policy = _cli.WriteFile("policy.json", $$"""{"version":1,"workloads":[{"kind":"tdx",{{string.Join(',', values)}}}]}""");
        var quote = _cli.WriteFile("quote.bin", given.Quote);
        Assert.Equal(0, (await Verify(quote, given.At, [given.Collateral], "--policy", policy)).ExitCode);
        var other = _cli.WriteFile("other.json", """{"version":1,"workloads":[],"report_data":"00"}""");
        Assert.Equal("policy-report-data", Text(await Verify(quote, given.At, [given.Collateral], "--policy", other, "--any-measurement"), "code"));
    }

    [Fact]
    public async Task Evidence_in_text_is_read_as_the_bytes_that_it_says()
    {
        var given = TeeVectors.Cases().First(given => given.Policy == "accept");
        string[] files =
        [
            _cli.WriteFile("quote.hex", Convert.ToHexString(given.Quote) + "\n"),
            _cli.WriteFile("quote.0x", "0x" + Convert.ToHexStringLower(given.Quote)),
            _cli.WriteFile("quote.b64", Convert.ToBase64String(given.Quote, Base64FormattingOptions.InsertLineBreaks) + "\r\n"),
        ];
        foreach (var file in files)
            Assert.Equal(0, (await Verify(file, given.At, [given.Collateral], "--any-measurement")).ExitCode);
        Assert.Equal("quote-trailing", Text(await Verify(_cli.WriteFile("padded", Convert.ToHexString(given.Quote) + "00"), given.At, [given.Collateral]), "code"));
    }

    [Theory]
    [InlineData("coco-trustee/snp_v3_genoa_e2e.bin", 1751624924, 0, "sev-snp", "coco-trustee/snp_v3_genoa_e2e_vcek.der", "coco-trustee/genoa_ask_ark_asvk.pem")]
    [InlineData("virtee-sev/snp_v2_milan.bin", 1751624924, 1, "sev-snp", "virtee-sev/vcek_milan.der", "virtee-sev/milan_ask.pem", "virtee-sev/milan_ark.pem")]
    [InlineData("base-nitro-validator/nitro_2024-11-30.cbor", 1732983765, 0, "nitro")]
    [InlineData("base-nitro-validator/nitro_2024-11-30.cbor", 1732999999, 1, "nitro")]
    [InlineData("nvidia-nvtrust/hopperAttestationReport.txt", 1751624924, 0, "nvidia-gpu", "nvidia-nvtrust/hopperCertChain.txt")]
    [InlineData("google-go-tdx-guest/tdx_prod_quote_SPR_E4.dat", 1687939438, 1, "tdx", "bundles/google-tdx-50806F000000-2023-06.json")]
    [InlineData("google-go-tdx-guest/report.dat", 1687939438, 1, null)]
    public async Task The_kind_is_taken_from_the_evidence(string evidence, long at, int exitCode, string? kind, params string[] collateral)
    {
        var outcome = await Verify(SharedVectors.Require($"tee/{evidence}"), at, collateral, "--any-measurement");
        Assert.Equal((exitCode, kind), (outcome.ExitCode, Text(outcome, "kind")));
    }

    /// <summary>Fourteen hours ahead of UTC and eleven behind it: a date that was read as local would be another day.</summary>
    [Theory]
    [InlineData("phala-dcap-qvl/sgx_quote.bin", 1751624924, "bundles/phala-sgx-00A067110000-2025-06.json")]
    [InlineData("phala-dcap-qvl/sgx_quote.bin", 1752919279, "bundles/phala-sgx-00A067110000-2025-06.json")]
    [InlineData("coco-trustee/snp_v3_genoa_e2e.bin", 1751624924, "coco-trustee/snp_v3_genoa_e2e_vcek.der", "coco-trustee/genoa_ask_ark_asvk.pem")]
    [InlineData("base-nitro-validator/nitro_2024-11-30.cbor", 1732983765)]
    public async Task A_verdict_is_the_same_in_every_time_zone(string evidence, long at, params string[] collateral)
    {
        Assert.SkipUnless(TimeZoneInfo.TryFindSystemTimeZoneById("Pacific/Kiritimati", out _), "needs the system's time zones");
        var verdicts = new List<CliProcess.Outcome>();
        foreach (var zone in (string[])["Pacific/Kiritimati", "Pacific/Pago_Pago"])
        {
            _cli.TimeZone = zone;
            verdicts.Add(await Verify(SharedVectors.Require($"tee/{evidence}"), at, collateral, "--any-measurement"));
        }
        Assert.Equal(verdicts[0], verdicts[1]);
        Assert.NotEmpty(verdicts[0].Output);
    }

    [Fact]
    public async Task A_policy_that_is_none_is_bad_input()
    {
        var (quote, policy) = (_cli.WriteFile("quote", "00"), _cli.WriteFile("policy.json", """{"version":1,"measurments":[]}"""));
        CommandLineTests.AssertFailure(await _cli.Run("attest", "verify", "--evidence", quote, "--at", "0", "--policy", policy), 2, "policy-malformed");
    }

    [Theory]
    [InlineData("--at", "0")]
    [InlineData("--evidence", "no-such-file", "--at", "0")]
    public async Task Without_evidence_or_a_time_it_is_a_usage_error(params string[] arguments) =>
        CommandLineTests.AssertFailure(await _cli.Run(["attest", "verify", .. arguments]), 2, "usage");

    [Fact]
    public async Task Collateral_is_stored_on_a_running_chain_once()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        await using var node = await AivmNode.StartAsync(new NodeOptions { Port = 0, Application = new ApplicationOptions { EvidenceRoots = FakeRoots.All } }, cancellation);
        using var rpc = new RpcClient(node.Url);
        // A node answers at its head's time, which is that of the genesis until there is a block.
        await new Wallet(rpc, DevChain.Accounts[0].Key.Span).SendAndWaitAsync(new TransactionRequest { To = DevChain.Accounts[1].Address, Value = UInt256.One }, cancellation);
        var collateral = new FakeCollateral { Issued = now - FakeTime.Day, NextUpdate = now + FakeTime.Day };
        var (bundle, sgx) = (_cli.WriteFile("tdx.json", collateral.Bundle()), _cli.WriteFile("sgx.json", (collateral with { Kind = EvidenceKind.Sgx }).Bundle()));

        var outcome = await Store(node, bundle, "--collateral", sgx, "--json");
        Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
        var stored = outcome.Json.GetProperty("stored");
        Assert.Equal(["tdx", "sgx"], stored.EnumerateArray().Select(entry => entry.GetProperty("kind").GetString()));
        Assert.Equal(Convert.ToHexStringLower(collateral.Platform.Fmspc), stored[0].GetProperty("fmspc").GetString());
        Assert.Equal((collateral.Issued, collateral.NextUpdate), (stored[0].GetProperty("valid_from").GetInt64(), stored[0].GetProperty("valid_until").GetInt64()));
        var call = AttestationsInterface.Collateral.BeginCall().WriteHash(Hash256.Parse(stored[0].GetProperty("key").GetString())).ToArray();
        var kept = await rpc.CallAsync(new CallRequest { To = AttestationsInterface.Contract, Data = call }, cancellation);
        Assert.Equal(Keccak.Hash(File.ReadAllBytes(bundle)).ToArray(), kept[..32]);

        CommandLineTests.AssertFailure(await Store(node, bundle), 1, "collateral-refused");
        CommandLineTests.AssertFailure(await Store(node, _cli.WriteFile("none.json", "{}")), 1, "collateral-refused");
        CommandLineTests.AssertFailure(await Store(node, _cli.WriteFile("long.json", new byte[AttestationsInterface.MaxCollateralLength + 1])), 2, "collateral-too-long");

        var newer = _cli.WriteFile("newer.json", (collateral with { Issued = now - 1 }).Bundle());
        var forPeople = await Store(node, newer, "--yes");
        Assert.Equal(0, forPeople.ExitCode);
        Assert.Contains("for tdx quotes of platforms", forPeople.Output, StringComparison.Ordinal);
        Assert.Contains("The node accepts the collateral. To store it takes up to", forPeople.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _cli.Dispose();

    private Task<CliProcess.Outcome> Store(AivmNode node, string bundle, params string[] more) =>
        _cli.Run(["attest", "store", "--collateral", bundle, "--rpc", node.Url.ToString(), .. more]);

    private Task<CliProcess.Outcome> Verify(string evidence, long at, string[] collateral, params string[] more) => _cli.Run(
    [
        "attest", "verify", "--evidence", evidence, "--at", $"{at}",
        .. collateral.SelectMany(file => new[] { "--collateral", SharedVectors.Require($"tee/{file}") }), .. more,
    ]);

    private static string? Text(CliProcess.Outcome outcome, string member) => outcome.Json.GetProperty(member).GetString();

    private static bool Flag(CliProcess.Outcome outcome, string member) => outcome.Json.GetProperty(member).GetBoolean();
}
