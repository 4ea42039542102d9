using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Provider;

/// <summary>Sees to it that the chain knows the provider, its capacity and its prices as its options say.</summary>
internal static class Registration
{
    private const byte HighestTier = 3;

    /// <returns>The height of the registration.</returns>
    /// <exception cref="AivmException"><c>stake-too-low</c>, and what the chain refuses.</exception>
    public static async Task<ulong> EnsureAsync(Wallet wallet, ProviderOptions options, Action<ProviderEvent> report, CancellationToken cancellation)
    {
        var compute = new ComputeClient(wallet.Rpc);
        var status = await compute.FindProviderAsync(wallet.Address, cancellation);
        if (status is null)
        {
            var terms = await compute.GetTermsAsync(cancellation);
            if (options.Stake < terms.MinStake)
                throw new AivmException(Failure.Input, "stake-too-low", $"A provider stakes {terms.MinStake} wei or more, not {options.Stake}: say how much with --stake.");
            await wallet.SendAndWaitAsync(ComputeClient.Register((uint)options.Concurrency, options.AnswerSeconds, options.Stake), cancellation);
            report(new ProviderEvent(ProviderEventKind.Registered, 0, $"{options.Stake} wei of stake"));
            status = await compute.FindProviderAsync(wallet.Address, cancellation)
                ?? throw new AivmException(Failure.Environment, "node-answer-invalid", "The node does not know the provider that it has just registered.");
        }
        else if (status.MaxJobs != options.Concurrency || status.AnswerSeconds != options.AnswerSeconds)
        {
            await wallet.SendAndWaitAsync(ComputeClient.Configure((uint)options.Concurrency, options.AnswerSeconds), cancellation);
        }
        await WithdrawOthersAsync(wallet, compute, options, cancellation);
        await EnsureAsksAsync(wallet, options, report, cancellation);
        return status.RegisteredAt;
    }

    /// <summary>Asks again where an ask was changed, displaced, or withdrawn for silence.</summary>
    public static async Task EnsureAsksAsync(Wallet wallet, ProviderOptions options, Action<ProviderEvent> report, CancellationToken cancellation)
    {
        var compute = new ComputeClient(wallet.Rpc);
        foreach (var ask in options.Asks)
            await EnsureAskAsync(wallet, compute, ask, report, cancellation);
    }

    /// <summary>What we asked for before and do not offer any more.</summary>
    private static async Task WithdrawOthersAsync(Wallet wallet, ComputeClient compute, ProviderOptions options, CancellationToken cancellation)
    {
        foreach (var evidence in Enum.GetValues<JobEvidence>())
        {
            for (byte tier = 0; tier <= HighestTier; tier++)
            {
                if (!options.Asks.Any(ask => ask.Evidence == evidence && ask.Tier == tier)
                    && (await compute.ListAsksAsync(evidence, tier, cancellation)).Any(ask => ask.Provider == wallet.Address))
                    await wallet.SendAndWaitAsync(ComputeClient.WithdrawAsk(evidence, tier), cancellation);
            }
        }
    }

    private static async Task EnsureAskAsync(Wallet wallet, ComputeClient compute, ProviderAsk ask, Action<ProviderEvent> report, CancellationToken cancellation)
    {
        var standing = (await compute.ListAsksAsync(ask.Evidence, ask.Tier, cancellation)).FirstOrDefault(item => item.Provider == wallet.Address);
        if (standing is not null && standing.NextBasePrice == ask.BasePrice && standing.NextPricePerMgas == ask.PricePerMgas)
            return;
        await wallet.SendAndWaitAsync(ComputeClient.Ask(ask.Evidence, ask.Tier, ask.BasePrice, ask.PricePerMgas), cancellation);
        report(new ProviderEvent(ProviderEventKind.Asked, 0, $"{ask.Evidence}, tier {ask.Tier}: {ask.BasePrice} wei and {ask.PricePerMgas} per Mgas"));
    }
}
