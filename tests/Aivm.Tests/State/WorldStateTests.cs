using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Tests.State;

public sealed class WorldStateTests
{
    private static readonly Address Alice = Address.Parse("0x00000000000000000000000000000000000000a1");
    private static readonly Address Bob = Address.Parse("0x00000000000000000000000000000000000000b0");

    private readonly MemoryStore _store = new();
    private readonly StateDatabase _database;
    private readonly WorldState _world;

    public WorldStateTests()
    {
        _database = new StateDatabase(_store);
        _world = new WorldState(_database, MerklePatriciaTrie.EmptyRoot);
    }

    [Fact]
    public void An_account_that_does_not_exist_has_nothing()
    {
        Assert.False(_world.Exists(Alice));
        Assert.True(_world.IsEmpty(Alice));
        Assert.Equal(UInt256.Zero, _world.GetBalance(Alice));
        Assert.Equal(0ul, _world.GetNonce(Alice));
        Assert.Equal(Hash256.Zero, _world.GetCodeHash(Alice));
        Assert.True(_world.GetCode(Alice).IsEmpty);
        Assert.Equal(UInt256.Zero, _world.GetStorage(Alice, 1));
        Assert.Equal(MerklePatriciaTrie.EmptyRoot, Commit());
    }

    [Fact]
    public void What_is_committed_is_read_back_from_the_store_alone()
    {
        _world.AddBalance(Alice, 1000);
        _world.SetNonce(Alice, 7);
        _world.SetCode(Alice, [0xEF, 0xA1, 1]);
        _world.SetStorage(Alice, 5, UInt256.MaxValue);
        var root = Commit();

        var again = new WorldState(new StateDatabase(_store), root);
        Assert.True(again.Exists(Alice));
        Assert.Equal(1000ul, again.GetBalance(Alice));
        Assert.Equal(7ul, again.GetNonce(Alice));
        Assert.Equal([0xEF, 0xA1, 1], again.GetCode(Alice).ToArray());
        Assert.Equal(Keccak.Hash([0xEF, 0xA1, 1]), again.GetCodeHash(Alice));
        Assert.Equal(UInt256.MaxValue, again.GetStorage(Alice, 5));
        Assert.Equal(UInt256.Zero, again.GetStorage(Alice, 6));
    }

    [Fact]
    public void An_account_without_code_has_the_hash_of_no_code()
    {
        _world.AddBalance(Alice, 1);
        Assert.Equal("0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470", _world.GetCodeHash(Alice).ToString());
    }

    [Fact]
    public void Snapshots_nest_and_reverts_undo_everything()
    {
        _world.AddBalance(Alice, 100);
        _world.EndTransaction();

        var outer = _world.TakeSnapshot();
        _world.SetNonce(Alice, 1);
        _world.SetStorage(Alice, 1, 10);
        var inner = _world.TakeSnapshot();
        Assert.True(_world.Transfer(Alice, Bob, 40));
        _world.SetCode(Bob, [1, 2, 3]);
        _world.SetStorage(Alice, 1, 20);
        _world.SetStorage(Bob, 1, 30);

        _world.Revert(inner);
        Assert.Equal(100ul, _world.GetBalance(Alice));
        Assert.Equal(1ul, _world.GetNonce(Alice));
        Assert.Equal(10ul, _world.GetStorage(Alice, 1));
        Assert.False(_world.Exists(Bob));
        Assert.Equal(UInt256.Zero, _world.GetStorage(Bob, 1));
        Assert.True(_world.GetCode(Bob).IsEmpty);

        _world.Revert(outer);
        Assert.Equal(0ul, _world.GetNonce(Alice));
        Assert.Equal(UInt256.Zero, _world.GetStorage(Alice, 1));
        _world.Revert(outer);

        var other = new WorldState(_database, MerklePatriciaTrie.EmptyRoot);
        other.AddBalance(Alice, 100);
        Assert.Equal(other.Commit(new WriteBatch()), Commit());
    }

