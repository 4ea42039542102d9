using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>What a caller knows of an input that it sealed: nobody else can open the answer, or challenge it.</summary>
public sealed record SealedRequest(JobRequest Request, SealedInput Input, EncryptionKey ReplyKey);

/// <summary>A job from the caller's side: quote, request, wait until it is answered or has ended without an answer.</summary>
public sealed class JobCaller(Wallet wallet)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>A due time that the wall clock has passed by so much, and no block has acted on, is one that nobody else will act on.</summary>
    private const long SecondsOfPatience = 3;

    private readonly JobsClient _jobs = new(wallet.Rpc);

    public Task<JobQuote> QuoteAsync(JobRequest request, CancellationToken cancellation = default) => _jobs.QuoteAsync(request, cancellation);

    /// <summary>Encrypts an input to the session of the provider that would have the job, and names that provider.</summary>
    /// <param name="request">With the packed input.</param>
    /// <exception cref="AivmException"><c>session-missing</c>, and the codes of <see cref="SealedInput"/>.</exception>
    public async Task<SealedRequest> SealAsync(JobRequest request, JobQuote quote, CancellationToken cancellation = default)
    {
        var session = await new AttestationsClient(wallet).GetSessionAsync(quote.Provider, cancellation);
        if (session is null || session.Kind != (int)request.Evidence)
            throw new AivmException(Failure.Check, "session-missing", $"{quote.Provider.ToChecksumString()} has no such session to encrypt to: ask again later, or name another provider.");
        var chainId = await wallet.Rpc.GetChainIdAsync(cancellation);
        var replyKey = EncryptionKey.Generate();
        var target = new SealingSession(chainId, quote.Provider, session.EncryptionKey.Span.ToArray());
        if (!SealedInput.TrySeal(target, replyKey.PublicKey.Span, request.Input.Span, out var input, out var error))
            throw new AivmException(Failure.Input, error.Code, error.Message);
        var sealedRequest = request with
        {
            Provider = quote.Provider,
            InputKind = JobInputKind.Sealed,
            Commitment = input.Commitment,
            Input = input.Bytes,
        };
        return new SealedRequest(sealedRequest, input, replyKey);
    }

    /// <summary>Locks the funds.</summary>
    /// <param name="value">Wei: the most that the job may cost; what is over comes back.</param>
    /// <exception cref="AivmException">Nobody would take it any more: nothing is locked.</exception>
    public async Task<(ulong Job, TransactionReceipt Transaction)> RequestAsync(JobRequest request, UInt256 value, CancellationToken cancellation = default)
    {
        var transaction = await wallet.SendAndWaitAsync(JobsClient.Request(request, value), cancellation);
        return (JobsClient.ReadJob(transaction), transaction);
    }

    /// <summary>Waits for the answer. Where time is over and no block comes by itself, it ends the job: no job hangs.</summary>
    /// <param name="fromBlock">Of the request.</param>
    /// <param name="progress">Told each time that the job has moved.</param>
    /// <exception cref="AivmException">
    /// The job ended without an answer, and everything came back: <c>job-cancelled</c>, <c>job-no-provider</c>, <c>job-late</c>, <c>job-wrong</c>.
    /// </exception>
    public async Task<AnsweredJob> WaitAsync(ulong job, ulong fromBlock, IProgress<JobStatus>? progress = null, CancellationToken cancellation = default)
    {
        JobStatus? last = null;
        while (true)
        {
            var status = await _jobs.GetAsync(job, cancellation);
            if (last?.State != status.State || last.Provider != status.Provider)
                progress?.Report(status);
            last = status;
            if (status.State == JobState.Answered || status.End == JobEnd.Settled)
                return await _jobs.FindAnswerAsync(job, fromBlock, cancellation) ?? throw ModelsClient.Malformed(JobsInterface.Submit);
            if (status.State == JobState.Ended)
                throw Unanswered(job, status.End);
            if (DateTimeOffset.UtcNow.ToUnixTimeSeconds() > (long)status.DueTime + SecondsOfPatience)
                await ExpireAsync(job, cancellation);
            await Task.Delay(Pause, cancellation);
        }
    }

    private async Task ExpireAsync(ulong job, CancellationToken cancellation)
    {
        try
        {
            await wallet.SendAndWaitAsync(JobsClient.Expire(job) with { GasLimit = ExpireGas }, cancellation);
        }
        catch (AivmException exception) when (exception.Error.Code is "transaction-reverted" || exception is RpcException)
        {
            // A block did it meanwhile, or blocks have to pass: this was one.
        }
    }

    private const ulong ExpireGas = 3_000_000;

    private static AivmException Unanswered(ulong job, JobEnd end)
    {
        var (code, reason) = end switch
        {
            JobEnd.Cancelled => ("job-cancelled", "it was taken back"),
            JobEnd.NoProvider => ("job-no-provider", "nobody who was asked took it"),
            JobEnd.Late => ("job-late", "its provider did not answer in time, and pays for it"),
            _ => ("job-wrong", "its answer was shown to be wrong, and its provider pays for it"),
        };
        return new AivmException(Failure.Check, code, $"Job {job} has ended without an answer: {reason}. What was locked came back.");
    }
}
