using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;
using RocksDbSharp;

namespace Aivm.State;

/// <summary>
/// A store in a directory, on RocksDB. A write returns after the write-ahead log was synced, so that neither a killed process nor a power
/// cut loses it. Memory is bounded: a 32 MiB block cache that also holds indexes and filters, and two write buffers of 16 MiB.
/// </summary>
public sealed class RocksDbStore : IKeyValueStore
{
    /// <summary>Changes with every change of layout that older or newer programs would misread.</summary>
    public const uint CurrentVersion = 1;

    /// <summary>Free space below which writes are refused, so that flushes and compactions of what was accepted still fit.</summary>
    public const long DefaultReserve = 64L << 20;

    private const ulong WriteBufferSize = 16UL << 20;

    /// <summary>Two write buffers as tables, and the next log.</summary>
    private const long RecoverySpace = 3 * (long)WriteBufferSize;

    private const int ScanPage = 256;

    /// <summary>A batch has at most this many changes: the three bytes that five bytes of a key leave in a word.</summary>
    private const ulong MaxPlace = 0xFFFFFF;

    private readonly string _path;
    private readonly long _reserve;
    private readonly DriveInfo _drive;
    private readonly WriteOptions _synced = new WriteOptions().SetSync(true);

    // Guards the handle, not the data: RocksDB is thread-safe, but a handle must not be closed while another thread reads through it.
    private readonly ReaderWriterLockSlim _handleLock = new();
    private RocksDb? _database;
    private bool _failed;
    private bool _disposed;

    private RocksDbStore(string path, long reserve)
    {
        _path = path;
        _reserve = reserve;
        _drive = new DriveInfo(path);
        _database = OpenDatabase(path);
    }

