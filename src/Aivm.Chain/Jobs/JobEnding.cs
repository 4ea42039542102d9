using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>How jobs end: every coin that was locked leaves, and the reason stays.</summary>
internal static class JobEnding
{
    /// <summary>Who gets what of a job that is paid, apart from the stipend and what is left over: it sums to provider's and model's price.</summary>
    public static (Address Payee, UInt256 Amount)[] Shares(NativeCall call, JobSlots slots, JobHead head)
    {
        var candidate = slots.Candidate(head.Attempt);
        var shares = RunInference.Split(slots.Money.ModelPrice, slots.Owner, call.Block.Genesis.NetworkFeeBps);
        return candidate.Price.IsZero ? shares : [(candidate.Provider, candidate.Price), .. shares];
    }

    /// <summary>Pays the provider and the model's owner, and gives back what is left.</summary>
    public static void Settle(NativeCall call, ulong job, JobSlots slots, JobHead head)
    {
        var compute = call.On(SystemContracts.Compute);
        var provider = slots.Candidate(head.Attempt).Provider;
        var times = slots.Times;
        var pledge = slots.Pledge;
        var seconds = times.AnsweredAt - times.AcceptedAt;
        ProviderLedger.Release(compute, provider, pledge.Reservation);
        ProviderLedger.Succeeded(compute, provider, seconds, isSlow: seconds > pledge.AnswerSeconds);
        slots.Pledge = default;
        var paid = slots.Callback.Stipend;
        call.Pay(provider, paid);
        foreach (var (payee, amount) in Shares(call, slots, head))
        {
            call.Pay(payee, amount);
            paid += amount;
        }
        End(call, job, slots, head, JobEnd.Settled, paid);
    }

    /// <summary>Gives everything back to the caller.</summary>
    public static void Refund(NativeCall call, ulong job, JobSlots slots, JobHead head, JobEnd reason) =>
        End(call, job, slots, head, reason, UInt256.Zero);

    /// <summary>The deadline passed: the caller gets everything back, and part of what stood behind the job.</summary>
    public static void Late(NativeCall call, ulong job, JobSlots slots, JobHead head)
    {
        var reservation = slots.Pledge.Reservation;
        JobOffer.Free(call, slots, head);
        ProviderLedger.Late(call.On(SystemContracts.Compute), slots.Candidate(head.Attempt).Provider, job, reservation, head.Caller);
        Refund(call, job, slots, head, JobEnd.Late);
    }

    /// <summary>A challenge was right: the caller gets everything back, the challenger part of what stood behind the answer.</summary>
    /// <returns>The challenger's part.</returns>
    public static UInt256 Wrong(NativeCall call, ulong job, JobSlots slots, JobHead head, Hash256 rightOutput, Address challenger)
    {
        var compute = call.On(SystemContracts.Compute);
        var provider = slots.Candidate(head.Attempt).Provider;
        var reservation = slots.Pledge.Reservation;
        ProviderLedger.Release(compute, provider, reservation);
        var reward = ProviderLedger.Wrong(compute, provider, job, reservation, challenger);
        slots.Pledge = default;
        JobsStorage.SetReceiptHeight(call, slots.ReceiptId, 0);
        call.Log(JobsAbi.ReceiptRevoked, JobsAbi.ReceiptRevoked.BeginData().WriteHash(rightOutput), AbiEvent.TopicOf(job), slots.ReceiptId);
        Refund(call, job, slots, head, JobEnd.Wrong);
        return reward;
    }

    private static void End(NativeCall call, ulong job, JobSlots slots, JobHead head, JobEnd reason, UInt256 paid)
    {
        var locked = slots.Money.Locked;
        slots.Head = head with { State = JobState.Ended, End = reason };
        slots.Due = default;
        JobsStorage.SetOwed(call, JobsStorage.Owed(call) - locked);
        call.Pay(head.Caller, locked - paid);
        call.Log(
            JobsAbi.JobEnded, JobsAbi.JobEnded.BeginData().WriteUInt(paid).WriteUInt(locked - paid),
            AbiEvent.TopicOf(job), AbiEvent.TopicOf(head.Caller), AbiEvent.TopicOf((ulong)reason));
    }
}
