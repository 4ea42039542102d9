using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Provider;

/// <param name="Checked">Answers that were run again.</param>
/// <param name="Skipped">Answers that cannot be checked from outside, or were not drawn.</param>
public sealed record WatchResult(ulong NextBlock, int Checked, int Skipped, IReadOnlyList<ulong> Wrong);

/// <summary>
/// Runs a random sample of public answers again, and challenges those that are wrong. Whoever does it is paid half of what the liar loses, and is why
/// answers without a proof can be believed at all.
/// </summary>
/// <param name="fraction">Of the answers, 0 to 1.</param>
/// <param name="seed">Of the draw; others must not know it.</param>
public sealed class AnswerWatcher(Wallet wallet, ProviderOptions options, double fraction, int seed, Action<ProviderEvent>? observer = null)
{
    private readonly JobsClient _jobs = new(wallet.Rpc);
    private readonly ModelsClient _models = new(wallet.Rpc);
    private readonly ModelShelf _shelf = new(wallet.Rpc, new ProviderFiles(options.Directory, options.DiskBytes), options, _ => { });
    private readonly Random _random = new(seed);

    /// <summary>Looks at all answers of a span of blocks.</summary>
    public async Task<WatchResult> WatchAsync(ulong fromBlock, ulong toBlock, CancellationToken cancellation = default)
    {
        var (examined, skipped) = (0, 0);
        List<ulong> wrong = [];
        foreach (var answer in await _jobs.GetAnswersAsync(fromBlock, toBlock, cancellation))
        {
            if (_random.NextDouble() >= fraction)
            {
                skipped++;
                continue;
            }
            switch (await CheckAsync(answer, cancellation))
            {
                case true:
                    examined++;
                    break;
                case false:
                    examined++;
                    wrong.Add(answer.Job);
                    break;
                default:
                    skipped++;
                    break;
            }
        }
        return new WatchResult(toBlock + 1, examined, skipped, wrong);
    }

    /// <summary>One that fails does not end the watch.</summary>
    /// <returns>Whether the answer is right; null where it cannot be said, or it is too late.</returns>
    private async Task<bool?> CheckAsync(AnsweredJob answer, CancellationToken cancellation)
    {
        try
        {
            return await RunAgainAsync(answer, cancellation);
        }
        catch (AivmException exception)
        {
            observer?.Invoke(new ProviderEvent(ProviderEventKind.Retry, answer.Job, $"{exception.Error.Code}: {exception.Message}"));
            return null;
        }
    }

    private async Task<bool?> RunAgainAsync(AnsweredJob answer, CancellationToken cancellation)
    {
        var status = await _jobs.GetAsync(answer.Job, cancellation);
        if (status.State != JobState.Answered || status.InputKind != JobInputKind.Public
            || await _jobs.FindLatestRequestAsync(answer.Job, cancellation) is not { } request)
            return null;
        // Nothing that the chain does not hold can be challenged.
        if ((await _models.GetInfoAsync(status.Model, cancellation)).IsOffChain)
            return null;
        try
        {
            var outputs = Runner.Run(await _shelf.TakeAsync(status.Model, answer.Job, cancellation), request.Input);
            if (OutputNumbers.HashOf(outputs) == status.OutputHash)
                return true;
        }
        catch (JobRefusal)
        {
            return null;
        }
        await ChallengeAsync(answer.Job, request.Input, cancellation);
        return false;
    }

    private async Task ChallengeAsync(ulong job, byte[] input, CancellationToken cancellation)
    {
        try
        {
            await wallet.SendAndWaitAsync(JobsClient.ChallengeByReplay(job, Hash256.Zero, input), cancellation);
            observer?.Invoke(new ProviderEvent(ProviderEventKind.Challenged, job, "the model gives another output"));
        }
        catch (AivmException exception) when (exception is RpcException { IsRevert: true } || exception.Error.Code == "transaction-reverted")
        {
            // Somebody else was first.
            observer?.Invoke(new ProviderEvent(ProviderEventKind.Lost, job, exception.Message));
        }
    }
}
