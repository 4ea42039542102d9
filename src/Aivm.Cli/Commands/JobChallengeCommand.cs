using System.CommandLine;
using Aivm.Cli.Accounts;
using Aivm.Cli.Inference;
using Aivm.Cli.Output;
using Aivm.Sdk;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm job challenge</c>: shows that an answer is wrong, after a run of the model here that says so.</summary>
internal static class JobChallengeCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var rpc = CommonOptions.Rpc();
        var from = CommonOptions.From();
        var passwordFile = CommonOptions.PasswordFile();
        var yes = CommonOptions.Yes();
        var number = JobCommand.Number();
        var input = CommonOptions.Input();
        input.Required = false;
        var salt = CommonOptions.Hash("--salt", "Of a sealed input: its secret, which its caller knows.");
        var by = new Option<string>("--by")
        {
            Description = "What shows it: replay (every validator runs the model; whoever sees it waiting can send the same) or proof (made here, of use to nobody else). By default a replay where that fits into a transaction, else a proof.",
            HelpName = "replay|proof",
        }.AcceptOnlyFromAmong("replay", "proof");
        var command = new Command(
            "challenge",
            "Run the model of an answer again and, if that gives another output, show the chain that it was wrong: the caller is refunded, and half of what the provider loses is yours. Says what it costs before it pays.")
        {
            number, by, input, salt, rpc, from, passwordFile, yes, json,
        };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            var job = result.GetValue(number);
            using var client = new RpcClient(result.GetRequiredValue(rpc));
            var answer = await terminal.Step("Running the model", _ => WrongAnswer.ShowAsync(client, job, result.GetValue(input), result.GetValue(salt), cancellation));
            var wallet = await Payer.OpenAsync(client, result.GetValue(from), result.GetValue(passwordFile), terminal, cancellation);
            var challenge = await AnswerChallenge.MakeAsync(wallet, answer, KindOf(result.GetValue(by)), terminal, cancellation);
            terminal.Remark($"{Words(challenge.Kind)}: up to {Coins.Gas(challenge.Transaction.GasLimit!.Value)} gas, {Coins.Format(challenge.Cost)} coins.");
            await Consent.RequireAsync(wallet, challenge.Cost, result.GetValue(yes), terminal, cancellation);
            var sent = await terminal.Step("Challenging", _ => wallet.SendAndWaitAsync(challenge.Transaction, cancellation));
            JobView.Print(terminal, await new JobsClient(client).GetAsync(job, cancellation), sent, challenge: challenge.Kind);
            return 0;
        });
        return command;
    }

    private static ChallengeKind? KindOf(string? word) => word switch
    {
        "replay" => ChallengeKind.Replay,
        "proof" => ChallengeKind.Proof,
        _ => null,
    };

    private static string Words(ChallengeKind kind) => kind == ChallengeKind.Replay ? "Challenging by a run of all validators" : "Challenging by a proof of our own run";
}
