using Aivm.Chain;
using Aivm.Primitives;

namespace Aivm.Tests.Chain;

public class TransactionPoolTests
{
    [Fact]
    public void A_senders_transactions_come_in_the_order_of_their_nonces_and_wait_for_a_gap_to_close()
    {
        using var chain = new TestChain();
        chain.Submit(Transfer(chain, TestChain.Alice, 2), Transfer(chain, TestChain.Alice, 1));
        Assert.Equal(0UL, chain.App.Pool.NextNonce(TestChain.Alice.Address));
        Assert.Empty(chain.Mine());
        chain.Submit(Transfer(chain, TestChain.Alice, 0));
        Assert.Equal(3UL, chain.App.Pool.NextNonce(TestChain.Alice.Address));
        Assert.Equal([0UL, 1, 2], chain.Mine().Select(mined => mined.Transaction.Nonce));
        Assert.Equal(0, chain.App.Pool.Count);
        Assert.Equal(3UL, chain.App.Pool.NextNonce(TestChain.Alice.Address));
    }

    [Fact]
    public void The_best_tip_goes_first_and_equal_tips_in_the_order_of_arrival()
    {
        using var chain = new TestChain();
        chain.Submit(
            chain.Sign(TestChain.Alice, TestChain.Nobody, nonce: 0, tip: 1),
            chain.Sign(TestChain.Alice, TestChain.Nobody, nonce: 1, tip: 9),
            chain.Sign(TestChain.Bob, TestChain.Nobody, nonce: 0, tip: 5),
            chain.Sign(TestChain.Carol, TestChain.Nobody, nonce: 0, tip: 5));
        Assert.Equal(
            [(TestChain.Bob.Address, 0UL), (TestChain.Carol.Address, 0), (TestChain.Alice.Address, 0), (TestChain.Alice.Address, 1)],
            chain.Mine().Select(mined => (mined.Sender, mined.Transaction.Nonce)));
    }

    [Fact]
    public void Whoever_offers_less_than_the_base_fee_waits_until_it_falls()
    {
        using var chain = new TestChain();
        chain.Submit(chain.Sign(TestChain.Alice, TestChain.Nobody, maxFee: 800_000_000, tip: 1));
        Assert.Empty(chain.Mine());
        Assert.Single(chain.Mine());
    }

    [Theory]
    [InlineData(110, 110, true)]
    [InlineData(109, 200, false)]
    [InlineData(200, 109, false)]
    [InlineData(100, 100, false)]
    public void A_replacement_raises_both_fees_by_a_tenth(ulong maxFee, ulong tip, bool accepted)
    {
        using var chain = new TestChain();
        var waiting = chain.Sign(TestChain.Alice, TestChain.Nobody, 1, nonce: 0, maxFee: TestChain.Gwei * 10, tip: 100_000);
        chain.Submit(waiting);
        var offer = chain.Sign(TestChain.Alice, TestChain.Nobody, 2, nonce: 0, maxFee: TestChain.Gwei * maxFee / 10, tip: tip * 1_000);
        Assert.Equal(accepted, chain.App.Pool.TryAdd(offer, out var error));
        Assert.Equal(accepted ? null : "underpriced", error?.Code);
        if (!accepted)
            Assert.StartsWith("replacement transaction underpriced", error!.Message, StringComparison.Ordinal);
        Assert.Equal(1, chain.App.Pool.Count);
        Assert.Equal((accepted ? offer : waiting).Hash, Assert.Single(chain.Mine()).Transaction.Hash);
    }

    [Fact]
    public void What_was_replaced_is_in_no_block_and_the_senders_others_keep_their_order()
    {
        using var chain = new TestChain();
        var transactions = Enumerable.Range(0, 3).Select(nonce => chain.Sign(TestChain.Alice, TestChain.Nobody, nonce: (ulong)nonce, tip: 10)).ToArray();
        chain.Submit(transactions);
        var raised = chain.Sign(TestChain.Alice, TestChain.Nobody, nonce: 1, tip: 20, maxFee: TestChain.Gwei * 20);
        chain.Submit(raised);
        Assert.Equal(3UL, chain.App.Pool.NextNonce(TestChain.Alice.Address));
        Assert.False(chain.App.Pool.TryGet(transactions[1].Hash, out _));
        Assert.False(chain.App.Pool.TryAdd(transactions[1], out var error));
        Assert.Equal("underpriced", error.Code);
        Assert.Equal([transactions[0].Hash, raised.Hash, transactions[2].Hash], chain.Mine().Select(mined => mined.Transaction.Hash));
        Assert.False(chain.App.Pool.TryAdd(transactions[1], out error));
        Assert.Equal("nonce-too-low", error.Code);
        Assert.Empty(chain.Mine());
    }

