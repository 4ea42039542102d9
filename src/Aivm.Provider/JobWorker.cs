using System.Diagnostics;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Provider;

/// <summary>
/// Takes one job from wherever the chain says that it is to its end. Nothing is assumed: each step begins with the job's state on the chain, so that a
/// restart at any moment goes on there, and no job is answered twice.
/// </summary>
internal sealed class JobWorker(
    Wallet wallet, ulong chainId, ProviderFiles files, ModelShelf shelf, ProviderOptions options, EnclaveSession? enclave, ProviderMetrics metrics,
    Action<ProviderEvent> report)
{
    private const ulong SecondsToSpare = 5;

    private readonly JobsClient _jobs = new(wallet.Rpc);
    private readonly SemaphoreSlim _cores = new(options.Concurrency, options.Concurrency);

    /// <summary>What is needed to answer a job.</summary>
    private sealed record Prepared(ShelvedModel Model, byte[] Input);

    /// <summary>Runs until the job needs nothing more from us.</summary>
    /// <param name="offeredAt">The block of the offer.</param>
    public async Task RunAsync(ulong job, ulong offeredAt, CancellationToken cancellation)
    {
        while (true)
        {
            var status = await _jobs.GetAsync(job, cancellation);
            if (status.Provider != wallet.Address || status.State is not (JobState.Offered or JobState.Accepted))
            {
                files.Forget(job);
                return;
            }
            var head = await wallet.Rpc.GetHeadAsync(cancellation);
            if (head.Time > status.DueTime && head.Number >= status.DueHeight)
            {
                files.Forget(job);
                report(new ProviderEvent(ProviderEventKind.Lost, job, "its time is over"));
                return;
            }
            if (status.State == JobState.Offered)
                await ConsiderAsync(status, offeredAt, head, cancellation);
            else
                await AnswerAsync(status, offeredAt, cancellation);
        }
    }

    /// <summary>Accepts what we hold model and input of; declines anything else, which is free.</summary>
    private async Task ConsiderAsync(JobStatus status, ulong offeredAt, ChainHead head, CancellationToken cancellation)
    {
        try
        {
            if (status.Deadline < head.Time + options.AnswerSeconds + SecondsToSpare)
                throw new JobRefusal("deadline", "it ends before an answer is promised");
            var prepared = await PrepareAsync(status, offeredAt, cancellation);
            RequireAnswerable(status, prepared, head.Number);
        }
        catch (JobRefusal refusal)
        {
            await SendAsync(status.Job, JobsClient.Decline(status.Job, refusal.Reason), ProviderEventKind.Declined, refusal.Reason, cancellation);
            return;
        }
        await SendAsync(status.Job, JobsClient.Accept(status.Job), ProviderEventKind.Accepted, $"{status.Evidence}, {status.Price} wei", cancellation);
    }

    private async Task AnswerAsync(JobStatus status, ulong offeredAt, CancellationToken cancellation)
    {
        // A session's signature dies with the session: such answers are made again.
        var isSigned = status.Evidence is JobEvidence.Attested or JobEvidence.DevelopmentAttested;
        var answer = isSigned ? null : files.TryReadAnswer(status.Job);
        if (answer is null)
        {
            var prepared = await PrepareAsync(status, offeredAt, cancellation);
            answer = await ComputeAsync(status, prepared, cancellation);
            if (!isSigned)
                files.WriteAnswer(status.Job, answer.Value.Output, answer.Value.Evidence);
        }
        await SendAsync(
            status.Job, JobsClient.Submit(status.Job, answer.Value.Output, answer.Value.Evidence), ProviderEventKind.Answered, $"{status.Evidence}", cancellation);
    }

    private async Task<Prepared> PrepareAsync(JobStatus status, ulong offeredAt, CancellationToken cancellation)
    {
        var request = await FindRequestAsync(status.Job, offeredAt, cancellation);
        var model = await shelf.TakeAsync(status.Model, cancellation);
        return new Prepared(model, await InputOfAsync(request, cancellation));
    }

    /// <summary>The request is in the block of the first offer, or, for who was asked later, in one before.</summary>
    private async Task<RequestedJob> FindRequestAsync(ulong job, ulong offeredAt, CancellationToken cancellation) =>
        await _jobs.FindRequestAsync(job, offeredAt, cancellation)
        ?? await _jobs.FindRequestAsync(job, 0, cancellation)
        ?? throw new AivmException(Failure.Environment, "node-answer-invalid", $"The node has job {job}, but not the log of its request.");

    private async Task<byte[]> InputOfAsync(RequestedJob request, CancellationToken cancellation)
    {
        if (request.InputKind != JobInputKind.Content)
            return request.Input;
        if (options.Content is null)
            throw new JobRefusal("content-unknown", "this provider reaches no store of inputs");
        var file = files.InputFile(request.Job);
        try
        {
            files.RequireRoom(MaxContentInput);
            await options.Content.FetchAsync(new ContentDigest(new Hash256(request.Input)), file, MaxContentInput, cancellation: cancellation);
        }
        catch (AivmException exception) when (exception is not JobRefusal)
        {
            throw new JobRefusal(exception.Error.Code, "the input cannot be fetched");
        }
        var input = await File.ReadAllBytesAsync(file, cancellation);
        return Keccak.Hash([.. Hash256.Zero.Span, 1, .. input]) == request.InputCommitment
            ? input
            : throw new JobRefusal("input-commitment-mismatch", "the input is not the one that was committed to");
    }

    private const int MaxContentInput = 64 << 20;

    /// <summary>What can be known to fail is declined, not accepted.</summary>
    private void RequireAnswerable(JobStatus status, Prepared prepared, ulong height)
    {
        if (status.Evidence == JobEvidence.Proved && !ProofMaker.CanProve(prepared.Model, out var error))
            throw new JobRefusal(error.Code, error.Message);
        var isSigned = status.Evidence is JobEvidence.Attested or JobEvidence.DevelopmentAttested;
        if (isSigned && enclave?.Kind != status.Evidence)
            throw new JobRefusal("hardware-missing", "this provider has no such hardware");
        if (isSigned)
            enclave!.Answer(prepared.Model.Model, InEnclave(status, prepared, height));
        else
            Runner.Run(prepared.Model.Model, prepared.Input);
    }

    private EnclaveJob InEnclave(JobStatus status, Prepared prepared, ulong height) => new(
        chainId, wallet.Address, status.Job, status.Caller, status.InputCommitment, status.InputKind == JobInputKind.Sealed, prepared.Input, height);

    private async Task<(byte[] Output, byte[] Evidence)> ComputeAsync(JobStatus status, Prepared prepared, CancellationToken cancellation)
    {
        await _cores.WaitAsync(cancellation);
        try
        {
            var clock = Stopwatch.StartNew();
            var head = await wallet.Rpc.GetHeadAsync(cancellation);
            var answer = await Task.Run(() => Compute(status, prepared, head.Number), cancellation);
            metrics.Computed(status.Evidence, clock.Elapsed);
            return answer;
        }
        finally
        {
            _cores.Release();
        }
    }

    private (byte[] Output, byte[] Evidence) Compute(JobStatus status, Prepared prepared, ulong height)
    {
        if (status.Evidence is JobEvidence.Attested or JobEvidence.DevelopmentAttested)
        {
            var signed = enclave!.Answer(prepared.Model.Model, InEnclave(status, prepared, height));
            return (signed.Output, signed.Evidence);
        }
        var outputs = Answered(Runner.Run(prepared.Model.Model, prepared.Input));
        var evidence = status.Evidence == JobEvidence.Proved
            ? ProofMaker.Prove(prepared.Model, chainId, status.Job, wallet.Address, prepared.Input, outputs, options.ProofThreads)
            : [];
        return (Runner.Pack(outputs), evidence);
    }

    /// <summary>What a provider says that the model gave. Tests have one that lies.</summary>
    internal Func<long[], long[]> Answered { get; init; } = outputs => outputs;

    /// <summary>A step that the chain refuses is no failure: its state has moved on, and the next look finds out where to.</summary>
    private async Task SendAsync(ulong job, TransactionRequest request, ProviderEventKind kind, string message, CancellationToken cancellation)
    {
        await wallet.SendAndWaitAsync(request, cancellation);
        report(new ProviderEvent(kind, job, message));
    }
}
