using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>What a provider can be punished for: each is a fact that every validator computes.</summary>
public enum Fault : byte
{
    /// <summary>Offers left without an answer, <see cref="ComputeParameters.MaxStrikes"/> in a row.</summary>
    Unresponsive = 1,
    /// <summary>A job accepted and not answered by its deadline.</summary>
    Late = 2,
    /// <summary>An answer that is not what the model gives.</summary>
    WrongAnswer = 3,
}

/// <summary>What jobs do to the stake and the record of their providers. The Jobs contract calls it, on the Compute contract's account.</summary>
internal static class ProviderLedger
{
    /// <summary>What stands behind one job.</summary>
    public static UInt256 ReservationFor(MarketRules rules, UInt256 price)
    {
        var least = rules.MinStake / ComputeParameters.ReservationDivisor;
        var prices = price * ComputeParameters.ReservedPrices;
        return prices > least ? prices : least;
    }

    /// <summary>Whether a provider can take one more job: time enough for what it promises, enough stake, of it enough free, and a place.</summary>
    /// <param name="seconds">From the last moment to accept to the deadline.</param>
    public static bool CanTake(NativeCall compute, Address provider, UInt256 reservation, ulong seconds)
    {
        var slots = ComputeStorage.FindProvider(compute, provider);
        var terms = slots.Terms;
        if (terms.AnswerSeconds > seconds || terms.ActiveJobs >= terms.MaxJobs)
            return false;
        var (total, reserved) = slots.Stake;
        return total >= compute.Block.Genesis.Market.MinStake && total - reserved >= reservation;
    }

    /// <summary>A job is offered: its place and its reservation are taken.</summary>
    /// <returns>The seconds from acceptance to answer that the provider promises now.</returns>
    public static uint Take(NativeCall compute, Address provider, UInt256 reservation)
    {
        var slots = ComputeStorage.Provider(compute, provider);
        var (total, reserved) = slots.Stake;
        slots.Stake = (total, reserved + reservation);
        var terms = slots.Terms;
        slots.Terms = terms with { ActiveJobs = terms.ActiveJobs + 1 };
        return terms.AnswerSeconds;
    }

    /// <summary>The work is over. Its reservation may last longer.</summary>
    public static void LeavePlace(NativeCall compute, Address provider)
    {
        var slots = ComputeStorage.Provider(compute, provider);
        var terms = slots.Terms;
        slots.Terms = terms with { ActiveJobs = terms.ActiveJobs - 1 };
    }

    public static void Release(NativeCall compute, Address provider, UInt256 reservation)
    {
        var slots = ComputeStorage.Provider(compute, provider);
        var (total, reserved) = slots.Stake;
        slots.Stake = (total, reserved - reservation);
    }

    /// <summary>An offer was taken up: the provider is there.</summary>
    public static void Answered(NativeCall compute, Address provider)
    {
        var slots = ComputeStorage.Provider(compute, provider);
        var terms = slots.Terms;
        if (terms.Strikes != 0)
            slots.Terms = terms with { Strikes = 0 };
    }

    public static void Succeeded(NativeCall compute, Address provider, ulong seconds, bool isSlow)
    {
        var slots = ComputeStorage.Provider(compute, provider);
        slots.Facts = slots.Facts.WithSuccess(seconds, isSlow);
    }

    /// <summary>An offer passed in silence; the last of several in a row costs stake and all asks.</summary>
    public static void Missed(NativeCall compute, Address provider, ulong job)
    {
        var slots = ComputeStorage.Provider(compute, provider);
        slots.Facts = slots.Facts.WithMissed();
        var terms = slots.Terms;
        var strikes = (byte)(terms.Strikes + 1);
        slots.Terms = terms with { Strikes = strikes };
        if (strikes < ComputeParameters.MaxStrikes)
            return;
        slots.Terms = slots.Terms with { Strikes = 0 };
        ManageAsk.RemoveAll(compute, provider, AskEnd.Struck);
        Slash(compute, provider, Fault.Unresponsive, job, compute.Block.Genesis.Market.MinStake / ComputeParameters.StrikesSlashDivisor, beneficiary: null);
    }

    /// <summary>A deadline passed after the acceptance: part of the reservation is lost, half of it to the caller.</summary>
    public static void Late(NativeCall compute, Address provider, ulong job, UInt256 reservation, Address caller)
    {
        var slots = ComputeStorage.Provider(compute, provider);
        slots.Facts = slots.Facts.WithLate();
        Slash(compute, provider, Fault.Late, job, reservation / ComputeParameters.LateSlashDivisor, caller);
    }

    /// <summary>A challenge was right: the whole reservation is lost, half of it to the challenger.</summary>
    /// <returns>The challenger's half.</returns>
    public static UInt256 Wrong(NativeCall compute, Address provider, ulong job, UInt256 reservation, Address challenger)
    {
        var slots = ComputeStorage.Provider(compute, provider);
        slots.Facts = slots.Facts.WithWrong();
        return Slash(compute, provider, Fault.WrongAnswer, job, reservation, challenger);
    }

    /// <summary>
    /// Takes stake that is not reserved for another job. At least half of it is burned, so that nobody gains by being punished at his own hands.
    /// </summary>
    /// <returns>The beneficiary's part.</returns>
    private static UInt256 Slash(NativeCall compute, Address provider, Fault fault, ulong job, UInt256 amount, Address? beneficiary)
    {
        var slots = ComputeStorage.Provider(compute, provider);
        var (total, reserved) = slots.Stake;
        var free = total - reserved;
        amount = amount > free ? free : amount;
        slots.Stake = (total - amount, reserved);
        var reward = beneficiary is null ? UInt256.Zero : amount / 2;
        if (beneficiary is { } account)
            compute.Pay(account, reward);
        compute.Burn(amount - reward);
        compute.Log(
            ComputeAbi.ProviderSlashed,
            ComputeAbi.ProviderSlashed.BeginData().WriteUInt(amount).WriteAddress(beneficiary ?? default).WriteUInt(reward),
            AbiEvent.TopicOf(provider), AbiEvent.TopicOf((ulong)fault), AbiEvent.TopicOf(job));
        ManageAsk.RemoveUnbacked(compute, provider, total, total - amount);
        return reward;
    }
}
