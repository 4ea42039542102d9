using Aivm.Cli.Output;
using Aivm.Sdk;

namespace Aivm.Cli.Inference;

/// <summary>A job as the chain has it.</summary>
internal static class JobView
{
    private const int NumbersShown = 16;

    /// <param name="sent">What brought it there; null where nothing was sent.</param>
    /// <param name="challenge">How its answer was challenged, of a job whose answer was.</param>
    public static void Print(Terminal terminal, JobStatus job, TransactionReceipt? sent, AnsweredJob? answer = null, ChallengeKind? challenge = null) => terminal.Result(
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
            Challenge = challenge?.ToString().ToLowerInvariant(),
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

    /// <summary>A sealed output is its caller's alone.</summary>
    private static long[]? PublicOutput(JobStatus job, AnsweredJob? answer) =>
        answer is null || job.InputKind == JobInputKind.Sealed ? null : OutputNumbers.Unpack(answer.Output);
}
