using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>The methods that only read.</summary>
internal static class ReadJobs
{
    public static byte[] Job(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadUInt64(out var job) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(JobsAbi.Job);
        var slots = JobsStorage.Job(call, job);
        var head = slots.Head;
        var candidate = head.Attempt < head.Candidates ? slots.Candidate(head.Attempt) : default;
        var due = slots.Due;
        return JobsAbi.Job.BeginReturn()
            .WriteAddress(head.Caller)
            .WriteUInt((ulong)head.State)
            .WriteUInt((ulong)head.Evidence)
            .WriteUInt((ulong)head.InputKind)
            .WriteUInt((ulong)head.End)
            .WriteAddress(slots.Model.Account)
            .WriteAddress(candidate.Provider)
            .WriteUInt(candidate.Price)
            .WriteUInt(slots.Money.Locked)
            .WriteUInt(slots.Model.Deadline)
            .WriteUInt(due.Time)
            .WriteUInt(due.Height)
            .WriteHash(slots.Commitment)
            .WriteHash(slots.OutputHash)
            .WriteHash(slots.ReceiptId)
            .ToArray();
    }

    public static byte[] JobCount(NativeCall call, AbiReader arguments)
    {
        ContractErrors.RequireNoArguments(arguments, JobsAbi.JobCount);
        return JobsAbi.JobCount.BeginReturn().WriteUInt(JobsStorage.Count(call)).ToArray();
    }

    public static byte[] ReceiptHeight(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadHash(out var receiptId) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(JobsAbi.ReceiptHeight);
        return JobsAbi.ReceiptHeight.BeginReturn().WriteUInt(JobsStorage.ReceiptHeight(call, receiptId)).ToArray();
    }

    public static byte[] Owed(NativeCall call, AbiReader arguments)
    {
        ContractErrors.RequireNoArguments(arguments, JobsAbi.Owed);
        return JobsAbi.Owed.BeginReturn().WriteUInt(JobsStorage.Owed(call)).ToArray();
    }
}
