using System.Numerics;
using Aivm.Chain;
using Aivm.Primitives;
using CsCheck;
using static Aivm.Tests.Chain.Jobs.JobsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain.Jobs;

/// <summary>What the chain remembers of a provider, and the number that it makes of it (docs/spec/jobs.md, "Stake, faults, reputation").</summary>
public sealed class ReputationTests : IDisposable
{
    private readonly TestChain _chain = new(MarketGenesis);
    private readonly Address _model;

    public ReputationTests()
    {
        _model = _chain.PublishModel();
        _chain.AddProvider(Carol);
    }

    public void Dispose() => _chain.Dispose();

    [Fact]
    public void The_record_tells_what_happened_and_the_reputation_follows()
    {
        RequireRecord(new RecordView(0, 0, 0, 0, 0, 0), reputation: 10_000 * 2 / 4);

        Settle(seconds: 60);
        RequireRecord(new RecordView(1, 0, 0, 0, 0, 60), reputation: 10_000 * 4 / 6);

        Settle(seconds: 61);
        RequireRecord(new RecordView(2, 1, 0, 0, 0, 121), reputation: 10_000 * 5 / 8);

        _chain.Lock(Bob, _chain.Request(_model));
        _chain.Wait(22);
        RequireRecord(new RecordView(2, 1, 1, 0, 0, 121), reputation: 10_000 * 5 / 10);

        Accepted();
        _chain.Wait(202);
        RequireRecord(new RecordView(2, 1, 1, 1, 0, 121), reputation: 10_000 * 5 / 18);

        var wrong = Accepted();
        _chain.Wait(70);
        Assert.True(_chain.RunJobs(Carol, Submit(wrong, WrongOutput)).Success);
        RequireRecord(new RecordView(2, 1, 1, 1, 0, 121), reputation: 10_000 * 5 / 18);
        Assert.True(_chain.RunJobs(Dave, Replay(wrong)).Success);
        RequireRecord(new RecordView(2, 1, 1, 1, 1, 121), reputation: 10_000 * 5 / 118);
    }

    [Fact]
    public void Declined_and_cancelled_jobs_are_nobodys_fault()
    {
        Assert.True(_chain.RunJobs(Carol, Decline(_chain.Lock(Bob, _chain.Request(_model)))).Success);
        Assert.True(_chain.RunJobs(Bob, Cancel(_chain.Lock(Bob, _chain.Request(_model)))).Success);
        RequireRecord(new RecordView(0, 0, 0, 0, 0, 0), reputation: 5000);
    }

    [Theory]
    [InlineData(60, 1000, 61, true)]
    [InlineData(60, 1, 59, false)]
    public void What_an_answer_is_measured_by_is_the_promise_at_the_offer(uint promised, uint promisedLater, ulong seconds, bool isSlow)
    {
        Configure(promised);
        var job = _chain.Lock(Bob, _chain.Request(_model));
        Configure(promisedLater);
        Assert.True(_chain.RunJobs(Carol, Accept(job)).Success);
        _chain.Mine(_chain.Reader.Head.Header.Time + seconds - 1);
        Assert.True(_chain.RunJobs(Carol, Submit(job, RightOutput)).Success);
        _chain.Wait(102);
        Assert.Equal(JobEnd.Settled, _chain.Job(job).End);
        Assert.Equal(new RecordView(1, isSlow ? 1u : 0, 0, 0, 0, seconds), _chain.Record(Carol.Address));
    }

    [Fact]
    public void A_reputation_is_what_the_formula_gives_for_every_record()
    {
        var count = Gen.Frequency((4, Gen.UInt[0, 20]), (1, Gen.UInt), (1, Gen.Const(uint.MaxValue)));
        Gen.Select(count, count, count, count, count).Sample((succeeded, share, missed, late, wrong) =>
        {
            var slow = Math.Min(succeeded, share);
            var good = (2 * new BigInteger(succeeded)) - slow + 2;
            var bad = slow + (2 * new BigInteger(missed)) + (8 * new BigInteger(late)) + (100 * new BigInteger(wrong)) + 2;
            Assert.Equal(10_000 * good / (good + bad), new ProviderFacts(succeeded, slow, missed, late, wrong, 0).Reputation);
        });
    }

    [Fact]
    public void Counts_stop_at_their_largest_value()
    {
        var full = new ProviderFacts(uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue, ulong.MaxValue);
        Assert.Equal(full, full.WithSuccess(5, isSlow: true).WithMissed().WithLate().WithWrong());
    }

    private ulong Accepted()
    {
        var job = _chain.Lock(Bob, _chain.Request(_model));
        Assert.True(_chain.RunJobs(Carol, Accept(job)).Success);
        return job;
    }

    /// <summary>Answers a job so many seconds after its acceptance, and lets it be paid.</summary>
    private void Settle(ulong seconds)
    {
        var job = Accepted();
        _chain.Mine(_chain.Reader.Head.Header.Time + seconds - 1);
        Assert.True(_chain.RunJobs(Carol, Submit(job, RightOutput)).Success);
        Assert.Equal(0u, _chain.Provider(Carol.Address).ActiveJobs);
        _chain.Wait(102);
    }

    private void Configure(uint answerSeconds)
    {
        var data = ComputeAbi.Configure.BeginCall().WriteUInt(4u).WriteUInt(answerSeconds).ToArray();
        Assert.True(_chain.Run(_chain.Compute(Carol, data)).Success);
    }

    private void RequireRecord(RecordView record, ulong reputation)
    {
        Assert.Equal(record, _chain.Record(Carol.Address));
        Assert.Equal(reputation, _chain.Provider(Carol.Address).Reputation);
    }
}
