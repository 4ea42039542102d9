using Aivm.Chain;
using Aivm.Primitives;
using static Aivm.Tests.Chain.Jobs.JobsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain.Jobs;

public sealed class JobLifeTests : IDisposable
{
    private readonly TestChain _chain = new(MarketGenesis);
    private readonly Address _model;

    public JobLifeTests() => _model = _chain.PublishModel();

    public void Dispose() => _chain.Dispose();

    [Fact]
    public void A_job_is_locked_accepted_answered_and_settled_when_its_window_is_over()
    {
        _chain.AddProvider(Carol);
        var alice = _chain.Balance(Alice.Address);
        var job = _chain.Lock(Bob, _chain.Request(_model));
        Assert.Equal((JobState.Offered, Carol.Address, (UInt256)500), (_chain.Job(job).State, _chain.Job(job).Provider, _chain.Job(job).Price));
        Assert.Equal((UInt256)10_000, _chain.Owed());

        Assert.True(_chain.RunJobs(Carol, Accept(job)).Success);
        var answered = _chain.RunJobs(Carol, Submit(job, RightOutput));
        Assert.True(answered.Success);
        Assert.Equal(JobState.Answered, _chain.Job(job).State);
        Assert.Equal(answered.BlockNumber, _chain.ReceiptHeight(_chain.Job(job).ReceiptId));
        Assert.Equal(0u, _chain.Provider(Carol.Address).ActiveJobs);
        Assert.Equal(Coin, _chain.Provider(Carol.Address).Reserved);
        var (carol, bob) = (_chain.Balance(Carol.Address), _chain.Balance(Bob.Address));

        _chain.Wait(102);

        Assert.Equal((JobState.Ended, JobEnd.Settled), (_chain.Job(job).State, _chain.Job(job).End));
        Assert.Equal((0ul, 0ul), (_chain.Job(job).DueTime, _chain.Job(job).DueHeight));
        Assert.Equal(carol + 500, _chain.Balance(Carol.Address));
        Assert.Equal(alice + 1000, _chain.Balance(Alice.Address));
        Assert.Equal(bob + 8500, _chain.Balance(Bob.Address));
        Assert.Equal(UInt256.Zero, _chain.Owed());
        Assert.Equal(UInt256.Zero, _chain.Provider(Carol.Address).Reserved);
        Assert.Equal(6666ul, _chain.Provider(Carol.Address).Reputation);
    }

    [Fact]
    public void The_end_of_a_block_announces_what_ended_where_tools_look_for_it()
    {
        _chain.AddProvider(Carol);
        var job = _chain.Lock(Bob, _chain.Request(_model));
        _chain.Wait(22);
        var ended = Assert.Single(_chain.Logs(JobsAbi.JobEnded));
        var (height, header) = (ended.BlockNumber, Header(ended.BlockNumber));
        Assert.Equal(BlockEnd.TransactionHash(height), ended.TransactionHash);
        Assert.Equal(AbiEvent.TopicOf((UInt256)job), ended.Log.Topics[1]);
        Assert.Equal(AbiEvent.TopicOf((ulong)JobEnd.NoProvider), ended.Log.Topics[3]);
        Assert.True(header.Header.Bloom.MayContain(JobsAbi.JobEnded.Topic));
        Assert.Empty(_chain.Reader.GetTransactions(header));

        var logs = _chain.Reader.GetLogs(header).Select(log => log.Log).ToList();
        var root = Aivm.State.OrderedTrieRoot.Compute([new Receipt(TransactionType.Legacy, true, 0, logs).Encode()]);
        Assert.Equal(root, header.Header.ReceiptsRoot);
    }

