using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>A provider as the chain has it now.</summary>
/// <param name="Reserved">Of the stake, what stands behind jobs; in wei.</param>
/// <param name="AnswerSeconds">From acceptance to answer, as promised.</param>
/// <param name="RegisteredAt">Height.</param>
/// <param name="Reputation">0 to 10,000.</param>
public sealed record ProviderStatus(
    UInt256 Stake, UInt256 Reserved, UInt256 Unbonding, ulong UnbondedAt, uint MaxJobs, uint ActiveJobs, uint AnswerSeconds, byte Strikes,
    ulong RegisteredAt, ushort Reputation);

/// <summary>What the chain saw of a provider.</summary>
public sealed record ProviderRecord(uint Succeeded, uint Slow, uint Missed, uint Late, uint Wrong, ulong TotalSeconds);

/// <summary>The market's rules.</summary>
public sealed record MarketTerms(UInt256 MinStake, ulong AcceptSeconds, ulong AcceptBlocks, ulong DeadlineBlocks, ulong ChallengeSeconds, ulong UnbondingSeconds);

/// <summary>A standing ask.</summary>
public sealed record StandingAsk(Address Provider, UInt256 BasePrice, UInt256 PricePerMgas, ulong EffectiveAt, UInt256 NextBasePrice, UInt256 NextPricePerMgas);

/// <summary>The Compute contract: reads it, and makes the transactions of providers.</summary>
public sealed class ComputeClient(RpcClient rpc)
{
    /// <summary>What a caller asks a node for one by one has to end, whatever the node says.</summary>
    private const ulong MaxProviders = 10_000;

    /// <summary>The chain keeps no more of a class.</summary>
    private const ulong MaxAsks = 64;

    private static readonly AbiError NotAProvider = ComputeInterface.Errors.Single(error => error.Name == "NotAProvider");

    /// <returns>Null where the account is no provider.</returns>
    public async Task<ProviderStatus?> FindProviderAsync(Address provider, CancellationToken cancellation = default)
    {
        byte[] data;
        try
        {
            data = await CallAsync(ComputeInterface.Provider.BeginCall().WriteAddress(provider), cancellation);
        }
        catch (RpcException exception) when (AbiSelector.TrySplit(exception.RevertData.Span, out var selector, out _) && selector == NotAProvider.Selector)
        {
            return null;
        }
        var reader = new AbiReader(data);
        return reader.TryReadUInt256(out var stake) && reader.TryReadUInt256(out var reserved) && reader.TryReadUInt256(out var unbonding)
            && reader.TryReadUInt64(out var unbondedAt) && reader.TryReadUInt32(out var maxJobs) && reader.TryReadUInt32(out var activeJobs)
            && reader.TryReadUInt32(out var answerSeconds) && reader.TryReadUInt32(out var strikes) && reader.TryReadUInt64(out var registeredAt)
            && reader.TryReadUInt32(out var reputation) && reader.TryEnd()
            ? new ProviderStatus(
                stake, reserved, unbonding, unbondedAt, maxJobs, activeJobs, answerSeconds, (byte)strikes, registeredAt, (ushort)reputation)
            : throw ModelsClient.Malformed(ComputeInterface.Provider);
    }

    public async Task<ProviderRecord> GetRecordAsync(Address provider, CancellationToken cancellation = default)
    {
        var reader = new AbiReader(await CallAsync(ComputeInterface.Record.BeginCall().WriteAddress(provider), cancellation));
        return reader.TryReadUInt32(out var succeeded) && reader.TryReadUInt32(out var slow) && reader.TryReadUInt32(out var missed)
            && reader.TryReadUInt32(out var late) && reader.TryReadUInt32(out var wrong) && reader.TryReadUInt64(out var seconds) && reader.TryEnd()
            ? new ProviderRecord(succeeded, slow, missed, late, wrong, seconds)
            : throw ModelsClient.Malformed(ComputeInterface.Record);
    }

    public async Task<MarketTerms> GetTermsAsync(CancellationToken cancellation = default)
    {
        var reader = new AbiReader(await CallAsync(ComputeInterface.Rules.BeginCall(), cancellation));
        return reader.TryReadUInt256(out var minStake) && reader.TryReadUInt64(out var acceptSeconds) && reader.TryReadUInt64(out var acceptBlocks)
            && reader.TryReadUInt64(out var deadlineBlocks) && reader.TryReadUInt64(out var challengeSeconds) && reader.TryReadUInt64(out var unbondingSeconds)
            && reader.TryEnd()
            ? new MarketTerms(minStake, acceptSeconds, acceptBlocks, deadlineBlocks, challengeSeconds, unbondingSeconds)
            : throw ModelsClient.Malformed(ComputeInterface.Rules);
    }

