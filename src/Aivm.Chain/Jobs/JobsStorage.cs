using Aivm.Primitives;
using static Aivm.Chain.ContractStorage;

namespace Aivm.Chain;

public enum JobState : byte
{
    None = 0,
    /// <summary>With a provider, who has not said yet whether it takes it.</summary>
    Offered = 1,
    /// <summary>The provider holds model and input, and works.</summary>
    Accepted = 2,
    /// <summary>Answered without a proof: payment waits until nobody may challenge it any more.</summary>
    Answered = 3,
    Ended = 4,
}

/// <summary>Why a job ended. Never renumbered.</summary>
public enum JobEnd : byte
{
    None = 0,
    /// <summary>Answered and paid.</summary>
    Settled = 1,
    /// <summary>Its caller took it back before anybody had accepted it; refunded.</summary>
    Cancelled = 2,
    /// <summary>Nobody who was asked took it; refunded.</summary>
    NoProvider = 3,
    /// <summary>Accepted, but not answered in time; refunded, and the provider pays.</summary>
    Late = 4,
    /// <summary>Answered wrongly, as a challenge showed; refunded, and the provider pays.</summary>
    Wrong = 5,
}

/// <summary>How a provider comes by the input.</summary>
public enum InputKind : byte
{
    /// <summary>In the request, for everybody to read.</summary>
    Public = 0,
    /// <summary>In the request, encrypted to the session of the provider that it names (docs/spec/confidential-inputs.md).</summary>
    Sealed = 1,
    /// <summary>By the digest of its content; public.</summary>
    Content = 2,
}

/// <summary>Where the Jobs contract keeps what (docs/spec/jobs.md, "Storage").</summary>
internal static class JobsStorage
{
    private static readonly UInt256 CountSlot = 0;
    private static readonly UInt256 JobsSlot = 1;
    private static readonly UInt256 TimersSlot = 2;
    private static readonly UInt256 ReceiptsSlot = 3;
    private static readonly UInt256 OwedSlot = 4;

    public static ulong Count(NativeCall call) => (ulong)call.Read(CountSlot);

    /// <summary>The number of the next job; jobs count from 1.</summary>
    public static ulong CountJob(NativeCall call)
    {
        var number = Count(call) + 1;
        call.Write(CountSlot, number);
        return number;
    }

    /// <summary>Reverts with JobNotFound where there is none.</summary>
    public static JobSlots Job(NativeCall call, ulong job)
    {
        var slots = NewJob(call, job);
        return slots.Head.State == JobState.None ? throw JobsErrors.JobNotFound(job) : slots;
    }

    public static JobSlots NewJob(NativeCall call, ulong job) => new(call, Mapped(call, (UInt256)job, JobsSlot));

    public static TimerHeap Timers(NativeCall call) => new(call, TimersSlot);

    public static ulong ReceiptHeight(NativeCall call, Hash256 receiptId) => (ulong)call.Read(Mapped(call, receiptId, ReceiptsSlot));

    public static void SetReceiptHeight(NativeCall call, Hash256 receiptId, ulong height) => call.Write(Mapped(call, receiptId, ReceiptsSlot), height);

    /// <summary>Everything that is locked for jobs that have not ended: what this contract has to hold.</summary>
    public static UInt256 Owed(NativeCall call) => call.Read(OwedSlot);

    public static void SetOwed(NativeCall call, UInt256 owed) => call.Write(OwedSlot, owed);
}

/// <param name="Attempt">Which of the candidates has it, from 0.</param>
internal readonly record struct JobHead(Address Caller, JobState State, EvidenceKind Evidence, InputKind InputKind, JobEnd End, byte Attempt, byte Candidates, ulong CallbackGas);

/// <summary>When a job's present state ends: after a time (Unix seconds) and a height have both passed.</summary>
internal readonly record struct JobDue(ulong Time, ulong Height)
{
    public bool HasPassed(BlockContext block) => block.Time > Time && block.Number > Height;
}

/// <summary>Unix seconds, and the height of the acceptance.</summary>
internal readonly record struct JobTimes(ulong AcceptedAt, ulong AnsweredAt, ulong AcceptedHeight);

/// <summary>What the provider that has a job stands for since the offer, whatever it promises to others later.</summary>
/// <param name="Reservation">Of its stake, in wei.</param>
/// <param name="AnswerSeconds">From acceptance to answer.</param>
internal readonly record struct JobPledge(UInt256 Reservation, uint AnswerSeconds);

