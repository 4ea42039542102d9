using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>
/// Up to 64 consecutive transactions of a block with what became of them: the unit in which blocks are stored, so that one receipt is one
/// small read and a block is not a row per transaction.
/// </summary>
internal static class TransactionSegment
{
    public const int Capacity = 64;

    public static byte[] Encode(ReadOnlySpan<MinedTransaction> transactions)
    {
        var writer = new RlpWriter(256 * transactions.Length);
        var segment = writer.BeginList();
        foreach (var mined in transactions)
        {
            var item = writer.BeginList();
            writer.Write(mined.Transaction.Encoded.Span);
            writer.Write(mined.Sender);
            writer.Write(mined.Success ? 1UL : 0UL);
            writer.Write(mined.GasUsed);
            writer.Write(mined.CumulativeGasUsed);
            writer.Write((ulong)mined.FirstLogIndex);
            var logs = writer.BeginList();
            foreach (var log in mined.Logs)
                log.Write(writer);
            writer.EndList(logs);
            writer.EndList(item);
        }
        writer.EndList(segment);
        return writer.ToArray();
    }

    /// <param name="encoded">Kept by the transactions.</param>
    /// <param name="firstIndex">The index in the block of the segment's first transaction.</param>
    public static bool TryDecode(
        ReadOnlyMemory<byte> encoded, BlockHeader header, Hash256 blockHash, int firstIndex, [NotNullWhen(true)] out MinedTransaction[]? transactions)
    {
        transactions = null;
        var mined = new List<MinedTransaction>(Capacity);
        var reader = new RlpReader(encoded.Span);
        if (!reader.TryReadList(out var items) || !reader.End)
            return false;
        while (!items.End)
        {
            if (!items.TryReadList(out var item) || !TryRead(encoded, ref item, header, blockHash, firstIndex + mined.Count, out var transaction))
                return false;
            mined.Add(transaction);
        }
        transactions = [.. mined];
        return true;
    }

    private static bool TryRead(
        ReadOnlyMemory<byte> encoded,
        ref RlpReader item,
        BlockHeader header,
        Hash256 blockHash,
        int index,
        [NotNullWhen(true)] out MinedTransaction? mined)
    {
        mined = null;
        if (!item.TryReadBytes(out var envelope)
            || !item.TryReadAddress(out var sender)
            || !item.TryReadUInt64(out var success)
            || !item.TryReadUInt64(out var gasUsed)
            || !item.TryReadUInt64(out var cumulativeGasUsed)
            || !item.TryReadUInt64(out var firstLogIndex)
            || !item.TryReadList(out var logItems)
            || !item.End
            || !encoded.Span.Overlaps(envelope, out var offset)
            || !Transaction.TryDecode(encoded.Slice(offset, envelope.Length), out var transaction, out _, int.MaxValue))
            return false;
        List<LogEntry> logs = [];
        while (!logItems.End)
        {
            if (!LogEntry.TryRead(ref logItems, out var log))
                return false;
            logs.Add(log);
        }
        mined = new MinedTransaction(
            transaction, sender, header.Number, blockHash, index, success == 1, gasUsed, cumulativeGasUsed,
            BaseFee.EffectiveGasPrice(transaction, header.BaseFee), logs, (int)firstLogIndex);
        return true;
    }
}
