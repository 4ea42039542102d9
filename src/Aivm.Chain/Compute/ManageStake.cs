using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>Stake goes in at once and comes out after a while: <c>addStake()</c>, <c>unbond(uint256)</c>, <c>withdraw()</c>.</summary>
internal static class ManageStake
{
    public static byte[] Add(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ComputeAbi.AddStake);
        var slots = ComputeStorage.Provider(call, call.Caller);
        var stake = slots.Stake;
        slots.Stake = stake with { Total = stake.Total + call.Frame.Value };
        call.Log(
            ComputeAbi.StakeAdded,
            ComputeAbi.StakeAdded.BeginData().WriteUInt(call.Frame.Value).WriteUInt(stake.Total + call.Frame.Value),
            AbiEvent.TopicOf(call.Caller));
        return [];
    }

    /// <summary>Takes stake out of use. Asking for more of it starts the waiting again, for all that waits.</summary>
    public static byte[] Unbond(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadUInt256(out var amount) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ComputeAbi.Unbond);
        var slots = ComputeStorage.Provider(call, call.Caller);
        var (total, reserved) = slots.Stake;
        if (amount.IsZero || amount > total - reserved)
            throw ComputeErrors.StakeReserved(total - reserved);
        var availableAt = call.Block.Time + call.Block.Genesis.Market.UnbondingSeconds;
        slots.Stake = (total - amount, reserved);
        slots.Unbonding = (slots.Unbonding.Amount + amount, availableAt);
        call.Log(
            ComputeAbi.UnbondingStarted, ComputeAbi.UnbondingStarted.BeginData().WriteUInt(amount).WriteUInt(availableAt), AbiEvent.TopicOf(call.Caller));
        ManageAsk.RemoveUnbacked(call, call.Caller, total, total - amount);
        return ComputeAbi.Unbond.BeginReturn().WriteUInt(availableAt).ToArray();
    }

    public static byte[] Withdraw(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ComputeAbi.Withdraw);
        var slots = ComputeStorage.Provider(call, call.Caller);
        var (amount, availableAt) = slots.Unbonding;
        if (amount.IsZero)
            throw ComputeErrors.NothingToWithdraw();
        if (call.Block.Time < availableAt)
            throw ComputeErrors.StillUnbonding(availableAt);
        slots.Unbonding = default;
        call.Pay(call.Caller, amount);
        call.Log(ComputeAbi.StakeWithdrawn, ComputeAbi.StakeWithdrawn.BeginData().WriteUInt(amount), AbiEvent.TopicOf(call.Caller));
        return ComputeAbi.Withdraw.BeginReturn().WriteUInt(amount).ToArray();
    }
}
