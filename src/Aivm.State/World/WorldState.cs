using System.Runtime.InteropServices;
using Aivm.Primitives;

namespace Aivm.State;

/// <summary>
/// The accounts under a root with the changes of one block on top. Changes are journaled: a snapshot marks a place in the journal and a
/// revert undoes what came after it. <see cref="EndTransaction"/> ends a journal, <see cref="Commit"/> turns everything into a new root.
/// Not thread-safe.
/// </summary>
/// <remarks>
/// An account without nonce, balance and code leaves the state at the end of a transaction that touched it (EIP-161), and its storage
/// with it: a native contract that stores something needs code or a nonce from genesis on.
/// </remarks>
public sealed partial class WorldState
{
    private readonly StateDatabase _database;
    private readonly Dictionary<Address, Entry> _entries = [];
    private readonly Dictionary<Hash256, byte[]> _newBlobs = [];
    private readonly List<Entry> _changed = [];
    private StateReader _committed;

    public WorldState(StateDatabase database, Hash256 root)
    {
        _database = database;
        _committed = new StateReader(database, root);
    }

    /// <summary>The root this state began with, or the last commit's.</summary>
    public Hash256 Root => _committed.Root;

    /// <summary>An account as this block knows it.</summary>
    private sealed class Entry(Hash256 key, Account? stored)
    {
        /// <summary>The account's key in the state trie.</summary>
        public Hash256 Key => key;

        /// <summary>What the trie holds.</summary>
        public Account? Stored => stored;

        public bool Exists = stored is not null;

        /// <summary>With the storage root before this block's writes.</summary>
        public Account Account = stored ?? Account.New;

        public Dictionary<UInt256, Slot>? Slots;

        public MerklePatriciaTrie? Storage;

        /// <summary>True once a transaction that touched it ended.</summary>
        public bool Changed;
    }

    /// <param name="Stored">In the trie.</param>
    /// <param name="Original">At the beginning of the transaction (EIP-2200's original value).</param>
    private record struct Slot(UInt256 Stored, UInt256 Original, UInt256 Current);

    /// <summary>True where the account is in the state, empty or not.</summary>
    public bool Exists(Address address) => Find(address).Exists;

    /// <summary>True where the account does not exist or is empty (EIP-161's "dead").</summary>
    public bool IsEmpty(Address address) => Find(address).Account.IsEmpty;

    public UInt256 GetBalance(Address address) => Find(address).Account.Balance;

    public ulong GetNonce(Address address) => Find(address).Account.Nonce;

    /// <summary>As EXTCODEHASH answers: zero for an account that does not exist or is empty (EIP-1052, EIP-161).</summary>
    public Hash256 GetCodeHash(Address address)
    {
        var entry = Find(address);
        return entry.Account.IsEmpty ? Hash256.Zero : entry.Account.CodeHash;
    }

    public ReadOnlyMemory<byte> GetCode(Address address) => GetBlob(Find(address).Account.CodeHash);

    /// <summary>Code or another value that is kept by its hash.</summary>
    /// <exception cref="AivmException"><c>store-corrupt</c>: there is no such value.</exception>
    public ReadOnlyMemory<byte> GetBlob(Hash256 hash) => _newBlobs.TryGetValue(hash, out var blob) ? blob : _committed.GetBlob(hash);

    /// <summary>Adds to a balance; adding nothing touches the account.</summary>
    /// <exception cref="OverflowException">The sum needs more than 256 bits: the caller broke the supply's bound.</exception>
    public void AddBalance(Address address, UInt256 amount)
    {
        var entry = Find(address);
        if (amount.IsZero)
        {
            Touch(entry);
            return;
        }
        if (!UInt256.TryAdd(entry.Account.Balance, amount, out var sum))
            throw new OverflowException("The balance overflows.");
        SetBalance(entry, sum);
    }

    /// <summary>Subtracts from a balance; false, and nothing happens, where it is too low.</summary>
    public bool SubtractBalance(Address address, UInt256 amount)
    {
        var entry = Find(address);
        if (!UInt256.TrySubtract(entry.Account.Balance, amount, out var rest))
            return false;
        if (amount.IsZero)
            Touch(entry);
        else
            SetBalance(entry, rest);
        return true;
    }

