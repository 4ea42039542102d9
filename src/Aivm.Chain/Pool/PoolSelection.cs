using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>
/// The executable transactions of a pool at one moment, best paying first and each sender's in the order of their nonces. Equal tips come in
/// the order of arrival.
/// </summary>
internal sealed class PoolSelection
{
    private readonly PriorityQueue<Cursor, Priority> _senders = new(Priority.Order);
    private readonly UInt256 _baseFee;
    private Cursor? _current;

    private sealed class Cursor(PooledTransaction[] transactions)
    {
        public int Position;

        public bool IsAtEnd => Position == transactions.Length;

        public PooledTransaction Next => transactions[Position];
    }

    private readonly record struct Priority(UInt256 Tip, ulong Sequence)
    {
        public static readonly IComparer<Priority> Order = Comparer<Priority>.Create(static (left, right) =>
        {
            var byTip = right.Tip.CompareTo(left.Tip);
            return byTip != 0 ? byTip : left.Sequence.CompareTo(right.Sequence);
        });
    }

    public PoolSelection(IEnumerable<PooledTransaction[]> executableBySender, UInt256 baseFee)
    {
        _baseFee = baseFee;
        foreach (var transactions in executableBySender)
            Enqueue(new Cursor(transactions));
    }

    public bool TryNext([NotNullWhen(true)] out Transaction? transaction)
    {
        if (_current is not null)
            Enqueue(_current);
        transaction = null;
        if (!_senders.TryDequeue(out _current, out _))
            return false;
        transaction = _current.Next.Transaction;
        _current.Position++;
        return true;
    }

    /// <summary>The last transaction is not used: nothing of its sender follows.</summary>
    public void SkipSender() => _current = null;

    /// <summary>Whoever does not offer the base fee waits, and what follows with it.</summary>
    private void Enqueue(Cursor cursor)
    {
        if (cursor.IsAtEnd || cursor.Next.Transaction.MaxFeePerGas < _baseFee)
            return;
        var tip = BaseFee.EffectiveGasPrice(cursor.Next.Transaction, _baseFee) - _baseFee;
        _senders.Enqueue(cursor, new Priority(tip, cursor.Next.Sequence));
    }
}
