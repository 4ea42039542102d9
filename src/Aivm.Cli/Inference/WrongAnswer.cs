using Aivm.Cli.Models;
using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Cli.Inference;

/// <summary>An answer that our own run of the model contradicts.</summary>
/// <param name="Salt">Zero unless the input was sealed.</param>
/// <param name="Input">Packed.</param>
/// <param name="Outputs">Those of our run.</param>
internal sealed record WrongAnswer(ulong Job, Model Model, byte[] Container, Hash256 Salt, byte[] Input, long[] Outputs)
{
    /// <summary>Runs the model again, on this machine: nothing is sent.</summary>
    /// <param name="file">The input, where the chain does not have it.</param>
    /// <exception cref="AivmException">
    /// <c>answer-right</c>: it is what the model gives. <c>not-challengeable</c>, <c>model-not-found</c>, <c>weights-private</c>, <c>input-required</c>,
    /// <c>input-mismatch</c>: it cannot be said, or nobody would hear it.
    /// </exception>
    public static async Task<WrongAnswer> ShowAsync(RpcClient client, ulong job, FileInfo? file, Hash256 salt, CancellationToken cancellation)
    {
        var jobs = new JobsClient(client);
        var status = await jobs.GetAsync(job, cancellation);
        if (status.State != JobState.Answered)
            throw new AivmException(Failure.Check, "not-challengeable", $"Job {job} has no answer that may be challenged: see 'aivm job show {job}'.");
        var container = await ContainerAsync(client, status, cancellation);
        var model = ModelFile.Load(container, status.Model.ToChecksumString());
        var input = file is null
            ? await PublicInputAsync(jobs, job, cancellation)
            : ModelInput.Pack(model, ModelInput.Read(model, InputFiles.Read(file.FullName), row: 0));
        if (InferenceReceipt.CommitToInput(salt, input) != status.InputCommitment)
            throw new AivmException(
                Failure.Input, "input-mismatch", $"The answer of job {job} is to another input: give the one that it was asked with, as the first row of the file, and the --salt of a sealed one.");
        var outputs = new long[model.OutputCount];
        if (!model.TryRunPacked(input, outputs, out var error))
            throw new AivmException(Failure.Input, error.Code, $"The model refuses the input of job {job}, so that nobody can show an output: {error.Message}.");
        return OutputNumbers.HashOf(outputs) == status.OutputHash
            ? throw new AivmException(Failure.Check, "answer-right", $"The answer of job {job} is what the model gives: there is nothing to challenge, and nothing was sent.")
            : new WrongAnswer(job, model, container, salt, input, outputs);
    }

    private static async Task<byte[]> ContainerAsync(RpcClient client, JobStatus status, CancellationToken cancellation) =>
        await client.GetCodeAsync(status.Model, cancellation) is [0xEF, 0xA1, .. var container]
            ? container
            : throw new AivmException(Failure.Input, "model-not-found", $"The model of job {status.Job} is not on the chain: nobody can show what it gives.");

    private static async Task<byte[]> PublicInputAsync(JobsClient jobs, ulong job, CancellationToken cancellation) =>
        await jobs.FindLatestRequestAsync(job, cancellation) is { InputKind: JobInputKind.Public } request
            ? request.Input
            : throw new AivmException(Failure.Input, "input-required", $"The input of job {job} is not on the chain: give it with --input.");
}
