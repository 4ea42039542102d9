using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Tests.State;

public sealed class WorldStateTests
{
    /// <summary>The test network Ropsten began with the 256 lowest addresses at 1 wei and one rich account.</summary>
    [Fact]
    public void Ropstens_genesis_has_its_published_state_root()
    {
        var world = new WorldState(new StateDatabase(new MemoryStore()), MerklePatriciaTrie.EmptyRoot);
        for (var i = 0; i < 256; i++)
        {
            var address = new byte[20];
            address[19] = (byte)i;
            world.AddBalance(new Address(address), 1);
        }
        world.AddBalance(Address.Parse("0x874b54a8bd152966d63f706bae1ffeb0411921e5"), UInt256.Parse("1000000000000000000000000000000"));

        var root = world.Commit(new WriteBatch());

        Assert.Equal("0x217b0bbcfb72e2d57e28f33cb361b9983513177755dc3f33ce3e7022ed62b77b", root.ToString());
    }
}
