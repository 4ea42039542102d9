using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Chain;

/// <summary>A block that was executed, and the changes that make it part of the chain.</summary>
/// <param name="EndLogs">What its end announced (<see cref="BlockEnd"/>).</param>
/// <param name="StateChanges">Trie nodes and code, to be written before anything builds on the block.</param>
public sealed record ExecutedBlock(
    BlockHeader Header, Hash256 Hash, IReadOnlyList<ExecutedTransaction> Transactions, IReadOnlyList<LogEntry> EndLogs, WriteBatch StateChanges);

/// <summary>Executes the transactions of one block in order on top of its parent, and closes the block with its header.</summary>
public sealed class BlockExecutor
{
    private readonly WorldState _state;
    private readonly BlockContext _block;
    private readonly BlockHeader _parent;
    private readonly Hash256 _parentHash;
    private readonly ModelCache _models;
    private readonly List<ExecutedTransaction> _executed = [];

    /// <param name="time">Unix seconds; the parent's time where that is later.</param>
    public BlockExecutor(
        StateDatabase database, Genesis genesis, ModelCache models, BlockHeader parent, Hash256 parentHash, ulong time, Address proposer)
    {
        (_parent, _parentHash, _models) = (parent, parentHash, models);
        _state = new WorldState(database, parent.StateRoot);
        var number = parent.Number + 1;
        _block = new BlockContext(
            genesis, number, Math.Max(time, parent.Time), proposer, BaseFee.Next(parent), genesis.GasLimit, Randomness(parentHash, number));
        BlockHistory.Record(_state, number, parentHash);
        _state.EndTransaction();
    }

    /// <summary>So far.</summary>
    public ulong GasUsed { get; private set; }

    public ulong GasLeft => _block.GasLimit - GasUsed;

    public UInt256 BaseFeePerGas => _block.BaseFee;

    /// <summary>keccak256(parent hash ‖ height), the height as 8 bytes, big-endian.</summary>
    public static Hash256 Randomness(Hash256 parentHash, ulong height)
    {
        Span<byte> bytes = stackalloc byte[Hash256.Size + sizeof(ulong)];
        parentHash.Span.CopyTo(bytes);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[Hash256.Size..], height);
        return Keccak.Hash(bytes);
    }

    /// <summary>Adds a transaction to the block. One that is not valid here changes nothing.</summary>
    public bool TryExecute(
        Transaction transaction, [NotNullWhen(true)] out ExecutedTransaction? executed, [NotNullWhen(false)] out Error? error)
    {
        if (!TransactionExecutor.TryExecute(transaction, _state, _block, _models, GasLeft, out executed, out error))
            return false;
        GasUsed += executed.GasUsed;
        _executed.Add(executed);
        return true;
    }

    /// <summary>Ends what is due, computes the roots and the header. The executor is spent.</summary>
    public ExecutedBlock Finish()
    {
        var changes = new WriteBatch();
        var endLogs = JobSweep.Run(_state, _block, _models);
        var roots = BlockRoots.Compute(_executed, endLogs);
        var header = new BlockHeader
        {
            ParentHash = _parentHash,
            Coinbase = _block.Coinbase,
            StateRoot = _state.Commit(changes),
            TransactionsRoot = roots.Transactions,
            ReceiptsRoot = roots.Receipts,
            Bloom = roots.Bloom,
            Number = _block.Number,
            GasLimit = _block.GasLimit,
            GasUsed = GasUsed,
            Time = _block.Time,
            MixHash = _block.Randomness,
            BaseFee = _block.BaseFee,
        };
        return new ExecutedBlock(header, header.Hash, _executed, endLogs, changes);
    }
}
