using System.Text;
using System.Text.Json.Nodes;
using Aivm.Attestation;

namespace Aivm.Tests.Attestation;

/// <summary>Quotes of real platforms with Intel's real collateral: every case of bundles/cases.json.</summary>
public sealed class RealQuoteTests
{
    [Fact]
    public void Every_case_has_its_status_and_its_verdict()
    {
        foreach (var given in TeeVectors.Cases())
        {
            var verdict = TeeVectors.Verdict(given.Quote, given.At, given.Collateral);
            Assert.True(given.Status == (verdict.Evidence?.TcbStatus.ToString() ?? "n/a"), $"{given.Name}: {verdict.Refusal}");
            Assert.Equal((given.Name, given.Policy == "accept"), (given.Name, verdict.IsAcceptable));
            if (given.Policy.StartsWith("policy: ", StringComparison.Ordinal))
                AssertAcceptedWhenListed(given);
        }
    }

    [Fact]
    public void Statuses_and_advisories_are_those_of_another_verifier()
    {
        var both = TeeVectors.Cases().Where(given => !given.Peer.StartsWith("ERROR ", StringComparison.Ordinal)).ToArray();
        Assert.Equal(7, both.Length);
        Assert.Contains(both, given => given.Peer.Contains("INTEL-SA-00960,INTEL-SA-00982", StringComparison.Ordinal));
        foreach (var given in both)
        {
            var evidence = TeeVectors.Verdict(given.Quote, given.At, given.Collateral).Evidence!;
            Assert.Equal($"{given.Name}: {given.Peer}", $"{given.Name}: {evidence.TcbStatus} {string.Join(',', evidence.Advisories)}");
        }
    }

    [Fact]
    public void Padding_is_refused_uncut_by_its_name()
    {
        var padded = TeeVectors.Cases().Where(given => given.Uncut.Length > given.Quote.Length).ToArray();
        Assert.Equal(7, padded.Length);
        Assert.All(padded, given => Assert.Equal("quote-trailing", TeeVectors.Verdict(given.Uncut, given.At, given.Collateral).Refusal?.Code));
        Assert.All(padded, given => Assert.Equal(given.Quote.Length, IntelQuote.LengthOf(given.Uncut)));
    }

    [Theory]
    [InlineData("automata-dcap-attestation/solana/quote_sgx.bin", "phala-sgx-00A067110000-2025-06", 1751624924, "policy-debug")]
    [InlineData("phala-dcap-qvl/sgx_quote.bin", "phala-sgx-00A067110000-2025-06", 1751624924, "policy-tcb-status")]
    [InlineData("phala-dcap-qvl/sgx_quote.bin", "automata-sgx-00606A000000-2025-08", 1756530546, "crl-issuer")]
    [InlineData("automata-dcap-attestation/tdx_v5_90c06f.bin", "automata-tdx-00806F050000-2025-06", 1750357898, "fmspc-mismatch")]
    [InlineData("phala-dcap-qvl/sgx_quote.bin", "phala-tdx-B0C06F000000-2025-06", 1751624924, "collateral-kind")]
    [InlineData("phala-dcap-qvl/tdx_quote_v5_td15_outdated.bin", "automata-tdx-90C06F000000-2025-06", 1750357898, "certificate-not-yet-valid")]
    [InlineData("automata-dcap-attestation/tdx_v5_90c06f.bin", "automata-tdx-90C06F000000-2025-06", 1750357898, "policy-td-service")]
    public void A_refusal_has_a_name(string quote, string bundle, long at, string code) =>
        Assert.Equal(code, TeeVectors.Verdict(TeeVectors.Read(quote), at, $"bundles/{bundle}.json").Refusal?.Code);

