using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Chain;

/// <summary>
/// Transactions that wait for a block: a queue by nonce for each sender, replacement by higher fees, and limits on everything. Signatures are
/// checked outside of its lock, so that admission runs on all cores. Thread-safe.
/// </summary>
public sealed class TransactionPool
{
    private readonly Genesis _genesis;
    private readonly PoolLimits _limits;
    private readonly Lock _lock = new();
    private readonly Dictionary<Address, SenderQueue> _queues = [];
    private readonly Dictionary<Hash256, PooledTransaction> _byHash = [];
    private StateReader _state;
    private UInt256 _baseFee;
    private UInt256? _leastTip;
    private long _bytes;
    private ulong _sequence;

    /// <param name="baseFee">Wei per gas in the next block.</param>
    internal TransactionPool(Genesis genesis, PoolLimits limits, StateReader state, UInt256 baseFee) =>
        (_genesis, _limits, _state, _baseFee) = (genesis, limits, state, baseFee);

    /// <summary>Raised after a transaction was admitted, on the admitting thread. Handlers are quick and do not throw.</summary>
    public event Action<Transaction>? Added;

    public int Count
    {
        get
        {
            lock (_lock)
                return _byHash.Count;
        }
    }

    /// <summary>Decodes a transaction and admits it. Errors: those of <see cref="Transaction.TryDecode"/> and <see cref="TransactionErrors"/>.</summary>
    public bool TryAdd(ReadOnlyMemory<byte> encoded, [NotNullWhen(true)] out Transaction? transaction, [NotNullWhen(false)] out Error? error)
    {
        if (encoded.Length > _genesis.Limits.TransactionBytes)
        {
            transaction = null;
            error = TransactionErrors.TooLarge(encoded.Length, _genesis.Limits.TransactionBytes);
            return false;
        }
        return Transaction.TryDecode(encoded, out transaction, out error, _genesis.Limits.TransactionBytes) && TryAdd(transaction, out error);
    }

    /// <summary>Admits a transaction. Errors: <see cref="TransactionErrors"/>.</summary>
    public bool TryAdd(Transaction transaction, [NotNullWhen(false)] out Error? error)
    {
        error = Contains(transaction.Hash) ? TransactionErrors.AlreadyKnown(transaction.Hash) : TransactionRules.CheckForm(transaction, _genesis);
        if (error is not null)
            return false;
        if (!transaction.TryRecoverSender(out var sender))
        {
            error = TransactionErrors.WrongSignature();
            return false;
        }
        if (!TransactionRules.TryGetMaxCost(transaction, out var cost))
        {
            error = TransactionErrors.InsufficientFunds(_state.GetBalance(sender), UInt256.MaxValue);
            return false;
        }
        error = Admit(new PooledTransaction(transaction, sender, cost, Interlocked.Increment(ref _sequence)));
        if (error is not null)
            return false;
        Added?.Invoke(transaction);
        return true;
    }

    public bool Contains(Hash256 hash)
    {
        lock (_lock)
            return _byHash.ContainsKey(hash);
    }

    public bool TryGet(Hash256 hash, [NotNullWhen(true)] out Transaction? transaction)
    {
        lock (_lock)
        {
            transaction = _byHash.TryGetValue(hash, out var waiting) ? waiting.Transaction : null;
            return transaction is not null;
        }
    }

    /// <summary>The nonce after an account's executable transactions: what <c>eth_getTransactionCount(…, "pending")</c> answers.</summary>
    public ulong NextNonce(Address sender)
    {
        lock (_lock)
        {
            if (_queues.TryGetValue(sender, out var queue))
                return queue.NextNonce;
        }
        return _state.GetNonce(sender);
    }

    /// <summary>What an account has waiting, by nonce; gaps included.</summary>
    public IReadOnlyList<Transaction> Waiting(Address sender)
    {
        lock (_lock)
            return _queues.TryGetValue(sender, out var queue) ? [.. queue.All.Select(waiting => waiting.Transaction)] : [];
    }

    /// <summary>The executable transactions as they are now, best paying first at the given base fee.</summary>
    internal PoolSelection Select(UInt256 baseFee)
    {
        PooledTransaction[][] executable;
        lock (_lock)
            executable = [.. _queues.Values.Select(queue => queue.Executable())];
        return new PoolSelection(executable, baseFee);
    }

    /// <summary>Moves to a new head: drops what was mined and what its sender can no longer pay for.</summary>
    internal void Advance(StateReader state, UInt256 baseFee)
    {
        Address[] senders;
        lock (_lock)
        {
            // From here on new queues read the new state; the old ones follow below.
            (_state, _baseFee, _leastTip) = (state, baseFee, null);
            senders = [.. _queues.Keys];
        }
        var accounts = new Account?[senders.Length];
        for (var i = 0; i < senders.Length; i++)
            accounts[i] = state.GetAccount(senders[i]);
        lock (_lock)
        {
            for (var i = 0; i < senders.Length; i++)
            {
                if (_queues.TryGetValue(senders[i], out var queue))
                    Update(queue, accounts[i]);
            }
        }
    }