    [Fact]
    public void The_lowest_price_is_asked_first_and_a_decline_goes_to_the_next_at_no_cost()
    {
        _chain.AddProvider(Carol, price: 700);
        _chain.AddProvider(Dave, price: 600);
        var job = _chain.Lock(Bob, _chain.Request(_model));
        Assert.Equal(Dave.Address, _chain.Job(job).Provider);
        Assert.True(_chain.RunJobs(Dave, Decline(job)).Success);
        Assert.Equal((Carol.Address, (UInt256)700), (_chain.Job(job).Provider, _chain.Job(job).Price));
        var dave = _chain.Provider(Dave.Address);
        Assert.Equal((Coin * 100, UInt256.Zero, 0u, 5000ul), (dave.Stake, dave.Reserved, dave.ActiveJobs, dave.Reputation));

        Assert.True(_chain.RunJobs(Carol, Decline(job)).Success);
        Assert.Equal((JobState.Ended, JobEnd.NoProvider), (_chain.Job(job).State, _chain.Job(job).End));
        Assert.Equal(UInt256.Zero, _chain.Owed());
    }

    [Fact]
    public void Silence_passes_the_job_on_and_the_third_in_a_row_costs_stake_and_asks()
    {
        _chain.AddProvider(Carol);
        for (var i = 0; i < 3; i++)
        {
            var job = _chain.Lock(Bob, _chain.Request(_model));
            _chain.Wait(22);
            Assert.Equal(JobEnd.NoProvider, _chain.Job(job).End);
        }
        Assert.Equal((Coin * 100) - (Coin * 16 / 100), _chain.Provider(Carol.Address).Stake);
        Assert.Equal(0ul, _chain.Provider(Carol.Address).Strikes);
        Assert.Equal("NoOffer", _chain.RefusedJob(Bob, _chain.Request(_model).Encode(), 10_000));
    }

    [Fact]
    public void A_deadline_that_passes_refunds_and_pays_the_caller_half_of_what_the_provider_loses()
    {
        _chain.AddProvider(Carol);
        var job = _chain.Lock(Bob, _chain.Request(_model));
        Assert.True(_chain.RunJobs(Carol, Accept(job)).Success);
        var (bob, supply, burned) = (_chain.Balance(Bob.Address), _chain.Supply(), Coin / 8);
        _chain.Wait(202);
        Assert.Equal(JobEnd.Late, _chain.Job(job).End);
        Assert.Equal((Coin * 100) - (Coin / 4), _chain.Provider(Carol.Address).Stake);
        Assert.Equal(bob + 10_000 + burned, _chain.Balance(Bob.Address));
        Assert.Equal(supply - burned, _chain.Supply());
        Assert.Equal("WrongState", _chain.RefusedJob(Carol, Submit(job, RightOutput)));
    }

    [Fact]
    public void A_chain_that_stood_still_punishes_nobody()
    {
        _chain.AddProvider(Carol);
        var job = _chain.Lock(Bob, _chain.Request(_model));
        Assert.True(_chain.RunJobs(Carol, Accept(job)).Success);
        _chain.Mine(_chain.Reader.Head.Header.Time + 100_000);
        Assert.Equal(JobState.Accepted, _chain.Job(job).State);
        Assert.True(_chain.RunJobs(Carol, Submit(job, RightOutput)).Success);
        Assert.Equal(JobState.Answered, _chain.Job(job).State);
    }

    [Fact]
    public void A_job_whose_blocks_have_not_passed_is_looked_at_again()
    {
        _chain.AddProvider(Carol);
        var job = _chain.Lock(Bob, _chain.Request(_model));
        Assert.True(_chain.RunJobs(Carol, Accept(job)).Success);
        _chain.Mine(_chain.Reader.Head.Header.Time + 100_000);
        Assert.Equal(JobState.Accepted, _chain.Job(job).State);
        _chain.MineBlocks(4);
        Assert.Equal(JobEnd.Late, _chain.Job(job).End);
    }

    [Fact]
    public void A_caller_takes_a_job_back_until_it_is_accepted()
    {
        _chain.AddProvider(Carol);
        var first = _chain.Lock(Bob, _chain.Request(_model));
        Assert.Equal("NotCaller", _chain.RefusedJob(Dave, Cancel(first)));
        Assert.True(_chain.RunJobs(Bob, Cancel(first)).Success);
        Assert.Equal(JobEnd.Cancelled, _chain.Job(first).End);
        Assert.Equal((UInt256.Zero, 0u), (_chain.Provider(Carol.Address).Reserved, _chain.Provider(Carol.Address).ActiveJobs));

        var second = _chain.Lock(Bob, _chain.Request(_model));
        Assert.True(_chain.RunJobs(Carol, Accept(second)).Success);
        Assert.Equal("WrongState", _chain.RefusedJob(Bob, Cancel(second)));
    }

