using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Aivm.Chain;
using Aivm.Node.JsonRpc;
using Aivm.Primitives;

namespace Aivm.Node.Ethereum;

/// <summary>The filters that clients poll: bounded in number, and forgotten when nobody asks for five minutes. Thread-safe.</summary>
internal sealed class FilterTable(int maxFilters, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = [];

    private sealed record Entry(Poll Filter)
    {
        public long LastUsed { get; set; }
    }

    public string Add(Poll filter)
    {
        lock (_lock)
        {
            foreach (var (expired, _) in _entries.Where(entry => time.GetElapsedTime(entry.Value.LastUsed) > Lifetime).ToList())
                _entries.Remove(expired);
            if (_entries.Count >= maxFilters)
                _entries.Remove(_entries.MinBy(entry => entry.Value.LastUsed).Key);
            var id = RandomId.Next();
            _entries.Add(id, new Entry(filter) { LastUsed = time.GetTimestamp() });
            return id;
        }
    }

    public bool TryGet(string id, [NotNullWhen(true)] out Poll? filter)
    {
        lock (_lock)
        {
            filter = null;
            if (!_entries.TryGetValue(id, out var entry))
                return false;
            entry.LastUsed = time.GetTimestamp();
            filter = entry.Filter;
            return true;
        }
    }

    public bool Remove(string id)
    {
        lock (_lock)
            return _entries.Remove(id);
    }

    /// <summary>Tells the filters of pending transactions.</summary>
    public void OnTransaction(Hash256 hash)
    {
        lock (_lock)
        {
            foreach (var entry in _entries.Values)
            {
                if (entry.Filter is TransactionPoll poll)
                    poll.Add(hash);
            }
        }
    }
}

/// <summary>One filter: remembers how far its client has read.</summary>
internal abstract class Poll
{
    private readonly Lock _lock = new();

    /// <summary>Writes an array of what is new since the last call.</summary>
    public RpcError? WriteChanges(Utf8JsonWriter json)
    {
        lock (_lock)
            return Write(json);
    }

    protected abstract RpcError? Write(Utf8JsonWriter json);
}

internal sealed class BlockPoll(ChainReader chain) : Poll
{
    /// <summary>What one answer holds at most; the rest comes with the next.</summary>
    private const ulong MaxBlocks = 1_000;

    private ulong _read = chain.Head.Number;

    protected override RpcError? Write(Utf8JsonWriter json)
    {
        var last = Math.Min(chain.Head.Number, _read + MaxBlocks);
        json.WriteStartArray();
        for (; _read < last && chain.TryGetHeader(_read + 1, out var header); _read++)
            json.WriteDataValue(header.Hash.Span);
        json.WriteEndArray();
        return null;
    }
}

internal sealed class LogPoll(ChainReader chain, LogQuery query) : Poll
{
    private ulong _read = chain.Head.Number;

    public LogQuery Query => query;

    protected override RpcError? Write(Utf8JsonWriter json)
    {
        var head = chain.Head.Number;
        IReadOnlyList<MinedLog> logs = [];
        // Half as many blocks where there are too many logs: the client gets the rest with its next call.
        for (var blocks = Math.Min(head - _read, ChainReader.MaxLogBlocks); blocks > 0; blocks /= 2)
        {
            if (chain.TryGetLogs(query.Over(_read + 1, _read + blocks), out logs, out var error))
            {
                _read += blocks;
                break;
            }
            if (blocks == 1)
                return RpcError.LimitExceeded(error.Message);
        }
        json.WriteStartArray();
        foreach (var log in logs)
            ReceiptJson.WriteLog(json, log);
        json.WriteEndArray();
        return null;
    }
}

internal sealed class TransactionPoll : Poll
{
    private const int MaxWaiting = 10_000;

    private readonly ConcurrentQueue<Hash256> _waiting = new();

    /// <summary>Keeps the latest: a client that polls too rarely misses the oldest.</summary>
    public void Add(Hash256 hash)
    {
        if (_waiting.Count >= MaxWaiting)
            _waiting.TryDequeue(out _);
        _waiting.Enqueue(hash);
    }

    protected override RpcError? Write(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        while (_waiting.TryDequeue(out var hash))
            json.WriteDataValue(hash.Span);
        json.WriteEndArray();
        return null;
    }
}