    /// <summary>The first 10,000.</summary>
    public async Task<IReadOnlyList<Address>> ListProvidersAsync(CancellationToken cancellation = default)
    {
        var reader = new AbiReader(await CallAsync(ComputeInterface.ProviderCount.BeginCall(), cancellation));
        if (!reader.TryReadUInt64(out var count) || !reader.TryEnd())
            throw ModelsClient.Malformed(ComputeInterface.ProviderCount);
        List<Address> providers = [];
        for (var i = 0UL; i < Math.Min(count, MaxProviders); i++)
        {
            var element = new AbiReader(await CallAsync(ComputeInterface.ProviderAt.BeginCall().WriteUInt(i), cancellation));
            providers.Add(element.TryReadAddress(out var provider) ? provider : throw ModelsClient.Malformed(ComputeInterface.ProviderAt));
        }
        return providers;
    }

    /// <summary>All asks of a class, as they stand after one block: an ask that comes or goes meanwhile moves the others.</summary>
    public async Task<IReadOnlyList<StandingAsk>> ListAsksAsync(JobEvidence evidence, byte tier, CancellationToken cancellation = default)
    {
        var block = await rpc.GetBlockNumberAsync(cancellation);
        var reader = new AbiReader(await CallAsync(ComputeInterface.AskCount.BeginCall().WriteUInt((ulong)evidence).WriteUInt((ulong)tier), cancellation, block));
        if (!reader.TryReadUInt64(out var count) || !reader.TryEnd())
            throw ModelsClient.Malformed(ComputeInterface.AskCount);
        List<StandingAsk> asks = [];
        for (var i = 0UL; i < Math.Min(count, MaxAsks); i++)
        {
            var call = ComputeInterface.AskAt.BeginCall().WriteUInt((ulong)evidence).WriteUInt((ulong)tier).WriteUInt(i);
            var element = new AbiReader(await CallAsync(call, cancellation, block));
            asks.Add(element.TryReadAddress(out var provider) && element.TryReadUInt256(out var basePrice) && element.TryReadUInt256(out var perMgas)
                && element.TryReadUInt64(out var effectiveAt) && element.TryReadUInt256(out var nextBase) && element.TryReadUInt256(out var nextPerMgas)
                ? new StandingAsk(provider, basePrice, perMgas, effectiveAt, nextBase, nextPerMgas)
                : throw ModelsClient.Malformed(ComputeInterface.AskAt));
        }
        return asks;
    }

    public static TransactionRequest Register(uint maxJobs, uint answerSeconds, UInt256 stake) =>
        Send(ComputeInterface.Register.BeginCall().WriteUInt(maxJobs).WriteUInt(answerSeconds)) with { Value = stake };

    public static TransactionRequest Configure(uint maxJobs, uint answerSeconds) =>
        Send(ComputeInterface.Configure.BeginCall().WriteUInt(maxJobs).WriteUInt(answerSeconds));

    public static TransactionRequest AddStake(UInt256 amount) => Send(ComputeInterface.AddStake.BeginCall()) with { Value = amount };

    public static TransactionRequest Unbond(UInt256 amount) => Send(ComputeInterface.Unbond.BeginCall().WriteUInt(amount));

    public static TransactionRequest Withdraw() => Send(ComputeInterface.Withdraw.BeginCall());

    public static TransactionRequest Ask(JobEvidence evidence, byte tier, UInt256 basePrice, UInt256 pricePerMgas) => Send(
        ComputeInterface.Ask.BeginCall().WriteUInt((ulong)evidence).WriteUInt((ulong)tier).WriteUInt(basePrice).WriteUInt(pricePerMgas));

    public static TransactionRequest WithdrawAsk(JobEvidence evidence, byte tier) =>
        Send(ComputeInterface.WithdrawAsk.BeginCall().WriteUInt((ulong)evidence).WriteUInt((ulong)tier));

    private Task<byte[]> CallAsync(AbiWriter data, CancellationToken cancellation, ulong? block = null) =>
        rpc.CallAsync(new CallRequest { To = ComputeInterface.Contract, Data = data.ToArray(), Block = block }, cancellation);

    private static TransactionRequest Send(AbiWriter data) => new() { To = ComputeInterface.Contract, Data = data.ToArray() };
}
