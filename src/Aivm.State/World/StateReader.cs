using System.Runtime.CompilerServices;
using Aivm.Primitives;

namespace Aivm.State;

/// <summary>Reads the state under one root. Safe to use from several threads.</summary>
/// <remarks>Every method throws <see cref="AivmException"/> <c>store-corrupt</c> where the store lacks or garbles what the root commits to.</remarks>
public sealed class StateReader(StateDatabase database, Hash256 root)
{
    private readonly MerklePatriciaTrie _accounts = new(database, root);

    public Hash256 Root => root;

    public Account? GetAccount(Address address) => GetAccount(Keccak.Hash(address.Span));

    public ulong GetNonce(Address address) => GetAccount(address)?.Nonce ?? 0;

    public UInt256 GetBalance(Address address) => GetAccount(address)?.Balance ?? default;

    /// <summary>The account's code, empty where there is none.</summary>
    public ReadOnlyMemory<byte> GetCode(Address address) =>
        GetAccount(address) is { } account ? GetBlob(account.CodeHash) : ReadOnlyMemory<byte>.Empty;

    /// <summary>Code or another value that is kept by its hash.</summary>
    public ReadOnlyMemory<byte> GetBlob(Hash256 hash)
    {
        if (hash == Account.EmptyCodeHash)
            return ReadOnlyMemory<byte>.Empty;
        return database.GetCode(hash) ?? throw StoreFailure.Corrupt($"code {hash} is missing");
    }

    public UInt256 GetStorage(Address address, UInt256 slot) =>
        GetAccount(address) is { } account && account.StorageRoot != MerklePatriciaTrie.EmptyRoot
            ? GetStorage(StorageOf(account), slot)
            : default;

    /// <summary>An account and some of its slots with their proofs, as <c>eth_getProof</c> answers.</summary>
    public AccountProof GetProof(Address address, IReadOnlyList<UInt256> slots)
    {
        var key = Keccak.Hash(address.Span);
        var account = GetAccount(key);
        var storage = StorageOf(account ?? Account.New);
        var proofs = new StorageProof[slots.Count];
        for (var i = 0; i < proofs.Length; i++)
        {
            var slotKey = StorageKey(slots[i]);
            proofs[i] = new StorageProof(slots[i], GetStorage(storage, slots[i]), storage.GetProof(slotKey.Span));
        }
        return new AccountProof(address, account, _accounts.GetProof(key.Span), proofs);
    }

    /// <summary>All accounts by the hash of their address, in the order of the hashes.</summary>
    public IEnumerable<KeyValuePair<Hash256, Account>> EnumerateAccounts()
    {
        foreach (var (key, value) in _accounts.Enumerate())
            yield return new(new Hash256(key), Decode(value));
    }

    /// <summary>All slots of an account that are not zero, by the hash of their number, in the order of the hashes.</summary>
    public IEnumerable<KeyValuePair<Hash256, UInt256>> EnumerateStorage(Account account)
    {
        foreach (var (key, value) in StorageOf(account).Enumerate())
            yield return new(new Hash256(key), DecodeWord(value));
    }

    internal Account? GetAccount(Hash256 key) => _accounts.Get(key.Span) is { } encoded ? Decode(encoded) : null;

    internal MerklePatriciaTrie StorageOf(Account account) => new(database, account.StorageRoot);

    internal static UInt256 GetStorage(MerklePatriciaTrie storage, UInt256 slot)
    {
        var key = StorageKey(slot);
        return storage.Get(key.Span) is { } encoded ? DecodeWord(encoded) : default;
    }

    [SkipLocalsInit]
    internal static Hash256 StorageKey(UInt256 slot)
    {
        Span<byte> bytes = stackalloc byte[UInt256.Size];
        slot.WriteBigEndian(bytes);
        return Keccak.Hash(bytes);
    }

    private static Account Decode(byte[] encoded) =>
        Account.TryDecode(encoded, out var account) ? account : throw StoreFailure.Corrupt("an account is not encoded as one");

    private static UInt256 DecodeWord(byte[] encoded)
    {
        var reader = new RlpReader(encoded);
        return reader.TryReadUInt256(out var value) && reader.End
            ? value
            : throw StoreFailure.Corrupt("a storage slot does not hold a number");
    }
}
