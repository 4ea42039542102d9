using Aivm.Chain;
using Aivm.Primitives;
using CsCheck;
using static Aivm.Tests.Chain.Jobs.JobsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain.Jobs;

/// <summary>What somebody would do who wants the market to fail for others.</summary>
public sealed class MarketDefenceTests : IDisposable
{
    private readonly TestChain _chain = new(MarketGenesis);
    private readonly Address _model;

    public MarketDefenceTests() => _model = _chain.PublishModel();

    public void Dispose() => _chain.Dispose();

    [Fact]
    public void Nobody_keeps_seats_whose_stake_he_took_back()
    {
        _chain.AddProvider(Carol);
        Assert.True(_chain.Run(_chain.Compute(Carol, Ask(EvidenceKind.Proved, tier: 3))).Success);
        Assert.True(_chain.Run(_chain.Compute(Carol, Unbond(Coin * 84))).Success);
        Assert.Equal((1ul, 1ul), (AskCount(EvidenceKind.Staked, 0), AskCount(EvidenceKind.Proved, 3)));
        Assert.True(_chain.Run(_chain.Compute(Carol, Unbond(UInt256.One))).Success);
        Assert.Equal((0ul, 0ul), (AskCount(EvidenceKind.Staked, 0), AskCount(EvidenceKind.Proved, 3)));
        Assert.All(_chain.Logs(ComputeAbi.AskWithdrawn), log => Assert.Equal((UInt256)(ulong)AskEnd.Unbacked, UInt256.FromBigEndian(log.Log.Data.Span)));
        Assert.Equal("StakeTooLow", _chain.Refused(Carol, SystemContracts.Compute, Ask()));
    }

    [Fact]
    public void A_slash_below_the_least_stake_takes_the_seats_too()
    {
        Assert.True(_chain.Run(_chain.Compute(Carol, Register(), Rules.MinStake)).Success);
        Assert.True(_chain.Run(_chain.Compute(Carol, Ask())).Success);
        _chain.MineBlocks(ComputeParameters.AskDelay);
        var job = _chain.Lock(Bob, _chain.Request(_model));
        Assert.True(_chain.RunJobs(Carol, Accept(job)).Success);
        _chain.Wait(202);
        Assert.Equal(JobEnd.Late, _chain.Job(job).End);
        Assert.Equal(0ul, AskCount(EvidenceKind.Staked, 0));
    }

    [Fact]
    public void An_offer_is_passed_over_who_would_not_have_the_time_that_it_asks_for()
    {
        _chain.AddProvider(Carol);
        _chain.AddProvider(Dave, price: 600);
        var job = _chain.Lock(Bob, _chain.Request(_model) with { Deadline = _chain.Reader.Head.Header.Time + 85 });
        _chain.MineBlocks(10);
        Assert.True(_chain.RunJobs(Carol, Decline(job)).Success);
        Assert.Equal(JobEnd.NoProvider, _chain.Job(job).End);
        var (carol, dave) = (_chain.Logs(JobsAbi.JobPassed)[0], _chain.Logs(JobsAbi.JobPassed)[1]);
        Assert.Equal((AbiEvent.TopicOf(Carol.Address), AbiEvent.TopicOf(Dave.Address)), (carol.Log.Topics[2], dave.Log.Topics[2]));
        Assert.Equal((UInt256)(ulong)PassCause.Unable, UInt256.FromBigEndian(dave.Log.Data.Span[..32]));
        Assert.Equal((0ul, 0u, 5000ul), (_chain.Provider(Dave.Address).Strikes, _chain.Provider(Dave.Address).ActiveJobs, _chain.Provider(Dave.Address).Reputation));
    }

    [Fact]
    public void A_provider_who_works_for_nothing_does_not_make_the_model_free()
    {
        _chain.AddProvider(Carol, price: 0);
        Assert.Equal("NoOffer", _chain.RefusedJob(Bob, _chain.Request(_model).Encode(), 999));
        var job = _chain.Lock(Bob, _chain.Request(_model), value: 1000);
        Assert.True(_chain.RunJobs(Carol, Accept(job)).Success);
        Assert.True(_chain.RunJobs(Carol, Submit(job, RightOutput)).Success);
        var alice = _chain.Balance(Alice.Address);
        _chain.Wait(102);
        Assert.Equal(alice + 1000, _chain.Balance(Alice.Address));
    }

    [Fact]
    public void The_time_to_accept_is_whole_for_each_who_is_asked()
    {
        _chain.AddProvider(Carol);
        _chain.AddProvider(Dave, price: 600);
        var job = _chain.Lock(Bob, _chain.Request(_model));
        _chain.Wait(22);
        Assert.Equal((JobState.Offered, Dave.Address), (_chain.Job(job).State, _chain.Job(job).Provider));
        Assert.Equal(_chain.Reader.Head.Header.Time + Rules.AcceptSeconds, _chain.Job(job).DueTime);
    }

