using Aivm.Chain;
using Aivm.Primitives;

namespace Aivm.Tests.Chain.Jobs;

/// <summary>
/// The market as docs/spec/jobs.md describes it, written a second time and as plainly as possible: lists, no gas, no storage. Evidence is stake alone,
/// prices are all different, the model costs 1,000 wei and its runs are light.
/// </summary>
internal sealed class MarketModel(MarketRules rules)
{
    public const ulong ModelPrice = 1000;
    public const ulong AnswerSeconds = 60;

    public sealed class Provider
    {
        public UInt256 Stake, Reserved, Unbonding;
        public ulong AvailableAt;
        public uint MaxJobs, Active;
        public byte Strikes;
        public ulong? Price;
        public uint Succeeded, Missed, Late, Wrong;
    }

    public sealed class Job
    {
        public required ulong Number;
        public required string Caller;
        public required UInt256 Locked;
        public required ulong Deadline;
        public required List<(string Provider, ulong Price)> Candidates;
        public int Attempt;
        public JobState State;
        public JobEnd End;
        public ulong DueTime, DueHeight, Wake;
        public UInt256 Reservation;
        public bool IsRight;

        public (string Provider, ulong Price) With => Candidates[Attempt];
    }

    public SortedDictionary<string, Provider> Providers { get; } = new(StringComparer.Ordinal);

    public List<Job> Jobs { get; } = [];

    /// <summary>What each account got and gave, gas apart.</summary>
    public Dictionary<string, long> Gains { get; } = [];

    /// <summary>In stake's unit, which is too large for <see cref="Gains"/>.</summary>
    public Dictionary<string, UInt256> StakeGains { get; } = [];

    public UInt256 Burned { get; private set; }

    public ulong Time { get; set; }

    public ulong Height { get; set; }

    private bool HasPassed(Job job) => Time > job.DueTime && Height > job.DueHeight;

    public bool Register(string provider, UInt256 stake, uint maxJobs, ulong price)
    {
        Providers.Add(provider, new Provider { Stake = stake, MaxJobs = maxJobs, Price = price });
        return true;
    }

    public bool Request(string caller, ulong value, ulong seconds)
    {
        var fit = Providers
            .Where(item => item.Value.Price is { } price && price + ModelPrice <= value && CanTake(item.Value, price, Time + seconds))
            .OrderBy(item => item.Value.Price)
            .Take(JobsParameters.MaxCandidates)
            .Select(item => (item.Key, item.Value.Price!.Value))
            .ToList();
        if (fit.Count == 0)
            return false;
        var job = new Job
        {
            Number = (ulong)Jobs.Count + 1,
            Caller = caller,
            Locked = value,
            Deadline = Time + seconds,
            Candidates = fit,
        };
        Jobs.Add(job);
        Gain(caller, -(long)value);
        OfferNext(job);
        return true;
    }

    public bool Accept(string provider, Job job)
    {
        if (job.State != JobState.Offered || HasPassed(job) || job.With.Provider != provider)
            return false;
        job.State = JobState.Accepted;
        Providers[provider].Strikes = 0;
        Due(job, job.Deadline, Height + rules.DeadlineBlocks);
        return true;
    }

    public bool Decline(string provider, Job job)
    {
        if (job.State != JobState.Offered || HasPassed(job) || job.With.Provider != provider)
            return false;
        Providers[provider].Strikes = 0;
        Free(job);
        job.Attempt++;
        OfferNext(job);
        return true;
    }

    public bool Cancel(string caller, Job job)
    {
        if (job.State != JobState.Offered || HasPassed(job) || job.Caller != caller)
            return false;
        Free(job);
        Refund(job, JobEnd.Cancelled);
        return true;
    }

    public bool Submit(string provider, Job job, bool isRight)
    {
        if (job.State != JobState.Accepted || HasPassed(job) || job.With.Provider != provider)
            return false;
        job.State = JobState.Answered;
        job.IsRight = isRight;
        Providers[provider].Active--;
        Due(job, Time + rules.ChallengeSeconds, Height + rules.DeadlineBlocks);
        return true;
    }

    public bool Challenge(string challenger, Job job)
    {
        if (job.State != JobState.Answered || HasPassed(job) || job.IsRight)
            return false;
        var provider = Providers[job.With.Provider];
        provider.Reserved -= job.Reservation;
        provider.Wrong++;
        Slash(provider, job.Reservation, challenger);
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

    public bool Unbond(string provider, UInt256 amount)
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

    public bool Withdraw(string provider)
    {
        var item = Providers[provider];
        if (item.Unbonding.IsZero || Time < item.AvailableAt)
            return false;
        StakeGain(provider, item.Unbonding);
        item.Unbonding = UInt256.Zero;
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
            if (++provider.Strikes == ComputeParameters.MaxStrikes)
            {
                provider.Strikes = 0;
                provider.Price = null;
                Slash(provider, rules.MinStake / 100, null);
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
        {
            provider.Reserved -= job.Reservation;
            provider.Succeeded++;
            Gain(job.With.Provider, (long)job.With.Price);
            Gain("owner", (long)ModelPrice);
            Gain(job.Caller, (long)((ulong)job.Locked - job.With.Price - ModelPrice));
            (job.State, job.End) = (JobState.Ended, JobEnd.Settled);
        }
    }

    private UInt256 Reservation(ulong price)
    {
        UInt256 least = rules.MinStake / 16, prices = 2 * price;
        return prices > least ? prices : least;
    }

    private bool CanTake(Provider provider, ulong price, ulong deadline) =>
        Time + rules.AcceptSeconds + AnswerSeconds <= deadline && provider.Active < provider.MaxJobs && provider.Stake >= rules.MinStake && provider.Stake - provider.Reserved >= Reservation(price);

    private void OfferNext(Job job)
    {
        for (; job.Attempt < job.Candidates.Count; job.Attempt++)
        {
            var provider = Providers[job.With.Provider];
            if (!CanTake(provider, job.With.Price, job.Deadline))
                continue;
            job.Reservation = Reservation(job.With.Price);
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
        Gain(job.Caller, (long)(ulong)job.Locked);
    }

    private void Slash(Provider provider, UInt256 amount, string? beneficiary)
    {
        var free = provider.Stake - provider.Reserved;
        amount = amount > free ? free : amount;
        provider.Stake -= amount;
        KeepBackedAsks(provider);
        var reward = beneficiary is null ? UInt256.Zero : amount / 2;
        if (beneficiary is not null)
            StakeGain(beneficiary, reward);
        Burned += amount - reward;
    }

    private void KeepBackedAsks(Provider provider) => provider.Price = provider.Stake < rules.MinStake ? null : provider.Price;

    private static void Due(Job job, ulong time, ulong height) => (job.DueTime, job.DueHeight, job.Wake) = (time, height, time);

    private void Gain(string account, long amount) => Gains[account] = Gains.GetValueOrDefault(account) + amount;

    private void StakeGain(string account, UInt256 amount) => StakeGains[account] = StakeGains.GetValueOrDefault(account) + amount;
}
