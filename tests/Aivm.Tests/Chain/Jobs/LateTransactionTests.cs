using Aivm.Chain;
using Aivm.Primitives;
using static Aivm.Tests.Chain.Jobs.JobsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain.Jobs;

/// <summary>
/// What comes in the first block in which a job's time is over, before that block's end looks at the job. It is refused by name and gets nothing: everybody
/// has what the end of the block alone gives them.
/// </summary>
public sealed class LateTransactionTests : IDisposable
{
    private static readonly TestAccount[] Everybody = [Alice, Bob, Carol, Dave];

    private readonly TestChain _chain = new(MarketGenesis);
    private readonly ulong _job;

    public LateTransactionTests()
    {
        var model = _chain.PublishModel();
        _chain.AddProvider(Carol);
        _job = _chain.Lock(Bob, _chain.Request(model));
    }

    public void Dispose() => _chain.Dispose();

    [Fact]
    public void An_acceptance_that_is_late_is_none()
    {
        RequireExpired(Carol, Accept(_job), (Bob, 10_000));
        Assert.Equal(JobEnd.NoProvider, _chain.Job(_job).End);
        Assert.Equal(Coin * 100, _chain.Provider(Carol.Address).Stake);
    }

    [Fact]
    public void A_decline_that_is_late_is_silence()
    {
        RequireExpired(Carol, Decline(_job), (Bob, 10_000));
        Assert.Equal(1ul, _chain.Provider(Carol.Address).Strikes);
    }

    [Fact]
    public void A_cancellation_that_is_late_is_none()
    {
        RequireExpired(Bob, Cancel(_job), (Bob, 10_000));
        Assert.Equal(JobEnd.NoProvider, _chain.Job(_job).End);
    }

    [Fact]
    public void An_answer_that_is_late_is_not_paid_and_costs_stake()
    {
        Run(Carol, Accept(_job));
        RequireExpired(Carol, Submit(_job, RightOutput), (Bob, (Coin / 8) + 10_000));
        Assert.Equal(JobEnd.Late, _chain.Job(_job).End);
        Assert.Equal((Coin * 100) - (Coin / 4), _chain.Provider(Carol.Address).Stake);
        Assert.Equal((UInt256.Zero, 0u), (_chain.Provider(Carol.Address).Reserved, _chain.Provider(Carol.Address).ActiveJobs));
        Assert.Empty(_chain.Logs(JobsAbi.JobAnswered));
    }

    [Fact]
    public void A_challenge_that_is_late_changes_nothing_of_a_wrong_answer()
    {
        Run(Carol, Accept(_job));
        Run(Carol, Submit(_job, WrongOutput));
        RequireExpired(Dave, Replay(_job), (Bob, 8500), (Carol, 500), (Alice, 1000));
        Assert.Equal(JobEnd.Settled, _chain.Job(_job).End);
        Assert.Equal((Coin * 100, UInt256.Zero), (_chain.Provider(Carol.Address).Stake, _chain.Provider(Carol.Address).Reserved));
        Assert.NotEqual(0ul, _chain.ReceiptHeight(_chain.Job(_job).ReceiptId));
        Assert.Empty(_chain.Logs(JobsAbi.ReceiptRevoked));
    }

    /// <summary>Mines the transaction in the first block in which the job's time and blocks are over.</summary>
    /// <param name="gains">What the end of that block pays, and to whom; nobody else has more or less, the sender's gas apart.</param>
    private void RequireExpired(TestAccount from, byte[] data, params (TestAccount Account, UInt256 Amount)[] gains)
    {
        var due = _chain.Job(_job);
        while (_chain.Reader.Head.Number < due.DueHeight)
            _chain.Mine(_chain.Reader.Head.Header.Time);
        var expected = Everybody.ToDictionary(account => account, account => _chain.Balance(account.Address));
        var result = Assert.Single(_chain.MineForResults([_chain.Jobs(from, data).Encoded], due.DueTime + 1));
        Assert.Equal(new Refusal("JobExpired"), Refusal.Read(result.Data.Span));
        var mined = Assert.Single(_chain.Reader.GetTransactions(_chain.Reader.Head));
        expected[from] -= mined.GasPrice * mined.GasUsed;
        foreach (var (account, amount) in gains)
            expected[account] += amount;
        Assert.Equal(expected, Everybody.ToDictionary(account => account, account => _chain.Balance(account.Address)));
        Assert.Equal(UInt256.Zero, _chain.Balance(SystemContracts.Jobs));
    }

    private void Run(TestAccount from, byte[] data) => Assert.True(_chain.RunJobs(from, data).Success);
}