    [Fact]
    public void The_dearest_seat_is_the_one_whose_heaviest_run_costs_most()
    {
        var providers = Enumerable.Range(0, ComputeParameters.AsksPerClass + 1).Select(i => TestAccount.Of($"provider {i}")).ToArray();
        using var chain = new TestChain(MarketGenesis with
        {
            Alloc =
            [
                .. MarketGenesis.Alloc.Concat(providers.Select(provider => new GenesisAccount(provider.Address, Coin * 1000))).OrderBy(account => account.Address),
            ],
        });
        foreach (var provider in providers)
            chain.Submit(chain.Compute(provider, Register(), Coin * 16));
        while (chain.Mine().Length > 0)
            ;
        // A run of 2^22 gas costs 420 by the million, 1,000 at the flat price in the middle.
        for (var i = 0; i < ComputeParameters.AsksPerClass; i++)
            chain.Submit(chain.Compute(providers[i], i == 30 ? Ask(price: 1000) : Ask(price: 0, perMgas: 100)));
        while (chain.Mine().Length > 0)
            ;
        var newcomer = providers[^1];
        Assert.Equal("ClassFull", chain.Refused(newcomer, SystemContracts.Compute, Ask(price: 1000)));
        Assert.True(chain.Run(chain.Compute(newcomer, Ask(price: 0, perMgas: 200))).Success);
        Assert.Equal(AbiEvent.TopicOf(providers[30].Address), Assert.Single(chain.Logs(ComputeAbi.AskWithdrawn)).Log.Topics[1]);

        // Whose ask was moved into its place still finds it, and the one that left does not.
        Assert.Equal("AskNotFound", chain.Refused(providers[30], SystemContracts.Compute, WithdrawAsk()));
        foreach (var provider in providers.Except([providers[30]]))
            chain.Submit(chain.Compute(provider, WithdrawAsk()));
        Assert.All(chain.Mine(), mined => Assert.True(mined.Success));
        while (chain.Mine().Length > 0)
            ;
        Assert.Equal(ComputeParameters.AsksPerClass + 1, chain.Logs(ComputeAbi.AskWithdrawn).Count);
    }

    [Fact]
    public void Seats_stay_with_those_who_took_them_whoever_comes_and_goes()
    {
        TestAccount[] providers = [Alice, Bob, Carol, Dave, Erin];
        var steps = Gen.Select(Gen.Int[0, 4], Gen.Int[0, 2], Gen.ULong[1, 1000], Gen.Int[0, 2], (who, tier, price, kind) => (who, (byte)tier, price, kind));
        steps.Array[5, 40].Sample(
            taken =>
            {
                using var chain = new TestChain(MarketGenesis);
                foreach (var provider in providers)
                    Assert.True(chain.Run(chain.Compute(provider, Register(), Coin * 100)).Success);
                var expected = new Dictionary<(byte Tier, Address Provider), ulong>();
                foreach (var (who, tier, price, kind) in taken)
                {
                    var provider = providers[who];
                    var seat = (tier, provider.Address);
                    var isAsk = kind > 0;
                    var mined = chain.Run(chain.Compute(provider, isAsk ? Ask(price: price, tier: tier) : WithdrawAsk(tier)));
                    Assert.Equal(isAsk || expected.ContainsKey(seat), mined.Success);
                    if (isAsk)
                        expected[seat] = price;
                    else
                        expected.Remove(seat);
                }
                for (var tier = (byte)0; tier < 3; tier++)
                    Assert.Equal(
                        expected.Where(item => item.Key.Tier == tier).Select(item => (item.Key.Provider, item.Value)).Order(), Asks(chain, tier).Order());
            },
            iter: 20);
    }

    private ulong AskCount(EvidenceKind evidence, byte tier) => (ulong)UInt256.FromBigEndian(_chain.Call(
        Nobody, SystemContracts.Compute, ComputeAbi.AskCount.BeginCall().WriteUInt((ulong)evidence).WriteUInt((ulong)tier).ToArray()).Call.Output.Span);

    private static List<(Address Provider, ulong Price)> Asks(TestChain chain, byte tier)
    {
        List<(Address, ulong)> asks = [];
        while (true)
        {
            var data = ComputeAbi.AskAt.BeginCall().WriteUInt((ulong)EvidenceKind.Staked).WriteUInt((ulong)tier).WriteUInt((ulong)asks.Count).ToArray();
            var call = chain.Call(Nobody, SystemContracts.Compute, data).Call;
            if (!call.IsSuccess)
                return asks;
            var reader = new AbiReader(call.Output.Span);
            Assert.True(reader.TryReadAddress(out var provider) & reader.TryReadUInt256(out _) & reader.TryReadUInt256(out _) & reader.TryReadUInt64(out _)
                & reader.TryReadUInt64(out var price));
            asks.Add((provider, price));
        }
    }

    private static byte[] Unbond(UInt256 amount) => ComputeAbi.Unbond.BeginCall().WriteUInt(amount).ToArray();

    private static byte[] WithdrawAsk(byte tier = 0) =>
        ComputeAbi.WithdrawAsk.BeginCall().WriteUInt((ulong)EvidenceKind.Staked).WriteUInt((ulong)tier).ToArray();
}
