using Aivm.Chain;
using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Benchmarks.Frame;

/// <summary>A state in which a model is published, and the calls of it.</summary>
internal sealed class PublishedModel
{
    private const ulong Gas = 1UL << 32;
    private static readonly Address Caller = Address.Parse("0x00000000000000000000000000000000000ca11e");

    private static readonly Genesis Genesis = new()
    {
        ChainId = 31337,
        Alloc = [new GenesisAccount(Caller, UInt256.One << 100)],
        Limits = ChainLimits.Default with { ChunkBytes = 1 << 20 },
    };

    private readonly StateDatabase _database;
    private readonly ModelCache _models = new();
    private BlockHeader _head;

    private PublishedModel(IKeyValueStore store, Hash256 hash)
    {
        _database = new StateDatabase(store);
        Address = ModelAccount.AddressOf(Caller, hash);
        var genesis = GenesisBlock.Build(_database, Genesis);
        store.Write(genesis.StateChanges);
        _head = genesis.Header;
    }

    public Address Address { get; }

    public static PublishedModel Publish(IKeyValueStore store, byte[] container)
    {
        var hash = Keccak.Hash(container);
        var published = new PublishedModel(store, hash);
        var context = published.BeginTransaction();
        published.Require(context, ModelsAbi.Begin.BeginCall().WriteHash(hash).WriteUInt((ulong)container.Length), deposit: container.Length);
        for (var offset = 0; offset < container.Length; offset += Genesis.Limits.ChunkBytes)
        {
            var chunk = container.AsSpan(offset, Math.Min(Genesis.Limits.ChunkBytes, container.Length - offset));
            published.Require(context, ModelsAbi.Chunk.BeginCall().WriteHash(hash).WriteUInt((ulong)offset).WriteBytes(chunk));
        }
        published.Require(context, ModelsAbi.Seal.BeginCall().WriteHash(hash).WriteString("model").WriteString("").WriteUInt(UInt256.Zero));
        var changes = new WriteBatch();
        var root = context.State.Commit(changes);
        store.Write(changes);
        published._head = published._head with { StateRoot = root };
        return published;
    }

    /// <summary>The first transaction of a block: nothing of the state is at hand but what the database's caches keep.</summary>
    public TransactionContext BeginTransaction() =>
        new(new WorldState(_database, _head.StateRoot), BlockContext.Of(Genesis, _head), _models, Caller, gasPrice: 1);

    public CallFrame Call(Address to, AbiWriter input, UInt256 value = default) => new()
    {
        Kind = CallKind.Call,
        Caller = Caller,
        Account = to,
        Callee = to,
        Value = value,
        Gas = Gas,
        Input = input.ToArray(),
    };

    private void Require(TransactionContext context, AbiWriter input, int deposit = 0)
    {
        var result = MessageCall.Execute(context, Call(SystemContracts.Models, input, (UInt256)(ulong)deposit * 1_000_000_000));
        if (!result.IsSuccess)
            throw new InvalidOperationException($"Publishing failed: {result.Error}");
    }
}
