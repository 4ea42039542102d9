using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary><c>register(uint32 maxJobs, uint32 answerSeconds)</c> against a stake, and <c>configure</c> afterwards.</summary>
internal static class RegisterProvider
{
    public static byte[] Register(NativeCall call, AbiReader arguments)
    {
        var (maxJobs, answerSeconds) = ReadTerms(arguments, ComputeAbi.Register);
        var slots = ComputeStorage.FindProvider(call, call.Caller);
        if (slots.Exists)
            throw ComputeErrors.AlreadyRegistered();
        var minStake = call.Block.Genesis.Market.MinStake;
        if (call.Frame.Value < minStake)
            throw ComputeErrors.StakeTooLow(call.Frame.Value, minStake);
        slots.Terms = new ProviderTerms(maxJobs, ActiveJobs: 0, answerSeconds, Strikes: 0, call.Block.Number);
        slots.Stake = (call.Frame.Value, UInt256.Zero);
        ComputeStorage.AddToList(call, call.Caller);
        call.Log(ComputeAbi.ProviderRegistered, ComputeAbi.ProviderRegistered.BeginData().WriteUInt(call.Frame.Value), AbiEvent.TopicOf(call.Caller));
        LogTerms(call, maxJobs, answerSeconds);
        return [];
    }

    public static byte[] Configure(NativeCall call, AbiReader arguments)
    {
        var (maxJobs, answerSeconds) = ReadTerms(arguments, ComputeAbi.Configure);
        var slots = ComputeStorage.Provider(call, call.Caller);
        slots.Terms = slots.Terms with { MaxJobs = maxJobs, AnswerSeconds = answerSeconds };
        LogTerms(call, maxJobs, answerSeconds);
        return [];
    }

    private static (uint MaxJobs, uint AnswerSeconds) ReadTerms(AbiReader arguments, AbiFunction function)
    {
        if (!arguments.TryReadUInt32(out var maxJobs) || !arguments.TryReadUInt32(out var answerSeconds) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(function);
        if (maxJobs is 0 or > ComputeParameters.MaxJobs)
            throw ComputeErrors.InvalidCapacity(maxJobs);
        if (answerSeconds is 0 or > ComputeParameters.MaxAnswerSeconds)
            throw ComputeErrors.InvalidAnswerTime(answerSeconds);
        return (maxJobs, answerSeconds);
    }

    private static void LogTerms(NativeCall call, uint maxJobs, uint answerSeconds) => call.Log(
        ComputeAbi.ProviderConfigured, ComputeAbi.ProviderConfigured.BeginData().WriteUInt(maxJobs).WriteUInt(answerSeconds), AbiEvent.TopicOf(call.Caller));
}