    [Fact]
    public void A_replay_that_gives_another_output_refunds_slashes_and_revokes_the_receipt()
    {
        _chain.AddProvider(Carol);
        var job = _chain.Lock(Bob, _chain.Request(_model));
        Assert.True(_chain.RunJobs(Carol, Accept(job)).Success);
        Assert.True(_chain.RunJobs(Carol, Submit(job, WrongOutput)).Success);
        var receipt = _chain.Job(job).ReceiptId;
        Assert.NotEqual(0ul, _chain.ReceiptHeight(receipt));
        var (bob, supply) = (_chain.Balance(Bob.Address), _chain.Supply());

        Assert.Equal(new Refusal("InputMismatch"), _chain.MineRefusedJob(Dave, Replay(job, ModelsFixture.Packed(3, 5))));
        Assert.Equal(new Refusal("InputMismatch"), _chain.MineRefusedJob(Dave, Replay(job, salt: Keccak.Hash("x"u8))));
        var dave = _chain.Balance(Dave.Address);
        var challenge = _chain.RunJobs(Dave, Replay(job));
        Assert.True(challenge.Success);

        Assert.Equal((JobEnd.Wrong, bob + 10_000), (_chain.Job(job).End, _chain.Balance(Bob.Address)));
        Assert.Equal(0ul, _chain.ReceiptHeight(receipt));
        Assert.Equal(Coin * 99, _chain.Provider(Carol.Address).Stake);
        Assert.Equal(UInt256.Zero, _chain.Provider(Carol.Address).Reserved);
        Assert.Equal(dave + (Coin / 2) - (challenge.GasPrice * challenge.GasUsed), _chain.Balance(Dave.Address));
        Assert.True(_chain.Supply() < supply - (Coin / 2));
        Assert.Equal("WrongState", _chain.RefusedJob(Dave, Replay(job)));
    }

    [Fact]
    public void A_right_answer_cannot_be_challenged_nor_a_wrong_one_when_its_window_is_over()
    {
        _chain.AddProvider(Carol);
        var right = _chain.Lock(Bob, _chain.Request(_model));
        Assert.True(_chain.RunJobs(Carol, Accept(right)).Success);
        Assert.Equal("WrongState", _chain.RefusedJob(Dave, Replay(right)));
        Assert.True(_chain.RunJobs(Carol, Submit(right, RightOutput)).Success);
        Assert.Equal(new Refusal("AnswerIsRight"), _chain.MineRefusedJob(Dave, Replay(right)));

        var wrong = _chain.Lock(Bob, _chain.Request(_model));
        Assert.True(_chain.RunJobs(Carol, Accept(wrong)).Success);
        Assert.True(_chain.RunJobs(Carol, Submit(wrong, WrongOutput)).Success);
        _chain.Wait(102);
        Assert.Equal(new Refusal("WrongState"), _chain.MineRefusedJob(Dave, Replay(wrong)));
    }

    [Fact]
    public void A_job_counts_as_expired_before_anybody_swept_it()
    {
        _chain.AddProvider(Carol);
        var job = _chain.Lock(Bob, _chain.Request(_model));
        _chain.MineBlocks(3);
        var late = _chain.Jobs(Carol, Accept(job));
        _chain.Submit(late);
        var mined = _chain.Mine(_chain.Reader.Head.Header.Time + 30);
        Assert.False(mined.Single(item => item.Transaction.Hash == late.Hash).Success);
        Assert.Equal(JobEnd.NoProvider, _chain.Job(job).End);
    }

    [Fact]
    public void The_last_second_and_the_last_block_are_in_time()
    {
        _chain.AddProvider(Carol);
        var job = _chain.Lock(Bob, _chain.Request(_model));
        _chain.MineBlocks(3);
        _chain.Submit(_chain.Jobs(Carol, Accept(job)));
        Assert.True(Assert.Single(_chain.Mine(_chain.Job(job).DueTime)).Success);

        var other = _chain.Lock(Bob, _chain.Request(_model));
        _chain.Mine(_chain.Job(other).DueTime + 1);
        _chain.Submit(_chain.Jobs(Carol, Accept(other)));
        Assert.Equal(_chain.Job(other).DueHeight, _chain.Reader.Head.Number + 1);
        Assert.True(Assert.Single(_chain.Mine()).Success);
    }