    [Fact]
    public void A_transaction_is_known_once()
    {
        using var chain = new TestChain();
        var transfer = Transfer(chain, TestChain.Alice, 0);
        chain.Submit(transfer);
        Assert.False(chain.App.Pool.TryAdd(transfer.Encoded, out _, out var error));
        Assert.Equal("already-known", error.Code);
        Assert.StartsWith("already known", error.Message, StringComparison.Ordinal);
        Assert.True(chain.App.Pool.TryGet(transfer.Hash, out _));
    }

    [Fact]
    public void All_that_a_sender_has_waiting_must_be_covered_by_its_balance()
    {
        using var chain = new TestChain();
        chain.Submit(chain.Sign(TestChain.Alice, TestChain.Nobody, TestChain.Coin * 600, nonce: 0));
        Assert.False(chain.App.Pool.TryAdd(chain.Sign(TestChain.Alice, TestChain.Nobody, TestChain.Coin * 600, nonce: 1), out var error));
        Assert.Equal("insufficient-funds", error.Code);
        Assert.True(chain.App.Pool.TryAdd(chain.Sign(TestChain.Alice, TestChain.Nobody, TestChain.Coin * 300, nonce: 1), out _));
    }

    [Fact]
    public void A_block_made_elsewhere_removes_what_it_makes_invalid()
    {
        using var chain = new TestChain();
        chain.Submit(
            chain.Sign(TestChain.Alice, TestChain.Nobody, 1, nonce: 0),
            chain.Sign(TestChain.Alice, TestChain.Nobody, 2, nonce: 1),
            chain.Sign(TestChain.Alice, TestChain.Nobody, TestChain.Coin * 500, nonce: 2));
        chain.MineExactly([chain.Sign(TestChain.Alice, TestChain.Nobody, TestChain.Coin * 900, nonce: 0).Encoded]);
        Assert.Equal([1UL], chain.App.Pool.Waiting(TestChain.Alice.Address).Select(waiting => waiting.Nonce));
        Assert.Equal(2UL, chain.App.Pool.NextNonce(TestChain.Alice.Address));
    }

    [Fact]
    public void A_nonce_far_ahead_is_refused()
    {
        using var chain = new TestChain();
        Assert.True(chain.App.Pool.TryAdd(Transfer(chain, TestChain.Alice, (1UL << 14) - 1), out _));
        Assert.False(chain.App.Pool.TryAdd(Transfer(chain, TestChain.Alice, 1UL << 14), out var error));
        Assert.Equal("nonce-too-high", error.Code);
        Assert.False(chain.App.Pool.TryAdd(Transfer(chain, TestChain.Alice, ulong.MaxValue), out error));
        Assert.Equal("nonce-too-high", error.Code);
    }

