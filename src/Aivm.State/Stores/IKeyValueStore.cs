namespace Aivm.State;

/// <summary>An ordered map from bytes to bytes. Reads may run beside each other and beside one writer.</summary>
public interface IKeyValueStore : IDisposable
{
    /// <summary>The value, or null where the key is absent. The caller must not change the array.</summary>
    byte[]? Get(ReadOnlySpan<byte> key);

    /// <summary>
    /// Applies the whole batch or nothing, and returns when it is durable. A failure is an <see cref="Primitives.AivmException"/>
    /// (<c>disk-full</c>, <c>data-dir-read-only</c>, <c>store-failed</c>); after it reads still work and a later write may succeed.
    /// </summary>
    void Write(WriteBatch batch);

    /// <summary>
    /// All pairs whose key begins with <paramref name="prefix"/> and is not below <paramref name="from"/>, ordered by the key's
    /// unsigned bytes. Pairs written during the enumeration may or may not appear.
    /// </summary>
    IEnumerable<KeyValuePair<byte[], byte[]>> Scan(byte[] prefix, byte[]? from = null);
}
