using Aivm.Primitives;

namespace Aivm.State;

/// <summary>
/// Trie nodes and code by hash: a store with bounded caches in front, shared by all readers and writers of state. A node read from the
/// store is checked against its hash. Code may have megabytes, and hashing them would be most of the cost of a first call: it has the
/// store's own checksums.
/// </summary>
public sealed class StateDatabase(IKeyValueStore store, long nodeCacheBytes = 64L << 20, long codeCacheBytes = 32L << 20) : INodeSource
{
    private readonly ByteCache _nodes = new(nodeCacheBytes);
    private readonly ByteCache _code = new(codeCacheBytes);

    public IKeyValueStore Store => store;

    /// <exception cref="AivmException"><c>store-corrupt</c>: the bytes are not those of the hash.</exception>
    public byte[]? GetNode(in Hash256 hash) => Get(_nodes, StoreKeys.Node, hash);

    public byte[]? GetCode(in Hash256 hash) => Get(_code, StoreKeys.Code, hash);

    /// <summary>A sink that puts nodes into a batch, and into the cache at once.</summary>
    internal INodeSink WriteTo(WriteBatch batch) => new BatchSink(this, batch);

    internal void AddCode(in Hash256 hash, byte[] code, WriteBatch batch)
    {
        batch.Put(StoreKeys.Of(StoreKeys.Code, hash), code);
        _code.Add(hash, code);
    }

    private byte[]? Get(ByteCache cache, byte kind, in Hash256 hash)
    {
        if (cache.Get(hash) is { } cached)
            return cached;
        Span<byte> key = stackalloc byte[1 + Hash256.Size];
        key[0] = kind;
        hash.Span.CopyTo(key[1..]);
        if (store.Get(key) is not { } bytes)
            return null;
        if (kind == StoreKeys.Node && Keccak.Hash(bytes) != hash)
            throw StoreFailure.Corrupt($"the bytes stored under {hash} have another hash");
        cache.Add(hash, bytes);
        return bytes;
    }

    private sealed class BatchSink(StateDatabase database, WriteBatch batch) : INodeSink
    {
        public void AddNode(in Hash256 hash, byte[] node)
        {
            batch.Put(StoreKeys.Of(StoreKeys.Node, hash), node);
            database._nodes.Add(hash, node);
        }

        /// <summary>The node stays in the store for earlier roots, and makes room in the cache.</summary>
        public void ReplaceNode(in Hash256 hash) => database._nodes.Remove(hash);
    }
}
