using Aivm.Primitives;

namespace Aivm.State;

public sealed partial class WorldState
{
    /// <summary>
    /// Ends the transaction, puts all changed trie nodes and new code into the batch, and goes on from the new root. Only changes are
    /// written: earlier roots stay readable. The batch must be written before other states are built on the root.
    /// </summary>
    public Hash256 Commit(WriteBatch batch)
    {
        EndTransaction();
        var sink = _database.WriteTo(batch);
        var accounts = new MerklePatriciaTrie(_database, Root);
        // In the order of their keys, neighbours in the trie follow each other.
        _changed.Sort((left, right) => left.Key.CompareTo(right.Key));
        foreach (var entry in _changed)
        {
            if (!entry.Exists)
            {
                accounts.Delete(entry.Key.Span);
                continue;
            }
            entry.Account = entry.Account with { StorageRoot = CommitStorage(entry, sink) };
            if (entry.Account != entry.Stored)
                accounts.Set(entry.Key.Span, entry.Account.Encode());
        }
        var root = accounts.Commit(sink);
        foreach (var hash in _newBlobs.Keys.Order())
            _database.AddCode(hash, _newBlobs[hash], batch);

        _changed.Clear();
        _entries.Clear();
        _newBlobs.Clear();
        _committed = new StateReader(_database, root);
        return root;
    }

    private Hash256 CommitStorage(Entry entry, INodeSink sink)
    {
        if (entry.Slots is null)
            return entry.Account.StorageRoot;
        var storage = entry.Storage ?? _committed.StorageOf(entry.Account);
        var writer = new RlpWriter(1 + UInt256.Size);
        foreach (var (number, slot) in entry.Slots.OrderBy(pair => pair.Key))
        {
            if (slot.Current == slot.Stored)
                continue;
            var key = StateReader.StorageKey(number);
            writer.Clear();
            writer.Write(slot.Current);
            storage.Set(key.Span, slot.Current.IsZero ? [] : writer.ToArray());
        }
        return storage.Commit(sink);
    }
}
