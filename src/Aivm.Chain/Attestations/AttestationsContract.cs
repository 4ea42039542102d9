namespace Aivm.Chain;

/// <summary>The Attestations contract: collateral of hardware's vendors, and the sessions that evidence opened. Each action has its own file.</summary>
internal static class AttestationsContract
{
    private static readonly ContractActions Actions = new(
        new(AttestationsAbi.StoreCollateral, StoreCollateral.Execute),
        new(AttestationsAbi.OpenSession, OpenSession.Execute),
        new(AttestationsAbi.CloseSession, CloseSession.Execute),
        new(AttestationsAbi.SessionOf, ReadAttestations.SessionOf),
        new(AttestationsAbi.Collateral, ReadAttestations.Collateral),
        new(AttestationsAbi.Policy, ReadAttestations.Policy));

    public static CallResult Execute(TransactionContext context, CallFrame frame) => Actions.Execute(context, frame);
}
