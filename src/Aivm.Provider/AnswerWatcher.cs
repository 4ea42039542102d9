using System.Diagnostics;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Provider;

/// <param name="NextBlock">Where to go on: the span may have been too full for one look.</param>
/// <param name="Checked">Answers that were run again.</param>
/// <param name="Skipped">Answers that cannot be checked from outside, or were not drawn.</param>
public sealed record WatchResult(ulong NextBlock, int Checked, int Skipped, IReadOnlyList<ulong> Wrong);

/// <summary>
/// Runs a random sample of public answers again, and challenges those that are wrong. Whoever does it is paid half of what the liar loses, and is why
/// answers without a proof can be believed at all.
/// </summary>
public sealed class AnswerWatcher : IDisposable
{
    private const ulong BlocksAtOnce = 5_000;

    /// <summary>Answers that wait for another try: more than a challenge window brings, unless the node answers nothing.</summary>
    private const int MostWaiting = 10_000;

    private readonly Wallet _wallet;
    private readonly ProviderOptions _options;
    private readonly double _fraction;
    private readonly Random _random;
    private readonly Action<ProviderEvent> _observer;
    private readonly JobsClient _jobs;
    private readonly ModelsClient _models;
    private readonly ProviderFiles _files;
    private readonly IDisposable _alone;
    private readonly ModelShelf _shelf;
    private readonly SortedDictionary<ulong, WaitingAnswer> _waiting = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private ulong _window = BlocksAtOnce;

    /// <summary>Each failure doubles the pause before the next try: a run, and a proof, are work.</summary>
    private sealed class WaitingAnswer(AnsweredJob answer)
    {
        private const int MostDoublings = 6;

        private int _failures;

        public AnsweredJob Answer => answer;

        /// <summary>Our own run says so. A challenge whose fate we were not told may have been mined.</summary>
        public bool IsWrong { get; set; }

        /// <summary>By the watcher's clock.</summary>
        public TimeSpan NotBefore { get; private set; }

        public void Failed(TimeSpan now, TimeSpan pause) => NotBefore = now + (pause * (1 << Math.Min(_failures++, MostDoublings)));
    }

    /// <param name="fraction">Of the answers, 0 to 1.</param>
    /// <param name="seed">Of the draw; others must not know it.</param>
    /// <exception cref="AivmException"><c>provider-running</c>: a daemon works in this directory.</exception>
    public AnswerWatcher(Wallet wallet, ProviderOptions options, double fraction, int seed, Action<ProviderEvent>? observer = null)
    {
        (_wallet, _options, _fraction, _random, _observer) = (wallet, options, fraction, new Random(seed), observer ?? (_ => { }));
        (_jobs, _models, _files) = (new JobsClient(wallet.Rpc), new ModelsClient(wallet.Rpc), new ProviderFiles(options.Directory, options.DiskBytes));
        _alone = _files.Lock();
        _shelf = new ModelShelf(wallet.Rpc, _files, options, _ => { });
    }

    /// <summary>After the first failure of a check. The time of a test's chain may run faster than the clock.</summary>
    internal TimeSpan RetryPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Answers that were drawn and could not be checked yet: the node was away, or a challenge was not mined.</summary>
    public IReadOnlyCollection<ulong> Waiting => _waiting.Keys;

    public void Dispose()
    {
        _shelf.Dispose();
        _alone.Dispose();
    }

    /// <summary>Looks at the answers of a span of blocks, or of its first part, and again at those that wait.</summary>
    public async Task<WatchResult> WatchAsync(ulong fromBlock, ulong toBlock, CancellationToken cancellation = default)
    {
        var (answers, next) = await GetAnswersAsync(fromBlock, toBlock, cancellation);
        var skipped = 0;
        foreach (var answer in answers)
        {
            if (_random.NextDouble() < _fraction)
                Keep(answer);
            else
                skipped++;
        }
        var waited = await CheckWaitingAsync(cancellation);
        return new WatchResult(next, waited.Checked, skipped + waited.Skipped, waited.Wrong);
    }

    /// <summary>Looks again at the answers that wait, until they are checked or their time is over.</summary>
    /// <returns>Its next block is 0.</returns>
    public async Task<WatchResult> CheckWaitingAsync(CancellationToken cancellation = default)
    {
        var (examined, skipped) = (0, 0);
        List<ulong> wrong = [];
        foreach (var waiting in _waiting.Values.Where(waiting => waiting.NotBefore <= _clock.Elapsed).ToList())
        {
            var answer = waiting.Answer;
            try
            {
                switch (await RunAgainAsync(waiting, cancellation))
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
                _waiting.Remove(answer.Job);
                _files.Forget(answer.Job);
            }
            catch (AivmException exception)
            {
                // One that fails does not end the watch.
                waiting.Failed(_clock.Elapsed, RetryPause);
                _observer(new ProviderEvent(ProviderEventKind.Retry, answer.Job, $"{exception.Error.Code}: {exception.Message}"));
                if (exception.Failure == Failure.Environment)
                    break;
            }
        }
        return new WatchResult(0, examined, skipped, wrong);
    }

    private async Task<(IReadOnlyList<AnsweredJob> Answers, ulong Next)> GetAnswersAsync(ulong fromBlock, ulong toBlock, CancellationToken cancellation)
    {
        while (true)
        {
            var last = Math.Min(toBlock, fromBlock + _window - 1);
            try
            {
                var answers = await _jobs.GetAnswersAsync(fromBlock, last, cancellation);
                _window = Math.Min(BlocksAtOnce, 2 * _window);
                return (answers, last + 1);
            }
            catch (RpcException) when (_window > 1)
            {
                // More logs than a node gives at once.
                _window /= 2;
            }
        }
    }

    /// <summary>Until it is checked, or too many others wait.</summary>
    private void Keep(AnsweredJob answer)
    {
        _waiting[answer.Job] = new WaitingAnswer(answer);
        if (_waiting.Count <= MostWaiting)
            return;
        var oldest = _waiting.Keys.First();
        _waiting.Remove(oldest);
        _observer(new ProviderEvent(ProviderEventKind.Lost, oldest, "too many answers wait to be checked"));
    }

    private async Task<bool?> RunAgainAsync(WaitingAnswer waiting, CancellationToken cancellation)
    {
        var answer = waiting.Answer;
        var status = await _jobs.GetAsync(answer.Job, cancellation);
        if (waiting.IsWrong && status.End == JobEnd.Wrong)
        {
            _observer(new ProviderEvent(ProviderEventKind.Challenged, answer.Job, "the chain has seen that the answer is wrong"));
            return false;
        }
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
        waiting.IsWrong = true;
        await ChallengeAsync(answer.Job, request.Input, own, cancellation);
        return false;
    }

    private sealed record OwnRun(IntegerModel Model, long[] Outputs);

    /// <returns>Null where the model or the input is none that can be run here.</returns>
    private async Task<OwnRun?> TryRunAsync(JobStatus job, byte[] input, CancellationToken cancellation)
    {
        try
        {
            return await _shelf.TakeAsync(job.Model, job.Job, cancellation) is IntegerModel model ? new OwnRun(model, Runner.Run(model, input, cancellation)) : null;
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