/// <summary>A job's record; each property is one slot.</summary>
internal readonly struct JobSlots(NativeCall call, UInt256 start)
{
    private static readonly UInt256 ModelSlot = 1;
    private static readonly UInt256 MoneySlot = 2;
    private static readonly UInt256 DueSlot = 3;
    private static readonly UInt256 TimesSlot = 4;
    private static readonly UInt256 CommitmentSlot = 5;
    private static readonly UInt256 PledgeSlot = 6;
    private static readonly UInt256 CallbackSlot = 7;
    private static readonly UInt256 OutputSlot = 8;
    private static readonly UInt256 ReceiptSlot = 9;
    private static readonly UInt256 OwnerSlot = 10;
    private static readonly UInt256 CandidatesSlot = 11;

    public JobHead Head
    {
        get
        {
            var word = call.Read(start);
            return new JobHead(
                AddressIn(word), (JobState)Bits(word, 160, 8), (EvidenceKind)Bits(word, 168, 8), (InputKind)Bits(word, 176, 8), (JobEnd)Bits(word, 184, 8),
                (byte)Bits(word, 192, 8), (byte)Bits(word, 200, 8), Bits(word, 208, 48));
        }
        set => call.Write(start, ToWord(value.Caller) | ((UInt256)(ulong)value.State << 160) | ((UInt256)(ulong)value.Evidence << 168)
            | ((UInt256)(ulong)value.InputKind << 176) | ((UInt256)(ulong)value.End << 184) | ((UInt256)(ulong)value.Attempt << 192)
            | ((UInt256)(ulong)value.Candidates << 200) | ((UInt256)value.CallbackGas << 208));
    }

    /// <summary>With the deadline in Unix seconds.</summary>
    public (Address Account, ulong Deadline) Model
    {
        get
        {
            var word = call.Read(start + ModelSlot);
            return (AddressIn(word), Bits(word, 160, 64));
        }
        set => call.Write(start + ModelSlot, ToWord(value.Account) | ((UInt256)value.Deadline << 160));
    }

    /// <summary>In wei: all that is locked; of it what the model costs. The stipend of the callback is in <see cref="Callback"/>.</summary>
    public (UInt256 Locked, UInt256 ModelPrice) Money
    {
        get
        {
            var word = call.Read(start + MoneySlot);
            return (Low128(word), word >> 128);
        }
        set => call.Write(start + MoneySlot, value.Locked | (value.ModelPrice << 128));
    }

    public JobDue Due
    {
        get
        {
            var word = call.Read(start + DueSlot);
            return new JobDue(Bits(word, 0, 64), Bits(word, 64, 64));
        }
        set => call.Write(start + DueSlot, (UInt256)value.Time | ((UInt256)value.Height << 64));
    }

    /// <summary>When the provider accepted, and when it answered: Unix seconds.</summary>
    public JobTimes Times
    {
        get
        {
            var word = call.Read(start + TimesSlot);
            return new JobTimes(Bits(word, 0, 64), Bits(word, 64, 64), Bits(word, 128, 64));
        }
        set => call.Write(start + TimesSlot, (UInt256)value.AcceptedAt | ((UInt256)value.AnsweredAt << 64) | ((UInt256)value.AcceptedHeight << 128));
    }

    public Hash256 Commitment
    {
        get => call.Read(start + CommitmentSlot).ToHash256();
        set => call.Write(start + CommitmentSlot, UInt256.FromBigEndian(value.Span));
    }

    /// <summary>Nothing while nobody's stake stands behind the job.</summary>
    public JobPledge Pledge
    {
        get
        {
            var word = call.Read(start + PledgeSlot);
            return new JobPledge(Low128(word), (uint)Bits(word, 128, 32));
        }
        set => call.Write(start + PledgeSlot, value.Reservation | ((UInt256)value.AnswerSeconds << 128));
    }

    /// <summary>Who owned the model, and is paid for it, when the job was requested.</summary>
    public Address Owner
    {
        get => ToAddress(call.Read(start + OwnerSlot));
        set => call.Write(start + OwnerSlot, ToWord(value));
    }

    /// <summary>Zero address: nobody is called.</summary>
    public (Address Account, UInt256 Stipend) Callback
    {
        get
        {
            var word = call.Read(start + CallbackSlot);
            return (AddressIn(word), word >> 160);
        }
        set => call.Write(start + CallbackSlot, ToWord(value.Account) | (value.Stipend << 160));
    }

    public Hash256 OutputHash
    {
        get => call.Read(start + OutputSlot).ToHash256();
        set => call.Write(start + OutputSlot, UInt256.FromBigEndian(value.Span));
    }

    public Hash256 ReceiptId
    {
        get => call.Read(start + ReceiptSlot).ToHash256();
        set => call.Write(start + ReceiptSlot, UInt256.FromBigEndian(value.Span));
    }

    public Candidate Candidate(int index)
    {
        var word = call.Read(start + CandidatesSlot + (ulong)index);
        return new Candidate(AddressIn(word), word >> 160);
    }

    public void SetCandidate(int index, Candidate candidate) =>
        call.Write(start + CandidatesSlot + (ulong)index, ToWord(candidate.Provider) | (candidate.Price << 160));

    private static UInt256 Low128(UInt256 word) => word & ((UInt256.One << 128) - UInt256.One);
}
