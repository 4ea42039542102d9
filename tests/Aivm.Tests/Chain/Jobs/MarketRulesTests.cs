using System.Text;
using Aivm.Chain;
using Aivm.Primitives;

namespace Aivm.Tests.Chain.Jobs;

public class MarketRulesTests
{
    [Fact]
    public void Rules_come_back_from_a_genesis_file_as_they_were_written()
    {
        var written = JobsFixture.MarketGenesis;
        var json = GenesisFile.Write(written);
        Assert.True(GenesisFile.TryRead(json, out var read, out _));
        Assert.Equal(JobsFixture.Rules, read.Market);
        Assert.Equal(json, GenesisFile.Write(read));
    }

    [Fact]
    public void Blocks_of_zero_are_written_and_not_taken_for_the_default()
    {
        var rules = JobsFixture.Rules with { AcceptBlocks = 0, DeadlineBlocks = 0 };
        Assert.True(GenesisFile.TryRead(GenesisFile.Write(JobsFixture.MarketGenesis with { Market = rules }), out var read, out _));
        Assert.Equal(rules, read.Market);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"market\":{},")]
    [InlineData("\"market\":null,")]
    public void Rules_that_a_file_leaves_out_have_their_defaults(string market)
    {
        Assert.True(TryRead(market, out var genesis, out var error), error?.Message);
        Assert.Equal(MarketRules.Default, genesis!.Market);
    }

    [Fact]
    public void A_file_may_set_one_rule()
    {
        Assert.True(TryRead("\"market\":{\"acceptSeconds\":7},", out var genesis, out _));
        Assert.Equal(MarketRules.Default with { AcceptSeconds = 7 }, genesis!.Market);
    }

    [Theory]
    [InlineData("minStake", "\"0\"")]
    [InlineData("minStake", "\"79228162514264337593543950336\"")]
    [InlineData("minStake", "\"-1\"")]
    [InlineData("minStake", "\"much\"")]
    [InlineData("acceptSeconds", "0")]
    [InlineData("acceptSeconds", "31622401")]
    [InlineData("acceptBlocks", "100001")]
    [InlineData("deadlineBlocks", "100001")]
    [InlineData("challengeSeconds", "0")]
    [InlineData("challengeSeconds", "31622401")]
    [InlineData("unbondingSeconds", "86400")]
    [InlineData("unbondingSeconds", "63244801")]
    [InlineData("unbondingSeconds", "18446744073709551615")]
    public void A_rule_that_no_market_can_have_is_refused_by_name(string rule, string value)
    {
        Assert.False(TryRead($"\"market\":{{\"{rule}\":{value}}},", out _, out var error));
        Assert.Equal("genesis-invalid", error!.Code);
        Assert.Contains($"market.{rule}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"market\":{\"minStakes\":\"1\"},")]
    [InlineData("\"market\":{\"acceptSeconds\":-1},")]
    [InlineData("\"market\":{\"acceptSeconds\":1.5},")]
    [InlineData("\"market\":{\"acceptSeconds\":\"1\"},")]
    [InlineData("\"market\":{\"acceptSeconds\":1,\"acceptSeconds\":1},")]
    [InlineData("\"market\":[],")]
    public void A_file_with_other_rules_or_numbers_is_refused(string market)
    {
        Assert.False(TryRead(market, out _, out var error));
        Assert.Equal("genesis-invalid", error!.Code);
    }

    [Fact]
    public void Balances_stay_below_what_a_stake_has_bits_for()
    {
        var all = UInt256.One << 128;
        Genesis Of(UInt256 balance) => TestChain.DefaultGenesis with { Alloc = [new GenesisAccount(TestChain.Nobody, balance)] };
        Assert.Equal("genesis-invalid", Of(all).Validate()?.Code);
        Assert.Null(Of(all - UInt256.One).Validate());
    }

    private static bool TryRead(string market, out Genesis? genesis, out Error? error) => GenesisFile.TryRead(
        Encoding.UTF8.GetBytes("""{"chainId":1,"gasLimit":100000000,"baseFee":"7","limits":{},MARKET"alloc":{}}""".Replace("MARKET", market)), out genesis, out error);
}
