using System.Diagnostics;
using Aivm.Attestation;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>What a caller knows of an input that it sealed: nobody else can open the answer, or challenge it.</summary>
public sealed record SealedRequest(JobRequest Request, SealedInput Input, EncryptionKey ReplyKey);

/// <summary>A job from the caller's side: quote, request, wait until it is answered or has ended without an answer.</summary>
/// <param name="policy">What the hardware of a session has to run and to be before anything is sealed to it; null: what the chain accepts, as the node tells it.</param>
public sealed class JobCaller(Wallet wallet, AttestationPolicy? policy = null)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly JobsClient _jobs = new(wallet.Rpc);
    private readonly SessionVerifier _sessions = new(wallet.Rpc, policy);

    /// <summary>For how long a node that does not answer is asked again.</summary>
    internal TimeSpan NodePatience { get; init; } = TimeSpan.FromMinutes(2);

    public Task<JobQuote> QuoteAsync(JobRequest request, CancellationToken cancellation = default) => _jobs.QuoteAsync(request, cancellation);

    /// <summary>
    /// Encrypts an input to the session of the provider that would have the job, and names that provider. The evidence that opened the session is checked here
    /// first, and the key is the one that it names.
    /// </summary>
    /// <param name="request">With the packed input.</param>
    /// <exception cref="AivmException"><c>session-missing</c>, and the codes of <see cref="SessionVerifier"/> and <see cref="SealedInput"/>: nothing was sealed.</exception>
    public async Task<SealedRequest> SealAsync(JobRequest request, JobQuote quote, CancellationToken cancellation = default)
    {
        var session = await new AttestationsClient(wallet).GetSessionAsync(quote.Provider, cancellation);
        if (session is null || session.Kind != (int)request.Evidence || await HasExpiredAsync(session, cancellation))
            throw new AivmException(Failure.Check, "session-missing", $"{quote.Provider.ToChecksumString()} has no live session of this kind to encrypt to: ask again later, or name another provider.");
        var chainId = await wallet.Rpc.GetChainIdAsync(cancellation);
        var sessionKey = await _sessions.VerifyAsync(quote.Provider, session, chainId, cancellation);
        var model = await new ModelsClient(wallet.Rpc).GetInfoAsync(request.Model, cancellation);
        var replyKey = EncryptionKey.Generate();
        var binding = new InputBinding(chainId, quote.Provider, model.Hash, wallet.Address);
        if (!SealedInput.TrySeal(binding, sessionKey.Span, replyKey.PublicKey.Span, request.Input.Span, out var input, out var error))
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
    public Task<(ulong Job, TransactionReceipt Transaction)> RequestAsync(JobRequest request, UInt256 value, CancellationToken cancellation = default) =>
        RequestAsync(JobsClient.Request(request, value), cancellation);

    /// <param name="request">Of <see cref="JobsClient.Request"/>, with the gas and the fees that it may cost.</param>
    /// <inheritdoc cref="RequestAsync(JobRequest, UInt256, CancellationToken)"/>
    public async Task<(ulong Job, TransactionReceipt Transaction)> RequestAsync(TransactionRequest request, CancellationToken cancellation = default)
    {
        var transaction = await wallet.SendAndWaitAsync(request, cancellation);
        return (JobsClient.ReadJob(transaction), transaction);
    }

    /// <summary>
    /// Waits for the answer. Where time is over and no block comes by itself, it ends the job: no job hangs. A node that goes away is waited for.
    /// </summary>
    /// <param name="fromBlock">Of the request.</param>
    /// <param name="progress">Told each time that the job has moved.</param>
    /// <exception cref="AivmException">
    /// The job ended without an answer, and everything came back: <c>job-cancelled</c>, <c>job-no-provider</c>, <c>job-late</c>, <c>job-wrong</c>.
    /// </exception>
    public async Task<AnsweredJob> WaitAsync(ulong job, ulong fromBlock, IProgress<JobStatus>? progress = null, CancellationToken cancellation = default)
    {
        var expiry = new JobExpiry(TimeProvider.System);
        var failing = new Stopwatch();
        JobStatus? last = null;
        while (true)
        {
            try
            {
                var status = await _jobs.GetAsync(job, cancellation);
                if (last?.State != status.State || last.Provider != status.Provider)
                    progress?.Report(status);
                last = status;
                if (status.State == JobState.Answered || status.End == JobEnd.Settled)
                    return await _jobs.FindAnswerAsync(job, fromBlock, cancellation) ?? throw ModelsClient.Malformed(JobsInterface.Submit);
                if (status.State == JobState.Ended)
                    throw Unanswered(job, status.End);
                if (expiry.IsNow(status, await wallet.Rpc.GetHeadAsync(cancellation)))
                    await ExpireAsync(job, cancellation);
                failing.Reset();
            }
            catch (AivmException exception) when (exception.Failure == Failure.Environment)
            {
                failing.Start();
                if (!Wallet.IsTransient(exception) || failing.Elapsed > NodePatience)
                    throw Unknown(job, exception);
            }
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

    private async Task<bool> HasExpiredAsync(ProviderSession session, CancellationToken cancellation)
    {
        var head = await wallet.Rpc.GetHeadAsync(cancellation);
        return session.ExpiresAt <= Math.Max(head.Time, (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds());
    }

    private static AivmException Unknown(ulong job, AivmException cause) => new(
        cause.Failure, cause.Error.Code, $"What became of job {job} is not known; it goes on by itself, look for it later. {cause.Message}", cause);

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
