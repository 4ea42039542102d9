using Aivm.Chain;
using Aivm.Primitives;
using Aivm.Tests.Proofs;
using static Aivm.Tests.Chain.Jobs.JobsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain.Jobs;

/// <summary>Who gets what of a job that is paid, on a chain that takes a part of a model's price.</summary>
public class JobSettlementTests
{
    private const ulong Locked = 10_000;
    private const ulong ModelPrice = 1001;
    private const ulong ProviderPrice = 500;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(250, 25)]
    [InlineData(9_999, 1000)]
    [InlineData(10_000, 1001)]
    public void An_answer_that_nobody_challenged_is_paid_to_the_coin(ushort feeBps, ulong fee)
    {
        using var chain = new TestChain(MarketGenesis with { NetworkFeeBps = feeBps });
        var model = chain.Publish(Alice, ModelsFixture.Container(), price: ModelPrice);
        chain.AddProvider(Carol, ProviderPrice);
        var job = chain.Lock(Bob, chain.Request(model), Locked);
        Assert.True(chain.RunJobs(Carol, Accept(job)).Success);
        Assert.True(chain.RunJobs(Carol, Submit(job, RightOutput)).Success);
        var before = Balances(chain);
        Assert.Equal(UInt256.Zero, before.Treasury);
        chain.Wait(102);
        RequirePaid(chain, job, before, fee);
    }

    [Fact]
    public void A_proved_answer_is_paid_to_the_coin_at_once()
    {
        using var chain = new TestChain(MarketGenesis with { NetworkFeeBps = 250 });
        var model = chain.Publish(Alice, SmallNetwork.Container, price: ModelPrice);
        chain.AddProvider(Carol, ProviderPrice, EvidenceKind.Proved);
        var proof = JobEvidence.Prove(model, job: 1, Carol);
        var job = chain.Lock(Bob, chain.Request(model) with { Evidence = EvidenceKind.Proved, Input = proof.Inputs }, Locked);
        Assert.True(chain.RunJobs(Carol, Accept(job)).Success);
        var before = Balances(chain);
        var answered = chain.Run(chain.Sign(Carol, SystemContracts.Jobs, data: Submit(job, proof.Output(), proof.Evidence()), gas: ProofsFixture.Gas));
        Assert.True(answered.Success);
        RequirePaid(chain, job, before with { Provider = before.Provider - (answered.GasPrice * answered.GasUsed) }, fee: 25);
    }

    [Theory]
    [InlineData(JobEnd.Late)]
    [InlineData(JobEnd.Wrong)]
    public void The_network_takes_nothing_of_a_job_that_is_refunded(JobEnd end)
    {
        using var chain = new TestChain(MarketGenesis with { NetworkFeeBps = 10_000 });
        var model = chain.Publish(Alice, ModelsFixture.Container(), price: ModelPrice);
        chain.AddProvider(Carol, ProviderPrice);
        var before = Balances(chain);
        var request = chain.RunJobs(Bob, chain.Request(model).Encode(), Locked);
        Assert.True(chain.RunJobs(Carol, Accept(1)).Success);
        if (end == JobEnd.Wrong)
        {
            Assert.True(chain.RunJobs(Carol, Submit(1, WrongOutput)).Success);
            Assert.True(chain.RunJobs(Dave, Replay(1)).Success);
        }
        chain.Wait(202);
        Assert.Equal(end, chain.Job(1).End);
        var reward = end == JobEnd.Late ? Coin / 8 : UInt256.Zero;
        var after = Balances(chain);
        Assert.Equal((before.Owner, UInt256.Zero), (after.Owner, after.Treasury));
        Assert.Equal(before.Caller + reward - (request.GasPrice * request.GasUsed), after.Caller);
    }

    private sealed record Money(UInt256 Caller, UInt256 Provider, UInt256 Owner, UInt256 Treasury);

    private static Money Balances(TestChain chain) => new(
        chain.Balance(Bob.Address), chain.Balance(Carol.Address), chain.Balance(Alice.Address), chain.Balance(SystemContracts.Treasury));

    /// <summary>Everybody has his share, the shares are all that was locked, and the receipt lists those that are not nothing.</summary>
    private static void RequirePaid(TestChain chain, ulong job, Money before, ulong fee)
    {
        const ulong Left = Locked - ModelPrice - ProviderPrice;
        Assert.Equal(JobEnd.Settled, chain.Job(job).End);
        Assert.Equal(
            new Money(before.Caller + Left, before.Provider + ProviderPrice, before.Owner + (ModelPrice - fee), before.Treasury + fee), Balances(chain));
        Assert.Equal((UInt256.Zero, UInt256.Zero), (chain.Owed(), chain.Balance(SystemContracts.Jobs)));

        var reader = new AbiReader(Assert.Single(chain.Logs(JobsAbi.JobAnswered)).Log.Data.Span);
        Assert.True(reader.TryReadBytes(out _) & reader.TryReadBytes(out var encoded) & reader.TryEnd());
        Assert.True(Aivm.Sdk.InferenceReceipt.TryDecode(encoded, out var receipt, out _));
        (Address, UInt256)[] shares = [(Carol.Address, ProviderPrice), (Alice.Address, ModelPrice - fee), (SystemContracts.Treasury, fee)];
        Assert.Equal(shares.Where(share => !share.Item2.IsZero), receipt.Shares);

        var ended = new AbiReader(Assert.Single(chain.Logs(JobsAbi.JobEnded)).Log.Data.Span);
        Assert.True(ended.TryReadUInt64(out var paid) & ended.TryReadUInt64(out var refunded) & ended.TryEnd());
        Assert.Equal((ProviderPrice + ModelPrice, Left), (paid, refunded));
    }
}
