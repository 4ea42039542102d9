using System.Diagnostics.CodeAnalysis;

namespace Aivm.Chain;

/// <summary>Values by key up to a total weight; the least recently used goes first. Thread-safe.</summary>
internal sealed class LruCache<TKey, TValue>(long capacity, Func<TValue, long> weigh)
    where TKey : struct, IEquatable<TKey>
    where TValue : class
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = [];
    private long _weight;

    /// <summary>Of all values together; never more than the capacity.</summary>
    public long Weight
    {
        get
        {
            lock (_lock)
                return _weight;
        }
    }

    private readonly record struct Entry(TKey Key, TValue Value, long Weight);

    public bool TryGet(TKey key, [NotNullWhen(true)] out TValue? value)
    {
        lock (_lock)
        {
            value = null;
            if (!_entries.TryGetValue(key, out var node))
                return false;
            _byUse.Remove(node);
            _byUse.AddLast(node);
            value = node.Value.Value;
            return true;
        }
    }

    /// <summary>Keeps a value unless its key is known or it outweighs the whole cache.</summary>
    public void Add(TKey key, TValue value)
    {
        var weight = weigh(value);
        lock (_lock)
        {
            if (weight > capacity || _entries.ContainsKey(key))
                return;
            _entries.Add(key, _byUse.AddLast(new Entry(key, value, weight)));
            _weight += weight;
            while (_weight > capacity)
                DropOldest();
        }
    }

    private void DropOldest()
    {
        var oldest = _byUse.First!;
        _byUse.Remove(oldest);
        _entries.Remove(oldest.Value.Key);
        _weight -= oldest.Value.Weight;
    }
}
