using Aivm.Chain;
using Aivm.Primitives;

namespace Aivm.Tests.Chain.Jobs;

/// <summary>
/// The market as docs/spec/jobs.md describes it, written a second time and as plainly as possible: lists, no gas, no storage. The model that is asked for
/// costs 1,001 wei, its runs are light, and providers ask by the answer alone.
/// </summary>
internal sealed class MarketModel(MarketRules rules, ulong feeBps, Address owner)
{
    public const ulong ModelPrice = 1001;
    public const ulong CallbackGas = 10_000;

    /// <summary>What a caller's contract does when it is told.</summary>
    public enum Callback
    {
        None,
        Returns,
        Fails,
    }

    public sealed class Ask
    {
        public required ulong EffectiveAt;
        public required ulong? Before;
        public required ulong Price;

        public ulong? At(ulong height) => height >= EffectiveAt ? Price : Before;
    }

    public sealed class Provider
    {
        public UInt256 Stake, Reserved, Unbonding;
        public ulong AvailableAt;
        public uint MaxJobs, AnswerSeconds, Active;
        public ulong Strikes;
        public Dictionary<EvidenceKind, Ask> Asks = [];
        public uint Succeeded, Slow, Missed, Late, Wrong;
        public ulong TotalSeconds;

        public ulong Reputation
        {
            get
            {
                var good = (2 * Succeeded) - Slow + 2;
                var bad = Slow + (2 * Missed) + (8 * Late) + (100 * Wrong) + 2;
                return 10_000 * good / (good + bad);
            }
        }
    }

    public sealed class Job
    {
        public required ulong Number;
        public required Address Caller;
        public required EvidenceKind Evidence;
        public required Callback Callback;
        public required ulong Locked, Stipend, Deadline;
        public required List<(Address Provider, ulong Price)> Candidates;
        public int Attempt;
        public JobState State;
        public JobEnd End;
        public ulong DueTime, DueHeight, Wake, AcceptedAt, AnsweredAt, ReceiptHeight;
        public UInt256 Reservation;
        public uint Promised;
        public bool IsRight;

        public bool HasProvider => Attempt < Candidates.Count;

        public (Address Provider, ulong Price) With => Candidates[Attempt];
    }

    public SortedDictionary<Address, Provider> Providers { get; } = [];

    public List<Job> Jobs { get; } = [];

    /// <summary>What each account has outside the market.</summary>
    public Dictionary<Address, UInt256> Coins { get; } = [];

    public UInt256 Burned { get; private set; }

    public int FailedCallbacks { get; private set; }

    /// <summary>How often somebody lost his asks for being silent.</summary>
    public int Strikes { get; private set; }

    public ulong Time { get; set; }

    public ulong Height { get; set; }

    /// <summary>Wei per gas of the present block.</summary>
    public ulong BaseFee { get; set; }

    private bool HasPassed(Job job) => Time > job.DueTime && Height > job.DueHeight;

    private bool IsWith(Address provider, Job job, JobState state) => job.State == state && !HasPassed(job) && job.With.Provider == provider;

    public void Register(Address provider, UInt256 stake, uint maxJobs, uint answerSeconds) =>
        Providers.Add(provider, new Provider { Stake = stake, MaxJobs = maxJobs, AnswerSeconds = answerSeconds });

    public bool Configure(Address provider, uint maxJobs, uint answerSeconds)
    {
        (Providers[provider].MaxJobs, Providers[provider].AnswerSeconds) = (maxJobs, answerSeconds);
        return true;
    }

    /// <summary>A price counts ten blocks later, and until then the one that counts now; one of nothing that is changed counts no more.</summary>
    public bool SetPrice(Address provider, EvidenceKind evidence, ulong price)
    {
        var item = Providers[provider];
        if (item.Stake < rules.MinStake)
            return false;
        var before = item.Asks.TryGetValue(evidence, out var ask) ? ask.At(Height) : null;
        item.Asks[evidence] = new Ask { EffectiveAt = Height + 10, Before = before == 0 ? null : before, Price = price };
        return true;
    }

