using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Chain;

/// <summary>A header with its hash, which is computed once.</summary>
public sealed record ChainHeader(BlockHeader Header, Hash256 Hash)
{
    public ulong Number => Header.Number;
}

/// <summary>The chain's tables: headers and transactions by height, heights by hash, the head, the genesis.</summary>
internal sealed class ChainStore(IKeyValueStore store)
{
    private const byte GenesisTable = StoreKeys.FirstFree;
    private const byte HeadTable = StoreKeys.FirstFree + 1;
    private const byte HeaderTable = StoreKeys.FirstFree + 2;
    private const byte SegmentTable = StoreKeys.FirstFree + 3;
    private const byte HeightTable = StoreKeys.FirstFree + 4;
    private const byte TransactionTable = StoreKeys.FirstFree + 5;
    private const byte EndLogsTable = StoreKeys.FirstFree + 6;

    private const int CachedHeaders = 4096;
    private const int CachedTransactions = 32_768;

    private readonly LruCache<ulong, ChainHeader> _headers = new(CachedHeaders, _ => 1);
    private readonly LruCache<(ulong Height, int Segment), MinedTransaction[]> _segments = new(CachedTransactions, segment => segment.Length);

    public byte[]? GenesisJson => store.Get(StoreKeys.Of(GenesisTable));

    public ulong? HeadHeight => store.Get(StoreKeys.Of(HeadTable)) is { } height ? BinaryPrimitives.ReadUInt64BigEndian(height) : null;

    public static void PutGenesis(WriteBatch batch, byte[] json) => batch.Put(StoreKeys.Of(GenesisTable), json);

    /// <summary>Adds a block to a batch and makes it the head.</summary>
    /// <returns>Its transactions as they will be read.</returns>
    public static MinedTransaction[] PutBlock(WriteBatch batch, ExecutedBlock block)
    {
        var height = block.Header.Number;
        batch.Put(StoreKeys.Of(HeaderTable, height), block.Header.Encode());
        batch.Put(StoreKeys.Of(HeightTable, block.Hash), HeightBytes(height));
        var mined = Mine(block);
        for (var start = 0; start < mined.Length; start += TransactionSegment.Capacity)
        {
            var segment = mined.AsSpan(start, Math.Min(TransactionSegment.Capacity, mined.Length - start));
            batch.Put(SegmentKey(height, start / TransactionSegment.Capacity), TransactionSegment.Encode(segment));
        }
        foreach (var transaction in mined)
            batch.Put(StoreKeys.Of(TransactionTable, transaction.Transaction.Hash), Position(height, transaction.Index));
        if (block.EndLogs.Count > 0)
            batch.Put(StoreKeys.Of(EndLogsTable, height), BlockEnd.Encode(block.EndLogs));
        batch.Put(StoreKeys.Of(HeadTable), HeightBytes(height));
        return mined;
    }

    /// <summary>Keeps a block that was just written for those who wait for it.</summary>
    public void Remember(ChainHeader header, MinedTransaction[] mined)
    {
        _headers.Add(header.Number, header);
        var segments = 0;
        foreach (var segment in mined.Chunk(TransactionSegment.Capacity))
            _segments.Add((header.Number, segments++), segment);
    }

    public bool TryGetHeader(ulong height, [NotNullWhen(true)] out ChainHeader? header)
    {
        if (_headers.TryGet(height, out header))
            return true;
        if (store.Get(StoreKeys.Of(HeaderTable, height)) is not { } encoded)
            return false;
        if (!BlockHeader.TryDecode(encoded, out var decoded, out _))
            throw Corrupt($"header {height}");
        header = new ChainHeader(decoded, Keccak.Hash(encoded));
        _headers.Add(height, header);
        return true;
    }

    public bool TryGetHeight(Hash256 blockHash, out ulong height)
    {
        var found = store.Get(StoreKeys.Of(HeightTable, blockHash));
        height = found is null ? 0 : BinaryPrimitives.ReadUInt64BigEndian(found);
        return found is not null;
    }

