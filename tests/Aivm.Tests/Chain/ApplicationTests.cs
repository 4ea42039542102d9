using System.Text;
using Aivm.Chain;
using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Tests.Chain;

public class ApplicationTests
{
    [Fact]
    public void A_new_application_waits_for_its_genesis_and_may_be_given_it_twice()
    {
        var application = new Application(new MemoryStore());
        Assert.Equal(0UL, application.Info().LastBlockHeight);
        Assert.Equal(Hash256.Zero, application.Info().LastBlockAppHash);
        Assert.False(application.IsInitialised);
        Assert.Equal((uint)TransactionCode.ChainNotStarted, application.CheckTx(new CheckTxRequest(new byte[] { 1 })).Code);
        Assert.NotEqual(0u, application.Query(new QueryRequest("/header", default)).Code);
        var request = TestChain.InitRequest(TestChain.DefaultGenesis);
        var first = application.InitChain(request);
        Assert.Null(first.Error);
        Assert.Equal(first, application.InitChain(request));
        Assert.Equal(first.AppHash, application.Info().LastBlockAppHash);
    }

    [Fact]
    public void A_store_does_not_change_its_genesis()
    {
        using var chain = new TestChain();
        var other = TestChain.InitRequest(TestChain.DefaultGenesis with { ChainId = 5 });
        Assert.Equal("genesis-mismatch", chain.App.InitChain(other).Error!.Code);
        chain.Mine();
        Assert.Equal("chain-exists", chain.App.InitChain(TestChain.InitRequest(chain.Genesis)).Error!.Code);
    }

    [Fact]
    public void Nothing_is_visible_or_durable_before_commit()
    {
        using var chain = new TestChain();
        var transfer = chain.Sign(TestChain.Alice, TestChain.Nobody, 5);
        var genesisHash = chain.Reader.Head.Hash;
        chain.App.FinalizeBlock(new FinalizeBlockRequest(1, chain.Genesis.Time, TestChain.Proposer, default, [transfer.Encoded]));

        Assert.Equal(0UL, chain.App.Info().LastBlockHeight);
        Assert.Equal(UInt256.Zero, chain.Balance(TestChain.Nobody));
        Assert.False(chain.Reader.TryGetTransaction(transfer.Hash, out _));
        Assert.Equal(genesisHash, new Application(chain.Store).Info().LastBlockAppHash);
    }

    [Fact]
    public void After_a_crash_between_finalize_and_commit_the_block_is_finalized_again_with_the_same_hash()
    {
        using var chain = new TestChain();
        var request = new FinalizeBlockRequest(
            1, chain.Genesis.Time, TestChain.Proposer, default, [chain.Sign(TestChain.Alice, TestChain.Nobody, 5).Encoded]);
        var before = chain.App.FinalizeBlock(request);

        var restarted = new Application(chain.Store);
        Assert.Equal(0UL, restarted.Info().LastBlockHeight);
        var again = restarted.FinalizeBlock(request);
        Assert.Equal(before.AppHash, again.AppHash);
        restarted.Commit();
        Assert.Equal(again.AppHash, restarted.Info().LastBlockAppHash);
    }

    [Fact]
    public void After_a_crash_behind_commit_the_application_stands_at_the_block()
    {
        using var chain = new TestChain();
        chain.Run(chain.Sign(TestChain.Alice, TestChain.Nobody, 5));
        var restarted = new Application(chain.Store);
        Assert.Equal(1UL, restarted.Info().LastBlockHeight);
        Assert.Equal(chain.Reader.Head.Hash, restarted.Info().LastBlockAppHash);
        Assert.Equal<UInt256>(5, restarted.Reader.HeadState.GetBalance(TestChain.Nobody));
    }

    [Fact]
    public void A_commit_that_cannot_be_written_may_be_tried_again()
    {
        var store = new FailingStore();
        using var chain = new TestChain(store: store);
        chain.Submit(chain.Sign(TestChain.Alice, TestChain.Nobody, 5));
        var txs = chain.App.PrepareProposal(new PrepareProposalRequest(1, chain.Genesis.Time, TestChain.Proposer, long.MaxValue, [])).Txs;
        var request = new FinalizeBlockRequest(1, chain.Genesis.Time, TestChain.Proposer, default, txs);
        store.Fails = true;
        var first = chain.App.FinalizeBlock(request);
        Assert.Equal("disk-full", Assert.Throws<AivmException>(() => chain.App.Commit()).Error.Code);
        Assert.Equal(0UL, chain.App.Info().LastBlockHeight);
        Assert.Equal(1, chain.App.Pool.Count);

        store.Fails = false;
        Assert.Equal(first.AppHash, chain.App.FinalizeBlock(request).AppHash);
        chain.App.Commit();
        Assert.Equal(first.AppHash, chain.App.Info().LastBlockAppHash);
        Assert.Equal(0, chain.App.Pool.Count);
        Assert.Equal<UInt256>(5, chain.Balance(TestChain.Nobody));
    }