    public bool WithdrawAsk(Address provider, EvidenceKind evidence) => Providers[provider].Asks.Remove(evidence);

    public bool Request(Address caller, EvidenceKind evidence, ulong value, ulong seconds, ulong minReputation, Callback callback)
    {
        var number = (ulong)Jobs.Count + 1;
        var stipend = callback == Callback.None ? 0 : 2 * CallbackGas * BaseFee;
        var offers =
            from item in Providers
            let price = item.Value.Asks.TryGetValue(evidence, out var ask) ? ask.At(Height) : null
            where price + ModelPrice + stipend <= value && item.Value.Reputation >= minReputation && CanTake(item.Value, price.Value, Time + seconds)
            orderby price, Keccak.Hash([.. ((UInt256)number).ToHash256().Span, .. item.Key.Span])
            select (item.Key, price.Value);
        var candidates = offers.Take(3).ToList();
        if (candidates.Count == 0)
            return false;
        var job = new Job
        {
            Number = number,
            Caller = caller,
            Evidence = evidence,
            Callback = callback,
            Locked = value,
            Stipend = stipend,
            Deadline = Time + seconds,
            Candidates = candidates,
        };
        Jobs.Add(job);
        Coins[caller] -= value;
        OfferNext(job);
        return true;
    }

    public bool Accept(Address provider, Job job)
    {
        if (!IsWith(provider, job, JobState.Offered))
            return false;
        job.State = JobState.Accepted;
        job.AcceptedAt = Time;
        Providers[provider].Strikes = 0;
        Due(job, job.Deadline, Height + rules.DeadlineBlocks);
        return true;
    }

    public bool Decline(Address provider, Job job)
    {
        if (!IsWith(provider, job, JobState.Offered))
            return false;
        Providers[provider].Strikes = 0;
        Free(job);
        job.Attempt++;
        OfferNext(job);
        return true;
    }

    public bool Cancel(Address caller, Job job)
    {
        if (job.State != JobState.Offered || HasPassed(job) || job.Caller != caller)
            return false;
        Free(job);
        Refund(job, JobEnd.Cancelled);
        return true;
    }

    /// <summary>An answer with evidence that is right in itself. Of a wrong answer there is a signature, but no proof.</summary>
    public bool Submit(Address provider, Job job, bool isRight, EvidenceKind evidence)
    {
        if (!IsWith(provider, job, JobState.Accepted) || evidence != job.Evidence || (evidence == EvidenceKind.Proved && !isRight))
            return false;
        (job.IsRight, job.AnsweredAt, job.ReceiptHeight) = (isRight, Time, Height);
        Providers[provider].Active--;
        if (job.Callback == Callback.Fails)
            FailedCallbacks++;
        if (evidence == EvidenceKind.Proved)
            Settle(job);
        else
        {
            job.State = JobState.Answered;
            Due(job, Time + rules.ChallengeSeconds, Height + rules.DeadlineBlocks);
        }
        return true;
    }

    public bool Challenge(Address challenger, Job job)
    {
        if (job.State != JobState.Answered || HasPassed(job) || job.IsRight)
            return false;
        var provider = Providers[job.With.Provider];
        provider.Reserved -= job.Reservation;
        provider.Wrong++;
        Slash(provider, job.Reservation, challenger);
        job.ReceiptHeight = 0;
        Refund(job, JobEnd.Wrong);
        return true;
    }

    public bool Expire(Job job)
    {
        if (job.State == JobState.Ended || !HasPassed(job))
            return false;
        Apply(job);
        return true;
    }

    public bool AddStake(Address provider, UInt256 amount)
    {
        Coins[provider] -= amount;
        Providers[provider].Stake += amount;
        return true;
    }

    public bool Unbond(Address provider, UInt256 amount)
    {
        var item = Providers[provider];
        if (amount.IsZero || amount > item.Stake - item.Reserved)
            return false;
        item.Stake -= amount;
        KeepBackedAsks(item);
        item.Unbonding += amount;
        item.AvailableAt = Time + rules.UnbondingSeconds;
        return true;
    }