    /// <summary>The windows of bundles/README.md, to the second.</summary>
    [Theory]
    [InlineData("phala-sgx-00A067110000-2025-06", "2025-06-19T10:56:11Z", "2025-07-19T10:01:18Z")]
    [InlineData("phala-tdx-B0C06F000000-2025-06", "2025-06-19T10:32:27Z", "2025-07-19T10:00:35Z")]
    [InlineData("phala-tdx-90C06F000000-2026-02", "2026-02-18T10:58:51Z", "2026-03-20T10:41:15Z")]
    [InlineData("near-tdx-20A06F000000-2025-09", "2025-09-02T07:41:59Z", "2025-10-02T07:03:51Z")]
    [InlineData("google-tdx-50806F000000-2023-06", "2023-06-18T08:42:58Z", "2023-07-08T07:24:59Z")]
    [InlineData("automata-tdx-90C06F000000-2025-06", "2025-06-05T03:43:45Z", "2025-07-04T09:19:31Z")]
    [InlineData("automata-tdx-00806F050000-2025-06", "2025-06-04T09:51:38Z", "2025-07-04T09:19:31Z")]
    [InlineData("automata-sgx-00606A000000-2025-08", "2025-08-15T05:41:26Z", "2025-09-14T04:36:46Z")]
    [InlineData("automata-tdx-00806F050000-2025-10", "2025-10-19T17:48:50Z", "2025-11-12T10:45:32Z")]
    [InlineData("automata-solana-tdx-00806F050000-2025-07", "2025-07-07T09:20:26Z", "2025-08-06T09:06:43Z")]
    public void Collateral_is_valid_from_its_first_second_to_its_last(string bundle, string from, string until)
    {
        Assert.True(IsoTime.TryParse(from, out var first) & IsoTime.TryParse(until, out var last));
        var bytes = TeeVectors.Read($"bundles/{bundle}.json");
        Assert.True(VerifiedCollateral.TryVerify(bytes, first, out var verified, out var error), error?.ToString());
        Assert.Equal((first, last), (verified.ValidFrom, verified.ValidUntil));
        Assert.True(VerifiedCollateral.TryVerify(bytes, last, out _, out _));
        Assert.False(VerifiedCollateral.TryVerify(bytes, first - 1, out _, out _));
        Assert.False(VerifiedCollateral.TryVerify(bytes, last + 1, out _, out _));
    }

    /// <summary>The same collateral as its source stores it, with bytes in arrays.</summary>
    [Theory]
    [InlineData("sgx_quote.bin", "sgx_quote_collateral.json", 1751624924)]
    [InlineData("tdx_quote_v4.bin", "tdx_quote_collateral.json", 1751624191)]
    [InlineData("tdx_quote_v5_td15_outdated.bin", "tdx_quote_outdated_collateral.json", 1772707803)]
    [InlineData("tdx_quote_v4_near.bin", "quote_collateral_near.json", 1758093775)]
    public void Bytes_in_arrays_are_bytes_too(string quote, string collateral, long at)
    {
        var bytes = TeeVectors.Read($"phala-dcap-qvl/{quote}");
        var verdict = TeeVectors.Verdict(bytes[..IntelQuote.LengthOf(bytes)], at, $"phala-dcap-qvl/{collateral}");
        Assert.True(verdict.IsAuthentic, verdict.Refusal?.ToString());
    }

    [Fact]
    public void Newer_collateral_replaces_older_and_not_the_other_way_round()
    {
        VerifiedCollateral Verify(string bundle, long at)
        {
            Assert.True(VerifiedCollateral.TryVerify(TeeVectors.Read($"bundles/{bundle}.json"), at, out var verified, out var error), error?.ToString());
            return verified;
        }

        var (june, october) = (Verify("automata-tdx-00806F050000-2025-06", 1749200000), Verify("automata-tdx-00806F050000-2025-10", 1761920231));
        Assert.True(october.TryReplace(june, out _));
        Assert.False(june.TryReplace(october, out var error));
        Assert.Equal("collateral-rollback", error.Code);
    }

    /// <summary>Intel's lists of revocations of 4 and of 19 June 2025, both of the number 1, beside the same documents at a time at which both are valid.</summary>
    [Fact]
    public void An_older_list_of_revocations_does_not_replace_a_newer_of_the_same_number()
    {
        var newer = TeeVectors.Read("bundles/phala-tdx-B0C06F000000-2025-06.json");
        var older = JsonNode.Parse(newer)!;
        older["pck_crl"] = (string)JsonNode.Parse(TeeVectors.Read("bundles/automata-tdx-90C06F000000-2025-06.json"))!["pck_crl"]!;

        VerifiedCollateral Verify(byte[] bundle)
        {
            Assert.True(VerifiedCollateral.TryVerify(bundle, 1751000000, out var verified, out var error), error?.ToString());
            return verified;
        }

        var (stored, shown) = (Verify(newer), Verify(Encoding.UTF8.GetBytes(older.ToJsonString())));
        Assert.Equal((1UL, 1UL), (stored.Numbers.PckCrl, shown.Numbers.PckCrl));
        Assert.False(shown.TryReplace(stored, out var error));
        Assert.Equal("collateral-rollback", error.Code);
        Assert.True(stored.TryReplace(shown, out _));
    }

    [Fact]
    public void Bytes_that_are_no_quote_are_none() =>
        Assert.Equal("evidence-unknown", TeeVectors.Verdict(TeeVectors.Read("google-go-tdx-guest/report.dat"), 0).Refusal?.Code);

    private static void AssertAcceptedWhenListed(QuoteCase given)
    {
        var status = Enum.Parse<TcbStatus>(given.Policy["policy: ".Length..]);
        var policy = AttestationPolicy.Default with { AnyWorkload = true, TcbStatuses = [TcbStatus.UpToDate, status] };
        Assert.True(TeeVectors.Verdict(given.Quote, given.At, policy, given.Collateral).IsAcceptable);
    }
}