    /// <summary>Moves coins; false, and nothing happens, where the sender has too few. The recipient is touched in any case.</summary>
    public bool Transfer(Address sender, Address recipient, UInt256 amount)
    {
        if (!SubtractBalance(sender, amount))
            return false;
        AddBalance(recipient, amount);
        return true;
    }

    public void SetNonce(Address address, ulong nonce)
    {
        var entry = FindOrCreate(address);
        _journal.Add(new Undo(UndoKind.Nonce, entry, Value: entry.Account.Nonce));
        entry.Account = entry.Account with { Nonce = nonce };
    }

    /// <summary>Sets an account's code. Equal code is stored once.</summary>
    public void SetCode(Address address, ReadOnlySpan<byte> code)
    {
        var entry = FindOrCreate(address);
        var hash = AddBlob(code);
        _journal.Add(new Undo(UndoKind.Code, entry, Value: UInt256.FromBigEndian(entry.Account.CodeHash.Span)));
        entry.Account = entry.Account with { CodeHash = hash };
    }

    /// <summary>Keeps bytes under their hash: for values that are too long for slots, which hold the hash instead.</summary>
    public Hash256 AddBlob(ReadOnlySpan<byte> bytes)
    {
        var hash = Keccak.Hash(bytes);
        if (!bytes.IsEmpty && !_newBlobs.ContainsKey(hash))
        {
            _newBlobs.Add(hash, bytes.ToArray());
            _journal.Add(new Undo(UndoKind.Blob, null, Value: UInt256.FromBigEndian(hash.Span)));
        }
        return hash;
    }

    public UInt256 GetStorage(Address address, UInt256 slot)
    {
        var entry = Find(address);
        return entry.Exists ? Load(entry, slot).Current : default;
    }

    /// <summary>The slot's value when the transaction began: the "original value" of EIP-2200.</summary>
    public UInt256 GetCommittedStorage(Address address, UInt256 slot)
    {
        var entry = Find(address);
        return entry.Exists ? Load(entry, slot).Original : default;
    }

    public void SetStorage(Address address, UInt256 slot, UInt256 value)
    {
        var entry = FindOrCreate(address);
        ref var known = ref Load(entry, slot);
        if (known.Current == value)
            return;
        _journal.Add(new Undo(UndoKind.Storage, entry, slot, known.Current));
        known.Current = value;
    }

    private Entry Find(Address address)
    {
        if (_entries.TryGetValue(address, out var known))
            return known;
        var key = Keccak.Hash(address.Span);
        var entry = new Entry(key, _committed.GetAccount(key));
        _entries.Add(address, entry);
        return entry;
    }

    private Entry FindOrCreate(Address address)
    {
        var entry = Find(address);
        Create(entry);
        return entry;
    }

    private void Create(Entry entry)
    {
        if (entry.Exists)
            return;
        _journal.Add(new Undo(UndoKind.Creation, entry));
        entry.Exists = true;
    }

    private void SetBalance(Entry entry, UInt256 balance)
    {
        Create(entry);
        _journal.Add(new Undo(UndoKind.Balance, entry, Value: entry.Account.Balance));
        entry.Account = entry.Account with { Balance = balance };
    }

    private void Touch(Entry entry)
    {
        if (entry.Exists && entry.Account.IsEmpty)
            _journal.Add(new Undo(UndoKind.Touch, entry));
    }

    private ref Slot Load(Entry entry, UInt256 slot)
    {
        entry.Slots ??= [];
        if (!entry.Slots.ContainsKey(slot))
        {
            entry.Storage ??= _committed.StorageOf(entry.Account);
            var value = StateReader.GetStorage(entry.Storage, slot);
            entry.Slots.Add(slot, new Slot(value, value, value));
        }
        return ref CollectionsMarshal.GetValueRefOrNullRef(entry.Slots, slot);
    }
}
