using Aivm.Chain;
using Aivm.Primitives;

namespace Aivm.Tests.Chain;

public class IntrinsicGasTests
{
    [Theory]
    [InlineData("0x", 21_000, 21_000)]
    [InlineData("0x00", 21_004, 21_010)]
    [InlineData("0x01", 21_016, 21_040)]
    [InlineData("0x00010203", 21_052, 21_130)]
    public void Calldata_costs_by_byte_and_has_a_floor(string data, ulong expected, ulong floor)
    {
        Assert.Equal(new IntrinsicGas(expected, floor), IntrinsicGas.Of(Hex.Decode(data), []));
    }

    [Fact]
    public void An_access_list_costs_by_address_and_key_and_does_not_raise_the_floor()
    {
        AccessListEntry[] list = [new(Address.Zero, [default, default]), new(Address.Zero, [])];
        Assert.Equal(new IntrinsicGas(21_000 + 2 * 2_400 + 2 * 1_900, 21_000), IntrinsicGas.Of([], list));
    }

    [Fact]
    public void A_transaction_with_much_calldata_and_little_execution_pays_the_floor()
    {
        using var chain = new TestChain();
        var mined = chain.Run(chain.Sign(TestChain.Alice, TestChain.Nobody, data: [.. Enumerable.Repeat((byte)1, 100)], gas: 30_000));
        Assert.Equal(21_000UL + 100 * 40, mined.GasUsed);
    }
}
