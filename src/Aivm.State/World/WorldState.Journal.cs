using System.Runtime.InteropServices;
using Aivm.Primitives;

namespace Aivm.State;

public sealed partial class WorldState
{
    // What to undo, oldest first. At the end of a transaction it also says which accounts and slots the transaction touched.
    private readonly List<Undo> _journal = [];

    private enum UndoKind : byte
    {
        /// <summary>Nothing to undo: the account was touched and is looked at when the transaction ends.</summary>
        Touch,
        Creation,
        Balance,
        Nonce,
        Code,
        Storage,
        Blob,
    }

    /// <param name="Entry">The account; null for a blob.</param>
    /// <param name="Slot">Storage only.</param>
    /// <param name="Value">What was there before: a balance, a nonce, the bits of a code hash, a slot's value. For a blob, its hash.</param>
    private readonly record struct Undo(UndoKind Kind, Entry? Entry, UInt256 Slot = default, UInt256 Value = default);

    /// <summary>Marks the present; valid until the transaction ends or an earlier snapshot is reverted.</summary>
    public int TakeSnapshot() => _journal.Count;

    /// <summary>Undoes every change since a snapshot.</summary>
    public void Revert(int snapshot)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(snapshot);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(snapshot, _journal.Count);
        for (var i = _journal.Count - 1; i >= snapshot; i--)
            Apply(_journal[i]);
        _journal.RemoveRange(snapshot, _journal.Count - snapshot);
    }

    /// <summary>
    /// Ends a transaction: deletes the empty accounts that it touched (EIP-161), makes its storage values the committed ones, and
    /// forgets its snapshots.
    /// </summary>
    public void EndTransaction()
    {
        foreach (var undo in _journal)
        {
            if (undo.Entry is not { } entry)
                continue;
            if (!entry.Changed)
            {
                entry.Changed = true;
                _changed.Add(entry);
            }
            if (undo.Kind == UndoKind.Storage && entry.Slots is not null)
            {
                ref var slot = ref CollectionsMarshal.GetValueRefOrNullRef(entry.Slots, undo.Slot);
                slot.Original = slot.Current;
            }
            if (entry.Exists && entry.Account.IsEmpty)
                DeleteAccount(entry);
        }
        _journal.Clear();
    }

    private static void DeleteAccount(Entry entry)
    {
        entry.Exists = false;
        entry.Account = Account.New;
        entry.Slots = null;
        entry.Storage = null;
    }

    private void Apply(in Undo undo)
    {
        switch (undo.Kind)
        {
            case UndoKind.Creation:
                undo.Entry!.Exists = false;
                break;
            case UndoKind.Balance:
                undo.Entry!.Account = undo.Entry.Account with { Balance = undo.Value };
                break;
            case UndoKind.Nonce:
                undo.Entry!.Account = undo.Entry.Account with { Nonce = (ulong)undo.Value };
                break;
            case UndoKind.Code:
                undo.Entry!.Account = undo.Entry.Account with { CodeHash = undo.Value.ToHash256() };
                break;
            case UndoKind.Storage:
                CollectionsMarshal.GetValueRefOrNullRef(undo.Entry!.Slots!, undo.Slot).Current = undo.Value;
                break;
            case UndoKind.Blob:
                _newBlobs.Remove(undo.Value.ToHash256());
                break;
        }
    }
}
