using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>Why an ask stands no longer.</summary>
public enum AskEnd : byte
{
    /// <summary>Its provider took it back.</summary>
    Withdrawn = 0,
    /// <summary>The class was full, and a cheaper one came.</summary>
    Displaced = 1,
    /// <summary>Its provider missed too many acceptances in a row.</summary>
    Struck = 2,
    /// <summary>Its provider has less than the least stake.</summary>
    Unbacked = 3,
}

/// <summary>
/// <c>ask(uint8 evidence, uint8 tier, uint96 basePrice, uint96 pricePerMgas)</c> and <c>withdrawAsk</c>. A class has
/// <see cref="ComputeParameters.AsksPerClass"/> seats; when they are taken, a newcomer takes the dearest one's by asking for less.
/// </summary>
internal static class ManageAsk
{
    public static byte[] Ask(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadUInt(8, out var evidence) || !arguments.TryReadUInt(8, out var tier) || !arguments.TryReadUInt(AskPrice.Bits, out var basePrice)
            || !arguments.TryReadUInt(AskPrice.Bits, out var perMgas) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ComputeAbi.Ask);
        var asked = AskClass.Read((byte)(ulong)evidence, (byte)(ulong)tier);
        var provider = ComputeStorage.Provider(call, call.Caller);
        var minStake = call.Block.Genesis.Market.MinStake;
        if (provider.Stake.Total < minStake)
            throw ComputeErrors.StakeTooLow(provider.Stake.Total, minStake);

        var price = new AskPrice(basePrice, perMgas);
        var effectiveAt = call.Block.Number + ComputeParameters.AskDelay;
        Place(call, asked, price, effectiveAt);
        call.Log(
            ComputeAbi.AskChanged,
            ComputeAbi.AskChanged.BeginData().WriteUInt(basePrice).WriteUInt(perMgas).WriteUInt(effectiveAt),
            AbiEvent.TopicOf(call.Caller), AbiEvent.TopicOf(evidence), AbiEvent.TopicOf(tier));
        return ComputeAbi.Ask.BeginReturn().WriteUInt(effectiveAt).ToArray();
    }

    public static byte[] Withdraw(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadUInt(8, out var evidence) || !arguments.TryReadUInt(8, out var tier) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ComputeAbi.WithdrawAsk);
        var asked = AskClass.Read((byte)(ulong)evidence, (byte)(ulong)tier);
        if (!TryRemove(call, asked, call.Caller, AskEnd.Withdrawn))
            throw ComputeErrors.AskNotFound(asked);
        return [];
    }

    /// <summary>Takes all asks of a provider back.</summary>
    public static void RemoveAll(NativeCall compute, Address provider, AskEnd reason)
    {
        foreach (var asked in AskClass.All)
            TryRemove(compute, asked, provider, reason);
    }

    /// <summary>Asks stand only while the least stake is behind them: otherwise seats would be held for nothing.</summary>
    public static void RemoveUnbacked(NativeCall compute, Address provider, UInt256 stakeBefore, UInt256 stake)
    {
        var least = compute.Block.Genesis.Market.MinStake;
        if (stakeBefore >= least && stake < least)
            RemoveAll(compute, provider, AskEnd.Unbacked);
    }

    private static void Place(NativeCall call, AskClass asked, AskPrice price, ulong effectiveAt)
    {
        var asks = ComputeStorage.Asks(call, asked);
        var seat = ComputeStorage.Seat(call, asked, call.Caller);
        var place = (int)(ulong)call.Read(seat) - 1;
        if (place >= 0)
        {
            var standing = asks.Read(place);
            asks.Write(place, new Ask(call.Caller, effectiveAt, standing.At(call.Block.Number) ?? default, price));
            return;
        }
        var count = asks.Count;
        if (count == ComputeParameters.AsksPerClass)
        {
            Displace(call, asked, asks, price);
            count--;
        }
        asks.Add(new Ask(call.Caller, effectiveAt, Before: default, price));
        call.Write(seat, (ulong)(count + 1));
    }

    private static void Displace(NativeCall call, AskClass asked, AskList asks, AskPrice price)
    {
        var dearest = asks.Read(0);
        for (var i = 1; i < ComputeParameters.AsksPerClass; i++)
        {
            var ask = asks.Read(i);
            if (CostOf(ask.Price) > CostOf(dearest.Price))
                dearest = ask;
        }
        if (CostOf(price) >= CostOf(dearest.Price))
            throw ComputeErrors.ClassFull(dearest.Price);
        TryRemove(call, asked, dearest.Provider, AskEnd.Displaced);

        UInt256 CostOf(AskPrice compared) => compared.Scaled(asked.HeaviestRun);
    }

    /// <summary>The last ask takes the place of the one that goes.</summary>
    private static bool TryRemove(NativeCall compute, AskClass asked, Address provider, AskEnd reason)
    {
        var seat = ComputeStorage.Seat(compute, asked, provider);
        var place = (int)(ulong)compute.Read(seat) - 1;
        if (place < 0)
            return false;
        var asks = ComputeStorage.Asks(compute, asked);
        var last = asks.Count - 1;
        if (place != last)
        {
            var moved = asks.Read(last);
            asks.Write(place, moved);
            compute.Write(ComputeStorage.Seat(compute, asked, moved.Provider), (ulong)(place + 1));
        }
        asks.RemoveLast();
        compute.Write(seat, UInt256.Zero);
        compute.Log(
            ComputeAbi.AskWithdrawn, ComputeAbi.AskWithdrawn.BeginData().WriteUInt((ulong)reason),
            AbiEvent.TopicOf(provider), AbiEvent.TopicOf((ulong)asked.Evidence), AbiEvent.TopicOf((ulong)asked.Tier));
        return true;
    }
}
