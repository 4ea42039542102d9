using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>
/// <c>submit(uint64 job, bytes output, bytes evidence)</c>: the provider's answer. The evidence is verified before a coin moves; a proof settles the job at
/// once, anything else opens the time in which it may be challenged. The caller's contract is told last, when nothing can change any more.
/// </summary>
internal static class SubmitAnswer
{
    public static byte[] Execute(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadUInt64(out var job) || !arguments.TryReadBytes(out var output) || !arguments.TryReadBytes(out var evidence) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(JobsAbi.Submit);
        if (output.Length > JobsParameters.MaxOutputBytes)
            throw JobsErrors.OutputTooLong(output.Length);
        var slots = JobsStorage.Job(call, job);
        var head = slots.Head;
        JobOffer.RequireProvider(call, slots, head, JobState.Accepted);

        var outputHash = AnswerEvidence.Verify(call, new Answer(job, slots, head, output, evidence));
        slots.OutputHash = outputHash;
        slots.Times = slots.Times with { AnsweredAt = call.Block.Time };
        ProviderLedger.LeavePlace(call.On(SystemContracts.Compute), call.Caller);
        var receiptId = WriteReceipt(call, job, slots, head, output, outputHash, evidence);
        if (head.Evidence == EvidenceKind.Proved)
            JobEnding.Settle(call, job, slots, head);
        else
            OpenWindow(call, job, slots, head);
        Tell(call, job, slots, head, output, receiptId);
        return JobsAbi.Submit.BeginReturn().WriteHash(receiptId).ToArray();
    }

    private static void OpenWindow(NativeCall call, ulong job, JobSlots slots, JobHead head)
    {
        var rules = call.Block.Genesis.Market;
        var due = new JobDue(call.Block.Time + rules.ChallengeSeconds, call.Block.Number + rules.DeadlineBlocks);
        slots.Head = head with { State = JobState.Answered };
        slots.Due = due;
        JobsStorage.Timers(call).Push(new JobTimer(due.Time, job));
    }

    private static Hash256 WriteReceipt(
        NativeCall call, ulong job, JobSlots slots, JobHead head, ReadOnlySpan<byte> output, Hash256 outputHash, ReadOnlySpan<byte> evidence)
    {
        var model = slots.Model.Account;
        var receipt = new InferenceReceipt(
            call.Block.Genesis.ChainId,
            call.Block.Number,
            ((UInt256)job).ToHash256(),
            model,
            ModelsStorage.Model(call.On(SystemContracts.Models), model).Hash,
            head.Caller,
            slots.Commitment,
            outputHash,
            JobEnding.Shares(call, slots, head),
            head.Evidence,
            evidence.IsEmpty ? Hash256.Zero : call.Keccak(evidence)).Encode();
        var receiptId = call.Keccak(receipt);
        JobsStorage.SetReceiptHeight(call, receiptId, call.Block.Number);
        slots.ReceiptId = receiptId;
        call.Log(
            JobsAbi.JobAnswered, JobsAbi.JobAnswered.BeginData().WriteBytes(output).WriteBytes(receipt),
            AbiEvent.TopicOf(job), AbiEvent.TopicOf(call.Caller), receiptId);
        return receiptId;
    }

    /// <summary>A callback gets the gas that was paid for it, or nothing happens at all; whatever it does with it, the answer stands.</summary>
    private static void Tell(NativeCall call, ulong job, JobSlots slots, JobHead head, ReadOnlySpan<byte> output, Hash256 receiptId)
    {
        var callback = slots.Callback.Account;
        if (callback.IsZero)
            return;
        // What it leaves has to suffice for saying that it failed: it must not be able to choose that the answer fails with it.
        var kept = Math.Max(call.Frame.Gas / 64, JobsParameters.GasAfterCallback);
        var available = call.Frame.Gas > kept ? call.Frame.Gas - kept : 0;
        if (available < head.CallbackGas)
            throw JobsErrors.CallbackGasMissing(head.CallbackGas, available);
        var data = JobsAbi.OnInference.BeginCall().WriteUInt(job).WriteBytes(output).WriteHash(receiptId).ToArray();
        var result = call.Call(callback, data, head.CallbackGas);
        if (result.IsSuccess)
            return;
        var returned = result.Output.Span[..Math.Min(result.Output.Length, JobsParameters.MaxCallbackDataBytes)];
        call.Log(JobsAbi.CallbackFailed, JobsAbi.CallbackFailed.BeginData().WriteBytes(returned), AbiEvent.TopicOf(job), AbiEvent.TopicOf(callback));
    }
}