    [Fact]
    public void A_snapshot_that_was_never_taken_is_refused()
    {
        var snapshot = _world.TakeSnapshot();
        Assert.Throws<ArgumentOutOfRangeException>(() => _world.Revert(snapshot + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _world.Revert(-1));
    }

    [Fact]
    public void A_balance_never_goes_below_zero_or_beyond_256_bits()
    {
        _world.AddBalance(Alice, 100);
        Assert.False(_world.SubtractBalance(Alice, 101));
        Assert.False(_world.Transfer(Alice, Bob, 101));
        Assert.Equal(100ul, _world.GetBalance(Alice));
        Assert.False(_world.Exists(Bob));
        Assert.True(_world.SubtractBalance(Bob, 0));
        Assert.Throws<OverflowException>(() => _world.AddBalance(Alice, UInt256.MaxValue));
        Assert.True(_world.Transfer(Alice, Alice, 100));
        Assert.Equal(100ul, _world.GetBalance(Alice));
    }

    [Fact]
    public void A_touched_empty_account_leaves_the_state_with_its_storage()
    {
        _world.AddBalance(Alice, 5);
        _world.SetStorage(Alice, 1, 1);
        Commit();
        Assert.True(_world.SubtractBalance(Alice, 5));
        Assert.True(_world.Exists(Alice));
        _world.EndTransaction();
        Assert.False(_world.Exists(Alice));
        Assert.Equal(UInt256.Zero, _world.GetStorage(Alice, 1));

        _world.AddBalance(Alice, 6);
        Assert.Equal(UInt256.Zero, _world.GetStorage(Alice, 1));
        var root = Commit();
        Assert.Equal(new Account(0, 6, MerklePatriciaTrie.EmptyRoot, Account.EmptyCodeHash), new StateReader(_database, root).GetAccount(Alice));
    }

    [Fact]
    public void An_empty_account_that_nobody_touches_stays_and_adding_nothing_touches_it()
    {
        var accounts = new MerklePatriciaTrie(_database, MerklePatriciaTrie.EmptyRoot);
        accounts.Set(Keccak.Hash(Alice.Span).Span, Account.New.Encode());
        var nodes = new DictionaryNodes();
        var root = accounts.Commit(nodes);
        var batch = new WriteBatch();
        foreach (var (hash, node) in nodes.Nodes)
            batch.Put(StoreKeys.Of(StoreKeys.Node, hash), node);
        _store.Write(batch);

        var world = new WorldState(_database, root);
        Assert.True(world.Exists(Alice));
        Assert.True(world.IsEmpty(Alice));
        var snapshot = world.TakeSnapshot();
        world.AddBalance(Alice, 0);
        world.Revert(snapshot);
        Assert.Equal(root, world.Commit(new WriteBatch()));
        world.AddBalance(Alice, 0);
        Assert.Equal(MerklePatriciaTrie.EmptyRoot, world.Commit(new WriteBatch()));
    }

    [Fact]
    public void The_committed_value_of_a_slot_is_that_of_the_transactions_beginning()
    {
        _world.AddBalance(Alice, 1);
        _world.SetStorage(Alice, 1, 10);
        Assert.Equal(UInt256.Zero, _world.GetCommittedStorage(Alice, 1));
        _world.EndTransaction();

        _world.SetStorage(Alice, 1, 20);
        _world.SetStorage(Alice, 1, 30);
        Assert.Equal(10ul, _world.GetCommittedStorage(Alice, 1));
        Assert.Equal(30ul, _world.GetStorage(Alice, 1));
        Commit();
        Assert.Equal(30ul, _world.GetCommittedStorage(Alice, 1));
    }

    [Fact]
    public void A_slot_set_to_zero_is_deleted()
    {
        _world.AddBalance(Alice, 1);
        var without = Commit();
        _world.SetStorage(Alice, 1, 10);
        Assert.NotEqual(without, Commit());
        _world.SetStorage(Alice, 1, 0);
        Assert.Equal(without, Commit());
    }

    [Fact]
    public void A_value_that_comes_back_within_a_block_writes_nothing()
    {
        _world.AddBalance(Alice, 1);
        _world.SetStorage(Alice, 1, 10);
        Commit();
        _world.SetStorage(Alice, 1, 11);
        _world.EndTransaction();
        _world.SetStorage(Alice, 1, 10);
        _world.AddBalance(Alice, 1);
        _world.EndTransaction();
        Assert.True(_world.SubtractBalance(Alice, 1));
        var batch = new WriteBatch();
        _world.Commit(batch);
        Assert.Equal(0, batch.Count);
    }

    [Fact]
    public void Equal_code_and_blobs_are_stored_once_and_reverted_ones_not_at_all()
    {
        _world.SetCode(Alice, [1, 2, 3]);
        _world.SetCode(Bob, [1, 2, 3]);
        var hash = _world.AddBlob([1, 2, 3]);
        var snapshot = _world.TakeSnapshot();
        var reverted = _world.AddBlob([4]);
        Assert.Equal([4], _world.GetBlob(reverted).ToArray());
        _world.Revert(snapshot);
        Commit();

        Assert.Equal([1, 2, 3], _world.GetBlob(hash).ToArray());
        Assert.Single(_store.Scan([StoreKeys.Code]));
        Assert.Equal("store-corrupt", Assert.Throws<AivmException>(() => _world.GetBlob(reverted)).Error.Code);
    }

    [Fact]
    public void A_blob_without_bytes_needs_no_place()
    {
        Assert.True(_world.GetBlob(_world.AddBlob([])).IsEmpty);
        Commit();
        Assert.Empty(_store.Scan([StoreKeys.Code]));
    }

    [Fact]
    public void Earlier_roots_stay_readable()
    {
        List<Hash256> roots = [];
        for (var i = 1ul; i <= 20; i++)
        {
            _world.AddBalance(Alice, 1);
            _world.AddBalance(Bob, 1);
            _world.SetStorage(Bob, i % 3, i);
            roots.Add(Commit());
        }
        for (var i = 1ul; i <= 20; i++)
        {
            var reader = new StateReader(new StateDatabase(_store), roots[(int)i - 1]);
            Assert.Equal(i, reader.GetBalance(Alice));
            Assert.Equal(i, reader.GetStorage(Bob, i % 3));
        }
    }

    [Fact]
    public void Proofs_of_accounts_and_slots_verify_against_the_root()
    {
        for (var i = 0; i < 200; i++)
            _world.AddBalance(new Address(Keccak.Hash([(byte)i]).Span[..Address.Size]), 1);
        _world.AddBalance(Alice, 5);
        for (var i = 1ul; i < 50; i++)
            _world.SetStorage(Alice, i, i * i);
        var root = Commit();
        var reader = new StateReader(_database, root);

        var proof = reader.GetProof(Alice, [7, 1000]);
        Assert.Equal(reader.GetAccount(Alice), proof.Account);
        Assert.Equal(proof.Account!.Value.Encode(), Verified(root, Keccak.Hash(Alice.Span), proof.Nodes));
        Assert.Equal(new UInt256[] { 49, 0 }, proof.Storage.Select(slot => slot.Value));
        Assert.Equal([49], Verified(proof.Account.Value.StorageRoot, KeyOf(7), proof.Storage[0].Nodes));
        Assert.Null(Verified(proof.Account.Value.StorageRoot, KeyOf(1000), proof.Storage[1].Nodes));

        var absent = reader.GetProof(Bob, [1]);
        Assert.Null(absent.Account);
        Assert.Null(Verified(root, Keccak.Hash(Bob.Span), absent.Nodes));
        Assert.Equal(UInt256.Zero, absent.Storage[0].Value);
        Assert.Empty(absent.Storage[0].Nodes);

        static Hash256 KeyOf(UInt256 slot) => Keccak.Hash(slot.ToHash256().Span);
    }

    [Fact]
    public void Values_that_are_not_accounts_or_words_are_named_errors()
    {
        _world.AddBalance(Alice, 5);
        _world.SetStorage(Alice, 1, 1);
        var root = Commit();
        var account = new StateReader(_database, root).GetAccount(Alice)!.Value;
        foreach (var garbled in new byte[][] { [1], [0xC0], account.Encode()[..^1], [.. account.Encode(), 0], new byte[70] })
        {
            var reader = new StateReader(_database, Plant(Keccak.Hash(Alice.Span).Span, garbled));
            Assert.Equal("store-corrupt", Assert.Throws<AivmException>(() => reader.GetAccount(Alice)).Error.Code);
        }
        foreach (var garbled in new byte[][] { [0xC0], [0x00], [0x81, 0x01], [0x82, 0x00, 0x01], [0x01, 0x01], [0xA1, .. new byte[33]] })
        {
            var storage = Plant(Keccak.Hash(new UInt256(1).ToHash256().Span).Span, garbled);
            var reader = new StateReader(_database, Plant(Keccak.Hash(Alice.Span).Span, (account with { StorageRoot = storage }).Encode()));
            Assert.Equal("store-corrupt", Assert.Throws<AivmException>(() => reader.GetStorage(Alice, 1)).Error.Code);
        }
        var lost = new StateReader(_database, Plant(Keccak.Hash(Alice.Span).Span, (account with { CodeHash = Keccak.Hash([9]) }).Encode()));
        Assert.Equal("store-corrupt", Assert.Throws<AivmException>(() => lost.GetCode(Alice)).Error.Code);
    }

    [Fact]
    public void Stored_nodes_that_do_not_hash_to_their_key_are_named_errors()
    {
        _world.AddBalance(Alice, 5);
        _world.SetCode(Alice, [1, 2, 3]);
        var root = Commit();
        foreach (var (key, value) in _store.Scan([]))
        {
            var garbled = value.ToArray();
            garbled[^1] ^= 1;
            var batch = new WriteBatch();
            batch.Put(key, garbled);
            _store.Write(batch);
        }
        var reader = new StateReader(new StateDatabase(_store), root);
        Assert.Equal("store-corrupt", Assert.Throws<AivmException>(() => reader.GetAccount(Alice)).Error.Code);
        var world = new WorldState(new StateDatabase(_store), root);
        Assert.Equal("store-corrupt", Assert.Throws<AivmException>(() => world.GetBalance(Alice)).Error.Code);
        Assert.Equal("store-corrupt", Assert.Throws<AivmException>(() => world.GetBalance(Alice)).Error.Code);
    }

    [Fact]
    public void A_small_cache_changes_no_answer()
    {
        var small = new StateDatabase(_store, nodeCacheBytes: 2000, codeCacheBytes: 0);
        var world = new WorldState(small, MerklePatriciaTrie.EmptyRoot);
        var root = MerklePatriciaTrie.EmptyRoot;
        for (var round = 1; round <= 5; round++)
        {
            for (var i = 0; i < 200; i++)
                world.AddBalance(new Address(Keccak.Hash([(byte)i]).Span[..Address.Size]), (ulong)i + 1);
            world.SetCode(Alice, [(byte)round]);
            var batch = new WriteBatch();
            root = world.Commit(batch);
            _store.Write(batch);
            Assert.Equal([(byte)round], world.GetCode(Alice).ToArray());
        }
        for (var i = 0; i < 200; i++)
            Assert.Equal(5 * ((ulong)i + 1), new StateReader(small, root).GetBalance(new Address(Keccak.Hash([(byte)i]).Span[..Address.Size])));
    }

    private Hash256 Commit()
    {
        var batch = new WriteBatch();
        var root = _world.Commit(batch);
        _store.Write(batch);
        return root;
    }

    /// <summary>Stores a trie with one value.</summary>
    private Hash256 Plant(ReadOnlySpan<byte> key, byte[] value)
    {
        var trie = new MerklePatriciaTrie(_database, MerklePatriciaTrie.EmptyRoot);
        trie.Set(key, value);
        var nodes = new DictionaryNodes();
        var root = trie.Commit(nodes);
        var batch = new WriteBatch();
        foreach (var (hash, node) in nodes.Nodes)
            batch.Put(StoreKeys.Of(StoreKeys.Node, hash), node);
        _store.Write(batch);
        return root;
    }

    private static byte[]? Verified(Hash256 root, Hash256 key, byte[][] nodes)
    {
        Assert.True(MerkleProof.TryVerify(root, key.Span, nodes, out var value, out var error), error?.ToString());
        return value;
    }
}
