using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>The methods that only read.</summary>
internal static class ReadCompute
{
    public static byte[] Provider(NativeCall call, AbiReader arguments)
    {
        var slots = ReadProvider(call, arguments, ComputeAbi.Provider);
        var (stake, reserved) = slots.Stake;
        var (unbonding, availableAt) = slots.Unbonding;
        var terms = slots.Terms;
        return ComputeAbi.Provider.BeginReturn()
            .WriteUInt(stake)
            .WriteUInt(reserved)
            .WriteUInt(unbonding)
            .WriteUInt(availableAt)
            .WriteUInt(terms.MaxJobs)
            .WriteUInt(terms.ActiveJobs)
            .WriteUInt(terms.AnswerSeconds)
            .WriteUInt(terms.Strikes)
            .WriteUInt(terms.RegisteredAt)
            .WriteUInt((ulong)slots.Facts.Reputation)
            .ToArray();
    }

    public static byte[] Record(NativeCall call, AbiReader arguments)
    {
        var facts = ReadProvider(call, arguments, ComputeAbi.Record).Facts;
        return ComputeAbi.Record.BeginReturn()
            .WriteUInt(facts.Succeeded)
            .WriteUInt(facts.Slow)
            .WriteUInt(facts.Missed)
            .WriteUInt(facts.Late)
            .WriteUInt(facts.Wrong)
            .WriteUInt(facts.TotalSeconds)
            .ToArray();
    }

    public static byte[] ProviderCount(NativeCall call, AbiReader arguments)
    {
        ContractErrors.RequireNoArguments(arguments, ComputeAbi.ProviderCount);
        return ComputeAbi.ProviderCount.BeginReturn().WriteUInt(ComputeStorage.ProviderCount(call)).ToArray();
    }

    public static byte[] ProviderAt(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadUInt256(out var index) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ComputeAbi.ProviderAt);
        var count = ComputeStorage.ProviderCount(call);
        if (index >= count)
            throw ComputeErrors.NoSuchIndex(count);
        return ComputeAbi.ProviderAt.BeginReturn().WriteAddress(ComputeStorage.ProviderAt(call, index)).ToArray();
    }

    public static byte[] AskCount(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadUInt(8, out var evidence) || !arguments.TryReadUInt(8, out var tier) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ComputeAbi.AskCount);
        var asks = ComputeStorage.Asks(call, AskClass.Read((byte)(ulong)evidence, (byte)(ulong)tier));
        return ComputeAbi.AskCount.BeginReturn().WriteUInt((ulong)asks.Count).ToArray();
    }

    public static byte[] AskAt(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadUInt(8, out var evidence) || !arguments.TryReadUInt(8, out var tier) || !arguments.TryReadUInt256(out var index) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ComputeAbi.AskAt);
        var asks = ComputeStorage.Asks(call, AskClass.Read((byte)(ulong)evidence, (byte)(ulong)tier));
        var count = asks.Count;
        if (index >= (ulong)count)
            throw ComputeErrors.NoSuchIndex((ulong)count);
        var ask = asks.Read((int)(ulong)index);
        var current = ask.At(call.Block.Number) ?? default;
        return ComputeAbi.AskAt.BeginReturn()
            .WriteAddress(ask.Provider)
            .WriteUInt(current.Base)
            .WriteUInt(current.PerMgas)
            .WriteUInt(ask.EffectiveAt)
            .WriteUInt(ask.Price.Base)
            .WriteUInt(ask.Price.PerMgas)
            .ToArray();
    }

    public static byte[] TierOf(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadUInt64(out var gas) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ComputeAbi.TierOf);
        return ComputeAbi.TierOf.BeginReturn().WriteUInt((ulong)AskClass.TierOf(gas)).ToArray();
    }

    public static byte[] Rules(NativeCall call, AbiReader arguments)
    {
        ContractErrors.RequireNoArguments(arguments, ComputeAbi.Rules);
        var rules = call.Block.Genesis.Market;
        return ComputeAbi.Rules.BeginReturn()
            .WriteUInt(rules.MinStake)
            .WriteUInt(rules.AcceptSeconds)
            .WriteUInt(rules.AcceptBlocks)
            .WriteUInt(rules.DeadlineBlocks)
            .WriteUInt(rules.ChallengeSeconds)
            .WriteUInt(rules.UnbondingSeconds)
            .ToArray();
    }

    private static ProviderSlots ReadProvider(NativeCall call, AbiReader arguments, AbiFunction function)
    {
        if (!arguments.TryReadAddress(out var provider) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(function);
        return ComputeStorage.Provider(call, provider);
    }
}