    public bool Withdraw(Address provider)
    {
        var item = Providers[provider];
        if (item.Unbonding.IsZero || Time < item.AvailableAt)
            return false;
        Coins[provider] += item.Unbonding;
        (item.Unbonding, item.AvailableAt) = (UInt256.Zero, 0);
        return true;
    }

    /// <summary>The end of a block.</summary>
    public void Sweep()
    {
        while (Jobs.Where(job => job.State != JobState.Ended && job.Wake < Time).MinBy(job => (job.Wake, job.Number)) is { } job)
        {
            if (HasPassed(job))
                Apply(job);
            else
                job.Wake = Time;
        }
    }

    private void Apply(Job job)
    {
        var provider = Providers[job.With.Provider];
        if (job.State == JobState.Offered)
        {
            Free(job);
            job.Attempt++;
            OfferNext(job);
            provider.Missed++;
            if (++provider.Strikes == 3)
            {
                provider.Strikes = 0;
                provider.Asks.Clear();
                Slash(provider, rules.MinStake / 100, null);
                Strikes++;
            }
        }
        else if (job.State == JobState.Accepted)
        {
            var reservation = job.Reservation;
            Free(job);
            provider.Late++;
            Slash(provider, reservation / 4, job.Caller);
            Refund(job, JobEnd.Late);
        }
        else
            Settle(job);
    }

    private void Settle(Job job)
    {
        var provider = Providers[job.With.Provider];
        var seconds = job.AnsweredAt - job.AcceptedAt;
        provider.Reserved -= job.Reservation;
        provider.Succeeded++;
        provider.TotalSeconds += seconds;
        if (seconds > job.Promised)
            provider.Slow++;
        var fee = ModelPrice * feeBps / 10_000;
        Coins[job.With.Provider] += job.With.Price + job.Stipend;
        Coins[owner] += ModelPrice - fee;
        Coins[SystemContracts.Treasury] += fee;
        Coins[job.Caller] += job.Locked - job.With.Price - job.Stipend - ModelPrice;
        (job.State, job.End) = (JobState.Ended, JobEnd.Settled);
    }

    private UInt256 Reservation(ulong price)
    {
        UInt256 least = rules.MinStake / 16, prices = 2 * price;
        return prices > least ? prices : least;
    }

    private bool CanTake(Provider provider, ulong price, ulong deadline) =>
        Time + rules.AcceptSeconds + provider.AnswerSeconds <= deadline && provider.Active < provider.MaxJobs
        && provider.Stake >= rules.MinStake && provider.Stake - provider.Reserved >= Reservation(price);

    private void OfferNext(Job job)
    {
        for (; job.HasProvider; job.Attempt++)
        {
            var provider = Providers[job.With.Provider];
            if (!CanTake(provider, job.With.Price, job.Deadline))
                continue;
            job.Reservation = Reservation(job.With.Price);
            job.Promised = provider.AnswerSeconds;
            provider.Reserved += job.Reservation;
            provider.Active++;
            job.State = JobState.Offered;
            Due(job, Time + rules.AcceptSeconds, Height + rules.AcceptBlocks);
            return;
        }
        Refund(job, JobEnd.NoProvider);
    }

    private void Free(Job job)
    {
        var provider = Providers[job.With.Provider];
        provider.Active--;
        provider.Reserved -= job.Reservation;
    }

    private void Refund(Job job, JobEnd end)
    {
        (job.State, job.End) = (JobState.Ended, end);
        Coins[job.Caller] += job.Locked;
    }

    private void Slash(Provider provider, UInt256 amount, Address? beneficiary)
    {
        var free = provider.Stake - provider.Reserved;
        amount = amount > free ? free : amount;
        provider.Stake -= amount;
        KeepBackedAsks(provider);
        var reward = beneficiary is null ? UInt256.Zero : amount / 2;
        if (beneficiary is { } account)
            Coins[account] += reward;
        Burned += amount - reward;
    }

    private void KeepBackedAsks(Provider provider)
    {
        if (provider.Stake < rules.MinStake)
            provider.Asks.Clear();
    }

    private static void Due(Job job, ulong time, ulong height) => (job.DueTime, job.DueHeight, job.Wake) = (time, height, time);
}