    [Fact]
    public void Equal_prices_are_ordered_by_the_hash_of_job_and_provider()
    {
        _chain.AddProvider(Carol);
        _chain.AddProvider(Dave);
        _chain.AddProvider(Erin);
        for (var i = 0; i < 4; i++)
        {
            var job = _chain.Lock(Bob, _chain.Request(_model));
            var first = new[] { Carol, Dave, Erin }.MinBy(
                who => Keccak.Hash([.. ((UInt256)job).ToHash256().Span, .. who.Address.Span]).ToString(), StringComparer.Ordinal);
            Assert.Equal(first!.Address, _chain.Job(job).Provider);
        }
    }

    [Fact]
    public void Anybody_may_end_what_is_due_and_nothing_else()
    {
        _chain.AddProvider(Carol);
        var job = _chain.Lock(Bob, _chain.Request(_model));
        Assert.Equal("NotDue", _chain.RefusedJob(Dave, Expire(job)));
        _chain.MineBlocks(3);
        var expiry = _chain.Jobs(Dave, Expire(job));
        _chain.Submit(expiry);
        var mined = _chain.Mine(_chain.Reader.Head.Header.Time + 30);
        Assert.True(mined.Single(item => item.Transaction.Hash == expiry.Hash).Success);
        Assert.Equal(JobEnd.NoProvider, _chain.Job(job).End);
        Assert.Equal("WrongState", _chain.RefusedJob(Dave, Expire(job)));
        Assert.Equal("JobNotFound", _chain.RefusedJob(Dave, Expire(job + 1)));
    }

    [Fact]
    public void Only_the_provider_that_has_the_job_accepts_declines_and_answers()
    {
        _chain.AddProvider(Carol);
        _chain.AddProvider(Dave, price: 600);
        var job = _chain.Lock(Bob, _chain.Request(_model));
        Assert.Equal("NotOfferedTo", _chain.RefusedJob(Dave, Accept(job)));
        Assert.Equal("NotOfferedTo", _chain.RefusedJob(Dave, Decline(job)));
        Assert.Equal("WrongState", _chain.RefusedJob(Carol, Submit(job, RightOutput)));
        Assert.True(_chain.RunJobs(Carol, Accept(job)).Success);
        Assert.Equal("NotOfferedTo", _chain.RefusedJob(Dave, Submit(job, RightOutput)));
        Assert.Equal("WrongState", _chain.RefusedJob(Carol, Decline(job)));
        Assert.Equal("ReasonTooLong", _chain.RefusedJob(Carol, Decline(job, new string('x', 257))));
    }

    [Fact]
    public void A_provider_takes_no_more_jobs_than_it_said()
    {
        _chain.AddProvider(Carol, maxJobs: 1);
        _chain.Lock(Bob, _chain.Request(_model));
        Assert.Equal("NoOffer", _chain.RefusedJob(Bob, _chain.Request(_model).Encode(), 10_000));
    }

    [Fact]
    public void What_was_never_needed_of_the_largest_price_goes_back()
    {
        _chain.AddProvider(Carol);
        Assert.Equal("NoOffer", _chain.RefusedJob(Bob, _chain.Request(_model).Encode(), 1499));
        var job = _chain.Lock(Bob, _chain.Request(_model), value: 1500);
        Assert.True(_chain.RunJobs(Carol, Accept(job)).Success);
        Assert.True(_chain.RunJobs(Carol, Submit(job, RightOutput)).Success);
        _chain.Wait(102);
        Assert.Equal(JobEnd.Settled, _chain.Job(job).End);
        Assert.Equal(UInt256.Zero, _chain.Balance(SystemContracts.Jobs));
    }

    private ChainHeader Header(ulong height)
    {
        Assert.True(_chain.Reader.TryGetHeader(height, out var header));
        return header;
    }
}