    [Fact]
    public void Another_validator_that_executes_the_proposal_gets_the_same_hash()
    {
        using var proposer = new TestChain();
        using var validator = new TestChain();
        proposer.Submit(
            proposer.Sign(TestChain.Alice, TestChain.Bob.Address, 5),
            proposer.Sign(TestChain.Bob, TestChain.Nobody, TestChain.Coin));
        proposer.Submit(proposer.Sign(TestChain.Alice, TestChain.Carol.Address, 6));
        var txs = proposer.App.PrepareProposal(new PrepareProposalRequest(1, 1_700_000_009, TestChain.Proposer, long.MaxValue, [])).Txs;
        Assert.Equal(3, txs.Count);
        var vote = validator.App.ProcessProposal(new ProcessProposalRequest(1, 1_700_000_009, TestChain.Proposer, default, txs));
        Assert.Equal(ProposalStatus.Accept, vote.Status);
        proposer.MineExactly(txs, 1_700_000_009);
        validator.MineExactly(txs, 1_700_000_009);
        Assert.Equal(proposer.Reader.Head.Hash, validator.Reader.Head.Hash);
    }

    [Fact]
    public void Votes_and_proposals_leave_no_trace()
    {
        using var chain = new TestChain();
        using var untouched = new TestChain();
        chain.Submit(chain.Sign(TestChain.Alice, TestChain.Nobody, 5));
        for (var round = 0UL; round < 10; round++)
        {
            var time = chain.Genesis.Time + round;
            var txs = chain.App.PrepareProposal(new PrepareProposalRequest(1, time, TestChain.Proposer, long.MaxValue, [])).Txs;
            Assert.Equal(ProposalStatus.Accept, chain.App.ProcessProposal(new ProcessProposalRequest(1, time, TestChain.Proposer, default, txs)).Status);
        }
        var decided = chain.Sign(TestChain.Bob, TestChain.Nobody, 1);
        chain.MineExactly([decided.Encoded], chain.Genesis.Time);
        untouched.MineExactly([decided.Encoded], chain.Genesis.Time);
        Assert.Equal(untouched.Reader.Head.Hash, chain.Reader.Head.Hash);
    }

    [Fact]
    public void A_proposal_whose_time_goes_back_is_rejected_and_a_decided_one_gets_its_parents_time()
    {
        using var chain = new TestChain();
        chain.Mine(time: chain.Genesis.Time + 10);
        var vote = chain.App.ProcessProposal(new ProcessProposalRequest(2, chain.Genesis.Time + 9, TestChain.Proposer, default, []));
        Assert.Equal("time-goes-back", vote.Reason!.Code);
        chain.MineExactly([], chain.Genesis.Time + 9);
        Assert.Equal(chain.Genesis.Time + 10, chain.Reader.Head.Header.Time);
    }

    [Fact]
    public void A_block_over_its_byte_limit_is_rejected_and_never_proposed()
    {
        var genesis = TestChain.DefaultGenesis with { Limits = new ChainLimits { TransactionBytes = 2048, BlockBytes = 4096, ChunkBytes = 1024 } };
        using var chain = new TestChain(genesis);
        var large = Enumerable.Range(0, 3).Select(i => chain.Sign(TestChain.Alice, TestChain.Nobody, data: new byte[1500], gas: 60_000, nonce: (ulong)i)).ToArray();
        chain.Submit(large);
        var vote = chain.App.ProcessProposal(
            new ProcessProposalRequest(1, genesis.Time, TestChain.Proposer, default, [.. large.Select(item => item.Encoded)]));
        Assert.Equal("block-too-large", vote.Reason!.Code);
        Assert.Equal(2, chain.Mine().Length);
        Assert.Single(chain.Mine());
    }

    [Fact]
    public void A_block_over_its_gas_limit_is_rejected_and_never_proposed()
    {
        using var chain = new TestChain(TestChain.DefaultGenesis with { GasLimit = 50_000 });
        var transfers = Enumerable.Range(0, 3).Select(i => chain.Sign(TestChain.Alice, TestChain.Nobody, nonce: (ulong)i)).ToArray();
        chain.Submit(transfers);
        var vote = chain.App.ProcessProposal(
            new ProcessProposalRequest(1, chain.Genesis.Time, TestChain.Proposer, default, [.. transfers.Select(item => item.Encoded)]));
        Assert.Equal("gas-limit-too-high", vote.Reason!.Code);
        Assert.Equal(2, chain.Mine().Length);
        Assert.Single(chain.Mine());
    }

    [Fact]
    public void An_engine_that_is_out_of_step_is_told_so()
    {
        using var chain = new TestChain();
        Assert.Throws<InvalidOperationException>(() => chain.App.FinalizeBlock(new FinalizeBlockRequest(2, 0, default, default, [])));
        Assert.Throws<InvalidOperationException>(() => chain.App.Commit());
    }

