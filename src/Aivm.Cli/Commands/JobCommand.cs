using System.CommandLine;
using System.Globalization;
using Aivm.Cli.Accounts;
using Aivm.Cli.Inference;
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
        JobChallengeCommand.Create(),
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
            JobView.Print(terminal, status, sent: null, answer);
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
        var maxGasPrice = CommonOptions.MaxGasPrice();
        var number = Number();
        var command = new Command(name, description) { number, rpc, from, passwordFile, maxGasPrice, json };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            using var client = new RpcClient(result.GetRequiredValue(rpc));
            var wallet = await Payer.OpenAsync(client, result.GetValue(from), result.GetValue(passwordFile), terminal, cancellation, result.GetValue(maxGasPrice));
            var sent = await wallet.SendAndWaitAsync(request(result.GetValue(number)), cancellation);
            JobView.Print(terminal, await new JobsClient(client).GetAsync(result.GetValue(number), cancellation), sent);
            return 0;
        });
        return command;
    }

    public static Argument<ulong> Number() => new("JOB")
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
}
