using Aivm.Primitives;
using Aivm.State;

namespace Aivm.CrashWriter;

/// <summary>One change of an account: coins, a storage slot, and now and then other code.</summary>
/// <param name="Code">Null: the code stays.</param>
public sealed record StateChange(Address Account, ulong Coins, ulong Slot, ulong Value, byte[]? Code)
{
    public void Apply(WorldState world)
    {
        world.AddBalance(Account, Coins);
        world.SetStorage(Account, Slot, Value);
        if (Code is not null)
            world.SetCode(Account, Code);
    }
}

/// <summary>The content of a numbered block: drawn from its number alone, so that whoever knows the number can tell what must be stored.</summary>
public static class BlockChanges
{
    private const int Accounts = 300;
    private const int Slots = 8;

    public static IEnumerable<StateChange> Of(ulong number)
    {
        var random = new Random((int)number);
        var count = random.Next(1, 60);
        for (var i = 0; i < count; i++)
        {
            // A slot that becomes zero is deleted from the trie.
            yield return new StateChange(AccountOf(random.Next(Accounts)), (ulong)random.Next(1, 1000), (ulong)random.Next(Slots),
                random.Next(3) == 0 ? 0 : (ulong)random.Next(), random.Next(40) == 0 ? Code(random) : null);
        }
    }

    private static Address AccountOf(int index) => new(Keccak.Hash(BitConverter.GetBytes(index)).Span[..Address.Size]);

    /// <summary>Up to 100 KiB, so that the store fills its buffers, writes tables and merges them while it is killed.</summary>
    private static byte[] Code(Random random)
    {
        var code = new byte[random.Next(1, 100 << 10)];
        random.NextBytes(code);
        return code;
    }
}
