namespace Aivm.State;

/// <summary>Changes that a store applies together. A later change of a key replaces an earlier one.</summary>
public sealed class WriteBatch
{
    private readonly List<Change> _changes = [];

    /// <summary>A null value deletes the key.</summary>
    internal readonly record struct Change(byte[] Key, byte[]? Value);

    public int Count => _changes.Count;

    /// <summary>The bytes of all keys and values.</summary>
    public long Size { get; private set; }

    internal IReadOnlyList<Change> Changes => _changes;

    /// <summary>Keeps both arrays: the caller must not change them afterwards.</summary>
    public void Put(byte[] key, byte[] value)
    {
        _changes.Add(new Change(key, value));
        Size += key.Length + value.Length;
    }

    /// <summary>Keeps the array: the caller must not change it afterwards.</summary>
    public void Delete(byte[] key)
    {
        _changes.Add(new Change(key, null));
        Size += key.Length;
    }

    public void Clear()
    {
        _changes.Clear();
        Size = 0;
    }
}
