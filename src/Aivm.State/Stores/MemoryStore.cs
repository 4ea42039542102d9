namespace Aivm.State;

/// <summary>A store that lives as long as its process: tests, simulations, <c>aivm demo</c>.</summary>
public sealed class MemoryStore : IKeyValueStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<byte[], byte[]> _values;
    private readonly Dictionary<byte[], byte[]>.AlternateLookup<ReadOnlySpan<byte>> _lookup;

    public MemoryStore()
    {
        _values = new Dictionary<byte[], byte[]>(KeyComparer.Instance);
        _lookup = _values.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    public byte[]? Get(ReadOnlySpan<byte> key)
    {
        lock (_lock)
            return _lookup.TryGetValue(key, out var value) ? value : null;
    }

    public void Write(WriteBatch batch)
    {
        lock (_lock)
        {
            foreach (var (key, value) in batch.Changes)
            {
                if (value is null)
                    _values.Remove(key);
                else
                    _values[key] = value;
            }
        }
    }

    public IEnumerable<KeyValuePair<byte[], byte[]>> Scan(byte[] prefix, byte[]? from = null)
    {
        List<KeyValuePair<byte[], byte[]>> found = [];
        lock (_lock)
        {
            foreach (var pair in _values)
            {
                if (pair.Key.AsSpan().StartsWith(prefix) && pair.Key.AsSpan().SequenceCompareTo(from) >= 0)
                    found.Add(pair);
            }
        }
        found.Sort((left, right) => left.Key.AsSpan().SequenceCompareTo(right.Key));
        return found;
    }

    public void Dispose()
    {
    }

    /// <summary>Equality of bytes, also for keys that are spans. Nothing is ordered or stored by its hash codes.</summary>
    private sealed class KeyComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly KeyComparer Instance = new();

        public bool Equals(byte[]? left, byte[]? right) => left.AsSpan().SequenceEqual(right);

        public int GetHashCode(byte[] key) => GetHashCode(key.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        /// <summary>FNV-1a.</summary>
        public int GetHashCode(ReadOnlySpan<byte> key)
        {
            var hash = 2166136261u;
            foreach (var part in key)
                hash = unchecked((hash ^ part) * 16777619u);
            return unchecked((int)hash);
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