    public bool TryGetTransaction(Hash256 hash, [NotNullWhen(true)] out MinedTransaction? transaction)
    {
        transaction = null;
        if (store.Get(StoreKeys.Of(TransactionTable, hash)) is not { } position)
            return false;
        var height = BinaryPrimitives.ReadUInt64BigEndian(position);
        var index = BinaryPrimitives.ReadInt32BigEndian(position.AsSpan(sizeof(ulong)));
        return TryGetTransaction(height, index, out transaction);
    }

    public bool TryGetTransaction(ulong height, int index, [NotNullWhen(true)] out MinedTransaction? transaction)
    {
        transaction = null;
        if (index < 0 || !TryGetHeader(height, out var header) || GetSegment(header, index / TransactionSegment.Capacity) is not { } segment)
            return false;
        var place = index % TransactionSegment.Capacity;
        transaction = place < segment.Length ? segment[place] : null;
        return transaction is not null;
    }

    /// <summary>All transactions of a block, in order, read as the enumeration goes.</summary>
    public IEnumerable<MinedTransaction> GetTransactions(ChainHeader header)
    {
        for (var i = 0; GetSegment(header, i) is { } segment; i++)
        {
            foreach (var transaction in segment)
                yield return transaction;
            if (segment.Length < TransactionSegment.Capacity)
                yield break;
        }
    }

    /// <summary>All logs of a block, in order: its transactions', and those of its end.</summary>
    public IEnumerable<MinedLog> GetLogs(ChainHeader header)
    {
        var (transactions, index) = (0, 0);
        foreach (var mined in GetTransactions(header))
        {
            transactions++;
            foreach (var log in mined.Logs)
                yield return new MinedLog(log, header.Number, header.Hash, mined.Transaction.Hash, mined.Index, index++);
        }
        foreach (var log in GetEndLogs(header))
            yield return new MinedLog(log, header.Number, header.Hash, BlockEnd.TransactionHash(header.Number), transactions, index++);
    }

    private List<LogEntry> GetEndLogs(ChainHeader header)
    {
        if (store.Get(StoreKeys.Of(EndLogsTable, header.Number)) is not { } encoded)
            return [];
        return BlockEnd.TryDecode(encoded, out var logs) ? logs : throw Corrupt($"the end of block {header.Number}");
    }

    private MinedTransaction[]? GetSegment(ChainHeader header, int number)
    {
        if (_segments.TryGet((header.Number, number), out var segment))
            return segment;
        if (store.Get(SegmentKey(header.Number, number)) is not { } encoded)
            return null;
        if (!TransactionSegment.TryDecode(encoded, header.Header, header.Hash, number * TransactionSegment.Capacity, out segment))
            throw Corrupt($"block {header.Number}");
        _segments.Add((header.Number, number), segment);
        return segment;
    }

    private static MinedTransaction[] Mine(ExecutedBlock block)
    {
        var mined = new MinedTransaction[block.Transactions.Count];
        var cumulative = 0UL;
        var logs = 0;
        for (var i = 0; i < mined.Length; i++)
        {
            var item = block.Transactions[i];
            cumulative += item.GasUsed;
            mined[i] = new MinedTransaction(
                item.Transaction, item.Sender, block.Header.Number, block.Hash, i, item.IsSuccess, item.GasUsed, cumulative, item.GasPrice,
                item.Logs, logs);
            logs += item.Logs.Count;
        }
        return mined;
    }

    private static byte[] SegmentKey(ulong height, int segment) => StoreKeys.Of(SegmentTable, Position(height, segment));

    private static byte[] HeightBytes(ulong height)
    {
        var bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, height);
        return bytes;
    }

    private static byte[] Position(ulong height, int index)
    {
        var bytes = new byte[sizeof(ulong) + sizeof(int)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, height);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(sizeof(ulong)), index);
        return bytes;
    }

    private static AivmException Corrupt(string what) =>
        new(Failure.Environment, "store-corrupt", $"The store is corrupt: {what} cannot be read. Restore the data directory or start with an empty one.");
}
