using System.Text;
using System.Text.Unicode;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>Why a job went past a provider.</summary>
public enum PassCause : byte
{
    Declined = 0,
    /// <summary>It let the offer pass in silence.</summary>
    Missed = 1,
    /// <summary>Its stake, its places or the time that is left do not suffice any more.</summary>
    Unable = 2,
}

/// <summary>A job on its way to a provider: <c>accept(uint64)</c>, <c>decline(uint64,string)</c>, <c>cancel(uint64)</c>.</summary>
internal static class JobOffer
{
    public static byte[] Accept(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadUInt64(out var job) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(JobsAbi.Accept);
        var slots = JobsStorage.Job(call, job);
        var head = RequireOffered(call, slots);
        var deadline = slots.Model.Deadline;
        var due = new JobDue(deadline, call.Block.Number + call.Block.Genesis.Market.DeadlineBlocks);
        slots.Head = head with { State = JobState.Accepted };
        slots.Times = new JobTimes(call.Block.Time, AnsweredAt: 0, call.Block.Number);
        slots.Due = due;
        JobsStorage.Timers(call).Push(new JobTimer(due.Time, job));
        ProviderLedger.Answered(call.On(SystemContracts.Compute), call.Caller);
        call.Log(JobsAbi.JobAccepted, JobsAbi.JobAccepted.BeginData().WriteUInt(deadline), AbiEvent.TopicOf(job), AbiEvent.TopicOf(call.Caller));
        return [];
    }

    public static byte[] Decline(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadUInt64(out var job) || !arguments.TryReadBytes(out var reason) || !arguments.TryEnd() || !Utf8.IsValid(reason))
            throw ContractErrors.MalformedCalldata(JobsAbi.Decline);
        if (reason.Length > JobsParameters.MaxReasonBytes)
            throw JobsErrors.ReasonTooLong(reason.Length);
        var slots = JobsStorage.Job(call, job);
        var head = RequireOffered(call, slots);
        ProviderLedger.Answered(call.On(SystemContracts.Compute), call.Caller);
        PassOn(call, job, slots, head, PassCause.Declined, Encoding.UTF8.GetString(reason));
        return [];
    }

    public static byte[] Cancel(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadUInt64(out var job) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(JobsAbi.Cancel);
        var slots = JobsStorage.Job(call, job);
        var head = slots.Head;
        if (call.Caller != head.Caller)
            throw JobsErrors.NotCaller(head.Caller);
        RequireState(call, slots, head, JobState.Offered);
        Free(call, slots, head);
        JobEnding.Refund(call, job, slots, head, JobEnd.Cancelled);
        return [];
    }

    /// <summary>Offers the job to the first of its candidates, from the present attempt on, that can take it; refunds where none can.</summary>
    public static void OfferNext(NativeCall call, ulong job, JobSlots slots, JobHead head)
    {
        var compute = call.On(SystemContracts.Compute);
        var rules = call.Block.Genesis.Market;
        var acceptBy = call.Block.Time + rules.AcceptSeconds;
        var deadline = slots.Model.Deadline;
        var seconds = deadline > acceptBy ? deadline - acceptBy : 0;
        for (; head.Attempt < head.Candidates; head = head with { Attempt = (byte)(head.Attempt + 1) })
        {
            var candidate = slots.Candidate(head.Attempt);
            var reservation = ProviderLedger.ReservationFor(rules, candidate.Price);
            if (!ProviderLedger.CanTake(compute, candidate.Provider, reservation, seconds))
            {
                LogPassed(call, job, candidate.Provider, PassCause.Unable, "");
                continue;
            }
            var answerSeconds = ProviderLedger.Take(compute, candidate.Provider, reservation);
            var due = new JobDue(acceptBy, call.Block.Number + rules.AcceptBlocks);
            slots.Head = head with { State = JobState.Offered };
            slots.Pledge = new JobPledge(reservation, answerSeconds);
            slots.Due = due;
            JobsStorage.Timers(call).Push(new JobTimer(due.Time, job));
            call.Log(
                JobsAbi.JobOffered, JobsAbi.JobOffered.BeginData().WriteUInt(candidate.Price).WriteUInt(due.Time),
                AbiEvent.TopicOf(job), AbiEvent.TopicOf(candidate.Provider));
            return;
        }
        JobEnding.Refund(call, job, slots, head, JobEnd.NoProvider);
    }

    /// <summary>The offer was let pass in silence.</summary>
    public static void Miss(NativeCall call, ulong job, JobSlots slots, JobHead head)
    {
        var provider = slots.Candidate(head.Attempt).Provider;
        PassOn(call, job, slots, head, PassCause.Missed, "");
        ProviderLedger.Missed(call.On(SystemContracts.Compute), provider, job);
    }

    /// <summary>Gives back what the provider had reserved and the place that the job had with it.</summary>
    public static void Free(NativeCall call, JobSlots slots, JobHead head)
    {
        var compute = call.On(SystemContracts.Compute);
        var provider = slots.Candidate(head.Attempt).Provider;
        ProviderLedger.LeavePlace(compute, provider);
        ProviderLedger.Release(compute, provider, slots.Pledge.Reservation);
        slots.Pledge = default;
    }

    public static void RequireState(NativeCall call, JobSlots slots, JobHead head, JobState state)
    {
        if (head.State != state)
            throw JobsErrors.WrongState(head.State);
        if (slots.Due.HasPassed(call.Block))
            throw JobsErrors.JobExpired(slots.Due.Time);
    }

    /// <summary>The job is in this state, its time is not over, and the caller is its provider.</summary>
    public static void RequireProvider(NativeCall call, JobSlots slots, JobHead head, JobState state)
    {
        RequireState(call, slots, head, state);
        var provider = slots.Candidate(head.Attempt).Provider;
        if (call.Caller != provider)
            throw JobsErrors.NotOfferedTo(provider);
    }

    private static JobHead RequireOffered(NativeCall call, JobSlots slots)
    {
        var head = slots.Head;
        RequireProvider(call, slots, head, JobState.Offered);
        return head;
    }

    private static void PassOn(NativeCall call, ulong job, JobSlots slots, JobHead head, PassCause cause, string reason)
    {
        LogPassed(call, job, slots.Candidate(head.Attempt).Provider, cause, reason);
        Free(call, slots, head);
        OfferNext(call, job, slots, head with { Attempt = (byte)(head.Attempt + 1) });
    }

    private static void LogPassed(NativeCall call, ulong job, Address provider, PassCause cause, string reason) => call.Log(
        JobsAbi.JobPassed, JobsAbi.JobPassed.BeginData().WriteUInt((ulong)cause).WriteString(reason), AbiEvent.TopicOf(job), AbiEvent.TopicOf(provider));
}
