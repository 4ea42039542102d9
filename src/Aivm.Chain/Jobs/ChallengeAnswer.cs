using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>
/// What shows that an answer without a proof is wrong: the same model and the same input give another output. One transaction, no bond: it is right, and
/// pays, or it reverts.
/// </summary>
internal static class ChallengeAnswer
{
    /// <summary><c>challengeByReplay(uint64 job, bytes32 salt, bytes input)</c>: every validator runs the model.</summary>
    public static byte[] ByReplay(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadUInt64(out var job) || !arguments.TryReadHash(out var salt) || !arguments.TryReadBytes(out var input) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(JobsAbi.ChallengeByReplay);
        var (slots, head) = RequireOpen(call, job, salt, input);
        var model = slots.Model.Account;
        var output = ModelAccount.RunPacked(call, model, call.State.GetCode(model), input);
        var reward = Uphold(call, job, slots, head, InferenceReceipt.HashOutput(call, output));
        return JobsAbi.ChallengeByReplay.BeginReturn().WriteUInt(reward).ToArray();
    }

    /// <summary><c>challengeByProof(…)</c>: for models whose run fits no transaction, or whose weights are private.</summary>
    public static byte[] ByProof(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadUInt64(out var job) || !arguments.TryReadHash(out var salt) || !arguments.TryReadBytes(out var input)
            || !arguments.TryReadInt64Array(JobsParameters.MaxOutputBytes / sizeof(long), out var outputs) || !arguments.TryReadHash(out var weightRoot)
            || !arguments.TryReadBytes(out var proof) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(JobsAbi.ChallengeByProof);
        var (slots, head) = RequireOpen(call, job, salt, input);
        AnswerEvidence.RequireProof(
            call, slots.Model.Account, AnswerEvidence.SubjectOf(call, job, call.Caller), input, outputs, weightRoot, proof);
        var reward = Uphold(call, job, slots, head, InferenceReceipt.HashOutput(call, outputs));
        return JobsAbi.ChallengeByProof.BeginReturn().WriteUInt(reward).ToArray();
    }

    private static (JobSlots Slots, JobHead Head) RequireOpen(NativeCall call, ulong job, Hash256 salt, ReadOnlySpan<byte> input)
    {
        var slots = JobsStorage.Job(call, job);
        var head = slots.Head;
        JobOffer.RequireState(call, slots, head, JobState.Answered);
        if (ModelsStorage.Model(call.On(SystemContracts.Models), slots.Model.Account).IsOffChain)
            throw JobsErrors.NotChallengeable("the chain does not hold the model: nobody can show what it gives");
        var commitment = slots.Commitment;
        return InferenceReceipt.CommitToInput(call, salt, input) == commitment ? (slots, head) : throw JobsErrors.InputMismatch(commitment);
    }

    private static UInt256 Uphold(NativeCall call, ulong job, JobSlots slots, JobHead head, Hash256 rightOutput)
    {
        if (rightOutput == slots.OutputHash)
            throw JobsErrors.AnswerIsRight();
        return JobEnding.Wrong(call, job, slots, head, rightOutput, call.Caller);
    }
}
