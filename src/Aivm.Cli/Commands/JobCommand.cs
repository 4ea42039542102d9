using System.CommandLine;
using System.Globalization;
using Aivm.Cli.Accounts;
using Aivm.Cli.Models;
using Aivm.Cli.Output;
using Aivm.Compiler.Inputs;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm job</c>: single jobs by their numbers.</summary>
internal static class JobCommand
{
    public static Command Create() => new("job", "Jobs by their numbers: what became of one, taking one back, ending what is due, challenging an answer.")
    {
        Show(),
        Act("cancel", "Take a job back that nobody has accepted; everything is refunded.", JobsClient.Cancel),
        Act("expire", "End what is due: anybody may.", JobsClient.Expire),
        Challenge(),
    };

    private static Command Show()
    {
        var json = CommonOptions.Json();
        var rpc = CommonOptions.Rpc();
        var number = Number();
        var command = new Command("show", "Show a job as the chain has it now.") { number, rpc, json };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            using var client = new RpcClient(result.GetRequiredValue(rpc));
            var jobs = new JobsClient(client);
            var status = await jobs.GetAsync(result.GetValue(number), cancellation);
            var answer = status.OutputHash.IsZero ? null : await jobs.FindLatestAnswerAsync(status.Job, cancellation);
            Report(terminal, status, sent: null, answer);
            return 0;
        });
        return command;
    }

    private static Command Act(string name, string description, Func<ulong, TransactionRequest> request)
    {
        var json = CommonOptions.Json();
        var rpc = CommonOptions.Rpc();
        var from = CommonOptions.From();
        var passwordFile = CommonOptions.PasswordFile();
        var number = Number();
        var command = new Command(name, description) { number, rpc, from, passwordFile, json };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            using var client = new RpcClient(result.GetRequiredValue(rpc));
            var wallet = await Payer.OpenAsync(client, result.GetValue(from), result.GetValue(passwordFile), terminal, cancellation);
            var sent = await wallet.SendAndWaitAsync(request(result.GetValue(number)), cancellation);
            Report(terminal, await new JobsClient(client).GetAsync(result.GetValue(number), cancellation), sent);
            return 0;
        });
        return command;
    }

    private static Command Challenge()
    {
        var json = CommonOptions.Json();
        var rpc = CommonOptions.Rpc();
        var from = CommonOptions.From();
        var passwordFile = CommonOptions.PasswordFile();
        var number = Number();
        var input = CommonOptions.Input();
        input.Required = false;
        var salt = CommonOptions.Hash("--salt", "Of a sealed input: its secret, which its caller knows.");
        var command = new Command(
            "challenge", "Have every validator run the model again. If its answer was wrong, the caller is refunded and half of what the provider loses is yours; if not, nothing but gas is lost.")
        {
            number, input, salt, rpc, from, passwordFile, json,
        };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            using var client = new RpcClient(result.GetRequiredValue(rpc));
            var wallet = await Payer.OpenAsync(client, result.GetValue(from), result.GetValue(passwordFile), terminal, cancellation);
            var jobs = new JobsClient(client);
            var job = result.GetValue(number);
            var packed = result.GetValue(input) is { } file
                ? await PackAsync(client, await jobs.GetAsync(job, cancellation), file, cancellation)
                : await PublicInputAsync(jobs, job, cancellation);
            var sent = await wallet.SendAndWaitAsync(JobsClient.ChallengeByReplay(job, result.GetValue(salt), packed), cancellation);
            Report(terminal, await jobs.GetAsync(job, cancellation), sent);
            return 0;
        });
        return command;
    }

    private static async Task<byte[]> PublicInputAsync(JobsClient jobs, ulong job, CancellationToken cancellation) =>
        await jobs.FindLatestRequestAsync(job, cancellation) is { InputKind: JobInputKind.Public } request
            ? request.Input
            : throw new AivmException(Failure.Input, "input-required", $"The input of job {job} is not on the chain: give it with --input.");

    private static async Task<byte[]> PackAsync(RpcClient client, JobStatus status, FileInfo file, CancellationToken cancellation)
    {
        var code = await client.GetCodeAsync(status.Model, cancellation);
        if (code is not [0xEF, 0xA1, ..])
            throw new AivmException(Failure.Input, "model-not-found", $"The model of job {status.Job} is not on the chain: no transaction can run it.");
        var model = ModelFile.Load(code.AsSpan(2), status.Model.ToChecksumString());
        return ModelInput.Pack(model, ModelInput.Read(model, InputFiles.Read(file.FullName), row: 0));
    }

    private static Argument<ulong> Number() => new("JOB")
    {
        Description = "The job's number.",
        CustomParser = result =>
        {
            if (ulong.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                return number;
            result.AddError("JOB is a number.");
            return 0;
        },
    };

    private static void Report(Terminal terminal, JobStatus job, TransactionReceipt? sent, AnsweredJob? answer = null) => terminal.Result(
        new
        {
            job.Job,
            State = job.State.ToString().ToLowerInvariant(),
            End = job.End.ToString().ToLowerInvariant(),
            Evidence = job.Evidence.ToString(),
            Caller = job.Caller.ToChecksumString(),
            Model = job.Model.ToChecksumString(),
            Provider = job.Provider.ToChecksumString(),
            Price = job.Price.ToString(),
            Locked = job.Locked.ToString(),
            job.Deadline,
            job.DueTime,
            job.DueHeight,
            job.InputCommitment,
            job.OutputHash,
            job.ReceiptId,
            Output = PublicOutput(job, answer),
            AnswerTransaction = answer?.Transaction,
            Transaction = sent?.TransactionHash,
        },
        () =>
        {
            terminal.Line($"job        {job.Job}, {job.State.ToString().ToLowerInvariant()}{(job.State == JobState.Ended ? $": {job.End.ToString().ToLowerInvariant()}" : "")}");
            terminal.Line($"evidence   {job.Evidence}");
            terminal.Line($"model      {job.Model.ToChecksumString()}");
            terminal.Line($"caller     {job.Caller.ToChecksumString()}, {Coins.Format(job.Locked)} coins locked");
            if (!job.Provider.IsZero)
                terminal.Line($"provider   {job.Provider.ToChecksumString()}, for {Coins.Format(job.Price)} coins");
            if (job.State != JobState.Ended)
                terminal.Line($"until      {DateTimeOffset.FromUnixTimeSeconds((long)job.DueTime):u} and block {job.DueHeight}");
            if (!job.ReceiptId.IsZero)
                terminal.Line($"receipt    {job.ReceiptId}");
            if (PublicOutput(job, answer) is { } output)
                terminal.Line($"output     {string.Join(' ', output.Take(NumbersShown))}{(output.Length > NumbersShown ? $" … {output.Length} numbers" : "")}");
            if (answer is not null)
                terminal.Line($"answered   in transaction {answer.Transaction}, block {answer.BlockNumber}");
        });

    private const int NumbersShown = 16;

    /// <summary>A sealed output is its caller's alone.</summary>
    private static long[]? PublicOutput(JobStatus job, AnsweredJob? answer) =>
        answer is null || job.InputKind == JobInputKind.Sealed ? null : OutputNumbers.Unpack(answer.Output);
}
