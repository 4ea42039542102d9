using Aivm.Attestation;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>
/// The precompile <c>verifyAttestation</c>: what evidence is worth under the chain's policy, for contracts that bind it to something of their own. Evidence that is
/// bad is an answer and no revert. It keeps nothing and writes nothing.
/// </summary>
internal static class VerifyAttestation
{
    private static readonly ContractActions Actions = new(new ContractAction(AttestationsAbi.VerifyAttestation, Verify));

    public static CallResult Execute(TransactionContext context, CallFrame frame) => Actions.Execute(context, frame);

    private static byte[] Verify(NativeCall call, AbiReader arguments)
    {
        if (!EvidenceBytes.TryRead(ref arguments, out var given) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(AttestationsAbi.VerifyAttestation);
        var verdict = EvidenceCheck.Of(call, given, call.Block.Genesis.Attestation.Accepted);
        var (reportData, measurement) = verdict.Evidence is { } evidence ? (evidence.ReportData, EvidenceCheck.NameOf(call, evidence)) : (default, Hash256.Zero);
        return AttestationsAbi.VerifyAttestation.BeginReturn()
            .WriteBool(verdict.IsAcceptable)
            .WriteString(verdict.Refusal?.Code ?? "")
            .WriteString(verdict.Kind?.Name() ?? "")
            .WriteBytes(reportData.Span)
            .WriteHash(measurement)
            .ToArray();
    }
}
