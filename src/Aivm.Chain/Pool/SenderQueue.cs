using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>A transaction that waits. Its signature is checked and its sender known.</summary>
/// <param name="Cost">Wei it may cost at most.</param>
/// <param name="Sequence">The order of arrival.</param>
internal sealed record PooledTransaction(Transaction Transaction, Address Sender, UInt256 Cost, ulong Sequence)
{
    public ulong Nonce => Transaction.Nonce;

    public int Bytes => Transaction.Encoded.Length;
}

/// <summary>What one account has waiting, by nonce. Those from the account's nonce on without a gap are executable.</summary>
internal sealed class SenderQueue(Address sender)
{
    private SortedList<ulong, PooledTransaction> _byNonce = [];

    public Address Sender => sender;

    /// <summary>The account's nonce at the head of the chain.</summary>
    public ulong Nonce { get; private set; }

    public UInt256 Balance { get; private set; }

    public bool HasCode { get; private set; }

    /// <summary>Wei that all of them may cost.</summary>
    public UInt256 TotalCost { get; private set; }

    /// <summary>The first nonce above <see cref="Nonce"/> for which nothing waits.</summary>
    public ulong NextNonce { get; private set; }

    public int Count => _byNonce.Count;

    public IEnumerable<PooledTransaction> All => _byNonce.Values;

    public PooledTransaction Last => _byNonce.Values[^1];

    public bool TryGet(ulong nonce, [NotNullWhen(true)] out PooledTransaction? waiting) => _byNonce.TryGetValue(nonce, out waiting);

    /// <summary>Adds, or replaces what waits with the same nonce.</summary>
    public void Put(PooledTransaction added)
    {
        if (_byNonce.TryGetValue(added.Nonce, out var replaced))
            TotalCost -= replaced.Cost;
        _byNonce[added.Nonce] = added;
        TotalCost += added.Cost;
        AdvanceNextNonce();
    }

    public void RemoveLast()
    {
        var last = Last;
        _byNonce.RemoveAt(_byNonce.Count - 1);
        TotalCost -= last.Cost;
        NextNonce = Math.Min(NextNonce, last.Nonce);
    }

    /// <summary>Takes the account's new nonce, balance and code.</summary>
    /// <returns>What can no longer be executed: nonces that are used, and from the highest nonce down what the balance does not cover.</returns>
    public List<PooledTransaction> Update(ulong nonce, UInt256 balance, bool hasCode)
    {
        (Nonce, Balance, HasCode) = (nonce, balance, hasCode);
        List<PooledTransaction> dropped = [];
        RemoveUsed(dropped);
        while (Count > 0 && (hasCode || TotalCost > balance))
        {
            dropped.Add(Last);
            RemoveLast();
        }
        NextNonce = nonce;
        AdvanceNextNonce();
        return dropped;
    }

    public PooledTransaction[] Executable()
    {
        var count = (int)(NextNonce - Nonce);
        var executable = new PooledTransaction[count];
        for (var i = 0; i < count; i++)
            executable[i] = _byNonce.Values[i];
        return executable;
    }

    /// <summary>
    /// What each is worth to a proposer, by nonce: the least tip up to it, because it cannot come before the others; nothing behind a gap. Never
    /// rises with the nonce.
    /// </summary>
    public UInt256[] Worths(Func<PooledTransaction, UInt256> tipOf)
    {
        var worths = new UInt256[Count];
        var least = UInt256.MaxValue;
        for (var i = 0; i < worths.Length; i++)
        {
            var waiting = _byNonce.Values[i];
            least = waiting.Nonce < NextNonce ? UInt256.Min(least, tipOf(waiting)) : UInt256.Zero;
            worths[i] = least;
        }
        return worths;
    }

    private void RemoveUsed(List<PooledTransaction> dropped)
    {
        if (Count == 0 || _byNonce.Keys[0] >= Nonce)
            return;
        var kept = new SortedList<ulong, PooledTransaction>(Count);
        foreach (var (nonce, waiting) in _byNonce)
        {
            if (nonce >= Nonce)
            {
                kept.Add(nonce, waiting);
                continue;
            }
            dropped.Add(waiting);
            TotalCost -= waiting.Cost;
        }
        _byNonce = kept;
    }

    private void AdvanceNextNonce()
    {
        while (_byNonce.ContainsKey(NextNonce))
            NextNonce++;
    }
}
