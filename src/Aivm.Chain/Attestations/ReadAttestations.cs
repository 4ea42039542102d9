using System.Text;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>The methods that only read. What does not exist is zeros.</summary>
internal static class ReadAttestations
{
    public static byte[] SessionOf(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadAddress(out var provider) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(AttestationsAbi.SessionOf);
        var slots = AttestationsStorage.Session(call, provider);
        var session = slots.Read() ?? default;
        return AttestationsAbi.SessionOf.BeginReturn()
            .WriteAddress(session.Signer)
            .WriteUInt((ulong)session.Kind)
            .WriteUInt(session.OpenedAt)
            .WriteUInt(session.ExpiresAt)
            .WriteHash(session.EncryptionKey)
            .WriteHash(session.ModelSetRoot)
            .WriteHash(slots.Measurement)
            .ToArray();
    }

    public static byte[] Collateral(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadHash(out var key) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(AttestationsAbi.Collateral);
        var record = AttestationsStorage.Collateral(call, key).Read();
        var numbers = record.Numbers;
        return AttestationsAbi.Collateral.BeginReturn()
            .WriteHash(record.Hash)
            .WriteUInt(record.Size)
            .WriteUInt((ulong)numbers.TcbIssued)
            .WriteUInt((ulong)numbers.TcbEvaluation)
            .WriteUInt((ulong)numbers.QeIssued)
            .WriteUInt((ulong)numbers.QeEvaluation)
            .WriteUInt(numbers.RootCrl)
            .WriteUInt(numbers.PckCrl)
            .WriteUInt((ulong)numbers.RootCrlIssued)
            .WriteUInt((ulong)numbers.PckCrlIssued)
            .WriteUInt((ulong)record.ValidFrom)
            .WriteUInt((ulong)record.ValidUntil)
            .ToArray();
    }

    public static byte[] Policy(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(AttestationsAbi.Policy);
        var policy = call.Block.Genesis.Attestation.Policy;
        call.Charge(CallGas.ReadByte * (ulong)policy.Length);
        return AttestationsAbi.Policy.BeginReturn().WriteBytes(Encoding.UTF8.GetBytes(policy)).ToArray();
    }
}
