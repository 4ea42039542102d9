using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>What is due happens, whoever notices: <c>expire(uint64 job)</c> by anybody, or the end of a block.</summary>
internal static class ExpireJob
{
    public static byte[] Execute(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadUInt64(out var job) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(JobsAbi.Expire);
        var slots = JobsStorage.Job(call, job);
        var head = slots.Head;
        if (head.State == JobState.Ended)
            throw JobsErrors.WrongState(head.State);
        var due = slots.Due;
        if (!due.HasPassed(call.Block))
            throw JobsErrors.NotDue(due.Time, due.Height);
        Apply(call, job, slots, head);
        return [];
    }

    /// <summary>The present state's time is over.</summary>
    public static void Apply(NativeCall call, ulong job, JobSlots slots, JobHead head)
    {
        switch (head.State)
        {
            case JobState.Offered:
                JobOffer.Miss(call, job, slots, head);
                break;
            case JobState.Accepted:
                JobEnding.Late(call, job, slots, head);
                break;
            case JobState.Answered:
                JobEnding.Settle(call, job, slots, head);
                break;
        }
    }
}
