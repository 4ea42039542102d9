using Aivm.Chain;
using Aivm.Primitives;
using static Aivm.Tests.Chain.Jobs.JobsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain.Jobs;

public class JobSweepTests
{
    [Fact]
    public void A_block_ends_256_jobs_in_order_and_the_next_one_the_rest()
    {
        const ulong Jobs = 300;
        var provider = TestAccount.Of("large provider");
        using var chain = new TestChain(MarketGenesis with
        {
            Alloc = [.. MarketGenesis.Alloc.Append(new GenesisAccount(provider.Address, Coin * 2000)).OrderBy(account => account.Address)],
        });
        var model = chain.PublishModel();
        Assert.True(chain.Run(chain.Compute(provider, Register(maxJobs: 1024), Coin * 1000)).Success);
        Assert.True(chain.Run(chain.Compute(provider, Ask())).Success);
        chain.MineBlocks(ComputeParameters.AskDelay);
        var request = (chain.Request(model) with { Deadline = chain.Reader.Head.Header.Time + 1000 }).Encode();
        for (var nonce = 0UL; nonce < Jobs;)
        {
            var batch = Enumerable.Range(0, 60).Select(_ => chain.Sign(Bob, SystemContracts.Jobs, 10_000, request, 1_500_000, nonce: nonce++).Encoded).ToArray();
            Assert.All(chain.MineExactly(batch), mined => Assert.True(mined.Success));
        }
        Assert.Equal(Jobs, chain.JobCount());
        chain.MineBlocks(3);

        chain.Mine(chain.Reader.Head.Header.Time + 30);
        Assert.Equal(256, chain.Logs(JobsAbi.JobEnded).Count);
        Assert.Equal(JobEnd.NoProvider, chain.Job(256).End);
        Assert.Equal(JobState.Offered, chain.Job(257).State);
        Assert.Equal("JobExpired", chain.RefusedJob(provider, Accept(257)));
        Assert.Equal("JobExpired", chain.RefusedJob(Bob, Cancel(257)));
        Assert.True(chain.RunJobs(Dave, Expire(300)).Success);

        Assert.Equal((int)Jobs, chain.Logs(JobsAbi.JobEnded).Count);
        Assert.Equal(
            Enumerable.Range(1, 256).Concat([300]).Concat(Enumerable.Range(257, 43)).Select(job => AbiEvent.TopicOf((ulong)job)),
            chain.Logs(JobsAbi.JobEnded).Select(log => log.Log.Topics[1]));
        Assert.Equal((UInt256.Zero, 0u), (chain.Provider(provider.Address).Reserved, chain.Provider(provider.Address).ActiveJobs));
        Assert.Equal(UInt256.Zero, chain.Owed());
        chain.RequireEqualReplay();
    }

    [Fact]
    public void A_timer_whose_job_has_moved_on_is_dropped_when_it_comes_up()
    {
        using var chain = new TestChain(MarketGenesis);
        var model = chain.PublishModel();
        chain.AddProvider(Carol);
        var job = chain.Lock(Bob, chain.Request(model));
        Assert.True(chain.RunJobs(Carol, Accept(job)).Success);
        Assert.Equal((UInt256)2, Timers(chain));
        chain.Wait(22);
        Assert.Equal((UInt256.One, JobState.Accepted), (Timers(chain), chain.Job(job).State));
        chain.Wait(202);
        Assert.Equal((UInt256.Zero, JobEnd.Late), (Timers(chain), chain.Job(job).End));
    }

    /// <summary>The length of the heap, in slot 2.</summary>
    private static UInt256 Timers(TestChain chain) => chain.Reader.HeadState.GetStorage(SystemContracts.Jobs, 2);
}
