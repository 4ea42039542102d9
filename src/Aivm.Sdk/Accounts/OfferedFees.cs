using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>What a transaction offers for a unit of gas, in wei.</summary>
internal readonly record struct OfferedFees(UInt256 MaxFeePerGas, UInt256 MaxPriorityFeePerGas)
{
    /// <param name="most">Wei for a unit of gas; null: whatever it takes now.</param>
    /// <returns>Null where a block takes more than the most.</returns>
    public static OfferedFees? Within(UInt256? most, GasFees now)
    {
        if (now.BaseFee > most)
            return null;
        var fee = UInt256.Min(now.MaxFeePerGas, most ?? UInt256.MaxValue);
        return new OfferedFees(fee, UInt256.Min(now.MaxPriorityFeePerGas, fee));
    }

    public static OfferedFees Of(Transaction transaction) => new(transaction.MaxFeePerGas, transaction.MaxPriorityFeePerGas);

    /// <summary>What takes the place of this offer: pools want a tenth more of both fees.</summary>
    /// <returns>Null where that is above the most, or would wait no less.</returns>
    public OfferedFees? RaisedWithin(UInt256 most, GasFees now)
    {
        var tip = UInt256.Max(TenthAbove(MaxPriorityFeePerGas), now.MaxPriorityFeePerGas);
        var least = UInt256.Max(TenthAbove(MaxFeePerGas), UInt256.Max(now.BaseFee, tip));
        return least <= most ? new OfferedFees(UInt256.Min(UInt256.Max(least, now.BaseFee + now.BaseFee + tip), most), tip) : null;
    }

    private static UInt256 TenthAbove(UInt256 fee) => fee + UInt256.Max((fee + 9) / 10, UInt256.One);
}
