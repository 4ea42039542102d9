using Aivm.Primitives;
using Aivm.State;
using CsCheck;

namespace Aivm.Tests.State;

/// <summary>Random lives of a world state beside dictionaries that copy themselves at each snapshot.</summary>
public sealed class WorldStateModelTests
{
    private const int Accounts = 5;
    private const int Slots = 4;

    private enum Action
    {
        AddBalance,
        SubtractBalance,
        Transfer,
        SetNonce,
        SetCode,
        SetStorage,
        Snapshot,
        Revert,
        EndTransaction,
        Commit,
    }

    private sealed record ModelAccount(ulong Nonce, ulong Balance, byte Code, ulong[] Storage, ulong[] Committed)
    {
        public static readonly ModelAccount Absent = new(0, 0, 0, new ulong[Slots], new ulong[Slots]);

        public bool IsEmpty => Nonce == 0 && Balance == 0 && Code == 0;
    }

    [Fact]
    public void It_agrees_with_a_model_that_copies_everything() =>
        Gen.Select(Gen.Enum<Action>(), Gen.Int[0, Accounts - 1], Gen.Int[0, Accounts - 1], Gen.Int[0, Slots - 1], Gen.ULong[0, 3])
            .Array[1, 150].Sample(Run, iter: 300, threads: 1, seed: "0000000000008");

    private static void Run((Action Action, int Account, int Other, int Slot, ulong Value)[] steps)
    {
        using var store = new MemoryStore();
        var database = new StateDatabase(store);
        var world = new WorldState(database, MerklePatriciaTrie.EmptyRoot);
        var model = Enumerable.Repeat(ModelAccount.Absent, Accounts).ToArray();
        Stack<(int Snapshot, ModelAccount[] Model)> snapshots = [];
        foreach (var (action, account, other, slot, value) in steps)
        {
            ref var known = ref model[account];
            switch (action)
            {
                case Action.AddBalance:
                    world.AddBalance(AddressOf(account), value);
                    known = known with { Balance = known.Balance + value };
                    break;
                case Action.SubtractBalance:
                    if (world.SubtractBalance(AddressOf(account), value))
                        known = known with { Balance = known.Balance - value };
                    else
                        Assert.True(known.Balance < value);
                    break;
                case Action.Transfer:
                    if (world.Transfer(AddressOf(account), AddressOf(other), value))
                    {
                        known = known with { Balance = known.Balance - value };
                        model[other] = model[other] with { Balance = model[other].Balance + value };
                    }
                    break;
                case Action.SetNonce:
                    world.SetNonce(AddressOf(account), value);
                    known = known with { Nonce = value };
                    break;
                case Action.SetCode:
                    world.SetCode(AddressOf(account), CodeOf((byte)value));
                    known = known with { Code = (byte)value };
                    break;
                case Action.SetStorage:
                    world.SetStorage(AddressOf(account), (ulong)slot, value);
                    known = known with { Storage = [.. known.Storage[..slot], value, .. known.Storage[(slot + 1)..]] };
                    break;
                case Action.Snapshot:
                    snapshots.Push((world.TakeSnapshot(), [.. model]));
                    break;
                case Action.Revert when snapshots.TryPop(out var before):
                    world.Revert(before.Snapshot);
                    model = before.Model;
                    break;
                case Action.EndTransaction:
                    world.EndTransaction();
                    model = EndTransaction(model);
                    snapshots.Clear();
                    break;
                case Action.Commit:
                    var batch = new WriteBatch();
                    world.Commit(batch);
                    store.Write(batch);
                    model = EndTransaction(model);
                    snapshots.Clear();
                    Assert.Equal(RootOf(model), world.Root);
                    AssertSame(model, new WorldState(new StateDatabase(store), world.Root));
                    break;
            }
            AssertSame(model, world);
        }
    }

    private static ModelAccount[] EndTransaction(ModelAccount[] model) =>
        [.. model.Select(account => account.IsEmpty ? ModelAccount.Absent : account with { Committed = account.Storage })];

    private static void AssertSame(ModelAccount[] model, WorldState world)
    {
        for (var i = 0; i < Accounts; i++)
        {
            Assert.Equal(model[i].Balance, world.GetBalance(AddressOf(i)));
            Assert.Equal(model[i].Nonce, world.GetNonce(AddressOf(i)));
            Assert.Equal(CodeOf(model[i].Code), world.GetCode(AddressOf(i)).ToArray());
            Assert.Equal(model[i].IsEmpty, world.IsEmpty(AddressOf(i)));
            for (var slot = 0; slot < Slots; slot++)
            {
                Assert.Equal(model[i].Storage[slot], world.GetStorage(AddressOf(i), (ulong)slot));
                Assert.Equal(model[i].Committed[slot], world.GetCommittedStorage(AddressOf(i), (ulong)slot));
            }
        }
    }

    private static Hash256 RootOf(ModelAccount[] model) => ReferenceTrie.Root(
        model.Index().Where(pair => !pair.Item.IsEmpty).Select(pair => new KeyValuePair<byte[], byte[]>(
            Keccak.Hash(AddressOf(pair.Index).Span).ToArray(),
            new Account(pair.Item.Nonce, pair.Item.Balance, StorageRootOf(pair.Item), Keccak.Hash(CodeOf(pair.Item.Code))).Encode())));

    private static Hash256 StorageRootOf(ModelAccount account) => ReferenceTrie.Root(
        account.Storage.Index().Where(slot => slot.Item != 0).Select(slot => new KeyValuePair<byte[], byte[]>(
            Keccak.Hash(new UInt256((ulong)slot.Index).ToHash256().Span).ToArray(), [(byte)slot.Item])));

    private static Address AddressOf(int account) => new(Keccak.Hash([(byte)account]).Span[..Address.Size]);

    private static byte[] CodeOf(byte code) => code == 0 ? [] : [0xFE, code];
}
