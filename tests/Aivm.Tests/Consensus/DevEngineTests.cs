using Aivm.Chain;
using Aivm.Consensus.Dev;
using Aivm.Primitives;

namespace Aivm.Tests.Consensus;

public sealed class DevEngineTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    private readonly RecordingApplication _application = new();
    private readonly ManualTime _time = new(Start);

    [Fact]
    public async Task A_block_takes_the_steps_of_consensus_in_their_order()
    {
        await using var engine = Started(TimeSpan.Zero);
        Send(engine, 1);
        await _application.CommitsAsync(1);
        await engine.StopAsync();
        // The engine may look into an empty pool before: looks that lead to no block do not count.
        string[] expected = ["Info", "InitChain", "PrepareProposal 1", "ProcessProposal 1", "FinalizeBlock 1", "Commit"];
        Assert.Equal(expected, _application.Calls.Distinct().Take(expected.Length));
    }

    [Fact]
    public async Task An_application_that_has_blocks_gets_no_genesis()
    {
        _application.Height = 41;
        await using var engine = Started(TimeSpan.Zero);
        Send(engine, 1);
        await _application.CommitsAsync(1);
        Assert.DoesNotContain("InitChain", _application.Calls);
        Assert.Equal(42UL, _application.Committed.Single().Height);
    }

    [Fact]
    public async Task What_waits_together_is_mined_together_and_nothing_is_mined_without_cause()
    {
        await using var engine = Started(TimeSpan.Zero);
        Send(engine, 1, 2, 3);
        await _application.CommitsAsync(1);
        await engine.StopAsync();
        Assert.Equal(3, _application.Committed.Single().Txs.Count);
    }

    [Fact]
    public async Task An_interval_mines_empty_blocks_too()
    {
        await using var engine = Started(TimeSpan.FromSeconds(2));
        for (var i = 0; i < 3; i++)
        {
            _time.Pass(TimeSpan.FromSeconds(2));
            await _application.CommitsAsync(1);
        }
        await engine.StopAsync();
        Assert.Equal([2UL, 4UL, 6UL], _application.Committed.Select(block => block.Time - (ulong)Start.ToUnixTimeSeconds()));
    }

    [Fact]
    public async Task Block_time_never_goes_back()
    {
        await using var engine = Started(TimeSpan.Zero);
        Assert.Null(engine.MineOne());
        _time.SetWallClock(Start - TimeSpan.FromHours(1));
        Assert.Null(engine.MineOne());
        Assert.Equal(_application.Committed[0].Time, _application.Committed[1].Time);
    }

    [Fact]
    public async Task Block_time_never_goes_back_over_a_restart()
    {
        await using (var engine = Started(TimeSpan.Zero))
            Assert.Null(engine.MineOne());
        _time.SetWallClock(Start - TimeSpan.FromHours(1));
        await using (var engine = Started(TimeSpan.Zero))
            Assert.Null(engine.MineOne());
        Assert.Equal(_application.Committed[0].Time, _application.Committed[1].Time);
    }

    [Fact]
    public async Task A_block_that_cannot_be_stored_halts_mining_and_is_stored_unchanged_later()
    {
        var states = new List<Error?>();
        var full = new Error("disk-full", "The disk is full.");
        await using var engine = Started(TimeSpan.Zero);
        engine.HaltedChanged += states.Add;
        _application.CommitFailure = full;
        Send(engine, 1);
        await _application.CommitsAsync(1);
        await UntilAsync(() => engine.Halted is not null);
        Assert.Equal(full, engine.Halted);

        Send(engine, 2);
        await PassUntilAsync(() => _application.Calls.Count(call => call == "Commit") >= 3);
        Assert.Empty(_application.Committed);
        Assert.Equal(full, engine.MineOne());

        _application.CommitFailure = null;
        await PassUntilAsync(() => _application.Committed.Count == 2);
        await UntilAsync(() => engine.Halted is null);
        await engine.StopAsync();
        Assert.Equal([1, 1], _application.Committed.Select(block => block.Txs.Count));
        Assert.Equal([1UL, 2UL], _application.Committed.Select(block => block.Height));
        Assert.Equal([full, null], states);
        // The decided block is not decided again: one proposal, however often it had to be committed.
        Assert.Single(_application.Calls, "ProcessProposal 1");
        Assert.True(_application.Calls.Count(call => call == "FinalizeBlock 1") >= 4);
    }

    [Fact]
    public async Task A_block_is_committed_once_though_an_observer_of_the_chain_fails_after_it()
    {
        await using var engine = Started(TimeSpan.Zero);
        _application.ObserverFailure = new IOException("nobody reads the log");
        Assert.Equal("block-production-failed", engine.MineOne()?.Code);
        _application.ObserverFailure = null;
        Assert.Null(engine.MineOne());
        Assert.Equal([1UL, 2UL], _application.Committed.Select(block => block.Height));
    }

    [Fact]
    public async Task What_halted_mining_is_forgotten_when_there_is_nothing_left_to_mine()
    {
        await using var engine = Started(TimeSpan.Zero);
        _application.ObserverFailure = new IOException("nobody reads the log");
        Send(engine, 1);
        await UntilAsync(() => engine.Halted is not null);
        _application.ObserverFailure = null;
        await PassUntilAsync(() => engine.Halted is null);
        Assert.Single(_application.Committed);
    }

    [Fact]
    public async Task A_proposal_that_its_own_node_rejects_halts_with_the_reason()
    {
        await using var engine = Started(TimeSpan.Zero);
        _application.RejectsProposals = true;
        Assert.Equal("own-proposal-rejected", engine.MineOne()?.Code);
        Assert.Empty(_application.Committed);
        _application.RejectsProposals = false;
        Assert.Null(engine.MineOne());
    }

    [Fact]
    public async Task Stopping_twice_is_stopping_once()
    {
        await using var engine = Started(TimeSpan.Zero);
        await engine.StopAsync();
        await engine.StopAsync();
    }

    private DevEngine Started(TimeSpan blockTime)
    {
        var genesis = new InitChainRequest(1, "31337", new byte[] { 1 });
        var engine = new DevEngine(_application, genesis, new DevOptions { BlockTime = blockTime }, _time);
        engine.Start();
        return engine;
    }

    private void Send(DevEngine engine, params byte[] transactions)
    {
        _application.Add([.. transactions.Select(transaction => new[] { transaction })]);
        engine.NotifyTransactions();
    }

    private Task PassUntilAsync(Func<bool> condition) => UntilAsync(() =>
    {
        _time.Pass(TimeSpan.FromSeconds(1));
        return condition();
    });

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var i = 0; i < 1_000 && !condition(); i++)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.True(condition());
    }
}
