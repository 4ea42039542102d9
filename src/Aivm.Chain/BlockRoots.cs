using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Chain;

/// <summary>What a header says about its transactions and their receipts.</summary>
internal readonly record struct BlockRoots(Hash256 Transactions, Hash256 Receipts, Bloom Bloom)
{
    public static BlockRoots Compute(IReadOnlyList<ExecutedTransaction> executed)
    {
        if (executed.Count == 0)
            return new BlockRoots(MerklePatriciaTrie.EmptyRoot, MerklePatriciaTrie.EmptyRoot, Bloom.Empty);
        var receipts = ReceiptsOf(executed);
        Hash256 transactionsRoot = default, receiptsRoot = default;
        Parallel.Invoke(
            () => transactionsRoot = OrderedTrieRoot.Compute([.. executed.Select(item => item.Transaction.Encoded.ToArray())]),
            () => receiptsRoot = OrderedTrieRoot.Compute([.. receipts.Select(receipt => receipt.Encode())]));
        return new BlockRoots(transactionsRoot, receiptsRoot, Bloom.Union(receipts.Select(receipt => receipt.Bloom)));
    }

    private static Receipt[] ReceiptsOf(IReadOnlyList<ExecutedTransaction> executed)
    {
        var receipts = new Receipt[executed.Count];
        var cumulative = 0UL;
        for (var i = 0; i < receipts.Length; i++)
        {
            cumulative += executed[i].GasUsed;
            receipts[i] = new Receipt(executed[i].Transaction.Type, executed[i].IsSuccess, cumulative, executed[i].Logs);
        }
        return receipts;
    }
}
