using Aivm.Primitives;

namespace Aivm.State;

/// <summary>An account with the trie nodes that prove it, or prove its absence, under a state root.</summary>
/// <param name="Account">Null where the account does not exist.</param>
/// <param name="Nodes">From the root down.</param>
public sealed record AccountProof(Address Address, Account? Account, byte[][] Nodes, StorageProof[] Storage);

/// <summary>A storage slot with the trie nodes that prove its value (zero: its absence) under the account's storage root.</summary>
public sealed record StorageProof(UInt256 Slot, UInt256 Value, byte[][] Nodes);
