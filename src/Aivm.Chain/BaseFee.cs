using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>EIP-1559: the base fee follows the gas used by the parent, by at most an eighth a block.</summary>
public static class BaseFee
{
    private const ulong ChangeDenominator = 8;
    private const ulong Elasticity = 2;

    public static UInt256 Next(BlockHeader parent) => Next(parent.BaseFee, parent.GasUsed, parent.GasLimit);

    public static UInt256 Next(UInt256 baseFee, ulong gasUsed, ulong gasLimit)
    {
        var target = gasLimit / Elasticity;
        if (gasUsed == target)
            return baseFee;
        var distance = gasUsed > target ? gasUsed - target : target - gasUsed;
        var change = baseFee * distance / target / ChangeDenominator;
        return gasUsed > target ? baseFee + UInt256.Max(change, UInt256.One) : baseFee - change;
    }

    /// <summary>What a transaction pays per gas: its tip over the base fee, within its maximum. The maximum is at least the base fee.</summary>
    public static UInt256 EffectiveGasPrice(Transaction transaction, UInt256 baseFee)
    {
        var room = transaction.MaxFeePerGas - baseFee;
        return baseFee + UInt256.Min(transaction.MaxPriorityFeePerGas, room);
    }
}