    [Fact]
    public void Blocks_executed_again_from_genesis_have_the_same_hashes()
    {
        using var chain = new TestChain();
        for (var i = 0; i < 5; i++)
        {
            chain.Submit(chain.Sign(TestChain.Alice, TestChain.Nobody, 5), chain.Sign(TestChain.Bob, TestChain.Alice.Address, TestChain.Coin));
            chain.Submit(chain.Sign(TestChain.Carol, SystemContracts.Models, data: [1, 2, 3, 4], gas: 100_000));
            chain.Mine();
        }
        chain.MineExactly([new byte[] { 1 }, chain.Sign(TestChain.Alice, TestChain.Nobody).Encoded]);
        using var target = new MemoryStore();
        Assert.Equal(new ReplayResult(6, null), Replay.Run(chain.Reader, target));
    }

    [Fact]
    public void The_engine_can_ask_for_headers_and_proven_accounts()
    {
        using var chain = new TestChain();
        chain.Mine();
        var header = chain.App.Query(new QueryRequest("/header", default));
        Assert.Equal(chain.Reader.Head.Hash, Keccak.Hash(header.Value.Span));
        var account = chain.App.Query(new QueryRequest("/account", TestChain.Alice.Address.ToArray(), Prove: true));
        Assert.Equal(chain.Reader.HeadState.GetAccount(TestChain.Alice.Address)!.Value.Encode(), account.Value.ToArray());
        Assert.Equal(chain.Reader.Head.Header.StateRoot, Keccak.Hash(account.Proof[0]));
        Assert.NotEqual(0u, chain.App.Query(new QueryRequest("/nothing", default)).Code);
        Assert.NotEqual(0u, chain.App.Query(new QueryRequest("/header", default, 7)).Code);
    }

    [Fact]
    public void CheckTx_admits_refuses_with_a_number_and_rechecks()
    {
        using var chain = new TestChain();
        var transfer = chain.Sign(TestChain.Alice, TestChain.Nobody, 5);
        Assert.True(chain.App.CheckTx(new CheckTxRequest(transfer.Encoded)).IsSuccess);
        Assert.Equal((uint)TransactionCode.AlreadyKnown, chain.App.CheckTx(new CheckTxRequest(transfer.Encoded)).Code);
        Assert.True(chain.App.CheckTx(new CheckTxRequest(transfer.Encoded, CheckTxKind.Recheck)).IsSuccess);
        chain.Mine();
        Assert.Equal((uint)TransactionCode.NotInPool, chain.App.CheckTx(new CheckTxRequest(transfer.Encoded, CheckTxKind.Recheck)).Code);
    }

    [Fact]
    public void A_genesis_file_is_canonical_and_strict()
    {
        var json = GenesisFile.Write(TestChain.DefaultGenesis);
        Assert.True(GenesisFile.TryRead(json, out var read, out _));
        Assert.Equal(json, GenesisFile.Write(read));
        var brief = """{"chainId":1,"gasLimit":100000000,"baseFee":"7","limits":{"chunkBytes":2048},"alloc":{}}""";
        Assert.True(GenesisFile.TryRead(Encoding.UTF8.GetBytes(brief), out read, out _));
        Assert.Equal(new ChainLimits { ChunkBytes = 2048 }, read.Limits);
        var text = Encoding.UTF8.GetString(json);
        foreach (var broken in new[]
        {
            "null", "[]", "{}", text + " x", text.Replace("\"chainId\":31337", "\"chainId\":0"), text.Replace("\"chainId\"", "\"chainid\""),
            text.Replace("\"chainId\":31337", "\"chainId\":31337,\"chainId\":31337"), text.Replace("{\"balance\":\"1000", "{\"balance\":\"-1000"),
            text.Replace("\"alloc\":{", "\"alloc\":{\"0x000000000000000000000000000000000000a100\":{\"balance\":\"1\"},"),
        })
        {
            Assert.False(GenesisFile.TryRead(Encoding.UTF8.GetBytes(broken), out _, out var error), broken);
            Assert.Equal("genesis-invalid", error.Code);
        }
    }

    private sealed class FailingStore : IKeyValueStore
    {
        private readonly MemoryStore _store = new();

        public bool Fails { get; set; }

        public byte[]? Get(ReadOnlySpan<byte> key) => _store.Get(key);

        public void Write(WriteBatch batch)
        {
            if (Fails)
                throw new AivmException(Failure.Environment, "disk-full", "The disk is full.");
            _store.Write(batch);
        }

        public IEnumerable<KeyValuePair<byte[], byte[]>> Scan(byte[] prefix, byte[]? from = null) => _store.Scan(prefix, from);

        public void Dispose() => _store.Dispose();
    }
}