    /// <summary>Opens the store of a directory, or makes a new one where there is none.</summary>
    /// <param name="path">The directory, created with its parents when missing.</param>
    /// <param name="reserve">Bytes that stay free on the disk; see <see cref="DefaultReserve"/>.</param>
    /// <exception cref="AivmException">
    /// <c>data-dir-in-use</c>, <c>data-dir-read-only</c>, <c>disk-full</c>, <c>store-version</c>, <c>store-corrupt</c> or <c>store-failed</c>.
    /// </exception>
    public static RocksDbStore Open(string path, long reserve = DefaultReserve)
    {
        path = Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(exception, path);
        }
        var store = new RocksDbStore(path, reserve);
        try
        {
            store.CheckVersion();
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    public byte[]? Get(ReadOnlySpan<byte> key)
    {
        _handleLock.EnterReadLock();
        try
        {
            return Database.Get(key);
        }
        catch (RocksDbException exception)
        {
            throw StoreFailure.From(exception, _path);
        }
        finally
        {
            _handleLock.ExitReadLock();
        }
    }

    public void Write(State.WriteBatch batch)
    {
        RequireSpace(batch.Size, _reserve);
        using var native = new RocksDbSharp.WriteBatch();
        foreach (var place in NearKeyOrder(batch.Changes))
        {
            var (key, value) = batch.Changes[(int)(place & MaxPlace)];
            if (value is null)
                native.Delete(key);
            else
                native.Put(key, value);
        }
        if (!Volatile.Read(ref _failed) && TryWrite(native, out _))
            return;
        // The failure may be one in the background, long ago, and the disk well again by now.
        Reopen();
        if (!TryWrite(native, out var failure))
            throw StoreFailure.From(failure, _path);
    }

    /// <summary>
    /// RocksDB takes a batch three times as fast when neighbouring keys follow each other. Ordered by five bytes of the key, then by place
    /// in the batch, so that changes of one key keep their order.
    /// </summary>
    /// <returns>The places in the batch, in the lowest bits.</returns>
    private static ulong[] NearKeyOrder(IReadOnlyList<State.WriteBatch.Change> changes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)changes.Count, MaxPlace, nameof(changes));
        var places = new ulong[changes.Count];
        Span<byte> start = stackalloc byte[sizeof(ulong)];
        for (var i = 0; i < places.Length; i++)
        {
            start.Clear();
            var key = changes[i].Key.AsSpan();
            key[..Math.Min(5, key.Length)].CopyTo(start);
            places[i] = BinaryPrimitives.ReadUInt64BigEndian(start) | (uint)i;
        }
        places.AsSpan().Sort();
        return places;
    }

    private bool TryWrite(RocksDbSharp.WriteBatch batch, [NotNullWhen(false)] out RocksDbException? failure)
    {
        failure = null;
        _handleLock.EnterReadLock();
        try
        {
            Database.Write(batch, _synced);
            return true;
        }
        catch (RocksDbException exception)
        {
            Volatile.Write(ref _failed, true);
            failure = exception;
            return false;
        }
        finally
        {
            _handleLock.ExitReadLock();
        }
    }

    public IEnumerable<KeyValuePair<byte[], byte[]>> Scan(byte[] prefix, byte[]? from = null)
    {
        var start = from is not null && from.AsSpan().SequenceCompareTo(prefix) > 0 ? from : prefix;
        List<KeyValuePair<byte[], byte[]>> page;
        do
        {
            page = ReadPage(prefix, start);
            foreach (var pair in page)
                yield return pair;
            if (page.Count > 0)
                start = [.. page[^1].Key, 0];
        }
        while (page.Count == ScanPage);
    }

    public void Dispose()
    {
        _handleLock.EnterWriteLock();
        try
        {
            _disposed = true;
            _database?.Dispose();
            _database = null;
        }
        finally
        {
            _handleLock.ExitWriteLock();
        }
    }

    private RocksDb Database
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _database ?? throw StoreFailure.NotReopened(_path);
        }
    }

    /// <summary>A page per lock, so that no native iterator outlives its store in the hands of a caller who stopped enumerating.</summary>
    private List<KeyValuePair<byte[], byte[]>> ReadPage(byte[] prefix, byte[] start)
    {
        List<KeyValuePair<byte[], byte[]>> page = [];
        _handleLock.EnterReadLock();
        try
        {
            using var iterator = Database.NewIterator();
            for (iterator.Seek(start); iterator.Valid() && page.Count < ScanPage; iterator.Next())
            {
                if (!iterator.GetKeySpan().StartsWith(prefix))
                    break;
                page.Add(new(iterator.Key(), iterator.Value()));
            }
        }
        catch (RocksDbException exception)
        {
            throw StoreFailure.From(exception, _path);
        }
        finally
        {
            _handleLock.ExitReadLock();
        }
        return page;
    }

    private void CheckVersion()
    {
        var key = StoreKeys.Of(StoreKeys.Version);
        if (Get(key) is { } stored)
        {
            var found = stored.Length == sizeof(uint) ? BinaryPrimitives.ReadUInt32BigEndian(stored) : (uint?)null;
            if (found != CurrentVersion)
                throw StoreFailure.Version(_path, found, CurrentVersion);
            return;
        }
        if (Scan([]).Any())
            throw StoreFailure.Version(_path, null, CurrentVersion);
        var version = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(version, CurrentVersion);
        var batch = new State.WriteBatch();
        batch.Put(key, version);
        Write(batch);
    }

    private void RequireSpace(long batchSize, long reserve)
    {
        long free;
        try
        {
            free = _drive.AvailableFreeSpace;
        }
        catch (IOException exception)
        {
            throw StoreFailure.From(exception, _path);
        }
        if (free - batchSize < reserve)
            throw StoreFailure.DiskFull(_path);
    }

    /// <summary>
    /// After a failed write RocksDB refuses all others until it is opened again. Opening writes what the log holds into a table: without
    /// room for that the handle stays as it is, good for reading.
    /// </summary>
    private void Reopen()
    {
        RequireSpace(RecoverySpace, _reserve);
        _handleLock.EnterWriteLock();
        try
        {
            if (!_failed)
                return;
            ObjectDisposedException.ThrowIf(_disposed, this);
            _database?.Dispose();
            _database = null;
            _database = OpenDatabase(_path);
            _failed = false;
        }
        finally
        {
            _handleLock.ExitWriteLock();
        }
    }

    private static RocksDb OpenDatabase(string path)
    {
        var table = new BlockBasedTableOptions()
            .SetBlockCache(Cache.CreateLru(32UL << 20))
            .SetCacheIndexAndFilterBlocks(true)
            .SetPinL0FilterAndIndexBlocksInCache(true)
            .SetFilterPolicy(BloomFilterPolicy.Create(10, false))
            .SetFormatVersion(5);
        var options = new DbOptions()
            .SetCreateIfMissing(true)
            .SetBlockBasedTableFactory(table)
            .SetCompression(Compression.Lz4)
            .SetWriteBufferSize(WriteBufferSize)
            .SetMaxWriteBufferNumber(2)
            .SetMaxTotalWalSize(64UL << 20)
            .SetMaxOpenFiles(256)
            .IncreaseParallelism(2)
            .SetWalRecoveryMode(Recovery.PointInTime)
            .SetInfoLogLevel(InfoLogLevel.Error)
            .SetMaxLogFileSize(1UL << 20)
            .SetKeepLogFileNum(2)
            .SetStatsDumpPeriodSec(0);
        try
        {
            return RocksDb.Open(options, path);
        }
        catch (RocksDbException exception)
        {
            throw StoreFailure.From(exception, path);
        }
    }
}
