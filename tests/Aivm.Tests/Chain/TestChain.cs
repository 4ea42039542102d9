using System.Text;
using Aivm.Chain;
using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Tests.Chain;

/// <summary>A key and its account.</summary>
internal sealed record TestAccount(byte[] Key, Address Address)
{
    public static TestAccount Of(string name)
    {
        var key = Keccak.Hash(Encoding.UTF8.GetBytes(name)).ToArray();
        return new TestAccount(key, Secp256k1.AddressOf(key));
    }
}

/// <summary>An application over a store in memory, driven by hand: one call of <see cref="Mine"/> is one block.</summary>
internal sealed class TestChain : IDisposable
{
    public const ulong ChainId = 31337;

    public static readonly UInt256 Coin = UInt256.Parse("1000000000000000000");
    public static readonly UInt256 Gwei = 1_000_000_000;
    public static readonly TestAccount Alice = TestAccount.Of("alice");
    public static readonly TestAccount Bob = TestAccount.Of("bob");
    public static readonly TestAccount Carol = TestAccount.Of("carol");
    public static readonly Address Proposer = Address.Parse("0x00000000000000000000000000000000000c0ffe");
    public static readonly Address Nobody = Address.Parse("0x0000000000000000000000000000000000dead00");

    public static readonly Genesis DefaultGenesis = new()
    {
        ChainId = ChainId,
        Time = 1_700_000_000,
        Alloc = [.. new[] { Alice, Bob, Carol }.Select(account => new GenesisAccount(account.Address, Coin * 1000)).OrderBy(account => account.Address)],
    };

    public TestChain(Genesis? genesis = null, IKeyValueStore? store = null, ApplicationOptions? options = null)
    {
        Genesis = genesis ?? DefaultGenesis;
        Store = store ?? new MemoryStore();
        App = new Application(Store, options);
        if (App.Info().LastBlockHeight == 0)
            Assert.Null(App.InitChain(InitRequest(Genesis)).Error);
    }

    public Genesis Genesis { get; }

    public IKeyValueStore Store { get; }

    public Application App { get; }

    public ChainReader Reader => App.Reader;

    public static InitChainRequest InitRequest(Genesis genesis) => new(genesis.Time, "test", GenesisFile.Write(genesis));

    public void Dispose() => Store.Dispose();

    public UInt256 Balance(Address address) => Reader.HeadState.GetBalance(address);

    /// <summary>A transaction that pays twice the next base fee at most and a tip of 1 gwei, with the sender's next nonce, unless told otherwise.</summary>
    public Transaction Sign(
        TestAccount from,
        Address? to,
        UInt256 value = default,
        byte[]? data = null,
        ulong gas = 21_000,
        ulong? nonce = null,
        UInt256? maxFee = null,
        UInt256? tip = null,
        ulong? chainId = ChainId) => new UnsignedTransaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = chainId,
            Nonce = nonce ?? App.Pool.NextNonce(from.Address),
            MaxFeePerGas = maxFee ?? (Gwei * 10),
            MaxPriorityFeePerGas = tip ?? Gwei,
            GasLimit = gas,
            To = to,
            Value = value,
            Data = data ?? [],
        }.Sign(from.Key);

    public void Submit(params Transaction[] transactions)
    {
        foreach (var transaction in transactions)
        {
            App.Pool.TryAdd(transaction, out var error);
            Assert.Null(error);
        }
    }

    /// <summary>Proposes, accepts, finalizes and commits a block from the pool.</summary>
    public MinedTransaction[] Mine(ulong? time = null)
    {
        var height = Reader.Head.Number + 1;
        var now = time ?? (Reader.Head.Header.Time + 1);
        var txs = App.PrepareProposal(new PrepareProposalRequest(height, now, Proposer, long.MaxValue, [])).Txs;
        Assert.Null(App.ProcessProposal(new ProcessProposalRequest(height, now, Proposer, default, txs)).Reason);
        return MineExactly(txs, now);
    }

    /// <summary>Finalizes and commits these transactions.</summary>
    public MinedTransaction[] MineExactly(IReadOnlyList<ReadOnlyMemory<byte>> txs, ulong? time = null)
    {
        MineForResults(txs, time);
        return [.. Reader.GetTransactions(Reader.Head)];
    }

    /// <summary>The same, with what an engine is told of each transaction: what it returned or reverted with, which no receipt keeps.</summary>
    public IReadOnlyList<TransactionResult> MineForResults(IReadOnlyList<ReadOnlyMemory<byte>> txs, ulong? time = null)
    {
        var height = Reader.Head.Number + 1;
        var now = time ?? (Reader.Head.Header.Time + 1);
        var result = App.FinalizeBlock(new FinalizeBlockRequest(height, now, Proposer, default, txs));
        App.Commit();
        Assert.Equal(result.AppHash, Reader.Head.Hash);
        return result.TxResults;
    }

    /// <summary>Submits a transaction, mines it alone and returns it with its receipt.</summary>
    public MinedTransaction Run(Transaction transaction)
    {
        Submit(transaction);
        return Mine().Single(mined => mined.Transaction.Hash == transaction.Hash);
    }

    /// <summary><c>eth_call</c> on the head.</summary>
    public SimulationResult Call(Address from, Address to, byte[] data, UInt256 value = default, ulong? gas = null)
    {
        App.Simulator.TryCall(new CallRequest(from, to, value, data, gas), Reader.Head, out var result, out var error);
        Assert.Null(error);
        return result!;
    }

    /// <summary>Everything that all accounts own.</summary>
    public UInt256 Supply()
    {
        var supply = UInt256.Zero;
        foreach (var (_, account) in Reader.HeadState.EnumerateAccounts())
            supply += account.Balance;
        return supply;
    }
}