    private Error? Admit(PooledTransaction added)
    {
        while (true)
        {
            StateReader state;
            lock (_lock)
            {
                if (_queues.TryGetValue(added.Sender, out var queue))
                    return AdmitTo(queue, added);
                state = _state;
            }
            // The trie is read without the lock; if the head moved meanwhile, read again.
            var account = state.GetAccount(added.Sender);
            lock (_lock)
            {
                if (state != _state || _queues.ContainsKey(added.Sender))
                    continue;
                var queue = new SenderQueue(added.Sender);
                Update(queue, account);
                var error = AdmitTo(queue, added);
                if (error is null)
                    _queues.Add(added.Sender, queue);
                return error;
            }
        }
    }

    private Error? AdmitTo(SenderQueue queue, PooledTransaction added)
    {
        if (_byHash.ContainsKey(added.Transaction.Hash))
            return TransactionErrors.AlreadyKnown(added.Transaction.Hash);
        if (queue.HasCode)
            return TransactionErrors.SenderHasCode(queue.Sender);
        if (added.Nonce < queue.Nonce)
            return TransactionErrors.NonceTooLow(queue.Sender, added.Nonce, queue.Nonce);
        if (added.Nonce - queue.Nonce >= _limits.NonceWindow || added.Nonce == ulong.MaxValue)
            return TransactionErrors.NonceTooHigh(queue.Sender, added.Nonce, queue.Nonce);
        queue.TryGet(added.Nonce, out var replaced);
        var otherCosts = queue.TotalCost - (replaced?.Cost ?? UInt256.Zero);
        if (!UInt256.TryAdd(otherCosts, added.Cost, out var total) || total > queue.Balance)
            return TransactionErrors.InsufficientFunds(queue.Balance, total < added.Cost ? UInt256.MaxValue : total);
        if (replaced is not null && !OutbidsByTenth(added.Transaction, replaced.Transaction))
            return TransactionErrors.ReplacementUnderpriced();
        if (replaced is null && queue.Count >= _limits.PerSender)
            return TransactionErrors.PoolFull(queue.Sender, _limits.PerSender);
        if (MakeRoom(queue, added, replaced) is { } noRoom)
            return noRoom;

        if (replaced is not null)
            Forget(replaced);
        queue.Put(added);
        _byHash.Add(added.Transaction.Hash, added);
        _bytes += added.Bytes;
        return null;
    }

    private static bool OutbidsByTenth(Transaction offer, Transaction waiting) =>
        IsTenthAbove(offer.MaxFeePerGas, waiting.MaxFeePerGas) && IsTenthAbove(offer.MaxPriorityFeePerGas, waiting.MaxPriorityFeePerGas);

    private static bool IsTenthAbove(UInt256 offer, UInt256 least) => offer - UInt256.Min(offer, least) >= (least + 9) / 10 && offer > least;

    /// <summary>
    /// When the pool is full, the cheapest sixteenth of it goes if the newcomer pays more; until the next block nobody else who offers as
    /// little need ask, so that a flood of cheap transactions does not sort the pool again and again.
    /// </summary>
    private Error? MakeRoom(SenderQueue queue, PooledTransaction added, PooledTransaction? replaced)
    {
        if (HasRoom(added, replaced))
            return null;
        var offer = TipOf(added);
        if (offer <= _leastTip)
            return TransactionErrors.Underpriced();
        var quota = Math.Max(1, _byHash.Count / 16);
        _leastTip = _queues.Values.SelectMany(other => other.Worths(TipOf)).Order().ElementAt(quota - 1);
        if (added.Nonce > queue.NextNonce || offer <= _leastTip)
            return TransactionErrors.Underpriced();
        foreach (var victim in _queues.Values.ToArray())
        {
            if (victim != queue && quota > 0)
                quota -= DropCheap(victim, quota);
        }
        return HasRoom(added, replaced) ? null : TransactionErrors.Underpriced();
    }

    private bool HasRoom(PooledTransaction added, PooledTransaction? replaced) =>
        _byHash.Count + (replaced is null ? 1 : 0) <= _limits.Transactions
        && _bytes + added.Bytes - (replaced?.Bytes ?? 0) <= _limits.Bytes;

    /// <summary>Drops from the highest nonce down, where the worth is least.</summary>
    private int DropCheap(SenderQueue victim, int quota)
    {
        var worths = victim.Worths(TipOf);
        var dropped = 0;
        while (dropped < Math.Min(quota, worths.Length) && worths[^(dropped + 1)] <= _leastTip)
        {
            Forget(victim.Last);
            victim.RemoveLast();
            dropped++;
        }
        if (victim.Count == 0)
            _queues.Remove(victim.Sender);
        return dropped;
    }

    private UInt256 TipOf(PooledTransaction waiting) => waiting.Transaction.MaxFeePerGas < _baseFee
        ? UInt256.Zero
        : BaseFee.EffectiveGasPrice(waiting.Transaction, _baseFee) - _baseFee;

    private void Update(SenderQueue queue, Account? account)
    {
        var known = account ?? Account.New;
        foreach (var dropped in queue.Update(known.Nonce, known.Balance, TransactionRules.HasCode(known.CodeHash)))
            Forget(dropped);
        if (queue.Count == 0)
            _queues.Remove(queue.Sender);
    }

    private void Forget(PooledTransaction dropped)
    {
        if (_byHash.Remove(dropped.Transaction.Hash))
            _bytes -= dropped.Bytes;
    }
}
