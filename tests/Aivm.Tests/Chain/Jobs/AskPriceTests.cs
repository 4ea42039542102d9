using Aivm.Chain;
using Aivm.Primitives;
using static Aivm.Tests.Chain.Jobs.JobsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain.Jobs;

public class AskPriceTests
{
    private static readonly UInt256 Largest = (UInt256.One << 96) - UInt256.One;

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 6)]
    [InlineData(333_333, 6)]
    [InlineData(333_334, 7)]
    [InlineData(1_000_000, 8)]
    [InlineData(1_000_001, 9)]
    public void A_price_by_the_million_is_rounded_up(ulong gas, ulong price)
    {
        Assert.True(new AskPrice(5, 3).TryFor(gas, out var actual));
        Assert.Equal((UInt256)price, actual);
    }

    [Fact]
    public void A_price_of_more_than_96_bits_is_no_offer()
    {
        Assert.True(new AskPrice(Largest, 0).TryFor(ulong.MaxValue, out var price));
        Assert.Equal(Largest, price);
        Assert.False(new AskPrice(Largest, 1).TryFor(1, out _));
        Assert.False(new AskPrice(Largest, Largest).TryFor(ulong.MaxValue, out _));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1UL << 22, 0)]
    [InlineData((1UL << 22) + 1, 1)]
    [InlineData(1UL << 25, 1)]
    [InlineData((1UL << 25) + 1, 2)]
    [InlineData(1UL << 30, 2)]
    [InlineData((1UL << 30) + 1, 3)]
    [InlineData(ulong.MaxValue, 3)]
    public void A_tier_ends_with_its_largest_gas(ulong gas, byte tier) => Assert.Equal(tier, AskClass.TierOf(gas));

    [Fact]
    public void Twice_the_price_is_reserved_where_that_is_more_than_the_least()
    {
        using var chain = new TestChain(MarketGenesis);
        var model = chain.PublishModel();
        var price = 2_000_000_000_000_000_000UL;
        chain.AddProvider(Carol, price);
        chain.Lock(Bob, chain.Request(model), price + 1000);
        Assert.Equal(2 * (UInt256)price, chain.Provider(Carol.Address).Reserved);
    }

    [Fact]
    public void A_candidate_who_took_his_stake_back_is_passed_over()
    {
        using var chain = new TestChain(MarketGenesis);
        var model = chain.PublishModel();
        chain.AddProvider(Carol);
        chain.AddProvider(Dave, price: 600);
        var job = chain.Lock(Bob, chain.Request(model));
        Assert.True(chain.Run(chain.Compute(Dave, ComputeAbi.Unbond.BeginCall().WriteUInt(Coin * 85).ToArray())).Success);
        Assert.True(chain.RunJobs(Carol, Decline(job)).Success);
        Assert.Equal(JobEnd.NoProvider, chain.Job(job).End);
        Assert.Equal((UInt256.Zero, 0u), (chain.Provider(Dave.Address).Reserved, chain.Provider(Dave.Address).ActiveJobs));
    }
}
