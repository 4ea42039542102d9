using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Chain;

/// <summary>What a header says about its transactions and their receipts.</summary>
internal readonly record struct BlockRoots(Hash256 Transactions, Hash256 Receipts, Bloom Bloom)
{
    /// <param name="endLogs">What the end of the block announces (<see cref="BlockEnd"/>).</param>
    public static BlockRoots Compute(IReadOnlyList<ExecutedTransaction> executed, IReadOnlyList<LogEntry> endLogs)
    {
        if (executed.Count == 0 && endLogs.Count == 0)
            return new BlockRoots(MerklePatriciaTrie.EmptyRoot, MerklePatriciaTrie.EmptyRoot, Bloom.Empty);
        var receipts = ReceiptsOf(executed, endLogs);
        Hash256 transactionsRoot = default, receiptsRoot = default;
        Parallel.Invoke(
            () => transactionsRoot = OrderedTrieRoot.Compute([.. executed.Select(item => item.Transaction.Encoded.ToArray())]),
            () => receiptsRoot = OrderedTrieRoot.Compute([.. receipts.Select(receipt => receipt.Encode())]));
        return new BlockRoots(transactionsRoot, receiptsRoot, Bloom.Union(receipts.Select(receipt => receipt.Bloom)));
    }

    private static List<Receipt> ReceiptsOf(IReadOnlyList<ExecutedTransaction> executed, IReadOnlyList<LogEntry> endLogs)
    {
        var receipts = new List<Receipt>(executed.Count + 1);
        var cumulative = 0UL;
        foreach (var item in executed)
        {
            cumulative += item.GasUsed;
            receipts.Add(new Receipt(item.Transaction.Type, item.IsSuccess, cumulative, item.Logs));
        }
        if (endLogs.Count > 0)
            receipts.Add(BlockEnd.ReceiptOf(cumulative, endLogs));
        return receipts;
    }
}
