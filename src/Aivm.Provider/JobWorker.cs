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
    private const int MaxContentInput = 64 << 20;

    /// <summary>Outputs kept of jobs that are only looked at.</summary>
    private const int RunsToSpare = 8;

    /// <summary>Blocks before an offer in which the request of a job lies that others were asked first.</summary>
    private const ulong BlocksOfOffers = 1_000;

    /// <summary>A gas is a nanosecond of a validator's core.</summary>
    private const ulong GasPerSecond = 1_000_000_000;

    /// <summary>What computes longer at the end is left alone.</summary>
    private static readonly TimeSpan LongestEnd = TimeSpan.FromMinutes(1);

    /// <summary>What a proof about private weights takes more of calldata.</summary>
    private const ulong GasOfPrivateWeights = 4_000_000;

    private readonly JobsClient _jobs = new(wallet.Rpc);
    private readonly SemaphoreSlim _cores = new(options.Concurrency, options.Concurrency);

    /// <summary>One proof at a time: each takes all threads, and up to a gigabyte.</summary>
    private readonly SemaphoreSlim _proving = new(1, 1);
    private readonly RunMemory _runs = new(options.Concurrency + RunsToSpare);
    private readonly WeightCommitments _commitments = new(wallet, options, report);

    /// <summary>What is needed to answer a job.</summary>
    private sealed record Prepared(IRunnable Model, byte[] Input);

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

    /// <summary>Accepts what we hold model and input of and can run in time; declines anything else, which is free.</summary>
    private async Task ConsiderAsync(JobStatus status, ulong offeredAt, ChainHead head, CancellationToken cancellation)
    {
        try
        {
            if (status.Deadline < head.Time + options.AnswerSeconds + SecondsToSpare)
                throw new JobRefusal("deadline", "it ends before an answer is promised");
            await RequireAnswerableInTimeAsync(status, offeredAt, head, cancellation);
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
        var answer = IsSigned(status) ? null : files.TryReadAnswer(status);
        if (answer is null)
        {
            var prepared = await PrepareAsync(status, offeredAt, cancellation);
            answer = await ComputeAsync(status, prepared, cancellation);
        }
        try
        {
            await SendAsync(
                status.Job, JobsClient.Submit(status.Job, answer.Value.Output, answer.Value.Evidence), ProviderEventKind.Answered, $"{status.Evidence}", cancellation);
        }
        catch (RpcException exception) when (exception.IsRevert)
        {
            // What the chain refuses once it refuses again: the next try computes anew. What a proof is worth does not depend on the gas of a callback.
            if (!exception.Message.Contains("CallbackGasMissing", StringComparison.Ordinal))
                files.ForgetAnswer(status.Job);
            throw;
        }
    }

    /// <summary>
    /// An offer that passes in silence costs the stake, and a model that is large, or made to run for ever, must not bring that about. What came of its file so far is there
    /// for the next offer.
    /// </summary>
    private async Task RequireAnswerableInTimeAsync(JobStatus status, ulong offeredAt, ChainHead head, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var seconds = status.DueTime > head.Time + SecondsToSpare ? status.DueTime - head.Time - SecondsToSpare : 1;
        patience.CancelAfter(TimeSpan.FromSeconds(seconds));
        Prepared? prepared = null;
        try
        {
            prepared = await PrepareAsync(status, offeredAt, patience.Token);
            await RequireAnswerableAsync(status, prepared, head.Number, patience.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw prepared is null
                ? new JobRefusal("content-slow", "model or input are still on their way: ask again later")
                : new JobRefusal("run-too-long", "no run began and ended in the time that the offer leaves");
        }
    }

    private async Task<Prepared> PrepareAsync(JobStatus status, ulong offeredAt, CancellationToken cancellation)
    {
        var request = await FindRequestAsync(status.Job, offeredAt, cancellation);
        var model = await shelf.TakeAsync(status.Model, status.Job, cancellation);
        var input = await InputOfAsync(request, cancellation);
        // The chain's word counts, not a log's: who answers for another input answers wrongly.
        return request.InputKind == JobInputKind.Sealed || InferenceReceipt.CommitToPublicInput(input) == status.InputCommitment
            ? new Prepared(model, input)
            : throw new JobRefusal("input-commitment-mismatch", "the input is not the one that was committed to");
    }

    /// <summary>The request is in the block of the first offer, or, for who was asked later, a few before.</summary>
    private async Task<RequestedJob> FindRequestAsync(ulong job, ulong offeredAt, CancellationToken cancellation) =>
        await _jobs.FindRequestAsync(job, offeredAt - Math.Min(offeredAt, BlocksOfOffers), cancellation)
        ?? await _jobs.FindLatestRequestAsync(job, cancellation)
        ?? throw new AivmException(Failure.Environment, "node-answer-invalid", $"The node has job {job}, but not the log of its request.");

    private async Task<byte[]> InputOfAsync(RequestedJob request, CancellationToken cancellation)
    {
        if (request.InputKind != JobInputKind.Content)
            return request.Input;
        if (options.Content is null)
            throw new JobRefusal("content-unknown", "this provider reaches no store of inputs");
        var file = files.InputFile(request.Job);
        // What was there when the job was accepted need not be in the store any more.
        if (File.Exists(file))
            return await files.ReadInputAsync(request.Job, cancellation);
        try
        {
            using var room = files.MakeRoomForInput(request.Job, MaxContentInput);
            await options.Content.FetchAsync(new ContentDigest(new Hash256(request.Input)), file, MaxContentInput, cancellation: cancellation);
        }
        catch (AivmException exception) when (exception is not JobRefusal)
        {
            throw new JobRefusal(exception.Error.Code, "the input cannot be fetched");
        }
        return await files.ReadInputAsync(request.Job, cancellation);
    }

    /// <summary>What can be known to fail is declined, not accepted. Proofs are asked for on models of the chain alone, which are of integers or private.</summary>
    private async Task RequireAnswerableAsync(JobStatus status, Prepared prepared, ulong height, CancellationToken cancellation)
    {
        if (prepared.Model is OwnedModel && status.Evidence != JobEvidence.Proved)
            throw new JobRefusal("model-private", "nobody else can run a model with private weights: ask for a proof");
        if (prepared.Model is IntegerModel { Model.Gas: var gas } && gas / GasPerSecond > options.AnswerSeconds)
            throw new JobRefusal("run-too-long", $"a run takes {gas} gas, more than {options.AnswerSeconds} s");
        if (status.Evidence == JobEvidence.Proved)
            await RequireProvableAsync(status, prepared, cancellation);
        if (IsSigned(status) && enclave?.Kind != status.Evidence)
            throw new JobRefusal("hardware-missing", "this provider has no such hardware");
        await OnACoreAsync(() => IsSigned(status)
            ? enclave!.Answer(prepared.Model, InEnclave(status, prepared, height), cancellation).Output.Length
            : _runs.Run(status.Job, prepared.Model, prepared.Input, cancellation).Length, cancellation);
    }

    /// <summary>There is a proof, and the transaction that shows it has room for what its verification, its bytes and any callback take.</summary>
    private async Task RequireProvableAsync(JobStatus status, Prepared prepared, CancellationToken cancellation)
    {
        if (prepared.Model is OwnedModel owned)
            await RequireProvableAsync(status, owned, cancellation);
        else if (!ProofMaker.CanProve((IntegerModel)prepared.Model, out var error))
            throw new JobRefusal(error.Code, error.Message);
        var gas = await VerificationGasAsync(status.Model, cancellation) + (prepared.Model is OwnedModel ? GasOfPrivateWeights : 0);
        if (!JobsClient.HasRoomForProof(gas, prepared.Input.Length))
            throw new JobRefusal("proof-too-dear", $"verifying takes {gas} gas: with the rest it does not fit into one transaction");
    }

    /// <summary>Each job that is with us may still need a proof.</summary>
    private async Task RequireProvableAsync(JobStatus status, OwnedModel model, CancellationToken cancellation)
    {
        if (!model.CanProve(out var error))
            throw new JobRefusal(error.Code, error.Message);
        await _commitments.RequireAsync(status.Job, status.Model, model, cancellation);
    }

    private async Task<ulong> VerificationGasAsync(Address model, CancellationToken cancellation)
    {
        try
        {
            return await new ProofsClient(wallet).GetVerificationGasAsync(model, samples: 1, hidesInputs: false, cancellation: cancellation);
        }
        catch (RpcException exception) when (exception.IsRevert || exception.IsOutOfGas)
        {
            throw new JobRefusal("proof-too-dear", $"no transaction verifies it: {exception.Message}");
        }
    }

    /// <summary>By a session of trusted hardware. The signature dies with the session, so that such answers are not kept.</summary>
    private static bool IsSigned(JobStatus status) => status.Evidence is JobEvidence.Attested or JobEvidence.DevelopmentAttested;

    private EnclaveJob InEnclave(JobStatus status, Prepared prepared, ulong height) => new(
        chainId, wallet.Address, status.Job, status.Caller, status.InputCommitment, status.InputKind == JobInputKind.Sealed, prepared.Input, height);

    private async Task<(byte[] Output, byte[] Evidence)> ComputeAsync(JobStatus status, Prepared prepared, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var head = await wallet.Rpc.GetHeadAsync(cancellation);
        var root = prepared.Model is OwnedModel owned ? await _commitments.ReadyAsync(status.Job, status.Model, owned, least: 1, cancellation) : Hash256.Zero;
        var answer = await OnACoreAsync(() => ComputeAndKeep(status, prepared, head.Number, root, cancellation), cancellation);
        metrics.Computed(status.Evidence, clock.Elapsed);
        return answer;
    }

    /// <summary>Returns when nothing is computed any more, and nothing will be; or when what does not end has had its time.</summary>
    public async Task EndAsync()
    {
        using var patience = new CancellationTokenSource(LongestEnd);
        for (var core = 0; core < options.Concurrency; core++)
            await _cores.WaitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>As many computations at once as jobs may be with us. One that does not stop when it should goes on after us, and its core is not free before it ends.</summary>
    private async Task<T> OnACoreAsync<T>(Func<T> work, CancellationToken cancellation)
    {
        await _cores.WaitAsync(cancellation);
        var running = Task.Run(
            () =>
            {
                try
                {
                    return work();
                }
                finally
                {
                    _cores.Release();
                }
            },
            CancellationToken.None);
        return await running.WaitAsync(cancellation);
    }

    /// <summary>What was made is kept even where nobody waits for it any more: it is not made twice.</summary>
    private (byte[] Output, byte[] Evidence) ComputeAndKeep(JobStatus status, Prepared prepared, ulong height, Hash256 root, CancellationToken cancellation)
    {
        var answer = Compute(status, prepared, height, root, cancellation);
        if (!IsSigned(status))
            files.WriteAnswer(status, answer.Output, answer.Evidence);
        return answer;
    }

    /// <param name="root">Of the commitment to the model's private weights; zero where they are public.</param>
    private (byte[] Output, byte[] Evidence) Compute(JobStatus status, Prepared prepared, ulong height, Hash256 root, CancellationToken cancellation)
    {
        if (IsSigned(status))
        {
            var signed = enclave!.Answer(prepared.Model, InEnclave(status, prepared, height), cancellation);
            return (signed.Output, signed.Evidence);
        }
        var outputs = Answered(_runs.Run(status.Job, prepared.Model, prepared.Input, cancellation));
        return (OutputNumbers.Pack(outputs), status.Evidence == JobEvidence.Proved ? Prove(status.Job, prepared, outputs, root, cancellation) : []);
    }

    private byte[] Prove(ulong job, Prepared prepared, long[] outputs, Hash256 root, CancellationToken cancellation)
    {
        _proving.Wait(cancellation);
        try
        {
            return JobsClient.ProofEvidence(
                prepared.Input,
                root,
                prepared.Model is OwnedModel owned
                    ? owned.Prove(root, JobsClient.ProofContext(chainId, job, wallet.Address), prepared.Input, outputs, options.ProofThreads)
                    : ProofMaker.Prove((IntegerModel)prepared.Model, chainId, job, wallet.Address, prepared.Input, outputs, options.ProofThreads));
        }
        finally
        {
            _proving.Release();
        }
    }

    /// <summary>What a provider says that the model gave. Tests have one that lies.</summary>
    internal Func<long[], long[]> Answered { get; init; } = outputs => outputs;

    /// <summary>A step that the chain refuses is tried again from the job's state, which has mostly moved on.</summary>
    private async Task SendAsync(ulong job, TransactionRequest request, ProviderEventKind kind, string message, CancellationToken cancellation)
    {
        await wallet.SendAndWaitAsync(request, cancellation);
        report(new ProviderEvent(kind, job, message));
    }
}
