using Aivm.Chain;
using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Tests.Chain;

public class BlockExecutionTests
{
    [Fact]
    public void A_transfer_moves_value_pays_the_tip_and_burns_the_base_fee()
    {
        using var chain = new TestChain();
        var baseFee = chain.Reader.NextBaseFee;
        var mined = chain.Run(chain.Sign(TestChain.Alice, TestChain.Nobody, TestChain.Coin, tip: 7));

        Assert.True(mined.Success);
        Assert.Equal(21_000UL, mined.GasUsed);
        Assert.Equal(baseFee + 7, mined.GasPrice);
        Assert.Equal(TestChain.Coin, chain.Balance(TestChain.Nobody));
        Assert.Equal<UInt256>(21_000 * 7, chain.Balance(TestChain.Proposer));
        Assert.Equal(TestChain.Coin * 999 - mined.GasPrice * 21_000, chain.Balance(TestChain.Alice.Address));
        Assert.Equal(1UL, chain.Reader.HeadState.GetNonce(TestChain.Alice.Address));
        Assert.Equal(TestChain.Coin * 3000 - baseFee * 21_000, chain.Supply());
    }

    [Fact]
    public void The_roots_are_those_of_the_plain_trie_over_accounts_transactions_and_receipts()
    {
        using var chain = new TestChain();
        var first = chain.Sign(TestChain.Alice, TestChain.Bob.Address, 5);
        var second = chain.Sign(TestChain.Bob, TestChain.Nobody, 6, [1, 2, 3], 40_000);
        chain.Submit(first, second);
        var mined = chain.Mine();
        var header = chain.Reader.Head.Header;

        Assert.Equal(OrderedTrieRoot.Compute([.. mined.Select(item => item.Transaction.Encoded.ToArray())]), header.TransactionsRoot);
        Assert.Equal(OrderedTrieRoot.Compute([.. mined.Select(item => item.Receipt.Encode())]), header.ReceiptsRoot);
        Assert.Equal(mined.Aggregate(0UL, (sum, item) => sum + item.GasUsed), header.GasUsed);

        var database = new StateDatabase(new MemoryStore());
        var expected = new MerklePatriciaTrie(database, MerklePatriciaTrie.EmptyRoot);
        Address[] accounts =
        [
            TestChain.Alice.Address, TestChain.Bob.Address, TestChain.Carol.Address, TestChain.Nobody, TestChain.Proposer, SystemContracts.BlockHistory,
            .. NativeContracts.All.Select(contract => contract.Address),
        ];
        foreach (var address in accounts)
            expected.Set(Keccak.Hash(address.Span).Span, chain.Reader.HeadState.GetAccount(address)!.Value.Encode());
        Assert.Equal(expected.RootHash, header.StateRoot);
    }

    [Fact]
    public void A_header_has_the_fields_that_the_chain_prescribes()
    {
        using var chain = new TestChain();
        var genesis = chain.Reader.Head;
        chain.Mine(time: genesis.Header.Time);
        var head = chain.Reader.Head;

        Assert.Equal(genesis.Hash, head.Header.ParentHash);
        Assert.Equal(TestChain.Proposer, head.Header.Coinbase);
        Assert.Equal(genesis.Header.Time, head.Header.Time);
        Assert.Equal(Keccak.Hash([.. genesis.Hash.Span, 0, 0, 0, 0, 0, 0, 0, 1]), head.Header.MixHash);
        Assert.Equal(chain.Genesis.GasLimit, head.Header.GasLimit);
        Assert.Equal(BlockHeader.EmptyTrieRoot, head.Header.TransactionsRoot);
        Assert.Equal(BlockHeader.EmptyTrieRoot, head.Header.ReceiptsRoot);
        Assert.True(head.Header.Bloom.IsEmpty);
        Assert.Equal<UInt256>(TestChain.Gwei, genesis.Header.BaseFee);
    }

    [Fact]
    public void The_history_contract_holds_the_hash_of_each_parent_and_its_canonical_code()
    {
        using var chain = new TestChain();
        var hashes = new List<Hash256>();
        for (var i = 0; i < 3; i++)
        {
            hashes.Add(chain.Reader.Head.Hash);
            chain.Mine();
        }
        for (var i = 0; i < 3; i++)
            Assert.Equal(hashes[i], chain.Reader.HeadState.GetStorage(SystemContracts.BlockHistory, (ulong)i).ToHash256());
        // EIP-2935 gives the contract's code; its hash is that of the account on Ethereum.
        Assert.Equal(
            Hash256.Parse("0x6e49e66782037c0555897870e29fa5e552daf4719552131a0abce779daec0a5d"),
            chain.Reader.HeadState.GetAccount(SystemContracts.BlockHistory)!.Value.CodeHash);
    }

    [Fact]
    public void A_call_to_EVM_code_reverts_with_a_clear_error_and_keeps_the_rest_of_the_gas()
    {
        using var chain = new TestChain();
        var mined = chain.Run(chain.Sign(TestChain.Alice, SystemContracts.BlockHistory, gas: 100_000));
        Assert.False(mined.Success);
        Assert.Equal(21_000UL, mined.GasUsed);

        var call = chain.Call(TestChain.Alice.Address, SystemContracts.BlockHistory, []).Call;
        Assert.Equal("evm-not-supported", call.Error!.Code);
        Assert.True(AbiRevert.TryReadError(call.Output.Span, out var reason));
        Assert.StartsWith("evm-not-supported", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failed_call_returns_its_value_and_uses_up_the_nonce()
    {
        using var chain = new TestChain();
        var mined = chain.Run(chain.Sign(TestChain.Alice, SystemContracts.Models, TestChain.Coin, gas: 100_000));
        Assert.False(mined.Success);
        Assert.Equal(UInt256.Zero, chain.Balance(SystemContracts.Models));
        Assert.Equal(1UL, chain.Reader.HeadState.GetNonce(TestChain.Alice.Address));
        Assert.Equal(TestChain.Coin * 1000 - mined.GasPrice * mined.GasUsed, chain.Balance(TestChain.Alice.Address));
    }

    [Fact]
    public void Two_nodes_with_the_same_genesis_have_the_same_block_0()
    {
        using var one = new TestChain();
        using var other = new TestChain();
        Assert.Equal(one.Reader.Head.Hash, other.Reader.Head.Hash);
        Assert.Equal(0UL, one.App.Info().LastBlockHeight);
        Assert.Equal(one.Reader.Head.Hash, one.App.Info().LastBlockAppHash);
    }
}
