namespace Aivm.Chain;

/// <summary>The Compute contract: who computes, for how much, and what stands behind it. Each action has its own file.</summary>
internal static class ComputeContract
{
    private static readonly ContractActions Actions = new(
        new(ComputeAbi.Register, RegisterProvider.Register, IsPayable: true),
        new(ComputeAbi.Configure, RegisterProvider.Configure),
        new(ComputeAbi.AddStake, ManageStake.Add, IsPayable: true),
        new(ComputeAbi.Unbond, ManageStake.Unbond),
        new(ComputeAbi.Withdraw, ManageStake.Withdraw),
        new(ComputeAbi.Ask, ManageAsk.Ask),
        new(ComputeAbi.WithdrawAsk, ManageAsk.Withdraw),
        new(ComputeAbi.Provider, ReadCompute.Provider),
        new(ComputeAbi.Record, ReadCompute.Record),
        new(ComputeAbi.ProviderCount, ReadCompute.ProviderCount),
        new(ComputeAbi.ProviderAt, ReadCompute.ProviderAt),
        new(ComputeAbi.AskCount, ReadCompute.AskCount),
        new(ComputeAbi.AskAt, ReadCompute.AskAt),
        new(ComputeAbi.TierOf, ReadCompute.TierOf),
        new(ComputeAbi.Rules, ReadCompute.Rules));

    public static CallResult Execute(TransactionContext context, CallFrame frame) => Actions.Execute(context, frame);
}
