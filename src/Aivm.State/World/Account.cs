using Aivm.Primitives;

namespace Aivm.State;

/// <summary>What the state trie holds of an account (Yellow Paper, 4.1).</summary>
/// <param name="StorageRoot"><see cref="MerklePatriciaTrie.EmptyRoot"/> where nothing is stored.</param>
/// <param name="CodeHash"><see cref="EmptyCodeHash"/> where there is no code.</param>
public readonly record struct Account(ulong Nonce, UInt256 Balance, Hash256 StorageRoot, Hash256 CodeHash)
{
    public static readonly Hash256 EmptyCodeHash = Keccak.Hash([]);

    /// <summary>An account that was just created.</summary>
    public static readonly Account New = new(0, default, MerklePatriciaTrie.EmptyRoot, EmptyCodeHash);

    /// <summary>Without nonce, balance and code (EIP-161): such an account leaves the state when a transaction touches it.</summary>
    public bool IsEmpty => Nonce == 0 && Balance.IsZero && CodeHash == EmptyCodeHash;

    public byte[] Encode()
    {
        var payload = Rlp.LengthOf(Nonce) + Rlp.LengthOf(Balance) + (2 * (1 + Hash256.Size));
        var writer = new RlpWriter(Rlp.LengthOfList(payload));
        writer.WriteListHeader(payload);
        writer.Write(Nonce);
        writer.Write(Balance);
        writer.Write(StorageRoot);
        writer.Write(CodeHash);
        return writer.ToArray();
    }

    public static bool TryDecode(ReadOnlySpan<byte> encoded, out Account account)
    {
        account = default;
        var reader = new RlpReader(encoded);
        if (!reader.TryReadList(out var items) || !reader.End
            || !items.TryReadUInt64(out var nonce) || !items.TryReadUInt256(out var balance)
            || !items.TryReadHash(out var storageRoot) || !items.TryReadHash(out var codeHash) || !items.End)
            return false;
        account = new Account(nonce, balance, storageRoot, codeHash);
        return true;
    }
}
