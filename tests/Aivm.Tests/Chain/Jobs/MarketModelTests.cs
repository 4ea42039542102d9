using System.Collections.Concurrent;
using Aivm.Chain;
using Aivm.Primitives;
using CsCheck;
using static Aivm.Tests.Chain.Jobs.JobsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain.Jobs;

/// <summary>
/// Random interleavings of everybody's actions and of time, on the chain and on <see cref="MarketModel"/>: the same transactions succeed, every job and
/// every provider is the same after every block, no coin is made or lost, at last every job has ended, and a node that replays the chain finds
/// the same roots.
/// </summary>
public class MarketModelTests
{
    private static readonly TestAccount[] Providers = [Carol, Dave, Erin];
    private static readonly TestAccount[] Callers = [Bob, TestAccount.Of("frank")];
    private static readonly TestAccount[] Everybody = [Alice, .. Providers, .. Callers];

    private static readonly Genesis Start = MarketGenesis with
    {
        Alloc = [.. Everybody.Select(account => new GenesisAccount(account.Address, Coin * 1000)).OrderBy(account => account.Address)],
    };

    /// <param name="Kind">What happens, 0 to 13.</param>
    /// <param name="Who">Which provider or caller.</param>
    /// <param name="Which">Which job, counted back from the newest.</param>
    /// <param name="Seconds">Of the block's time after the one before.</param>
    private readonly record struct Step(int Kind, int Who, int Which, int Seconds);

    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Int[0, 13], Gen.Int[0, 5], Gen.Int[0, 5], Gen.Frequency((8, Gen.Int[0, 3]), (2, Gen.Int[0, 40]), (1, Gen.Int[0, 400])),
        (kind, who, which, seconds) => new Step(kind, who, which, seconds));

    /// <remarks>One sample in six has a wrong answer that somebody challenges, the rarest end: that 100 have none happens once in 10^8.</remarks>
    [Fact]
    public void Every_interleaving_gives_what_the_specification_says()
    {
        var ends = new ConcurrentDictionary<JobEnd, int>();
        Steps.Array[20, 80].Sample(steps => Run(steps, ends), iter: 100);
        Assert.Equal([JobEnd.Settled, JobEnd.Cancelled, JobEnd.NoProvider, JobEnd.Late, JobEnd.Wrong], ends.Keys.Order());
    }

    private static void Run(Step[] steps, ConcurrentDictionary<JobEnd, int> ends)
    {
        using var chain = new TestChain(Start);
        var account = chain.PublishModel();
        var model = new MarketModel(Rules);
        uint[] places = [1, 2, 4];
        for (var i = 0; i < Providers.Length; i++)
        {
            chain.AddProvider(Providers[i], price: 500 + (100 * (ulong)i), maxJobs: places[i]);
            model.Register(Name(Providers[i]), Coin * 100, places[i], 500 + (100 * (ulong)i));
        }
        var before = Everybody.ToDictionary(Name, who => chain.Balance(who.Address));
        var paid = Everybody.ToDictionary(Name, _ => UInt256.Zero);
        var supply = chain.Supply();
        var baseFees = UInt256.Zero;

        foreach (var step in steps.Concat(Enumerable.Repeat(new Step(99, 0, 0, 150), 40)))
        {
            (model.Time, model.Height) = (chain.Reader.Head.Header.Time + (ulong)step.Seconds, chain.Reader.Head.Number + 1);
            var (transaction, who, expected) = Act(chain, account, model, step);
            if (transaction is not null)
                chain.Submit(transaction);
            var mined = chain.Mine(model.Time);
            model.Sweep();
            baseFees += chain.Reader.Head.Header.BaseFee * chain.Reader.Head.Header.GasUsed;
            if (transaction is not null)
            {
                Assert.Equal(expected, Assert.Single(mined).Success);
                paid[who!] += mined[0].GasPrice * mined[0].GasUsed;
            }
            RequireEqual(chain, model);
            Assert.Equal(supply, chain.Supply() + baseFees + model.Burned);
        }
        Assert.All(model.Jobs, job => Assert.Equal(JobState.Ended, job.State));
        foreach (var job in model.Jobs)
            ends.AddOrUpdate(job.End, 1, (_, count) => count + 1);
        foreach (var person in Everybody)
        {
            var name = Name(person);
            var gain = model.Gains.GetValueOrDefault(person == Alice ? "owner" : name);
            var expected = before[name] + model.StakeGains.GetValueOrDefault(name) - paid[name];
            Assert.Equal(gain < 0 ? expected - (ulong)-gain : expected + (ulong)gain, chain.Balance(person.Address));
        }
        Assert.Equal(UInt256.Zero, chain.Balance(SystemContracts.Jobs));
        chain.RequireEqualReplay();
    }

    private static (Transaction? Transaction, string? Who, bool Expected) Act(TestChain chain, Address account, MarketModel model, Step step)
    {
        var provider = Providers[step.Who % Providers.Length];
        var caller = Callers[step.Who % Callers.Length];
        var job = Pick(model, step);
        // Mostly the one whose turn it is, sometimes another.
        var worker = job is null || step.Who == 5 || job.Attempt == job.Candidates.Count ? provider : Providers.Single(who => Name(who) == job.With.Provider);
        switch (step.Kind)
        {
            case 0 or 1 or 2:
                var seconds = 21 + (60 * (ulong)step.Which);
                var value = 1400 + (100 * (ulong)step.Who);
                var request = new RequestCall(account, EvidenceKind.Staked, model.Time + seconds);
                return (chain.Jobs(caller, request.Encode(), value), Name(caller), model.Request(Name(caller), value, seconds));
            case 3 or 4 when job is not null:
                return (chain.Jobs(worker, Accept(job.Number)), Name(worker), model.Accept(Name(worker), job));
            case 5 when job is not null:
                return (chain.Jobs(worker, Decline(job.Number)), Name(worker), model.Decline(Name(worker), job));
            case 6 when job is not null:
                return (chain.Jobs(caller, Cancel(job.Number)), Name(caller), model.Cancel(Name(caller), job));
            case 7 or 8 when job is not null:
                var isRight = step.Kind == 7;
                return (chain.Jobs(worker, Submit(job.Number, isRight ? RightOutput : WrongOutput)), Name(worker), model.Submit(Name(worker), job, isRight));
            case 9 when job is not null:
                return (chain.Jobs(caller, Replay(job.Number)), Name(caller), model.Challenge(Name(caller), job));
            case 10 when job is not null:
                return (chain.Jobs(caller, Expire(job.Number)), Name(caller), model.Expire(job));
            case 11:
                var amount = Coin * (ulong)(20 * step.Which);
                var unbond = ComputeAbi.Unbond.BeginCall().WriteUInt(amount).ToArray();
                return (chain.Compute(provider, unbond), Name(provider), model.Unbond(Name(provider), amount));
            case 12:
                return (chain.Compute(provider, ComputeAbi.Withdraw.BeginCall().ToArray()), Name(provider), model.Withdraw(Name(provider)));
            default:
                return (null, null, false);
        }
    }

    /// <summary>Mostly a job for which the action makes sense, sometimes any.</summary>
    private static MarketModel.Job? Pick(MarketModel model, Step step)
    {
        var state = step.Kind switch
        {
            3 or 4 or 5 or 6 => JobState.Offered,
            7 or 8 => JobState.Accepted,
            9 => JobState.Answered,
            _ => JobState.None,
        };
        var fit = step.Who == 5 ? [] : model.Jobs.Where(job => job.State == state).ToList();
        var jobs = fit.Count > 0 ? fit : model.Jobs;
        return jobs.Count == 0 ? null : jobs[Math.Max(0, jobs.Count - 1 - step.Which)];
    }

    private static void RequireEqual(TestChain chain, MarketModel model)
    {
        Assert.Equal((ulong)model.Jobs.Count, chain.JobCount());
        var owed = UInt256.Zero;
        foreach (var job in model.Jobs)
        {
            var actual = chain.Job(job.Number);
            Assert.Equal((job.State, job.End), (actual.State, actual.End));
            if (job.State == JobState.Ended)
                continue;
            owed += job.Locked;
            Assert.Equal((job.DueTime, job.DueHeight), (actual.DueTime, actual.DueHeight));
            Assert.Equal(Providers.Single(who => Name(who) == job.With.Provider).Address, actual.Provider);
        }
        Assert.Equal(owed, chain.Owed());
        Assert.Equal(owed, chain.Balance(SystemContracts.Jobs));
        var staked = UInt256.Zero;
        foreach (var person in Providers)
        {
            var (expected, actual) = (model.Providers[Name(person)], chain.Provider(person.Address));
            Assert.Equal((expected.Stake, expected.Reserved, expected.Unbonding), (actual.Stake, actual.Reserved, actual.Unbonding));
            Assert.Equal((expected.Active, (ulong)expected.Strikes), (actual.ActiveJobs, actual.Strikes));
            staked += actual.Stake + actual.Unbonding;
        }
        Assert.Equal(staked, chain.Balance(SystemContracts.Compute));
    }

    private static string Name(TestAccount account) => account.Address.ToString();
}
