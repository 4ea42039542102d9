using Aivm.Chain;
using Aivm.Primitives;

namespace Aivm.Tests.Chain;

public class BaseFeeTests
{
    // The first four rows are those of go-ethereum's TestCalcBaseFee; the others follow from EIP-1559's pseudocode.
    [Theory]
    [InlineData(1_000_000_000, 20_000_000, 10_000_000, 1_000_000_000)]
    [InlineData(1_000_000_000, 20_000_000, 9_000_000, 987_500_000)]
    [InlineData(1_000_000_000, 20_000_000, 11_000_000, 1_012_500_000)]
    [InlineData(1_000_000_000, 20_000_000, 20_000_000, 1_125_000_000)]
    [InlineData(1_000_000_000, 20_000_000, 0, 875_000_000)]
    [InlineData(7, 20_000_000, 0, 7)]
    [InlineData(7, 20_000_000, 10_000_001, 8)]
    [InlineData(0, 20_000_000, 20_000_000, 1)]
    public void The_base_fee_follows_the_gas_used(ulong baseFee, ulong gasLimit, ulong gasUsed, ulong expected)
    {
        Assert.Equal<UInt256>(expected, BaseFee.Next((UInt256)baseFee, gasUsed, gasLimit));
    }

    [Fact]
    public void Empty_blocks_lower_the_base_fee_by_an_eighth()
    {
        using var chain = new TestChain();
        chain.Mine();
        Assert.Equal<UInt256>(875_000_000, chain.Reader.Head.Header.BaseFee);
        chain.Mine();
        Assert.Equal<UInt256>(765_625_000, chain.Reader.Head.Header.BaseFee);
    }
}