    [Fact]
    public void A_sender_has_a_limit()
    {
        using var chain = Limited(new PoolLimits { PerSender = 2 });
        chain.Submit(Transfer(chain, TestChain.Alice, 0), Transfer(chain, TestChain.Alice, 1));
        Assert.False(chain.App.Pool.TryAdd(Transfer(chain, TestChain.Alice, 2), out var error));
        Assert.Equal("pool-full", error.Code);
        Assert.StartsWith("txpool is full", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_pool_gives_up_its_cheapest_for_one_that_pays_more()
    {
        using var chain = Limited(new PoolLimits { Transactions = 4 });
        chain.Submit(
            chain.Sign(TestChain.Alice, TestChain.Nobody, nonce: 0, tip: 50),
            chain.Sign(TestChain.Alice, TestChain.Nobody, nonce: 1, tip: 10),
            chain.Sign(TestChain.Bob, TestChain.Nobody, nonce: 0, tip: 20),
            chain.Sign(TestChain.Bob, TestChain.Nobody, nonce: 1, tip: 90));
        Assert.False(chain.App.Pool.TryAdd(chain.Sign(TestChain.Carol, TestChain.Nobody, nonce: 0, tip: 10), out var error));
        Assert.Equal("underpriced", error.Code);
        Assert.StartsWith("transaction underpriced", error.Message, StringComparison.Ordinal);
        Assert.True(chain.App.Pool.TryAdd(chain.Sign(TestChain.Carol, TestChain.Nobody, nonce: 0, tip: 11), out _));
        Assert.Equal(4, chain.App.Pool.Count);
        Assert.Single(chain.App.Pool.Waiting(TestChain.Alice.Address));
        Assert.Equal(2, chain.App.Pool.Waiting(TestChain.Bob.Address).Count);
    }

    [Fact]
    public void Eviction_takes_what_cannot_be_executed_first_and_later_nonces_before_earlier_ones()
    {
        using var chain = Limited(new PoolLimits { Transactions = 4 });
        chain.Submit(
            chain.Sign(TestChain.Alice, TestChain.Nobody, nonce: 0, tip: 5),
            chain.Sign(TestChain.Alice, TestChain.Nobody, nonce: 1, tip: 50),
            chain.Sign(TestChain.Bob, TestChain.Nobody, nonce: 3, tip: 90),
            chain.Sign(TestChain.Carol, TestChain.Nobody, nonce: 0, tip: 60));
        Assert.True(chain.App.Pool.TryAdd(chain.Sign(TestChain.Carol, TestChain.Nobody, nonce: 1, tip: 6), out _));
        Assert.Empty(chain.App.Pool.Waiting(TestChain.Bob.Address));
        Assert.True(chain.App.Pool.TryAdd(chain.Sign(TestChain.Bob, TestChain.Nobody, nonce: 0, tip: 7), out _));
        Assert.Equal([0UL], chain.App.Pool.Waiting(TestChain.Alice.Address).Select(waiting => waiting.Nonce));
    }

    [Fact]
    public void The_bytes_of_a_pool_are_limited_too()
    {
        using var chain = Limited(new PoolLimits { Bytes = 1000 });
        chain.Submit(chain.Sign(TestChain.Alice, TestChain.Nobody, nonce: 0, data: new byte[700], gas: 60_000));
        Assert.False(chain.App.Pool.TryAdd(chain.Sign(TestChain.Bob, TestChain.Nobody, nonce: 0, data: new byte[700], gas: 60_000), out var error));
        Assert.Equal("underpriced", error.Code);
    }

    [Fact]
    public void A_replacement_needs_no_place_in_a_full_pool_but_room_for_its_bytes()
    {
        using var chain = Limited(new PoolLimits { Transactions = 2, Bytes = 2000 });
        chain.Submit(chain.Sign(TestChain.Alice, TestChain.Nobody, nonce: 0, tip: 10), chain.Sign(TestChain.Bob, TestChain.Nobody, nonce: 0, tip: 90));
        var dearer = TestChain.Gwei * 20;
        chain.Submit(chain.Sign(TestChain.Alice, TestChain.Nobody, nonce: 0, tip: 20, maxFee: dearer));
        Assert.Equal(2, chain.App.Pool.Count);
        var oversized = chain.Sign(TestChain.Alice, TestChain.Nobody, nonce: 0, tip: 30, maxFee: dearer * 2, data: new byte[3000], gas: 90_000);
        Assert.False(chain.App.Pool.TryAdd(oversized, out var error));
        Assert.Equal("underpriced", error.Code);
        Assert.Equal([20], chain.App.Pool.Waiting(TestChain.Alice.Address).Select(waiting => (int)(ulong)waiting.MaxPriorityFeePerGas));
    }

    [Fact]
    public void Many_threads_may_add_while_blocks_are_made()
    {
        using var chain = new TestChain();
        var accounts = Enumerable.Range(0, 8).Select(i => TestAccount.Of($"sender {i}")).ToArray();
        chain.Submit([.. accounts.Select((account, i) => chain.Sign(TestChain.Alice, account.Address, TestChain.Coin, nonce: (ulong)i))]);
        chain.Mine();
        var transactions = accounts.SelectMany(account => Enumerable.Range(0, 25).Select(n => Transfer(chain, account, (ulong)n))).ToArray();
        var mined = 0;
        var adding = Task.Run(
            () => Parallel.ForEach(transactions, transaction => Assert.True(chain.App.Pool.TryAdd(transaction, out _))),
            TestContext.Current.CancellationToken);
        while (!adding.IsCompleted || chain.App.Pool.Count > 0)
            mined += chain.Mine().Length;
        Assert.True(adding.IsCompletedSuccessfully);
        Assert.Equal(transactions.Length, mined);
    }

    private static TestChain Limited(PoolLimits limits) => new(options: new ApplicationOptions { Pool = limits });

    private static Transaction Transfer(TestChain chain, TestAccount from, ulong nonce) =>
        chain.Sign(from, TestChain.Nobody, 1, nonce: nonce, maxFee: TestChain.Gwei * 2);
}
