using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Chain;

/// <summary>
/// Reads committed blocks, transactions, logs and states, at any height: nothing is pruned. Safe to use from several threads; a commit moves
/// <see cref="Head"/> at once and never changes what was read.
/// </summary>
public sealed class ChainReader
{
    /// <summary>The most blocks that one query of logs may look at.</summary>
    public const ulong MaxLogBlocks = 10_000;

    /// <summary>The most logs that one query returns.</summary>
    public const int MaxLogs = 10_000;

    private readonly ChainStore _store;
    private readonly StateDatabase _database;
    private volatile ChainHeader _head;

    internal ChainReader(ChainStore store, StateDatabase database, Genesis genesis, ChainHeader head)
    {
        (_store, _database, Genesis) = (store, database, genesis);
        _head = head;
    }

    /// <summary>Raised after a block has become the head, on the thread that commits. Handlers are quick, do not throw, and do not call the application.</summary>
    public event Action<CommittedBlock>? BlockCommitted;

    public Genesis Genesis { get; }

    /// <summary>The last committed block.</summary>
    public ChainHeader Head => _head;

    /// <summary>Wei per gas in the block after the head.</summary>
    public UInt256 NextBaseFee => BaseFee.Next(_head.Header);

    public bool TryGetHeader(ulong number, [NotNullWhen(true)] out ChainHeader? header)
    {
        header = null;
        return number <= _head.Number && _store.TryGetHeader(number, out header);
    }

    public bool TryGetHeader(Hash256 hash, [NotNullWhen(true)] out ChainHeader? header)
    {
        header = null;
        return _store.TryGetHeight(hash, out var number) && TryGetHeader(number, out header);
    }

    /// <summary>The transactions of a block, in order, read as the enumeration goes.</summary>
    public IEnumerable<MinedTransaction> GetTransactions(ChainHeader header) => _store.GetTransactions(header);

    /// <summary>The logs of a block, in order: its transactions', and those of its end.</summary>
    public IEnumerable<MinedLog> GetLogs(ChainHeader header) => _store.GetLogs(header);

    public bool TryGetBlock(ulong number, [NotNullWhen(true)] out Block? block)
    {
        block = TryGetHeader(number, out var header)
            ? new Block(header.Header, [.. GetTransactions(header).Select(mined => mined.Transaction)])
            : null;
        return block is not null;
    }

    /// <summary>A mined transaction with its receipt.</summary>
    public bool TryGetTransaction(Hash256 hash, [NotNullWhen(true)] out MinedTransaction? transaction) =>
        _store.TryGetTransaction(hash, out transaction) && transaction.BlockNumber <= _head.Number;

    public bool TryGetTransaction(ulong blockNumber, int index, [NotNullWhen(true)] out MinedTransaction? transaction)
    {
        transaction = null;
        return blockNumber <= _head.Number && _store.TryGetTransaction(blockNumber, index, out transaction);
    }

    /// <summary>The state after a block.</summary>
    public StateReader StateAt(ChainHeader header) => new(_database, header.Header.StateRoot);

    /// <summary>The state after the head.</summary>
    public StateReader HeadState => StateAt(_head);

    /// <summary>
    /// Finds logs, oldest first. Errors: <c>log-range-invalid</c>, <c>log-range-too-large</c> (more than <see cref="MaxLogBlocks"/> blocks),
    /// <c>too-many-logs</c> (more than <see cref="MaxLogs"/>).
    /// </summary>
    public bool TryGetLogs(LogFilter filter, out IReadOnlyList<MinedLog> logs, [NotNullWhen(false)] out Error? error)
    {
        List<MinedLog> found = [];
        logs = found;
        error = CheckRange(filter);
        if (error is not null)
            return false;
        var last = Math.Min(filter.ToBlock, _head.Number);
        for (var number = filter.FromBlock; number <= last; number++)
        {
            if (!_store.TryGetHeader(number, out var header) || header.Header.Bloom.IsEmpty || !filter.MayMatch(header.Header.Bloom))
                continue;
            found.AddRange(_store.GetLogs(header).Where(log => filter.Matches(log.Log)).Take(MaxLogs + 1 - found.Count));
            if (found.Count > MaxLogs)
            {
                error = new Error("too-many-logs", $"query returned more than {MaxLogs} results: ask for fewer blocks");
                return false;
            }
        }
        return true;
    }

    internal WorldState OpenState(ChainHeader header) => new(_database, header.Header.StateRoot);

    internal void Advance(ChainHeader head) => _head = head;

    internal void Announce(CommittedBlock block) => BlockCommitted?.Invoke(block);

    private static Error? CheckRange(LogFilter filter)
    {
        if (filter.FromBlock > filter.ToBlock)
            return new Error("log-range-invalid", $"invalid block range: from {filter.FromBlock} to {filter.ToBlock}");
        return filter.ToBlock - filter.FromBlock >= MaxLogBlocks
            ? new Error("log-range-too-large", $"block range too large: {MaxLogBlocks} blocks at most")
            : null;
    }
}

/// <summary>A block that has just become the head.</summary>
public sealed record CommittedBlock(ChainHeader Header, IReadOnlyList<MinedTransaction> Transactions);
