using Aivm.Primitives;

namespace Aivm.State;

/// <summary>
/// Recently used bytes by hash, bounded in memory. Two generations instead of a list of uses: when the young one has half of the capacity
/// it becomes the old one, and what is not used again until the next change is forgotten.
/// </summary>
internal sealed class ByteCache(long capacity)
{
    /// <summary>What an entry costs beside its bytes: key, array header, its place in the dictionary.</summary>
    private const int Overhead = 100;

    private readonly Lock _lock = new();
    private Dictionary<Hash256, byte[]> _young = [];
    private Dictionary<Hash256, byte[]> _old = [];
    private long _youngSize;

    public byte[]? Get(in Hash256 hash)
    {
        lock (_lock)
        {
            if (_young.TryGetValue(hash, out var bytes))
                return bytes;
            if (!_old.TryGetValue(hash, out bytes))
                return null;
            Keep(hash, bytes);
            return bytes;
        }
    }

    public void Add(in Hash256 hash, byte[] bytes)
    {
        lock (_lock)
            Keep(hash, bytes);
    }

    public void Remove(in Hash256 hash)
    {
        lock (_lock)
        {
            if (_young.Remove(hash, out var bytes))
                _youngSize -= bytes.Length + Overhead;
            _old.Remove(hash);
        }
    }

    private void Keep(in Hash256 hash, byte[] bytes)
    {
        var size = bytes.Length + Overhead;
        if (size > capacity / 2 || !_young.TryAdd(hash, bytes))
            return;
        _youngSize += size;
        if (_youngSize <= capacity / 2)
            return;
        // The dictionary that is thrown away lends its memory to the next generation.
        (_old, _young) = (_young, _old);
        _young.Clear();
        _youngSize = 0;
    }
}
