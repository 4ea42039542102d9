using System.Buffers.Binary;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>An answer that is looked at.</summary>
internal readonly ref struct Answer(ulong job, JobSlots slots, JobHead head, ReadOnlySpan<byte> output, ReadOnlySpan<byte> evidence)
{
    public readonly ulong Job = job;
    public readonly JobSlots Slots = slots;
    public readonly JobHead Head = head;
    public readonly ReadOnlySpan<byte> Output = output;
    public readonly ReadOnlySpan<byte> Evidence = evidence;
}

/// <summary>Whether an answer comes with the evidence that its caller asked for. Anything else is refused by name.</summary>
internal static class AnswerEvidence
{
    /// <returns>The hash of the output: keccak256 of its numbers, which for a sealed output only the evidence tells.</returns>
    public static Hash256 Verify(NativeCall call, Answer answer) => answer.Head.Evidence switch
    {
        EvidenceKind.Proved => VerifyProof(call, answer),
        EvidenceKind.Attested or EvidenceKind.DevelopmentAttested => SignedAnswer.Verify(call, answer),
        _ => VerifyNothing(call, answer),
    };

    /// <summary>What a proof for a job is bound to, besides the chain and this contract: nobody else can show a copy of it, for no other job.</summary>
    public static Hash256 SubjectOf(NativeCall call, ulong job, Address provider) =>
        call.Keccak(new AbiWriter(2).WriteUInt(job).WriteAddress(provider).ToArray());

    /// <summary>Whether the model gives these outputs for this input, as a proof says that was made for a subject.</summary>
    public static void RequireProof(
        NativeCall call, Address model, Hash256 subject, ReadOnlySpan<byte> input, ReadOnlySpan<long> outputs, Hash256 weightRoot, ReadOnlySpan<byte> proof)
    {
        var data = ProofsAbi.VerifyProof.BeginCall()
            .WriteAddress(model).WriteHash(weightRoot).WriteHash(Hash256.Zero).WriteUInt(1UL).WriteHash(subject)
            .WriteBytes(input).WriteInt64Array(outputs).WriteBytes(proof).ToArray();
        var result = call.StaticCall(SystemContracts.Proofs, data);
        if (!result.IsSuccess)
            throw JobsErrors.EvidenceRejected(result.Error!.Code, result.Error.Message);
    }

    /// <summary>The numbers of an output, which are 64 bits each, little-endian.</summary>
    public static long[] Numbers(ReadOnlySpan<byte> output)
    {
        if (output.IsEmpty || output.Length % sizeof(long) != 0)
            throw JobsErrors.InvalidOutput("an output is one or more 64-bit integers, little-endian");
        var numbers = new long[output.Length / sizeof(long)];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = BinaryPrimitives.ReadInt64LittleEndian(output[(i * sizeof(long))..]);
        return numbers;
    }

    private static Hash256 VerifyProof(NativeCall call, Answer answer)
    {
        var reader = new AbiReader(answer.Evidence);
        if (!reader.TryReadBytes(out var input) || !reader.TryReadHash(out var weightRoot) || !reader.TryReadBytes(out var proof) || !reader.TryEnd())
            throw JobsErrors.EvidenceRejected("evidence-malformed", "evidence of a proof is abi.encode(bytes input, bytes32 weightRoot, bytes proof)");
        var commitment = answer.Slots.Commitment;
        if (InferenceReceipt.CommitToPublicInput(call, input) != commitment)
            throw JobsErrors.InputMismatch(commitment);
        RequireProof(call, answer.Slots.Model.Account, SubjectOf(call, answer.Job, call.Caller), input, Numbers(answer.Output), weightRoot, proof);
        return call.Keccak(answer.Output);
    }

    private static Hash256 VerifyNothing(NativeCall call, Answer answer)
    {
        if (!answer.Evidence.IsEmpty)
            throw JobsErrors.EvidenceRejected("evidence-unwanted", "the caller asked for stake alone: submit no evidence");
        Numbers(answer.Output);
        return call.Keccak(answer.Output);
    }
}
