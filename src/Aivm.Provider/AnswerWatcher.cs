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
public sealed class AnswerWatcher
{
    private readonly Wallet _wallet;
    private readonly ProviderOptions _options;
    private readonly double _fraction;
    private readonly Random _random;
    private readonly Action<ProviderEvent> _observer;
    private readonly JobsClient _jobs;
    private readonly ModelsClient _models;
    private readonly ProviderFiles _files;
    private readonly ModelShelf _shelf;

    /// <param name="fraction">Of the answers, 0 to 1.</param>
    /// <param name="seed">Of the draw; others must not know it.</param>
    public AnswerWatcher(Wallet wallet, ProviderOptions options, double fraction, int seed, Action<ProviderEvent>? observer = null)
    {
        (_wallet, _options, _fraction, _random, _observer) = (wallet, options, fraction, new Random(seed), observer ?? (_ => { }));
        (_jobs, _models, _files) = (new JobsClient(wallet.Rpc), new ModelsClient(wallet.Rpc), new ProviderFiles(options.Directory, options.DiskBytes));
        _shelf = new ModelShelf(wallet.Rpc, _files, options, _ => { });
    }

    /// <summary>Looks at all answers of a span of blocks.</summary>
    public async Task<WatchResult> WatchAsync(ulong fromBlock, ulong toBlock, CancellationToken cancellation = default)
    {
        var (examined, skipped) = (0, 0);
        List<ulong> wrong = [];
        foreach (var answer in await _jobs.GetAnswersAsync(fromBlock, toBlock, cancellation))
        {
            if (_random.NextDouble() >= _fraction)
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
            _observer(new ProviderEvent(ProviderEventKind.Retry, answer.Job, $"{exception.Error.Code}: {exception.Message}"));
            return null;
        }
        finally
        {
            _files.Forget(answer.Job);
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
        if (await TryRunAsync(status, request.Input, cancellation) is not { } own)
            return null;
        if (OutputNumbers.HashOf(own.Outputs) == status.OutputHash)
            return true;
        await ChallengeAsync(answer.Job, request.Input, own, cancellation);
        return false;
    }

    private sealed record OwnRun(IntegerModel Model, long[] Outputs);

    /// <returns>Null where the model or the input is none that can be run here.</returns>
    private async Task<OwnRun?> TryRunAsync(JobStatus job, byte[] input, CancellationToken cancellation)
    {
        try
        {
            return await _shelf.TakeAsync(job.Model, job.Job, cancellation) is IntegerModel model ? new OwnRun(model, Runner.Run(model, input)) : null;
        }
        catch (JobRefusal)
        {
            return null;
        }
    }

    private async Task ChallengeAsync(ulong job, byte[] input, OwnRun own, CancellationToken cancellation)
    {
        try
        {
            var challenge = await TryEstimateAsync(JobsClient.ChallengeByReplay(job, Hash256.Zero, input), cancellation)
                ?? await TryEstimateAsync(await ProveAsync(job, input, own, cancellation), cancellation)
                ?? throw new JobRefusal("challenge-too-dear", "neither a run of the model nor the verification of its proof fits into a transaction");
            await _wallet.SendAndWaitAsync(challenge, cancellation);
            _observer(new ProviderEvent(ProviderEventKind.Challenged, job, "the model gives another output"));
        }
        catch (JobRefusal refusal)
        {
            _observer(new ProviderEvent(ProviderEventKind.Lost, job, $"the model gives another output, which nobody can show: {refusal.Reason}"));
        }
        catch (AivmException exception) when (exception is RpcException { IsRevert: true } || exception.Error.Code == "transaction-reverted")
        {
            // Somebody else was first.
            _observer(new ProviderEvent(ProviderEventKind.Lost, job, exception.Message));
        }
    }

    /// <returns>The request with its gas; null where it runs out of all the gas that a transaction may have.</returns>
    private async Task<TransactionRequest?> TryEstimateAsync(TransactionRequest request, CancellationToken cancellation) =>
        await _wallet.TryEstimateGasAsync(request, cancellation) is { } gas ? request with { GasLimit = gas } : null;

    /// <summary>Seconds of work for a model of some size: for runs alone that no transaction takes.</summary>
    private async Task<TransactionRequest> ProveAsync(ulong job, byte[] input, OwnRun own, CancellationToken cancellation)
    {
        var chainId = await _wallet.Rpc.GetChainIdAsync(cancellation);
        var proof = await Task.Run(() => ProofMaker.Prove(own.Model, chainId, job, _wallet.Address, input, own.Outputs, _options.ProofThreads), cancellation);
        return JobsClient.ChallengeByProof(job, Hash256.Zero, input, own.Outputs, Hash256.Zero, proof);
    }
}
