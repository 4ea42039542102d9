using System.CommandLine;
using Aivm.Cli.Accounts;
using Aivm.Cli.Output;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm provider unbond</c> and <c>withdraw</c>: stake comes back after a while.</summary>
internal static class ProviderStakeCommand
{
    public static Command Unbond()
    {
        var amount = new Argument<UInt256>("COINS")
        {
            Description = "How much; what stands behind jobs stays.",
            CustomParser = result =>
            {
                if (Coins.TryParse(result.Tokens[0].Value, out var wei))
                    return wei;
                result.AddError("COINS is an amount such as 50, with at most 18 decimals.");
                return default;
            },
        };
        return Create("unbond", "Ask stake back. It waits for as long as an answer may be challenged, and longer.", amount, result => ComputeClient.Unbond(result.GetValue(amount)));
    }

    public static Command Withdraw() => Create("withdraw", "Take the stake whose waiting is over.", null, _ => ComputeClient.Withdraw());

    private static Command Create(string name, string description, Argument<UInt256>? amount, Func<ParseResult, TransactionRequest> request)
    {
        var json = CommonOptions.Json();
        var rpc = CommonOptions.Rpc();
        var from = CommonOptions.From();
        var passwordFile = CommonOptions.PasswordFile();
        var maxGasPrice = CommonOptions.MaxGasPrice();
        var command = new Command(name, description) { rpc, from, passwordFile, maxGasPrice, json };
        if (amount is not null)
            command.Add(amount);
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            using var client = new RpcClient(result.GetRequiredValue(rpc));
            var wallet = await Payer.OpenAsync(client, result.GetValue(from), result.GetValue(passwordFile), terminal, cancellation, result.GetValue(maxGasPrice));
            var sent = await wallet.SendAndWaitAsync(request(result), cancellation);
            var status = await new ComputeClient(client).FindProviderAsync(wallet.Address, cancellation);
            terminal.Result(
                new { Transaction = sent.TransactionHash, Stake = status?.Stake.ToString(), Unbonding = status?.Unbonding.ToString(), status?.UnbondedAt },
                () =>
                {
                    terminal.Line($"stake      {Coins.Format(status?.Stake ?? default)} coins");
                    if (status is { Unbonding.IsZero: false })
                        terminal.Line($"unbonding  {Coins.Format(status.Unbonding)} coins, 'aivm provider withdraw' from {DateTimeOffset.FromUnixTimeSeconds((long)status.UnbondedAt):u} on");
                });
            return 0;
        });
        return command;
    }
}
