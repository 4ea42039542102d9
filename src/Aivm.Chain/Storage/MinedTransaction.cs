using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>A transaction in its block, with its receipt.</summary>
/// <param name="Index">In the block.</param>
/// <param name="CumulativeGasUsed">By the block up to and with this transaction.</param>
/// <param name="GasPrice">Wei per gas that was paid.</param>
/// <param name="FirstLogIndex">The number of logs in the block before this transaction's.</param>
public sealed record MinedTransaction(
    Transaction Transaction,
    Address Sender,
    ulong BlockNumber,
    Hash256 BlockHash,
    int Index,
    bool Success,
    ulong GasUsed,
    ulong CumulativeGasUsed,
    UInt256 GasPrice,
    IReadOnlyList<LogEntry> Logs,
    int FirstLogIndex)
{
    /// <summary>As the receipts root commits to it.</summary>
    public Receipt Receipt => new(Transaction.Type, Success, CumulativeGasUsed, Logs);
}

/// <summary>A log in its block.</summary>
/// <param name="Index">In the block.</param>
public sealed record MinedLog(LogEntry Log, ulong BlockNumber, Hash256 BlockHash, Hash256 TransactionHash, int TransactionIndex, int Index);
